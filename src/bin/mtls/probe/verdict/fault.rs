/// A fault of our own certificates, which no server has to like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OwnFault {
    pub(crate) reason: &'static str,
    pub(crate) message: String,
    pub(crate) hint: String,
}
