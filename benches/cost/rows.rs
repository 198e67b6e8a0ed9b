//! The rows of the table: what is done how often, in which setup.

use mtls::connection::Side;

use crate::ends::{Library, Setup};
use crate::meter::Meter;
use crate::offline::Offline;
use crate::support::{Anchors, Key, PkiSpec};
use crate::work::{Times, Work};

#[derive(Clone, Debug)]
pub(crate) struct Row {
    /// For the command line and the record: `aws-lc/anchors-145/before`.
    pub(crate) name: String,
    pub(crate) work: Work,
    pub(crate) setup: Setup,
    pub(crate) meter: Meter,
    pub(crate) times: Times,
}

impl Row {
    pub(crate) fn has_raw(&self) -> bool {
        match self.work {
            Work::Offline(offline) => offline.has_raw(),
            _ => true,
        }
    }
}

pub(crate) fn all() -> Vec<Row> {
    LINES.iter().flat_map(Line::rows).collect()
}

pub(crate) fn named(name: &str) -> Row {
    let row = all().into_iter().find(|row| row.name == name);
    row.unwrap_or_else(|| panic!("no row {name}; benches/cost.sh list has them"))
}

/// The same on several libraries.
struct Line {
    name: &'static str,
    libraries: &'static [Library],
    meetings: &'static [Meeting],
    work: Work,
    meter: Meter,
    counted: usize,
    setup: Setup,
}

/// Whether the two have met before.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Meeting {
    /// Every time with a client whose signatures have not been seen.
    First,
    Before,
    /// Does not matter.
    Any,
}

use Library::{AwsLc, OpenSsl, Ring};
const BOTH: &[Meeting] = &[Meeting::First, Meeting::Before];
const MET: &[Meeting] = &[Meeting::Before];
const NOT_MET: &[Meeting] = &[Meeting::First];
const ANY: &[Meeting] = &[Meeting::Any];

const HANDSHAKE: Line = Line {
    name: "",
    libraries: &[AwsLc, OpenSsl],
    meetings: BOTH,
    work: Work::Handshake,
    meter: Meter::Instructions,
    counted: 50,
    setup: Setup::PLAIN,
};
const RSA: PkiSpec = PkiSpec {
    key: Key::Rsa2048,
    ..PkiSpec::PLAIN
};

#[rustfmt::skip]
const LINES: &[Line] = &[
    Line { libraries: &[AwsLc, Ring, OpenSsl], ..HANDSHAKE },
    Line { name: "default-groups", libraries: &[AwsLc], setup: Setup { has_default_groups: true, ..Setup::PLAIN }, ..HANDSHAKE },
    Line { name: "rsa-2048", libraries: &[AwsLc, Ring, OpenSsl], counted: 20, setup: Setup::with(RSA), ..HANDSHAKE },
    Line { name: "intermediates-0", setup: intermediates(0), ..HANDSHAKE },
    Line { name: "intermediates-3", setup: intermediates(3), ..HANDSHAKE },
    Line { name: "intermediates-6", setup: intermediates(6), ..HANDSHAKE },
    Line { name: "names-100", setup: names(100), ..HANDSHAKE },
    Line { name: "names-1000", setup: names(1_000), ..HANDSHAKE },
    Line { name: "namesakes-32", counted: 10, setup: anchors(Anchors::Namesakes(32)), ..HANDSHAKE },
    // Many clients with as much each would only measure their building.
    Line { name: "anchors-145", meetings: MET, setup: anchors(Anchors::Distinct(145)), ..HANDSHAKE },
    Line { name: "anchors-1000", meetings: MET, setup: anchors(Anchors::Distinct(1_000)), ..HANDSHAKE },
    // OpenSSL alone takes minutes to read as many under valgrind.
    Line { name: "anchors-10000", libraries: &[AwsLc], meetings: MET, setup: anchors(Anchors::Distinct(10_000)), ..HANDSHAKE },
    Line { name: "lists-0", meetings: MET, setup: lists(0), ..HANDSHAKE },
    Line { name: "lists-1000", meetings: MET, setup: lists(1_000), ..HANDSHAKE },
    Line { name: "lists-100000", meetings: MET, counted: 10, setup: lists(100_000), ..HANDSHAKE },
    Line { name: "resumed", libraries: &[AwsLc, Ring], meetings: MET, setup: Setup { resumes: true, ..Setup::PLAIN }, ..HANDSHAKE },
    Line { name: "tokio", libraries: &[AwsLc], work: Work::AsyncHandshake, ..HANDSHAKE },
    Line { name: "ping-pong", meetings: ANY, work: Work::PingPong, counted: 2_000, ..HANDSHAKE },
    Line { name: "mebibyte", meetings: ANY, work: Work::Bulk, counted: 20, ..HANDSHAKE },

    Line { name: "allocations", meetings: MET, meter: Meter::Allocations, ..HANDSHAKE },
    Line { name: "idle-server", work: Work::Idle(Side::Server), ..IDLE },
    Line { name: "idle-server/one-ca", meetings: NOT_MET, work: Work::Idle(Side::Server), setup: ONE_CA, ..IDLE },
    Line { name: "idle-client", meetings: MET, work: Work::Idle(Side::Client), ..IDLE },
    Line { name: "system-calls", meetings: MET, work: Work::Tcp, meter: Meter::SystemCalls, ..HANDSHAKE },

    Line { name: "build/anchors-1", counted: 40, work: Work::Offline(Offline::Build), meetings: ANY, ..HANDSHAKE },
    Line { name: "build/anchors-10000", setup: anchors(Anchors::Distinct(10_000)), ..offline(Offline::Build, 2) },
    Line { name: "load/anchors-145", counted: 10, work: Work::Offline(Offline::LoadAnchors), meetings: ANY, setup: anchors(Anchors::Distinct(145)), ..HANDSHAKE },
    Line { name: "load/system", counted: 10, work: Work::Offline(Offline::LoadSystemAnchors), meetings: ANY, ..HANDSHAKE },
    Line { name: "load/list-100000", setup: lists(100_000), ..offline(Offline::LoadList, 2) },
    Line { name: "rotate/anchors-1", setup: rotation(1), ..offline(Offline::Rotate, 20) },
    Line { name: "rotate/anchors-145", setup: rotation(145), ..offline(Offline::Rotate, 20) },
    Line { name: "rotate/anchors-10000", setup: rotation(10_000), ..offline(Offline::Rotate, 4) },
    Line { name: "match/names-1", ..offline(Offline::Match(1), 100) },
    Line { name: "match/names-100000", ..offline(Offline::Match(100_000), 100) },
    Line { name: "reject/attributes-1", ..offline(Offline::Reject(1), 50) },
    Line { name: "reject/attributes-5000", ..offline(Offline::Reject(5_000), 50) },
];

