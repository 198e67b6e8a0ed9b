//! Alert rules, dashboard and guide name what the code has, and all of it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use mtls::Rustls;

use super::callers::{self, Callers};
use super::capture::recorder;
use super::common::programs::{Program, run};

const ALERTS: &str = include_str!("../../examples/monitoring/alerts.yml");
const ALERTS_TEST: &str = include_str!("../../examples/monitoring/alerts_test.yml");
const DASHBOARD: &str = include_str!("../../examples/monitoring/dashboard.json");
const GUIDE: &str = include_str!("../../src/guides/operating.md");
const CA_ROTATION: &str = include_str!("../../src/guides/ca_rotation.md");
const TRACES: [&str; 2] = [
    include_str!("../../src/backend/telemetry/tracer/connection.rs"),
    include_str!("../../src/backend/telemetry/tracer/revision.rs"),
];

type Names = BTreeSet<String>;

/// The type of every metric, as it is described to a recorder.
fn metrics() -> BTreeMap<String, &'static str> {
    let recorder = recorder();
    let callers = Callers::new();
    let server = callers::server(&callers.cast).build(Rustls::default());
    drop(server.unwrap());
    let described = recorder.described.lock().unwrap();
    let metrics: BTreeMap<_, _> = described
        .iter()
        .map(|(name, (kind, unit, text, times))| {
            assert!(unit.is_some() && !text.is_empty(), "{name}");
            assert_eq!(*times, 1, "{name} is described once to a recorder");
            (name.clone(), *kind)
        })
        .collect();
    assert_eq!(metrics.len(), 15);
    metrics
}

/// Each word that begins like a metric; a histogram's series have names of their own.
fn named_in(text: &str) -> Names {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.split(|c| !is_part(c))
        .filter(|word| word.starts_with("mtls_"))
        .map(|word| word.strip_suffix("_bucket").unwrap_or(word).to_owned())
        .collect()
}

#[test]
fn every_metric_is_documented_and_shown() {
    let metrics = metrics();
    let all: Names = metrics.keys().cloned().collect();
    assert_eq!(named_in(GUIDE), all, "the guide");
    assert_eq!(named_in(DASHBOARD), all, "the dashboard");
    for (what, text) in [
        ("alerts", ALERTS),
        ("their test", ALERTS_TEST),
        ("guide", CA_ROTATION),
    ] {
        let unknown: Vec<_> = named_in(text).difference(&all).cloned().collect();
        assert_eq!(unknown, Vec::<String>::new(), "{what}");
    }
    // The rules are tested with what they ask for.
    assert_eq!(named_in(ALERTS), named_in(ALERTS_TEST));
    for (name, kind) in metrics {
        let row = format!("| `{name}` | {kind} |");
        assert!(GUIDE.contains(&row), "the guide has no row {row}");
    }
}

/// The labels in the guide are those of the series.
#[test]
fn every_label_is_documented() {
    let callers = Callers::new();
    let name = "labels";
    let server = callers::server(&callers.cast).name(name);
    let server = server.build(Rustls::default()).unwrap();
    let client = callers::client(&callers.cast)
        .build(Rustls::default())
        .unwrap();
    let recorder = recorder();
    drop(callers::meet(&client, &server));
    let mut seen = 0;
    for metric in metrics().into_keys() {
        let counters = recorder.counters(&metric, name).into_iter().map(|s| s.0);
        let gauges = recorder.gauges(&metric, name).into_iter().map(|s| s.0);
        let histograms = recorder.histograms(&metric, name).into_iter().map(|s| s.0);
        let row = GUIDE
            .lines()
            .find(|line| line.starts_with(&format!("| `{metric}` |")));
        let further = row.unwrap().split('|').nth(3).unwrap();
        let mut documented: Names = further
            .split(',')
            .map(|label| label.trim().trim_matches('`').to_owned())
            .filter(|label| !label.is_empty())
            .collect();
        documented.insert("side".to_owned());
        for labels in counters.chain(gauges).chain(histograms) {
            let labels: Names = labels.into_keys().collect();
            assert_eq!(labels, documented, "{metric}");
            seen += 1;
        }
    }
    assert!(seen >= 7, "{seen}");
}

