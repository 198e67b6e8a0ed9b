/// A side of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Side {
    /// The side that connects.
    Client,
    /// The side that accepts.
    Server,
}
