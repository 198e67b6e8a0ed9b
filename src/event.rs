//! The values that events carry.

pub use crate::backend::event::ExpiringItem;
