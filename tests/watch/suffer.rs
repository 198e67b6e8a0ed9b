//! What every fault has in common: it is reported, nothing else happens, and it is over soon after
//! it was mended.

#![allow(unreachable_pub, reason = "shared by the files of this target")]

use std::time::{Duration, Instant};

use super::common::on_one_line;
use super::place::Place;
use super::stage::Stage;

type Act = Box<dyn Fn(&Place) + Send>;

/// One thing that goes wrong.
pub struct Fault {
    name: String,
    /// What stands in the failure.
    says: Vec<String>,
    make: Act,
    /// Puts back what was there, where that is another way to mend it.
    undo: Option<Act>,
}

pub fn fault(name: &str, says: &[&str], make: impl Fn(&Place) + Send + 'static) -> Fault {
    Fault {
        name: name.to_owned(),
        says: says.iter().map(|&word| word.to_owned()).collect(),
        make: Box::new(make),
        undo: None,
    }
}

impl Fault {
    pub fn undone(mut self, undo: impl Fn(&Place) + Send + 'static) -> Self {
        self.undo = Some(Box::new(undo));
        self
    }
}

/// No recovery takes longer.
const AT_MOST: Duration = Duration::from_secs(5);
/// Nearly none takes longer: one in twenty may, on a machine that is busy, and one of a few.
const USUALLY: Duration = Duration::from_secs(1);
const ONE_IN: usize = 20;

/// One after the other on one server, each mended twice. How long each took, from the moment at which it was mended
/// until a client met the server with what was new.
pub fn suffer(stage: Stage, faults: &[Fault], mend: fn(&Place, &str)) -> Vec<(String, Duration)> {
    let mut serving = "first".to_owned();
    let mut times = Vec::new();
    for (number, fault) in faults.iter().enumerate() {
        let what = &*fault.name;
        let (before, reported) = (stage.server.handle().status(), stage.reported().len());
        assert!(before.last_failure().is_none(), "{what}: {before:?}");
        stage.meets_only(&serving, 2);
        (fault.make)(&stage.place);
        let is_reported = |text: &str| fault.says.iter().all(|word| text.contains(word));
        stage.wait(what, |status| {
            let text = status.last_failure().map(|failure| on_one_line(failure));
            text.is_some_and(|text| is_reported(&text))
        });
        let status = stage.server.handle().status();
        assert_eq!(status.revision(), before.revision(), "{what}");
        assert!(status.failures() > before.failures(), "{what}");
        // Reported after the status shows it.
        let line = stage.reported_of(reported, is_reported);
        assert_eq!(line.lines().count(), 1, "{line}");
        stage.meets_only(&serving, 2);

        if let Some(undo) = &fault.undo {
            undo(&stage.place);
            let mended = Instant::now();
            stage.wait(what, |status| status.last_failure().is_none());
            times.push((format!("{what}, and back"), mended.elapsed()));
            assert_eq!(
                stage.server.handle().status().revision(),
                before.revision(),
                "{what}"
            );
            stage.meets_only(&serving, 1);
        }
        for mending in ["mended", "mended again"] {
            serving = format!("{mending} after {number}");
            mend(&stage.place, &serving);
            let mended = Instant::now();
            stage.wait(what, |status| {
                status.last_failure().is_none() && status.revision() > before.revision()
            });
            stage.meets(&serving);
            times.push((format!("{what}, {mending}"), mended.elapsed()));
        }
        stage.wait(what, |status| status.last_failure().is_none());
    }
    stage.end();
    times
}

/// That what has gone wrong was over soon, each time.
#[track_caller]
pub fn verify(group: &str, mut times: Vec<(String, Duration)>) {
    times.sort_by_key(|(_, took)| *took);
    let (what, slowest) = times.last().unwrap();
    let median = times[times.len() / 2].1;
    let slow = times.iter().filter(|(_, took)| *took >= USUALLY).count();
    println!(
        "{group}: {} recoveries, median {median:.0?}, slowest {slowest:.0?} ({what}), {slow} above {USUALLY:?}",
        times.len()
    );
    assert!(*slowest < AT_MOST, "{group}: {what}: {slowest:?}");
    assert!(slow <= (times.len() / ONE_IN).max(1), "{group}: {times:#?}");
}
