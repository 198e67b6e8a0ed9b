"""A SPIFFE Workload API on a socket, by Google's gRPC: serves what it reads on standard input.

A command is one line of JSON, and each is answered by a line `done N`:
  {"give": "file"}    what is in it:
    {"svids": [{"spiffe_id", "x509_svid", "x509_svid_key", "bundle", "hint"}], "federated_bundles": {..}}
  {"deny": "words"}   PermissionDenied, to streams that are open too
  {"fail": "words"}   Unavailable
  {"silence": true}   takes calls and answers none
  {"shut": "CODE"}    this status to calls from now on, while the streams that are open go on; undone by null
  {"end": true}       ends the streams that are open, as a success
  {"count": true}     nothing
The answer goes on with ` open O calls C`: the streams that are open, and those that ever were.
Bytes are in hexadecimal.
"""

import json
import sys
import threading
from concurrent import futures

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

FIELD = descriptor_pb2.FieldDescriptorProto
ONE, MANY = FIELD.LABEL_OPTIONAL, FIELD.LABEL_REPEATED


def messages():
    """The messages of the service definition (SPIFFE Workload API, section 5.1)."""
    file = descriptor_pb2.FileDescriptorProto(name="workload.proto", syntax="proto3")
    request = file.message_type.add(name="X509SVIDRequest")
    assert not request.field
    svid = file.message_type.add(name="X509SVID")
    for number, name in enumerate(["spiffe_id", "x509_svid", "x509_svid_key", "bundle", "hint"], 1):
        kind = FIELD.TYPE_STRING if name in ("spiffe_id", "hint") else FIELD.TYPE_BYTES
        svid.field.add(name=name, number=number, type=kind, label=ONE)
    response = file.message_type.add(name="X509SVIDResponse")
    entry = response.nested_type.add(name="FederatedBundlesEntry")
    entry.options.map_entry = True
    entry.field.add(name="key", number=1, type=FIELD.TYPE_STRING, label=ONE)
    entry.field.add(name="value", number=2, type=FIELD.TYPE_BYTES, label=ONE)
    response.field.add(name="svids", number=1, type=FIELD.TYPE_MESSAGE, label=MANY, type_name=".X509SVID")
    response.field.add(name="crl", number=2, type=FIELD.TYPE_BYTES, label=MANY)
    response.field.add(
        name="federated_bundles",
        number=3,
        type=FIELD.TYPE_MESSAGE,
        label=MANY,
        type_name=".X509SVIDResponse.FederatedBundlesEntry",
    )
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)

    def of(name):
        descriptor = pool.FindMessageTypeByName(name)
        if hasattr(message_factory, "GetMessageClass"):
            return message_factory.GetMessageClass(descriptor)
        return message_factory.MessageFactory(pool).GetPrototype(descriptor)

    return of("X509SVIDRequest"), of("X509SVIDResponse")


Request, Response = messages()


class Agent:
    def __init__(self):
        self.changed = threading.Condition()
        self.command = {"silence": True}
        # Of the last command, and of the last that ended the streams which were open.
        self.version = self.ended = 0
        self.open = self.calls = 0
        self.shut = None

    def tell(self, command):
        with self.changed:
            if "shut" in command:
                self.shut = command["shut"]
            elif "count" not in command:
                self.version += 1
                if "end" in command:
                    self.ended = self.version
                else:
                    self.command = command
                self.changed.notify_all()

    def fetch(self, request, context):
        """FetchX509SVID."""
        if ("workload.spiffe.io", "true") not in context.invocation_metadata():
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, "security header missing from request")
        with self.changed:
            self.calls += 1
            self.open += 1
            began, shut = self.version, self.shut
        gone = threading.Event()

        def closed():
            with self.changed:
                self.open -= 1
                gone.set()
                self.changed.notify_all()

        if not context.add_callback(closed):
            closed()
        if shut:
            context.abort(grpc.StatusCode[shut], "shut")
        seen = None
        while True:
            with self.changed:
                self.changed.wait_for(lambda: gone.is_set() or self.version != seen)
                seen, command, ended = self.version, self.command, self.ended
            if gone.is_set() or ended > began:
                return
            if "deny" in command:
                context.abort(grpc.StatusCode.PERMISSION_DENIED, command["deny"])
            if "fail" in command:
                context.abort(grpc.StatusCode.UNAVAILABLE, command["fail"])
            if "give" in command:
                yield response(command["give"])


def response(give):
    answer = Response()
    for svid in give["svids"]:
        entry = answer.svids.add(spiffe_id=svid["spiffe_id"], hint=svid.get("hint", ""))
        entry.x509_svid = bytes.fromhex(svid["x509_svid"])
        entry.x509_svid_key = bytes.fromhex(svid["x509_svid_key"])
        entry.bundle = bytes.fromhex(svid["bundle"])
    for domain, bundle in give.get("federated_bundles", {}).items():
        answer.federated_bundles[domain] = bytes.fromhex(bundle)
    return answer


def main():
    agent = Agent()
    method = grpc.unary_stream_rpc_method_handler(
        agent.fetch,
        request_deserializer=Request.FromString,
        response_serializer=lambda message: message.SerializeToString(),
    )
    service = grpc.method_handlers_generic_handler("SpiffeWorkloadAPI", {"FetchX509SVID": method})
    options = [("grpc.max_send_message_length", -1)]
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=64), options=options)
    server.add_generic_rpc_handlers([service])
    server.add_insecure_port(sys.argv[1])
    server.start()
    print("ready", flush=True)
    for number, line in enumerate(sys.stdin, 1):
        command = json.loads(line)
        if "give" in command:
            with open(command["give"]) as file:
                command["give"] = json.load(file)
        agent.tell(command)
        with agent.changed:
            print(f"done {number} open {agent.open} calls {agent.calls}", flush=True)
    server.stop(None)


main()
