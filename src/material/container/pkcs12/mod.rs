//! PKCS#12 containers (RFC 7292): `.p12` and `.pfx` files, and the key stores of Java.

mod attributes;
mod bags;
mod choose;
mod container;
mod crypt;
mod elements;
mod mac;
mod pbmac1;

use zeroize::Zeroizing;

use crate::error::{MaterialError, MaterialProblem};
use crate::material::anchors::TrustAnchors;
use crate::material::chain::{CertificateChain, certificates, chain_order};
use crate::material::identity::MtlsIdentity;
use crate::material::input::file;
use crate::material::input::format::DetectedFormat;
use crate::material::input::passphrase::{Passphrase, PassphraseUse};
use crate::material::key::PrivateKey;
use crate::material::pem::expected::ExpectedContent;
use crate::material::pem::{self, label};
use bags::Bags;
use container::Container;

/// Returns the certificates of a container without private keys.
pub(crate) fn anchors(
    der: &[u8],
    passphrase: Option<&Passphrase>,
) -> Result<TrustAnchors, MaterialError> {
    let asked = passphrase.map(Passphrase::asked);
    let unwrapped = unwrapped(der)?;
    let der = unwrapped.as_ref().map_or(der, |inner| inner.as_slice());
    let container = Container::open(der, asked.as_ref())?;
    let bags = Bags::read(&container.safes)?;
    if !bags.keys.is_empty() {
        return Err(MaterialProblem::IdentityInsteadOfAnchors.into());
    }
    check_protection(&container, asked.as_ref())?;
    TrustAnchors::from_der(bags.certificates.into_iter().map(|c| c.der))
}

/// Rejects a passphrase for a container without a MAC, because it protects nothing.
///
/// An empty passphrase is accepted.
fn check_protection(
    container: &Container,
    asked: Option<&PassphraseUse<'_>>,
) -> Result<(), MaterialProblem> {
    match asked {
        Some(asked) if container.password.is_none() && !asked.reveal()?.is_empty() => {
            Err(MaterialProblem::Pkcs12PassphraseWithoutMac)
        }
        _ => Ok(()),
    }
}

/// Returns the container in a PEM section `PKCS12`, which `certtool` writes by default.
fn unwrapped(input: &[u8]) -> Result<Option<Zeroizing<Vec<u8>>>, MaterialError> {
    file::check_size(input, PrivateKey::MAX_INPUT_BYTES)?;
    if DetectedFormat::of(input) != DetectedFormat::Text {
        return Ok(None);
    }
    match pem::sections(input, 1).as_deref() {
        Ok([only]) if only.label == label::PKCS12 => only.decode().map(Some),
        _ => Ok(None),
    }
}

/// Returns the identity of that name, or else the only one.
pub(crate) fn open(
    der: &[u8],
    passphrase: Option<&Passphrase>,
    name: Option<&str>,
) -> Result<MtlsIdentity, MaterialError> {
    let asked = passphrase.map(Passphrase::asked);
    let unwrapped = unwrapped(der)?;
    let der = unwrapped.as_ref().map_or(der, |inner| inner.as_slice());
    let mut container = Container::open(der, asked.as_ref())?;
    let bags = Bags::read(&container.safes)?;
    let all = bags.certificates.iter().map(|c| c.der.clone());
    let all = certificates::from_der(all, PrivateKey::MAX_INPUT_BYTES, ExpectedContent::Bundle)?;
    let (key, leaf) = choose::pair(&bags, name, |key| {
        key.open(container.password.as_ref(), &mut container.budget)
    })?;
    check_protection(&container, asked.as_ref())?;
    let path = chain_order::path(&all, leaf)?;
    let chain = path.into_iter().filter_map(|at| all.get(at).cloned());
    let key = match asked {
        Some(asked) => asked.opened(key),
        None => key,
    };
    MtlsIdentity::new(CertificateChain::checked(chain.collect())?, key)
}
