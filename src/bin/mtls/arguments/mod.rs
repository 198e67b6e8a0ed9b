//! The arguments that several commands take.

mod material;
mod service;

pub(crate) use material::{Material, MaterialArguments};
