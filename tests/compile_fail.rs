//! What must not compile, and the words in which the compiler says so.
//!
//! The compiler is started here, on the library that was built for this test. (trybuild builds every dependency anew
//! for it, C included, and pins whole texts that change with the compiler and with the features.)
#![cfg(feature = "native-tls")]

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

#[test]
fn native_tls_is_no_server() {
    let library = library();
    let error = compile("native_tls_server.rs", &library).unwrap_err();
    for sentence in [
        "NativeTls` cannot be an mTLS server",
        "this backend cannot ask a client for its certificate",
        "native-tls has no call to request a client certificate on any platform; build the server with `Rustls` or \
         `OpenSsl`",
    ] {
        assert!(error.contains(sentence), "{sentence:?} is not in:\n{error}");
    }
}

/// The newest build of the library that has native-tls: with it, what must compile does.
fn library() -> PathBuf {
    let mut libraries: Vec<(SystemTime, PathBuf)> = fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            name.starts_with("libmtls-") && name.ends_with(".rlib")
        })
        .map(|entry| (entry.metadata().unwrap().modified().unwrap(), entry.path()))
        .collect();
    libraries.sort();
    let mut errors = String::new();
    for (_, library) in libraries.into_iter().rev() {
        match compile("native_tls_client.rs", &library) {
            Ok(()) => return library,
            Err(error) => errors += &error,
        }
    }
    panic!("the control compiles with no build of the library:\n{errors}")
}

fn compile(file: &str, library: &Path) -> Result<(), String> {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc)
        .args([
            "--edition=2024",
            "--crate-type=bin",
            "--emit=metadata",
            "--out-dir",
        ])
        .arg(env!("CARGO_TARGET_TMPDIR"))
        .arg("--extern")
        .arg(joined("mtls=", library))
        .arg("-L")
        .arg(joined("dependency=", &folder()))
        .arg(
            Path::new(env!("CARGO_MANIFEST_DIR"))
                .join("tests/compile_fail")
                .join(file),
        )
        .output()
        .unwrap();
    if output.status.success() {
        Ok(())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    }
}

fn joined(option: &str, path: &Path) -> OsString {
    let mut joined = OsString::from(option);
    joined.push(path);
    joined
}

/// Where this test, the library and its dependencies lie.
fn folder() -> PathBuf {
    let mut folder = env::current_exe().unwrap();
    folder.pop();
    folder
}
