use mtls::pki_types::UnixTime;
use mtls::policy::SignatureAlgorithms;

/// Examines contents at a time, with the algorithms that verify signatures.
pub(super) struct Examiner {
    pub(super) at: UnixTime,
    pub(super) algorithms: SignatureAlgorithms,
}
