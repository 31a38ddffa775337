//! The program as its users run it: exit codes, formats, messages.

use std::process::{Command, Output};

fn bench(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_tidemap-bench"))
        .args(arguments)
        // No real lists: the answers must not depend on the checkout.
        .env(
            "TIDEMAP_DATA",
            std::env::temp_dir().join("tidemap-bench-no-data"),
        )
        .output()
        .expect("the program starts")
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

fn check_refused(arguments: &[&str], says: &str) {
    let output = bench(arguments);
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {stderr}");
    assert!(stderr.contains(says), "{arguments:?}: {stderr}");
    assert!(output.stdout.is_empty(), "{arguments:?}");
}

#[test]
fn help_opens_with_examples() {
    let text = stdout(&bench(&["--help"]));
    assert!(text.starts_with("Examples:"), "{text}");
    assert!(!text.contains("grow-one"), "{text}");
}

#[test]
fn misuse_is_refused_with_a_reason() {
    check_refused(&["compare", "--cases", "u64-fly"], "unknown case `u64-fly`");
    check_refused(&["compare", "--sizes", "0"], "`0` is not a size");
    check_refused(&["compare", "--maps", "btree"], "unknown map `btree`");
    check_refused(&["compare", "--subject", "btree"], "unknown map `btree`");
    check_refused(&["compare", "--repetitions", "0"], "0 is not in 1..");
    check_refused(
        &["compare", "--cases", "no/such.toml"],
        "cannot read no/such.toml",
    );
    check_refused(
        &["compare", "--out", "no/such/folder/file.csv"],
        "no folder no/such/folder",
    );
    check_refused(
        &[
            "compare",
            "--cases",
            "words-hit",
            "--sizes",
            "10",
            "--words",
            "no/such/list",
        ],
        "cannot read the key file no/such/list",
    );
    check_refused(
        &[
            "grow-one",
            "--measure",
            "wall",
            "--keys",
            "u64",
            "--size",
            "0",
        ],
        "not a size",
    );
}

#[test]
fn cases_are_listed() {
    let text = stdout(&bench(&["cases", "--cases", "hit"]));
    assert_eq!(text.lines().count(), 3, "{text}");
    assert!(text.starts_with("u64-hit "), "{text}");
}

#[test]
fn json_and_csv_carry_every_metric() {
    let folder = std::env::temp_dir().join(format!("tidemap-bench-it-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let csv = folder.join("out.csv");
    let output = bench(&[
        "compare",
        "--cases",
        "u64",
        "--sizes",
        "300",
        "--maps",
        "tidemap,hashbrown,griddle,std,indexmap",
        "--repetitions",
        "1",
        "--json",
        "--out",
        csv.to_str().unwrap(),
    ]);
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(0), "{stderr}");
    assert!(stderr.is_empty(), "quiet in a pipe: {stderr}");
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["schema"], "tidemap-bench/compare/1");
    assert_eq!(report["differences"].as_array().unwrap().len(), 0);
    let cells = report["cells"].as_array().unwrap();
    for metric in [
        "presized-insert",
        "grow-insert",
        "hit",
        "dependent-hit",
        "miss",
        "iterate",
        "clone",
        "drop",
        "churn",
        "remove",
        "peak-memory",
        "final-memory",
        "bytes-per-entry",
        "bytes-per-entry-averaged",
        "worst-insert-wall",
        "worst-insert-cpu",
        "stalls-over-100us",
        "stalls-total",
    ] {
        let of: Vec<_> = cells
            .iter()
            .filter(|cell| cell["metric"] == metric)
            .collect();
        let controls = if metric.contains("worst") || metric.contains("stalls") {
            2
        } else {
            0
        };
        assert_eq!(of.len(), 5 + controls, "{metric}");
        if cfg!(target_os = "linux") {
            assert!(
                of.iter().all(|cell| !cell["summary"].is_null()),
                "{metric}: {of:?}"
            );
        }
    }
    let csv = std::fs::read_to_string(&csv).unwrap();
    assert!(
        csv.starts_with("# schema: tidemap-bench/record/1\n# machine: "),
        "{csv}"
    );
    assert!(
        csv.contains("\nu64-hit,u64,hit,ns/op,300,tidemap,"),
        "{csv}"
    );
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn made_up_keys_are_called_so() {
    let output = bench(&[
        "compare",
        "--cases",
        "words-hit",
        "--sizes",
        "200",
        "--maps",
        "griddle",
        "--repetitions",
        "1",
    ]);
    let text = stdout(&output);
    assert_eq!(output.status.code(), Some(0));
    assert!(
        text.contains("WARNING    keys `words`: 611755 synthetic words"),
        "{text}"
    );
}
