//! The arguments that several commands take.

mod material;
mod quoted;
mod server_name;
mod service;

pub(crate) use material::{Material, MaterialArguments, PASSPHRASE_FILE_HINT};
pub(crate) use quoted::quoted;
pub(crate) use server_name::server_name;
