/// Why certificates or keys could not be loaded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MaterialError {
    /// The input holds no bytes at all.
    #[error("the input is empty")]
    Empty,
}
