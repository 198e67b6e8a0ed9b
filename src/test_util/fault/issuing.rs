use super::faulty::{chain, faulty};
use crate::material::identity::MtlsIdentity;
use crate::test_util::pki::credential::TestCredential;
use crate::test_util::pki::leaf::TestLeaf;

impl TestLeaf {
    /// Issues the certificate by the CA of [`TestCa::leaf`](crate::test_util::TestCa::leaf).
    ///
    /// The chain has the intermediates up to its root. Without a CA it is self-signed.
    ///
    /// # Panics
    ///
    /// If an [`MtlsIdentity`] cannot hold it, such as one with [`LeafIsCa`](crate::test_util::Fault::LeafIsCa);
    /// [`credential`](Self::credential) can.
    pub fn issue(self) -> MtlsIdentity {
        self.credential().identity()
    }

    /// Issues the certificate as [`issue`](Self::issue) does, and checks nothing.
    ///
    /// # Panics
    ///
    /// With a fault, and without the CA of `TestCa::leaf`.
    pub fn credential(self) -> TestCredential {
        match (self.issuer.clone(), self.fault) {
            (Some(issuer), Some(fault)) => faulty(self, &issuer, fault),
            (Some(issuer), None) => chain(self, &issuer),
            (None, None) => self.self_signed(),
            (None, Some(fault)) => panic!("{fault:?} needs a CA: begin with `TestCa::leaf`"),
        }
    }
}
