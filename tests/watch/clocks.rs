//! What is valid depends on the clock, which may be set.

use std::sync::atomic::Ordering;
use std::time::Duration;

use mtls::Status;
use mtls::pki_types::UnixTime;
use time::Duration as Time;

use super::common::on_one_line;
use super::common::pki::Validity;
use super::common::pki::crl::CrlTools as _;
use super::place::Place;
use super::stage::Stage;

const DAY: i64 = 24 * 3600;

/// While the clock is wrong, something comes that is valid by the right one alone. The old revision serves, and it is said
/// what is wrong; when the clock is right again, the new one does, without a change of any file.
fn jump(file: &str, cases: [(i64, &str); 2], renew: fn(&Place), until: fn(&Status) -> UnixTime) {
    for (ahead, says) in cases {
        let place = Place::new();
        // Whatever the clock says, this list counts.
        let decade = Time::days(3650);
        let lasting = place.next_crl().dated_by(-decade, Some(decade));
        place.replace("ca.crl", place.list(&lasting));
        let files = place.files().revocation_lists(place.path("ca.crl"));
        let stage = Stage::new(place, files, true, Duration::from_secs(1));
        stage.meets_only("first", 2);
        stage.rests();
        let before = stage.server.handle().status();
        stage.ahead.store(ahead, Ordering::Relaxed);
        // By itself it changes nothing.
        stage.wait("asked again", |status| status.reloads() > before.reloads());
        assert_eq!(stage.server.handle().status().revision(), 1, "{says}");
        assert!(
            stage.server.handle().status().last_failure().is_none(),
            "{says}"
        );

        renew(&stage.place);
        let is_reported = |text: &str| text.contains(says) && text.contains(file);
        stage.wait(says, |status| {
            let text = status.last_failure().map(|failure| on_one_line(failure));
            text.is_some_and(|text| is_reported(&text))
        });
        stage.reported_of(0, is_reported);
        let now = stage.server.handle().status();
        assert_eq!(
            (now.revision(), until(&now)),
            (1, until(&before)),
            "{says}: {now:?}"
        );
        let failure = now.last_failure().unwrap().occurred_at().as_secs();
        let by_the_clock = UnixTime::now().as_secs().saturating_add_signed(ahead);
        assert!(failure.abs_diff(by_the_clock) < 60, "{says}: {now:?}");
        stage.meets_only("first", 3);

        // No notification comes of a clock: it is tried again, at each poll at the latest.
        stage.ahead.store(0, Ordering::Relaxed);
        let took = stage.wait(says, |status| status.last_failure().is_none());
        println!("{file}, clock {ahead} s ahead: {took:.0?}");
        let now = stage.server.handle().status();
        assert_eq!(now.revision(), 2, "{says}: {now:?}");
        assert_ne!(until(&now), until(&before), "{says}: {now:?}");
        stage.place.good("third");
        stage.meets("third");
        stage.end();
    }
}

#[test]
fn of_an_identity() {
    jump(
        "tls.crt",
        [(60 * DAY, "expired at"), (-60 * DAY, "is valid from")],
        |place| place.install(&place.server("second")),
        Status::identity_expires_at,
    );
}

#[test]
fn of_anchors() {
    jump(
        "ca.crt",
        [(60 * DAY, "anchor"), (-60 * DAY, "anchor")],
        |place| {
            let month = place.root.again().validity(Validity::current());
            place.replace("ca.crt", month.self_signed().pem());
        },
        Status::anchors_expire_at,
    );
}

#[test]
fn of_lists() {
    jump(
        "ca.crl",
        [(60 * DAY, "not now"), (-60 * DAY, "not now")],
        |place| place.replace("ca.crl", place.list(&place.next_crl())),
        |status| status.revocation_lists_expire_at().unwrap(),
    );
}

/// An identity that is not valid any more, or not yet, serves on (`OnExpiry::KeepServing`), and keeps nothing else from
/// being replaced.
#[test]
fn of_an_identity_that_is_not_valid_now() {
    for days in [60, -60] {
        let place = Place::new();
        let files = place.files();
        let stage = Stage::new(place, files, false, Duration::from_secs(600));
        stage.ahead.store(days * 24 * 3600, Ordering::Relaxed);
        let other = stage.place.long_lived_other().pem();
        stage
            .place
            .replace("ca.crt", stage.place.root.pem() + &other);
        stage.wait("more anchors", |status| status.revision() == 2);
        // Those that do not prove it are rejected all the same.
        stage.place.replace("ca.crt", other);
        stage.reported_of(0, |line| {
            line.contains("authenticate") && line.contains("ca.crt")
        });
        stage.meets_only("first", 3);
        stage.end();
    }
}
