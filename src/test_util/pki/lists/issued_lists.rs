use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use pki_types::CertificateDer;
use rcgen::{KeyPair, SerialNumber};

use crate::test_util::pki::certificate::{revoked_serial, serial_of};
use crate::test_util::pki::key::KeyAlgorithm;

/// What one CA has revoked, and how many lists it has made.
#[derive(Debug)]
pub(in crate::test_util) struct IssuedLists {
    /// The serial number of the leaves that are revoked from the beginning.
    reserved: SerialNumber,
    record: Mutex<Record>,
    /// The key of the intermediates that faults have.
    branch_key: OnceLock<Arc<KeyPair>>,
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
            branch_key: OnceLock::new(),
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
        let mut serials = record.revoked.clone();
        serials.push(self.reserved().to_vec());
        (integer(record.lists), serials)
    }

    /// Returns the number of the last list, as the content of the INTEGER.
    pub(in crate::test_util) fn number(&self) -> Vec<u8> {
        integer(self.count())
    }

    pub(in crate::test_util) fn branch_key(&self) -> Arc<KeyPair> {
        let key = self.branch_key.get_or_init(|| KeyAlgorithm::P256.key());
        key.clone()
    }

    fn record(&self) -> MutexGuard<'_, Record> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The content of an INTEGER of at least 1.
fn integer(number: u32) -> Vec<u8> {
    // It has as few octets as it can, and is negative if it begins with a set bit.
    let octets = number.to_be_bytes();
    let zeros = octets.iter().take_while(|&&octet| octet == 0).count();
    let number = [&[0], &octets[zeros..]].concat();
    number[usize::from(number[1] < 0x80)..].to_vec()
}
