//! The verification codes by which OpenSSL chooses the alert.
//!
//! The openssl crate has constants for two of them, and makes others from numbers only by an unsafe
//! function. So OpenSSL produces each code once, from a certificate with exactly that fault.

mod revoked;

use std::sync::LazyLock;

use openssl::asn1::{Asn1Integer, Asn1Time};
use openssl::bn::BigNum;
use openssl::ec::{EcGroup, EcKey};
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::stack::Stack;
use openssl::x509::extension::{BasicConstraints, ExtendedKeyUsage};
use openssl::x509::store::X509StoreBuilder;
use openssl::x509::verify::{X509VerifyFlags, X509VerifyParam};
use openssl::x509::{X509, X509Name, X509PurposeId, X509StoreContext, X509VerifyResult};

use crate::policy::RejectionReason;

/// Returns the code for a reason. It fits `BackendKind::alert_for` and, if possible, the reason.
pub(super) fn code_for(reason: RejectionReason) -> X509VerifyResult {
    use RejectionReason as R;
    match reason {
        R::AnchorExpired | R::Expired => CODES.expired,
        R::MalformedCertificate | R::MalformedName | R::NameMismatch | R::UnsupportedVersion => {
            CODES.name_mismatch
        }
        R::NotYetValid => CODES.not_yet_valid,
        R::Revoked => CODES.revoked,
        R::UnknownIssuer => CODES.unknown_issuer,
        R::WrongExtendedKeyUsage => CODES.wrong_purpose,
        _ => CODES.policy,
    }
}

/// Makes the codes now, so that no handshake waits for them.
pub(super) fn prepare() {
    LazyLock::force(&CODES);
}

static CODES: LazyLock<VerifyCodes> = LazyLock::new(|| {
    let codes = VerifyCodes::produce();
    // Each code was an error, and may still be in the thread's queue.
    drop(ErrorStack::get());
    codes.unwrap_or(VerifyCodes::ANY)
});

#[derive(Debug)]
struct VerifyCodes {
    expired: X509VerifyResult,
    name_mismatch: X509VerifyResult,
    not_yet_valid: X509VerifyResult,
    /// "no explicit policy", which has no alert of its own.
    policy: X509VerifyResult,
    /// Equal to `policy` if it cannot be produced.
    revoked: X509VerifyResult,
    unknown_issuer: X509VerifyResult,
    wrong_purpose: X509VerifyResult,
}

// Seconds since 1970: the times at which certificates are verified, not the current time.
const LONG_BEFORE: i32 = 500_000_000;
const BEFORE: i32 = 800_000_000;
const BEGIN: i32 = 1_000_000_000;
const NOW: i32 = 1_100_000_000;
const END: i32 = 1_200_000_000;
const AFTER: i32 = 1_400_000_000;
const LONG_AFTER: i32 = 1_900_000_000;

impl VerifyCodes {
    /// Rejects the peer all the same, with the alert `handshake_failure`.
    const ANY: Self = {
        let any = X509VerifyResult::APPLICATION_VERIFICATION;
        Self {
            expired: any,
            name_mismatch: any,
            not_yet_valid: any,
            policy: any,
            revoked: any,
            unknown_issuer: any,
            wrong_purpose: any,
        }
    };

    fn produce() -> Result<Self, ErrorStack> {
        let pair = ProbeChain::new()?;
        let policy = pair.verify(ProbeTrust::Root, |param| {
            param.set_flags(X509VerifyFlags::POLICY_CHECK | X509VerifyFlags::EXPLICIT_POLICY)
        })?;
        Ok(Self {
            expired: pair.verify(ProbeTrust::Root, |param| {
                param.set_time(AFTER.into());
                Ok(())
            })?,
            name_mismatch: pair
                .verify(ProbeTrust::Root, |param| param.set_host("another.invalid"))?,
            not_yet_valid: pair.verify(ProbeTrust::Root, |param| {
                param.set_time(BEFORE.into());
                Ok(())
            })?,
            policy,
            revoked: revoked::produce(&pair).unwrap_or(policy),
            unknown_issuer: pair.verify(ProbeTrust::Empty, |_| Ok(()))?,
            wrong_purpose: pair.verify(ProbeTrust::Root, |param| {
                param.set_purpose(X509PurposeId::SSL_CLIENT)
            })?,
        })
    }
}

