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

pub(super) fn causes<'a>(
    error: &'a (dyn Error + 'static),
) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    core::iter::successors(Some(error), |&error| error.source())
}
