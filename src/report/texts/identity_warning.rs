use std::path::PathBuf;
use std::time::Duration;

use pki_types::UnixTime;

use super::Sample;
use crate::material::{ChainRepair, IdentityWarning, InsecurePermissions};

fn value() -> String {
    "‹value›".to_owned()
}

fn path() -> PathBuf {
    "‹file›".into()
}

/// Warnings, which are no errors: the observer receives them.
pub(super) fn samples() -> Vec<Sample> {
    let (subject, position) = (value, 1);
    let exposure = || InsecurePermissions {
        path: path(),
        mode: 0o620,
    };
    let purpose = |missing| IdentityWarning::MissingPurpose {
        subject: subject(),
        missing,
        listed: value(),
    };
    let time = |seconds| UnixTime::since_unix_epoch(Duration::from_secs(seconds));
    let outside = |at| IdentityWarning::OutsideValidity {
        index: 0,
        subject: subject(),
        not_before: time(1),
        not_after: time(2),
        at: time(at),
    };
    [
        (
            "ChainRepaired, duplicate",
            IdentityWarning::ChainRepaired(ChainRepair::DuplicateDropped {
                subject: subject(),
                position,
                first: 0,
            }),
        ),
        (
            "ChainRepaired, moved",
            IdentityWarning::ChainRepaired(ChainRepair::Moved {
                subject: subject(),
                from: 1,
                to: 0,
            }),
        ),
        (
            "ChainRepaired, root",
            IdentityWarning::ChainRepaired(ChainRepair::RootDropped {
                subject: subject(),
                position,
            }),
        ),
        (
            "ChainRepaired, unrelated",
            IdentityWarning::ChainRepaired(ChainRepair::UnrelatedDropped {
                subject: subject(),
                position,
            }),
        ),
        (
            "InsecureKeyFile",
            IdentityWarning::InsecureKeyFile(exposure()),
        ),
        (
            "InsecurePassphraseFile",
            IdentityWarning::InsecurePassphraseFile(exposure()),
        ),
        ("MissingPurpose, clientAuth", purpose("clientAuth")),
        ("MissingPurpose, serverAuth", purpose("serverAuth")),
        ("OutsideValidity, before it", outside(0)),
        ("OutsideValidity, after it", outside(3)),
        (
            "RejectedLeaf",
            IdentityWarning::RejectedLeaf {
                subject: subject(),
                problem: "its extended key usage has neither clientAuth nor serverAuth".to_owned(),
                hint: "‹hint›",
            },
        ),
        (
            "X509V1Leaf",
            IdentityWarning::X509V1Leaf { subject: subject() },
        ),
    ]
    .map(|(name, warning)| Sample {
        name: format!("IdentityWarning::{name} ({})", warning.as_str()),
        fact: warning.to_string(),
        hint: warning.hint().into_owned(),
    })
    .into()
}
