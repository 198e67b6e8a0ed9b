//! How the tools of the guide `sources` write, each repeated by a process of its own.
//!
//! Vault's agent, step and cert-manager's csi-driver do not run here. Their file operations are those of their sources:
//! consul-template's `AtomicWrite` and `writeToFile`, step's `fileutil.WriteFile` and the order in `Rekey`, csi-lib's
//! `AtomicWriter` and its mode of files.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use mtls::FileSource;

use super::common::pki::Leaf;
use super::common::programs::run;
use super::place::Place;
use super::stage::{LIMIT, Stage};

/// So rarely that only a notification explains what is seen.
const HARDLY_EVER: Duration = Duration::from_secs(600);

/// A script of what a tool does in the folder `$1` with the new content in the folder `$2`, and what a renewal is.
struct Tool {
    script: &'static str,
    next: fn(&Place, &str) -> Vec<(&'static str, String)>,
}

/// Chain and key in two files.
fn pair(place: &Place, name: &str) -> Vec<(&'static str, String)> {
    let credential = place.server(name);
    vec![
        ("tls.crt", credential.chain_pem()),
        ("tls.key", credential.key_pem()),
        ("ca.crt", place.root.pem()),
    ]
}

impl Tool {
    fn run(&self, place: &Place, name: &str) {
        let next = place.beside("next");
        fs::create_dir_all(&next).unwrap();
        for (file, content) in (self.next)(place, name) {
            fs::write(next.join(file), content).unwrap();
        }
        let mut shell = Command::new("sh");
        shell.args(["-euc", self.script, "tool"]);
        shell.arg(place.folder()).arg(next);
        run(&mut shell, b"", LIMIT).expect_success();
    }

