//! `mtls probe` against servers of other projects and of this crate.

mod hostile;
mod identity;
mod matrix;
mod own_view;
mod probing;
mod report;
mod servers;
mod starttls;
mod world;
