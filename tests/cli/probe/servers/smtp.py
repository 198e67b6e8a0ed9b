"""A mail server with STARTTLS that requires a client certificate: smtp.py PORT IDENTITY FOLDER"""
import ssl
import sys
import threading

from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Sink

port, identity, folder = sys.argv[1:]
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(f"{folder}/{identity}.crt", f"{folder}/{identity}.key")
context.load_verify_locations(f"{folder}/ca.crt")
context.verify_mode = ssl.CERT_REQUIRED
controller = Controller(Sink(), hostname="127.0.0.1", port=int(port), tls_context=context)
controller.start()
threading.Event().wait()