const IDLE: Line = Line {
    meter: Meter::LiveBytes,
    counted: 1_000,
    ..HANDSHAKE
};

const fn offline(offline: Offline, counted: usize) -> Line {
    Line {
        libraries: &[AwsLc],
        meetings: ANY,
        work: Work::Offline(offline),
        counted,
        ..HANDSHAKE
    }
}

const fn intermediates(intermediates: usize) -> Setup {
    Setup::with(PkiSpec {
        intermediates,
        ..PkiSpec::PLAIN
    })
}

const ONE_CA: Setup = Setup::with(PkiSpec {
    has_one_client_ca: true,
    ..PkiSpec::PLAIN
});

const fn names(names: usize) -> Setup {
    Setup::with(PkiSpec {
        names,
        ..PkiSpec::PLAIN
    })
}

const fn anchors(anchors: Anchors) -> Setup {
    Setup::with(PkiSpec {
        anchors,
        ..PkiSpec::PLAIN
    })
}

const fn lists(entries: usize) -> Setup {
    Setup::with(PkiSpec {
        lists: Some(entries),
        ..PkiSpec::PLAIN
    })
}

/// Between the identities of two clients.
const fn rotation(anchors: usize) -> Setup {
    Setup::with(PkiSpec {
        anchors: Anchors::Distinct(anchors),
        clients: 2,
        ..PkiSpec::PLAIN
    })
}

impl Line {
    fn rows(&self) -> Vec<Row> {
        let libraries = self.libraries.iter();
        let each = libraries.flat_map(|library| self.meetings.iter().map(|met| (*library, *met)));
        each.map(|(library, meeting)| self.row(library, meeting))
            .collect()
    }

    fn row(&self, library: Library, meeting: Meeting) -> Row {
        let mut setup = self.setup;
        setup.library = library;
        let times = Times {
            before: 4,
            counted: self.counted,
        };
        if meeting == Meeting::First {
            // They are built before the counting begins.
            setup.pki.clients = times.before + times.counted;
        }
        let library = match library {
            AwsLc => "aws-lc",
            Ring => "ring",
            OpenSsl => "openssl",
        };
        let meeting = match meeting {
            Meeting::First => "first",
            Meeting::Before => "before",
            Meeting::Any => "",
        };
        let parts = [library, self.name, meeting];
        let parts: Vec<_> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        Row {
            name: parts.join("/"),
            work: self.work,
            setup,
            meter: self.meter,
            times,
        }
    }
}
