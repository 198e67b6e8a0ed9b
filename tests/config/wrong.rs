//! Wrong configurations: each error names the field, the place and the remedy.

use std::error::Error;
use std::fmt::Write;
use std::{env, fs};

use mtls::config::{ClientConfig, ConfigError, ServerConfig};
use mtls::{BuildError, NativeTls, OpenSsl, Report, Rustls};

use super::place::Place;

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/config/wrong.txt");
const BEGIN: &str = "\n######## ";
const MIDDLE: &str = "\n--------\n";

/// `MTLS_BLESS=1` writes the reports, to be read before they are committed.
#[test]
fn a_wrong_configuration_is_reported_with_field_place_and_remedy() {
    let place = Place::new();
    let file = fs::read_to_string(FILE).unwrap();
    let mut cases = file.split(BEGIN);
    let mut written = cases.next().unwrap().to_owned();
    let mut count = 0;
    for case in cases {
        let (head, rest) = case.split_once('\n').unwrap();
        let (config, _) = rest.split_once(MIDDLE).unwrap();
        let kind = head.rsplit_once('(').unwrap().1.trim_end_matches(')');
        let [format, side, backend] = *kind.split(", ").collect::<Vec<_>>() else {
            panic!("{head}");
        };
        let report = report(&place, config, format, side, backend);
        write!(written, "{BEGIN}{head}\n{config}{MIDDLE}{report}\n").unwrap();
        count += 1;
    }
    assert!(count >= 60, "{count}");
    if env::var_os("MTLS_BLESS").is_some() {
        fs::write(FILE, written).unwrap();
    } else {
        assert!(written == file, "{written}");
    }
}

fn report(place: &Place, config: &str, format: &str, side: &str, backend: &str) -> String {
    let name = format!("service.{format}");
    place.write(&name, config);
    let path = place.path(&name);
    let error: Box<dyn Error> = match side {
        "server" => match ServerConfig::from_file(&path, "tls").and_then(|c| c.builder()) {
            Err(error) => error.into(),
            Ok(builder) => match backend {
                "rustls" => builder.build(Rustls::default()).unwrap_err().into(),
                "openssl" => builder.build(OpenSsl::default()).unwrap_err().into(),
                _ => panic!("{backend}"),
            },
        },
        "client" => match ClientConfig::from_file(&path, "tls").and_then(|c| c.builder()) {
            Err(error) => error.into(),
            Ok(builder) => match backend {
                "rustls" => builder.build(Rustls::default()).unwrap_err().into(),
                "native_tls" => builder.build(NativeTls::default()).unwrap_err().into(),
                _ => panic!("{backend}"),
            },
        },
        _ => panic!("{side}"),
    };
    let field = field_of(&*error).unwrap_or_else(|| panic!("{config}\n{error:?}"));
    assert!(field.position().is_some(), "{config}\n{error}");
    assert_eq!(field.file(), Some(&*path));
    let report = Report::new(&*error);
    assert!(report.hint().is_some(), "{report}");
    masked(
        &report
            .to_string()
            .replace(&place.folder().display().to_string(), "DIR"),
    )
}

/// The field of the error, or of its cause.
fn field_of<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a mtls::error::ConfigField> {
    if let Some(error) = error.downcast_ref::<ConfigError>() {
        return Some(error.field());
    }
    if let Some(error) = error.downcast_ref::<std::sync::Arc<ConfigError>>() {
        return Some(error.field());
    }
    if let Some(BuildError::Configured { field, .. }) = error.downcast_ref() {
        return Some(field);
    }
    field_of(error.source()?)
}

/// Without digests, which differ each time.
fn masked(text: &str) -> String {
    let is_digest = |word: &str| word.len() >= 32 && word.bytes().all(|b| b.is_ascii_hexdigit());
    let words = text.split_inclusive(|c: char| !c.is_ascii_alphanumeric());
    let words = words.map(|word| {
        let end = word.trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
        if is_digest(end) {
            word.replace(end, "DIGEST")
        } else {
            word.to_owned()
        }
    });
    words.collect()
}
