//! Generates client and server of the gRPC service of the programs, without protoc.

use tonic_build::manual::{Builder, Method, Service};

fn main() {
    let who_am_i = Method::builder()
        .name("who_am_i")
        .route_name("WhoAmI")
        // google.protobuf.StringValue, in both directions.
        .input_type("String")
        .output_type("String")
        .codec_path("tonic_prost::ProstCodec")
        .build();
    let greeter = Service::builder()
        .name("Greeter")
        .package("ecosystem")
        .method(who_am_i)
        .build();
    Builder::new().compile(&[greeter]);
}
