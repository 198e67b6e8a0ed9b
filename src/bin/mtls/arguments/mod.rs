//! The arguments that several commands take.

mod material;

pub(crate) use material::{Material, MaterialArguments};
