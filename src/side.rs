use crate::error::unknown_name::stable_names;

/// A side of a connection.
///
/// ```
/// use mtls::connection::Side;
/// assert_eq!(Side::Client.to_string(), "client");
/// assert_eq!("server".parse(), Ok(Side::Server));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "there is no third side")]
pub enum Side {
    /// The side that connects.
    Client,
    /// The side that accepts.
    Server,
}

stable_names!(Side, "side", {
    Client => "client",
    Server => "server",
});
