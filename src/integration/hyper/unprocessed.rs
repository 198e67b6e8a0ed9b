use core::error::Error;

/// How often a request is sent again that the server has not processed.
///
/// A new connection may be retired before its first request, if certificates change very often.
pub(in crate::integration) const MAX_REPEATS: usize = 5;

/// Whether the server is known not to have processed the request (RFC 9113, section 8.7).
///
/// A stream that the server was still to answer when it went away ends with an I/O error instead,
/// also after GOAWAY.
pub(in crate::integration) fn is_unprocessed(error: &(dyn Error + 'static)) -> bool {
    causes(error).any(|cause| {
        let h2 = cause.downcast_ref::<h2::Error>().is_some_and(|error| {
            let reason = error.reason();
            let is_away = error.is_go_away() && reason == Some(h2::Reason::NO_ERROR);
            error.is_remote() && (is_away || reason == Some(h2::Reason::REFUSED_STREAM))
        });
        let hyper = cause.downcast_ref::<hyper::Error>();
        h2 || hyper.is_some_and(hyper::Error::is_canceled)
    })
}

/// Whether the connection ended by an error of which HTTP/2 has kept only the text, or none at all.
///
/// Neither a timeout is one, nor a frame by which the server has ended a stream or a connection.
#[allow(dead_code, reason = "a channel of tonic alone needs it")]
pub(in crate::integration) fn has_lost_its_cause(error: &(dyn Error + 'static)) -> bool {
    let is_hyper = |cause: &(dyn Error + 'static)| cause.is::<hyper::Error>();
    let is_frame = |cause: &(dyn Error + 'static)| {
        let h2 = cause.downcast_ref::<h2::Error>();
        h2.is_some_and(|error| error.reason().is_some())
    };
    causes(error).any(is_hyper) && !causes(error).any(is_frame)
}

pub(super) fn causes<'a>(
    error: &'a (dyn Error + 'static),
) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    core::iter::successors(Some(error), |&error| error.source())
}

#[cfg(test)]
mod tests {
    use std::io;

    use hyper::body::Bytes;
    use hyper_util::rt::TokioIo;

    use super::*;

    /// The errors of tonic's timeouts, and of a stream that the server has reset.
    #[test]
    fn an_error_that_has_a_cause_has_not_lost_it() {
        let connect = io::Error::from(io::ErrorKind::TimedOut);
        assert!(!has_lost_its_cause(&connect));
        assert!(!has_lost_its_cause(&h2::Error::from(h2::Reason::CANCEL)));
    }

    #[tokio::test]
    async fn a_connection_that_is_cut_has_lost_its_cause() {
        let (ours, theirs) = tokio::io::duplex(1024);
        let executor = hyper_util::rt::TokioExecutor::new();
        type Body = http_body_util::Empty<Bytes>;
        let handshake =
            hyper::client::conn::http2::handshake::<_, _, Body>(executor, TokioIo::new(ours));
        let (mut sender, connection) = handshake.await.unwrap();
        tokio::spawn(connection);
        drop(theirs);
        let error = sender.send_request(hyper::Request::default()).await;
        let error = error.unwrap_err();
        assert!(has_lost_its_cause(&error), "{error:?}");
    }
}
