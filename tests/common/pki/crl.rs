//! What our tests need beyond the kit's own list.

use std::time::SystemTime;

use mtls::pki_types::CertificateDer;
use mtls::test_util::Extension;
use time::{Duration, OffsetDateTime};

pub use mtls::test_util::{TestCrl as Crl, serial_of, tlv};

const DISTRIBUTION_POINTS: &[u64] = &[2, 5, 29, 31];

/// Dates counted from now, and extensions below `2.5.29`.
pub trait CrlTools: Sized {
    fn dated_by(self, this_update: Duration, next_update: Option<Duration>) -> Self;
    fn lists_with(
        self,
        certificate: &CertificateDer<'_>,
        date: Duration,
        extensions: &[u8],
    ) -> Self;
    fn lists_serial_by(self, serial: &[u8], date: Duration, extensions: &[u8]) -> Self;
    /// An extension `2.5.29.last` with this value.
    fn with(self, last: u8, critical: bool, value: &[u8]) -> Self;
    /// Of a distribution point with this URI.
    fn of_point(self, uri: &str) -> Self;
}

impl CrlTools for Crl {
    fn dated_by(self, this_update: Duration, next_update: Option<Duration>) -> Self {
        let now = OffsetDateTime::now_utc().replace_nanosecond(0).unwrap();
        let next_update = next_update.map(|next| (now + next).into());
        self.dated((now + this_update).into(), next_update)
    }

    fn lists_with(
        self,
        certificate: &CertificateDer<'_>,
        date: Duration,
        extensions: &[u8],
    ) -> Self {
        self.lists_serial_by(&serial_of(certificate), date, extensions)
    }

    fn lists_serial_by(self, serial: &[u8], date: Duration, extensions: &[u8]) -> Self {
        self.lists_entry(serial, SystemTime::now() + date, extensions)
    }

    fn with(self, last: u8, critical: bool, value: &[u8]) -> Self {
        self.extension(&below_2_5_29(last, critical, value))
    }

    fn of_point(self, uri: &str) -> Self {
        self.scope(&[&point_name(uri)])
    }
}

/// The name of a distribution point, as it stands in one.
pub fn point_name(uri: &str) -> Vec<u8> {
    tlv(0xa0, &[&tlv(0xa0, &[&tlv(0x86, &[uri.as_bytes()])])])
}

/// The name of a distribution point relative to the issuer: one more common name.
pub fn relative_point_name(common_name: &str) -> Vec<u8> {
    let value = tlv(0x0c, &[common_name.as_bytes()]);
    let attribute = tlv(0x30, &[b"\x06\x03\x55\x04\x03", &value]);
    tlv(0xa0, &[&tlv(0xa1, &[&attribute])])
}

/// `cRLDistributionPoints` with these points, each given by its encoded fields.
pub fn distribution_points(points: &[&[u8]]) -> Extension {
    let points: Vec<u8> = points.iter().flat_map(|p| tlv(0x30, &[p])).collect();
    Extension::new(DISTRIBUTION_POINTS, tlv(0x30, &[&points]))
}

/// One extension `2.5.29.last`, encoded.
pub fn extension(last: u8, critical: bool, value: &[u8]) -> Vec<u8> {
    below_2_5_29(last, critical, value).to_der()
}

/// `UTCTime`.
pub fn utc_time(time: OffsetDateTime) -> Vec<u8> {
    let (year, month, day) = time.to_calendar_date();
    let (hour, minute, second) = time.to_hms();
    let (year, month) = (year % 100, u8::from(month));
    let text = format!("{year:02}{month:02}{day:02}{hour:02}{minute:02}{second:02}Z");
    tlv(0x17, &[text.as_bytes()])
}

fn below_2_5_29(last: u8, critical: bool, value: &[u8]) -> Extension {
    let oid = [2, 5, 29, u64::from(last)];
    if critical {
        Extension::critical(&oid, value)
    } else {
        Extension::new(&oid, value)
    }
}
