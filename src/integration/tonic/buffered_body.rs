use core::future::poll_fn;
use core::pin::Pin;
use core::task::{Context, Poll};
use std::collections::VecDeque;

use hyper::body::{Body as HttpBody, Bytes, Frame};
use tonic::Status;
use tonic::body::Body;

/// The most bytes that are kept of a call, for a repetition.
const MAX_BYTES: usize = 64 * 1024;
/// The most pieces. A unary call is one, a stream of messages has up to 32 KiB in each.
const MAX_FRAMES: usize = 16;

/// The body of a call, with what was ready of it when the call began.
///
/// If that is the whole body, as in a unary call, it can be cloned: the pieces are shared.
pub(super) struct BufferedBody {
    frames: VecDeque<Frame<Bytes>>,
    /// What was not ready, or is beyond the limits.
    rest: Option<Body>,
}

impl BufferedBody {
    /// Takes what is ready, and waits for nothing.
    ///
    /// # Errors
    /// That of the body, such as of a message that cannot be encoded.
    pub(super) async fn new(mut body: Body) -> Result<Self, Status> {
        let (mut frames, mut bytes) = (VecDeque::new(), 0_usize);
        while frames.len() < MAX_FRAMES && bytes <= MAX_BYTES {
            let next = poll_fn(|context| match Pin::new(&mut body).poll_frame(context) {
                Poll::Ready(next) => Poll::Ready(Some(next)),
                Poll::Pending => Poll::Ready(None),
            });
            match next.await {
                Some(Some(frame)) => {
                    let frame: Frame<Bytes> = frame?;
                    bytes = bytes.saturating_add(frame.data_ref().map_or(0, Bytes::len));
                    frames.push_back(frame);
                }
                Some(None) => return Ok(Self { frames, rest: None }),
                None => break,
            }
        }
        let rest = Some(body);
        Ok(Self { frames, rest })
    }

    /// Returns a clone, if all of the body is here.
    pub(super) fn try_clone(&self) -> Option<Self> {
        if self.rest.is_some() {
            return None;
        }
        // Trailers cannot be shared; calls have none.
        let share = |frame: &Frame<Bytes>| Some(Frame::data(frame.data_ref()?.clone()));
        let frames = self.frames.iter().map(share).collect::<Option<_>>()?;
        Some(Self { frames, rest: None })
    }
}

impl HttpBody for BufferedBody {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        if let Some(frame) = self.frames.pop_front() {
            return Poll::Ready(Some(Ok(frame)));
        }
        match &mut self.rest {
            Some(rest) => Pin::new(rest).poll_frame(context),
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.frames.is_empty() && self.rest.as_ref().is_none_or(HttpBody::is_end_stream)
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::{BodyExt, Full, StreamBody};
    use tokio::sync::mpsc;

    use super::*;

    fn full(length: usize) -> Body {
        Body::new(Full::new(Bytes::from(vec![b'm'; length])))
    }

    async fn length(body: BufferedBody) -> usize {
        body.collect().await.unwrap().to_bytes().len()
    }

    #[tokio::test]
    async fn a_short_body_is_shared() {
        for sent in [0, 1, MAX_BYTES] {
            let body = BufferedBody::new(full(sent)).await.unwrap();
            let clone = body.try_clone().expect("it is whole");
            assert!(!body.is_end_stream() || sent == 0);
            assert_eq!((length(clone).await, length(body).await), (sent, sent));
        }
    }

    #[tokio::test]
    async fn a_long_body_is_sent_once_and_whole() {
        let body = BufferedBody::new(full(MAX_BYTES + 1)).await.unwrap();
        assert!(body.try_clone().is_none());
        assert_eq!(length(body).await, MAX_BYTES + 1);
    }

    #[tokio::test]
    async fn a_body_that_is_not_ready_is_not_awaited() {
        let (sender, mut receiver) = mpsc::channel::<Result<_, Status>>(2);
        let stream = Chunks(move |context: &mut Context<'_>| receiver.poll_recv(context));
        let send = |text| sender.try_send(Ok(Frame::data(Bytes::from_static(text))));
        send(b"one").unwrap();
        let body = BufferedBody::new(Body::new(StreamBody::new(stream)));
        let body = body.await.unwrap();
        assert!(body.try_clone().is_none());
        send(b"two").unwrap();
        drop(sender);
        assert_eq!(body.collect().await.unwrap().to_bytes(), "onetwo");
    }

    #[tokio::test]
    async fn an_error_of_the_body_is_returned() {
        let mut errors = Some(Err::<Frame<Bytes>, _>(Status::out_of_range("too long")));
        let stream = Chunks(move |_: &mut Context<'_>| Poll::Ready(errors.take()));
        let error = BufferedBody::new(Body::new(StreamBody::new(stream))).await;
        assert_eq!(error.err().unwrap().code(), tonic::Code::OutOfRange);
    }

    struct Chunks<F>(F);

    impl<T, F> futures_core::Stream for Chunks<F>
    where
        F: FnMut(&mut Context<'_>) -> Poll<Option<T>> + Unpin,
    {
        type Item = T;

        fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<T>> {
            (self.0)(context)
        }
    }
}