    /// Three renewals in a row: each is noticed without a poll, and none is a failure.
    fn renews(&self, place: Place, files: FileSource) {
        let stage = Stage::new(place, files, false, HARDLY_EVER);
        stage.meets_only("first", 2);
        stage.rests();
        for (before, name) in (1..).zip(["second", "third", "fourth"]) {
            self.run(&stage.place, name);
            stage.wait(name, |status| status.revision() > before);
            stage.meets(name);
            stage.meets_only(name, 2);
            // The next writing is not the end of this one.
            stage.rests();
            assert_eq!(stage.server.handle().status().revision(), before + 1);
        }
        // The same content again is no renewal.
        let mut shell = Command::new("sh");
        shell.args(["-euc", self.script, "tool"]);
        shell
            .arg(stage.place.folder())
            .arg(stage.place.beside("next"));
        run(&mut shell, b"", LIMIT).expect_success();
        stage.rests();
        let status = stage.server.handle().status();
        assert_eq!((status.revision(), status.failures()), (4, 0), "{status}");
        assert_eq!(status.degraded(), None);
        assert_eq!(stage.identity_warnings(), [""; 0]);
        stage.end();
    }
}

/// Vault's agent renders one template into one file: a temporary file beside it, synchronized, with the mode of the
/// template, renamed over it; with a backup.
#[test]
fn vault_agent_renders_one_file() {
    let tool = Tool {
        script: r#"
            new=$(mktemp "$1/XXXXXXXXXX")
            cat "$2/web.pem" > "$new"
            sync "$new"
            chmod 0600 "$new"
            rm -f "$1/web.pem.bak"
            if [ -e "$1/web.pem" ]; then ln "$1/web.pem" "$1/web.pem.bak"; fi
            mv -f "$new" "$1/web.pem"
        "#,
        // {{ .Data.Key }}{{ .Data.Cert }}{{ .Data.CA }}
        next: |place, name| {
            let credential = place.server(name);
            let content = credential.key_pem() + &credential.chain_pem();
            vec![("web.pem", content)]
        },
    };
    let place = Place::new();
    tool.run(&place, "first");
    let files = FileSource::new()
        .identity_file(place.path("web.pem"))
        .trust_anchors(place.path("ca.crt"));
    tool.renews(place, files);
}

/// `writeToFile` in a template truncates each file and writes it in place, one after the other, at each renewal of the
/// token too.
#[test]
fn vault_agent_writes_several_files() {
    let tool = Tool {
        script: r#"
            for file in tls.key tls.crt ca.crt; do
                cat "$2/$file" > "$1/$file"
                chmod 0600 "$1/$file"
            done
        "#,
        next: pair,
    };
    let place = Place::new();
    let files = place.files();
    tool.renews(place, files);
}

/// `step ca renew --daemon` keeps the key, and truncates and writes the certificate in place.
#[test]
fn step_renews_the_certificate() {
    use std::sync::LazyLock;

    static LEAF: LazyLock<Leaf> = LazyLock::new(|| Leaf::named("x").dns("localhost").server());
    let tool = Tool {
        script: r#"umask 077; cat "$2/tls.crt" > "$1/tls.crt""#,
        next: |place, name| {
            let leaf = LEAF.clone().attribute(&[2, 5, 4, 3], name);
            let credential = place.issue(leaf);
            vec![
                ("tls.crt", credential.chain_pem()),
                ("tls.key", credential.key_pem()),
            ]
        },
    };
    let place = Place::new();
    tool.run(&place, "first");
    let key = fs::read(place.beside("next").join("tls.key")).unwrap();
    place.replace("tls.key", key);
    let files = place.files();
    tool.renews(place, files);
}

/// `step ca rekey` writes the certificate, then its key, each in place: in between they do not belong together.
#[test]
fn step_renews_the_key_as_well() {
    let tool = Tool {
        script: r#"
            umask 077
            cat "$2/tls.crt" > "$1/tls.crt"
            sleep 0.1
            cat "$2/tls.key" > "$1/tls.key"
        "#,
        next: pair,
    };
    let place = Place::new();
    let files = place.files();
    tool.renews(place, files);
}

/// cert-manager's csi-driver makes a folder for each version, with files of mode 0440, and swaps the link `..data`.
#[test]
fn the_csi_driver_swaps_a_folder() {
    let tool = Tool {
        script: r#"
            old=$(readlink "$1/..data" || true)
            new=$(mktemp -d "$1/..2026_11_29_12_00_00.XXXXXXXXXX")
            chmod 0755 "$new"
            for file in ca.crt tls.crt tls.key; do
                cat "$2/$file" > "$new/$file"
                chmod 0440 "$new/$file"
                [ -h "$1/$file" ] || ln -s "..data/$file" "$1/$file"
            done
            ln -s "$(basename "$new")" "$1/..data_tmp"
            mv -T "$1/..data_tmp" "$1/..data"
            if [ -n "$old" ]; then rm -rf "$1/$old"; fi
        "#,
        next: pair,
    };
    let place = Place::new();
    for name in ["tls.crt", "tls.key", "ca.crt", "ca.crl"] {
        place.remove(name);
    }
    tool.run(&place, "first");
    let files = place.files();
    tool.renews(place, files);
}

/// A template without `perms` makes a new file 0644: the key in it is reported.
#[test]
fn a_template_without_permissions_is_reported() {
    let tool = Tool {
        script: r#"
            umask 022
            new=$(mktemp "$1/XXXXXXXXXX")
            for file in tls.crt tls.key; do
                cat "$2/$file" > "$new"
                chmod 0644 "$new"
                mv -f "$new" "$1/$file"
            done
        "#,
        next: pair,
    };
    let place = Place::new();
    tool.run(&place, "first");
    let mode = |file: PathBuf| fs::metadata(file).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(place.path("tls.key")), 0o644);
    let files = place.files();
    let stage = Stage::new(place, files, false, HARDLY_EVER);
    let warnings = stage.identity_warnings();
    assert!(
        warnings.len() == 1 && warnings[0].contains("tls.key"),
        "{warnings:?}"
    );
    stage.end();
}
