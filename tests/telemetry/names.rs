//! The name of a client or server.

use mtls::error::SettingProblem;
use mtls::{BuildError, Rustls};

use super::callers::{self, Callers};

#[test]
fn a_name_needs_no_escaping() {
    let callers = Callers::new();
    let build = |name: &str| {
        let server = callers::server(&callers.cast).name(name);
        server.build(Rustls::default()).map(drop)
    };
    for good in ["", "a", "Orders_db-2.eu", &"x".repeat(64)] {
        build(good).unwrap();
    }
    for bad in ["a b", "a\"b", "é", "a\n", "a/b", &"x".repeat(65)] {
        let error = build(bad).unwrap_err();
        let BuildError::InvalidSetting { setting, problem } = error else {
            panic!("{error:?}");
        };
        assert_eq!(setting, "name");
        let limit = 64;
        let length = bad.len();
        assert_eq!(problem, SettingProblem::InvalidName { length, limit });
    }
}
