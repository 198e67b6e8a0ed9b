//! What events carry.

pub use crate::backend::event::ExpiringItem;
