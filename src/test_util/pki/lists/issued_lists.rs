use std::sync::{Mutex, MutexGuard, PoisonError};

use pki_types::CertificateDer;
use rcgen::SerialNumber;

use crate::test_util::pki::certificate::{revoked_serial, serial_of};

/// What one CA has revoked, and how many lists it has made.
#[derive(Debug)]
pub(in crate::test_util) struct IssuedLists {
    /// The serial number of the leaves that are revoked from the beginning.
    reserved: SerialNumber,
    record: Mutex<Record>,
}

#[derive(Debug, Default)]
struct Record {
    revoked: Vec<Vec<u8>>,
    lists: u32,
}

impl Default for IssuedLists {
    fn default() -> Self {
        Self {
            reserved: revoked_serial(),
            record: Mutex::default(),
        }
    }
}

impl IssuedLists {
    /// Returns the serial number that every list has.
    pub(in crate::test_util) fn reserved(&self) -> &[u8] {
        self.reserved.as_ref()
    }

    pub(in crate::test_util) fn revoke(&self, certificate: &CertificateDer<'_>) {
        self.record().revoked.push(serial_of(certificate));
    }

    /// Returns how many lists there are so far.
    pub(in crate::test_util) fn count(&self) -> u32 {
        self.record().lists
    }

    /// Returns the number of the next list (the content of the INTEGER), and its serial numbers.
    pub(in crate::test_util) fn next(&self) -> (Vec<u8>, Vec<Vec<u8>>) {
        let mut record = self.record();
        record.lists += 1;
        // An INTEGER has as few octets as it can, and is negative if it begins with a set bit.
        let octets = record.lists.to_be_bytes();
        let zeros = octets.iter().take_while(|&&octet| octet == 0).count();
        let number = [&[0], &octets[zeros..]].concat();
        let number = number[usize::from(number[1] < 0x80)..].to_vec();
        let mut serials = record.revoked.clone();
        serials.push(self.reserved().to_vec());
        (number, serials)
    }

    fn record(&self) -> MutexGuard<'_, Record> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
