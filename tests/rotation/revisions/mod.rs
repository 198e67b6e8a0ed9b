//! Revisions: published as a whole or not at all, by hand and by a source.

mod begins_later;
mod clock_skew;
mod out_of_service;
mod outside_validity;
mod published;
mod rejected;
mod reported;
mod sources;
mod unchanged;
mod unclaimed;
mod waited_for;
mod watched;