/// What stands after `before` up to `end`, in each line that has it.
fn lines_with(text: &str, before: &str, end: char) -> Names {
    let lines = text.lines().map(str::trim);
    let rest = lines.filter_map(|line| line.strip_prefix(before));
    rest.map(|rest| rest.split(end).next().unwrap().to_owned())
        .collect()
}

#[test]
fn every_alert_is_documented_and_tested() {
    let alerts = lines_with(ALERTS, "- alert: ", ' ');
    assert_eq!(lines_with(GUIDE, "| `Mtls", '`').len(), alerts.len());
    for alert in &alerts {
        assert!(GUIDE.contains(&format!("| `{alert}` |")), "{alert}");
        let fires = format!("alertname=\"{alert}\"");
        assert!(ALERTS_TEST.contains(&fires), "{alert} is not tested");
    }
}

#[test]
fn every_trace_event_is_documented() {
    let mut messages = Names::new();
    for line in TRACES.iter().flat_map(|source| source.lines()) {
        // A message stands on a line of its own.
        let text = line.trim().strip_prefix('"');
        messages.extend(text.and_then(|t| t.strip_suffix('"')).map(str::to_owned));
    }
    let from = GUIDE.find("| event | level |").unwrap();
    let mut documented = lines_with(&GUIDE[from..], "| `", '`');
    documented.remove("event");
    assert!(messages.len() >= 13, "{messages:?}");
    assert_eq!(documented, messages);
}

#[test]
fn the_dashboard_is_one() {
    let dashboard: serde_json::Value = serde_json::from_str(DASHBOARD).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let ids: BTreeSet<_> = panels.iter().map(|panel| panel["id"].as_u64()).collect();
    assert_eq!(ids.len(), panels.len());
    let shows = |panel: &&serde_json::Value| panel["type"] != "row";
    for panel in panels.iter().filter(shows) {
        let targets = panel["targets"].as_array().unwrap();
        assert!(!targets.is_empty(), "{panel}");
        for target in targets {
            assert!(
                target["expr"].as_str().unwrap().contains("mtls_"),
                "{target}"
            );
        }
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/monitoring")
}

#[test]
fn the_alert_rules_pass_their_tests() {
    let Some(promtool) = Program::promtool() else {
        return;
    };
    for arguments in [
        ["check", "rules", "alerts.yml"],
        ["test", "rules", "alerts_test.yml"],
    ] {
        let mut command = promtool.command();
        command.args(arguments).current_dir(folder());
        let printed = run(&mut command, b"", Duration::from_secs(60)).expect_success();
        assert!(printed.contains("SUCCESS"), "{printed}");
    }
}

/// Each query of the dashboard is one that Prometheus understands.
#[test]
fn the_queries_of_the_dashboard_are_valid() {
    let Some(promtool) = Program::promtool() else {
        return;
    };
    let dashboard: serde_json::Value = serde_json::from_str(DASHBOARD).unwrap();
    let panels = dashboard["panels"].as_array().unwrap().iter();
    let targets = panels
        .filter_map(|panel| panel["targets"].as_array())
        .flatten();
    let mut rules = "groups:\n  - name: dashboard\n    rules:\n".to_owned();
    for (number, target) in targets.enumerate() {
        let expr = target["expr"]
            .as_str()
            .unwrap()
            .replace("$__rate_interval", "1m");
        rules += &format!("      - record: panel:{number}\n        expr: '{expr}'\n");
    }
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), rules).unwrap();
    let mut command = promtool.command();
    command.args(["check", "rules"]).arg(file.path());
    run(&mut command, b"", Duration::from_secs(60)).expect_success();
}
