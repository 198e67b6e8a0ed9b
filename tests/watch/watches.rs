//! When watches are made anew, as it is seen from outside.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use mtls::rotation::{ReloadTrigger, SourceError};
use mtls::{FileSource, Rotation, Source};

use super::place::{FILES, Place};
use super::stage::Stage;

/// A source that counts how often it is asked.
struct Counted(FileSource, Arc<AtomicUsize>);

impl Source for Counted {
    fn load(&mut self, reload: &ReloadTrigger) -> Result<Rotation, SourceError> {
        self.1.fetch_add(1, Ordering::SeqCst);
        self.0.load(reload)
    }
}

/// New watches are followed by one more look, and that one by none.
#[test]
fn new_watches_are_followed_by_a_look() {
    let place = Place::new();
    let asked = Arc::new(AtomicUsize::new(0));
    let source = Counted(place.files(), Arc::clone(&asked));
    let stage = Stage::new(place, source, false, Duration::from_secs(600));
    stage.rests();
    assert_eq!(asked.load(Ordering::SeqCst), 2);
    stage.server.handle().reload();
    stage.rests();
    assert_eq!(asked.load(Ordering::SeqCst), 3);
    stage.end();
}

/// A folder that is renamed is watched no more, not even when it comes back and is the same: at least not where the
/// folder above is watched too.
#[cfg(unix)]
#[test]
fn a_folder_that_was_away_is_watched_again() {
    for file in FILES {
        let stage = Stage::of_all(Place::with_apart(file));
        stage.meets_only("first", 1);
        stage.rests();
        let reloads = stage.server.handle().status().reloads();
        let (there, away) = (stage.place.folder_of(file), stage.place.beside("away"));
        fs::rename(&there, &away).unwrap();
        fs::rename(&away, &there).unwrap();
        // Seen, and that nothing is new.
        stage.wait(file, |status| status.reloads() > reloads);
        stage.rests();
        assert_eq!(stage.server.handle().status().revision(), 1, "{file}");
        // The next change is noticed.
        let reloads = stage.server.handle().status().reloads();
        let content = fs::read_to_string(stage.place.path(file)).unwrap();
        stage.place.write(file, content + "# a comment\n");
        stage.wait(file, |status| status.reloads() > reloads);
        stage.end();
    }
}