/// A server's certificate and the root that issued it.
struct ProbeChain {
    key: PKey<Private>,
    leaf: X509,
    root: X509,
}

#[derive(Clone, Copy)]
enum ProbeTrust {
    Empty,
    Root,
}

impl ProbeChain {
    fn new() -> Result<Self, ErrorStack> {
        let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1)?;
        let key = PKey::from_ec_key(EcKey::generate(&group)?)?;
        Ok(Self {
            leaf: certificate(ProbeSubject::Leaf, &key)?,
            root: certificate(ProbeSubject::Root, &key)?,
            key,
        })
    }

    /// Returns the code of OpenSSL's verification of the leaf.
    fn verify(
        &self,
        trust: ProbeTrust,
        adjust: impl FnOnce(&mut X509VerifyParam) -> Result<(), ErrorStack>,
    ) -> Result<X509VerifyResult, ErrorStack> {
        let mut param = X509VerifyParam::new()?;
        param.set_time(NOW.into());
        adjust(&mut param)?;
        let mut store = X509StoreBuilder::new()?;
        if let ProbeTrust::Root = trust {
            store.add_cert(self.root.clone())?;
        }
        store.set_param(&param)?;
        self.verify_by(store)
    }

    fn verify_by(&self, store: X509StoreBuilder) -> Result<X509VerifyResult, ErrorStack> {
        let code = X509StoreContext::new()?.init(
            &store.build(),
            &self.leaf,
            &*Stack::new()?,
            |context| {
                context.verify_cert()?;
                Ok(context.error())
            },
        )?;
        Ok(match code {
            // The code for success would not reject.
            X509VerifyResult::OK => X509VerifyResult::APPLICATION_VERIFICATION,
            code => code,
        })
    }
}

#[derive(Clone, Copy)]
enum ProbeSubject {
    Leaf,
    Root,
}

fn certificate(whose: ProbeSubject, key: &PKey<Private>) -> Result<X509, ErrorStack> {
    let (subject, serial, begin, end) = match whose {
        ProbeSubject::Leaf => ("leaf.invalid", 2, BEGIN, END),
        ProbeSubject::Root => ("root.invalid", 1, LONG_BEFORE, LONG_AFTER),
    };
    let mut builder = X509::builder()?;
    // Counted from 0: version 3.
    builder.set_version(2)?;
    let serial = BigNum::from_u32(serial)?;
    builder.set_serial_number(&*Asn1Integer::from_bn(&serial)?)?;
    builder.set_subject_name(&*name(subject)?)?;
    builder.set_issuer_name(&*name("root.invalid")?)?;
    builder.set_not_before(&*Asn1Time::from_unix(begin.into())?)?;
    builder.set_not_after(&*Asn1Time::from_unix(end.into())?)?;
    builder.set_pubkey(key)?;
    builder.append_extension(match whose {
        ProbeSubject::Leaf => ExtendedKeyUsage::new().server_auth().build()?,
        ProbeSubject::Root => BasicConstraints::new().critical().ca().build()?,
    })?;
    builder.sign(key, MessageDigest::sha256())?;
    Ok(builder.build())
}

fn name(common_name: &str) -> Result<X509Name, ErrorStack> {
    let mut name = X509Name::builder()?;
    name.append_entry_by_nid(Nid::COMMONNAME, common_name)?;
    Ok(name.build())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn openssl_produces_every_code() {
        prepare();
        let codes = [
            (RejectionReason::Expired, 10),
            (RejectionReason::NameMismatch, 62),
            (RejectionReason::NotAuthorized, 43),
            (RejectionReason::NotYetValid, 9),
            (RejectionReason::Revoked, 23),
            (RejectionReason::RevocationListStale, 43),
            (RejectionReason::RevocationStatusUnknown, 43),
            (RejectionReason::UnknownIssuer, 20),
            (RejectionReason::WrongExtendedKeyUsage, 26),
        ];
        for (reason, code) in codes {
            assert_eq!(code_for(reason).as_raw(), code, "{reason:?}");
        }
        assert!(ErrorStack::get().errors().is_empty());
    }
}

#[cfg(test)]
mod table;
