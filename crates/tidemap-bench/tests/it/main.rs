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
    assert_eq!(text.lines().count(), 4, "{text}");
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
        csv.starts_with("# schema: tidemap-bench/record/2\n# machine: "),
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

/// Runs a command that writes a CSV and an SVG, and returns its text, the CSV and the SVG.
fn curves(name: &str, arguments: &[&str]) -> (String, String, String) {
    let folder = std::env::temp_dir().join(format!("tidemap-bench-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let (csv, svg) = (folder.join("out.csv"), folder.join("out.svg"));
    let files = [
        "--out",
        csv.to_str().unwrap(),
        "--svg",
        svg.to_str().unwrap(),
    ];
    let output = bench(&[&[name], arguments, &files].concat());
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(0), "{name}: {stderr}");
    let read = |path| std::fs::read_to_string(path).unwrap();
    let found = (stdout(&output), read(&csv), read(&svg));
    std::fs::remove_dir_all(&folder).unwrap();
    assert!(
        found
            .1
            .starts_with("# schema: tidemap-bench/figures/1\n# machine: "),
        "{}",
        found.1
    );
    assert!(
        found.2.starts_with("<svg ") && found.2.contains(">tidemap<"),
        "{}",
        found.2
    );
    found
}

#[test]
fn scale_keeps_figures_and_plots_of_every_size() {
    let sizes = [
        "--sizes",
        "100,3000",
        "--repetitions",
        "2",
        "--programs",
        "",
    ];
    let (text, csv, svg) = curves("scale", &sizes);
    for what in ["grow-insert", "hit", "dependent-hit", "miss", "hit-wall"] {
        for map in ["tidemap", "hashbrown", "griddle", "std"] {
            let rows = csv.lines().filter(|line| {
                line.starts_with(&format!("{what},ns/op,")) && line.contains(&format!(",{map},"))
            });
            let rows: Vec<&str> = rows.collect();
            assert_eq!(rows.len(), 2, "{what} of {map}: {csv}");
            assert!(
                rows.iter().all(|row| row.ends_with(",2")),
                "two samples: {rows:?}"
            );
        }
    }
    assert!(
        text.starts_with("grow-insert (ns per operation)\n"),
        "{text}"
    );
    assert!(svg.contains("each depends on the one before"));
}

#[test]
fn the_tail_has_percentiles_of_both_clocks_and_its_controls() {
    let arguments = [
        "--sizes",
        "5000",
        "--repetitions",
        "1",
        "--maps",
        "tidemap,hashbrown-presized",
    ];
    let (_, csv, svg) = curves("tail", &arguments);
    for what in ["wall-p99.999", "wall-max", "cpu-p99.9", "cpu-max"] {
        for map in ["tidemap", "hashbrown-presized", "no map"] {
            assert!(
                csv.contains(&format!("\n{what},ns,5000,{map},")),
                "{what} of {map}: {csv}"
            );
        }
    }
    if cfg!(target_os = "linux") {
        assert!(csv.contains("\nfaults-max,count,5000,tidemap,"), "{csv}");
    }
    assert!(
        csv.contains("\nsystem-calls-max,count,5000,tidemap,"),
        "{csv}"
    );
    assert!(svg.contains("Growing to 5k entries, wall time"));
}

#[test]
fn stalls_and_memory_are_curves() {
    let arguments = ["--to", "12", "--repetitions", "2", "--maps", "tidemap"];
    let (_, csv, _) = curves("stalls", &arguments);
    let worst = csv
        .lines()
        .find(|line| line.starts_with("wall-worst-by-length,ns,4096,tidemap,"));
    assert!(worst.is_some_and(|row| row.ends_with(",2")), "{csv}");
    let (_, csv, _) = curves(
        "memory",
        &["--size", "10k", "--maps", "tidemap,tidemap-shrinking"],
    );
    assert!(csv.contains("\nown-growing,bytes,10000,tidemap,"), "{csv}");
    assert!(
        csv.contains("\nown-removing,bytes,1000,tidemap-shrinking,"),
        "{csv}"
    );
}

#[test]
fn judges_say_where_tidemap_loses() {
    let output = bench(&[
        "judges",
        "--quick",
        "--scenarios",
        "make-drop,lookup-serial,set-union",
    ]);
    let text = stdout(&output);
    assert_eq!(output.status.code(), Some(0), "{text}");
    for name in [
        "make-drop-empty",
        "make-drop-one",
        "lookup-serial-sip",
        "set-union",
    ] {
        assert!(text.contains(&format!("\n{name} ")), "{text}");
    }
    assert!(
        text.contains("\ntidemap loses ") && text.contains(" of 5 scenarios:"),
        "{text}"
    );
    check_refused(&["judges", "--scale", "0"], "the scale 0 is not a part");
    check_refused(&["judges", "--scenarios", "fly"], "unknown case `fly`");
}

#[test]
fn counters_are_compared_with_a_record() {
    let folder = std::env::temp_dir().join(format!("tidemap-bench-count-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let record = folder.join("counters.toml");
    let record = record.to_str().unwrap();
    assert_eq!(
        bench(&["counters", "--write", record]).status.code(),
        Some(0)
    );
    assert_eq!(
        bench(&["counters", "--check", record]).status.code(),
        Some(0)
    );
    let text = std::fs::read_to_string(record).unwrap();
    // As if the record were of a map that moves next to nothing.
    let less: String = text
        .lines()
        .map(|line| match line.split_once(" = ") {
            Some(("entries-moved", _)) => "entries-moved = 1\n".to_owned(),
            _ => format!("{line}\n"),
        })
        .collect();
    std::fs::write(record, less).unwrap();
    let output = bench(&["counters", "--check", record]);
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(
        stderr.contains("more than before: grow: entries-moved in total"),
        "{stderr}"
    );
    std::fs::remove_dir_all(&folder).unwrap();
    check_refused(
        &["counters", "--check", "no/such.toml"],
        "cannot read the record no/such.toml",
    );
}

#[test]
fn everything_goes_into_one_folder() {
    let folder = std::env::temp_dir().join(format!("tidemap-bench-all-{}", std::process::id()));
    let out = folder.to_str().unwrap();
    let output = bench(&["all", "--quick", "--out", out, "--parts", "memory,counters"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let text = stdout(&output);
    assert_eq!(text.matches(" done ").count(), 2, "{text}");
    for file in [
        "memory.txt",
        "memory.csv",
        "memory.svg",
        "counters.txt",
        "counters.toml",
    ] {
        assert!(
            folder
                .join(file)
                .metadata()
                .is_ok_and(|file| file.len() > 100),
            "{file}"
        );
    }
    // What fails is told, and the others run.
    std::fs::remove_file(folder.join("counters.toml")).unwrap();
    std::fs::create_dir(folder.join("counters.toml")).unwrap();
    let output = bench(&["all", "--quick", "--out", out, "--parts", "counters"]);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(
        stdout(&output).contains("counters       failed"),
        "{output:?}"
    );
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn misuse_of_curves_is_refused_with_a_reason() {
    check_refused(&["scale", "--sizes", "1k,0"], "`0` is not a size");
    check_refused(&["scale", "--programs", "go1.23"], "write NAME=FILE");
    check_refused(
        &["scale", "--sizes", "10", "--programs", "go=no/such/go"],
        "cannot start no/such/go",
    );
    check_refused(&["scale", "--out", "no/such/file.csv"], "no folder no/such");
    check_refused(&["tail", "--maps", "btree"], "unknown map `btree`");
    check_refused(&["tail", "--sizes", "5000M"], "is above 4294M");
    check_refused(&["memory", "--size", "many"], "`many` is not a size");
    check_refused(
        &["traces", "--tidemap", "no/such/tidemap"],
        "no program no/such/tidemap",
    );
    check_refused(
        &["scale-one", "--map", "std", "--size", "0"],
        "not between 1 and 2^32 - 1",
    );
}
