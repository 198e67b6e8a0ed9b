//! The paths of a file source, and how each one is read.

use std::path::PathBuf;

use super::watched_inputs::{WatchedInput, WatchedInputs};
use crate::error::MaterialError;
use crate::error::path::shown;
use crate::material::{
    CertificateChain, Input, Loader, Passphrase, PrivateKey, RevocationLists, TrustAnchors,
};
use crate::rotation::Rotation;

/// The files of one source.
#[derive(Clone, Debug, Default)]
pub(super) struct Inputs {
    pub(super) identity: Option<IdentityFiles>,
    pub(super) passphrase: Option<Passphrase>,
    pub(super) anchors: Option<Anchors>,
    pub(super) lists: Vec<PathBuf>,
}

#[derive(Clone, Debug)]
pub(super) enum IdentityFiles {
    One(PathBuf),
    Pair { chain: PathBuf, key: PathBuf },
}

#[derive(Clone, Debug)]
pub(super) enum Anchors {
    Directory(PathBuf),
    File(PathBuf),
}

impl WatchedInputs for Inputs {
    type Error = MaterialError;

    /// Returns every path, also that of the passphrase.
    fn all(&self) -> Vec<WatchedInput<'_>> {
        let mut all = Vec::new();
        match &self.identity {
            Some(IdentityFiles::One(path)) => {
                all.push(WatchedInput::File(path, CertificateChain::MAX_INPUT_BYTES));
            }
            Some(IdentityFiles::Pair { chain, key }) => {
                all.push(WatchedInput::File(chain, CertificateChain::MAX_INPUT_BYTES));
                all.push(WatchedInput::File(key, PrivateKey::MAX_INPUT_BYTES));
            }
            None => {}
        }
        if let Some(path) = self.passphrase.as_ref().and_then(Passphrase::file) {
            all.push(WatchedInput::File(path, Passphrase::MAX_BYTES));
        }
        match &self.anchors {
            Some(Anchors::Directory(folder)) => all.push(WatchedInput::Directory(folder)),
            Some(Anchors::File(path)) => {
                all.push(WatchedInput::File(path, TrustAnchors::MAX_INPUT_BYTES));
            }
            None => {}
        }
        for path in &self.lists {
            all.push(WatchedInput::File(path, RevocationLists::MAX_INPUT_BYTES));
        }
        all
    }

    /// Reads and parses all inputs. The identity comes last, since its passphrase may cost a
    /// second.
    fn load(&mut self) -> Result<Rotation, MaterialError> {
        let mut rotation = Rotation::new().origin(self.in_words());
        match &self.anchors {
            Some(Anchors::Directory(folder)) => {
                rotation =
                    rotation.trust_anchors(Loader::new().load_anchors(Input::directory(folder))?);
            }
            Some(Anchors::File(path)) => {
                rotation = rotation.trust_anchors(TrustAnchors::from_file(path)?);
            }
            None => {}
        }
        if let Some(last) = self.lists.last() {
            let lists = self.lists.iter().map(RevocationLists::from_file);
            let lists = lists.collect::<Result<Vec<_>, _>>()?;
            let lists = RevocationLists::join(lists).map_err(|e| e.in_file(last))?;
            rotation = rotation.revocation_lists(lists);
        }
        let mut loader = Loader::new();
        if let Some(passphrase) = &self.passphrase {
            loader = loader.passphrase(passphrase.clone());
        }
        match &self.identity {
            Some(IdentityFiles::One(path)) => {
                rotation = rotation.identity(loader.load_identity(path)?);
            }
            Some(IdentityFiles::Pair { chain, key }) => {
                rotation = rotation.identity(loader.load_key_pair(chain, key)?);
            }
            None => {}
        }
        Ok(rotation)
    }

    fn has_unseen_passphrase(&self) -> bool {
        let passphrase = self.passphrase.as_ref();
        passphrase.is_some_and(Passphrase::may_change_unseen)
    }

    fn of_material(error: &MaterialError) -> Option<&MaterialError> {
        Some(error)
    }

    fn unsettled(&self, error: MaterialError) -> MaterialError {
        error
    }
}

impl Inputs {
    fn in_words(&self) -> String {
        let paths = self.all().into_iter().map(|input| shown(input.path()));
        paths.collect::<Vec<_>>().join(", ")
    }
}
