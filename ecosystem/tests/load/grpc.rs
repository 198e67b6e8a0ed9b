//! One gRPC method that returns what it is given, without generated code.

use bytes::{Buf, BufMut, Bytes};
use http_body_util::BodyExt;
use hyper::Request;
use hyper::body::Incoming;
use tonic::body::Body;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::{Response, Status};

use super::service;

pub const PATH: &str = "/load.Echo/Echo";

/// Messages that are bytes.
#[derive(Clone, Copy, Debug, Default)]
pub struct BytesCodec;

impl Codec for BytesCodec {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for BytesCodec {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, item: Bytes, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.put(item);
        Ok(())
    }
}

impl Decoder for BytesCodec {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(buffer.copy_to_bytes(buffer.remaining())))
    }
}

/// Answers a call.
pub async fn answer(request: Request<Incoming>) -> hyper::Response<Body> {
    let echo = tower::service_fn(|request: tonic::Request<Bytes>| async {
        let message = request.into_inner();
        service::work(&message).await;
        Ok::<_, Status>(Response::new(message))
    });
    let request =
        request.map(|body| Body::new(body.map_err(|error| Status::from_error(error.into()))));
    tonic::server::Grpc::new(BytesCodec)
        .unary(echo, request)
        .await
}

/// Calls the method and compares what it returns.
pub async fn call(channel: mtls::tonic::Channel, message: Bytes) -> Result<(), Status> {
    let mut client = tonic::client::Grpc::new(channel);
    client.ready().await?;
    let path = PATH.parse().unwrap();
    let request = tonic::Request::new(message.clone());
    let answer = client.unary(request, path, BytesCodec).await?.into_inner();
    assert_eq!(answer, message);
    Ok(())
}
