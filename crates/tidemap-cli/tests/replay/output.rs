//! Good input: table, JSON, page, exit codes. `UPDATE_GOLDEN=1` rewrites the goldens.

use std::collections::BTreeSet;
use std::fs;

use super::*;

/// Compares with a file in `tests/replay/golden/`, or rewrites it.
pub(crate) fn golden(name: &str, found: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/replay/golden")
        .join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some_and(|update| update == "1") {
        fs::write(&path, found).unwrap();
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == expected,
        "{} differs; UPDATE_GOLDEN=1 rewrites it. Found:\n{found}",
        path.display()
    );
}

fn workload() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("small.txt"), small_workload()).unwrap();
    folder
}

/// The table without what changes from run to run: times, sizes, bars.
fn skeleton(table: &str) -> String {
    let units = [
        "ns", "µs", "ms", "s", "ns/op", "µs/op", "B", "KiB", "MiB", "op/s", "k", "M", "G",
        "B/entry",
    ];
    let mut text = String::new();
    let mut waiting = false;
    for line in table.lines() {
        // Waiting times are as many words as it takes, on one line or two.
        waiting = line.starts_with("  own = ") || (waiting && !line.is_empty());
        if waiting {
            continue;
        }
        let words = line.split_whitespace().filter(|word| {
            let bar = word.chars().all(|c| ('▁'..='▏').contains(&c));
            !units.contains(word) && !bar && *word != "·"
        });
        let words: Vec<String> = words
            .map(|word| {
                let number = word.trim_matches(['(', ')', ',', ';']);
                let digest = number.len() >= 16 && number.chars().all(|c| c.is_ascii_hexdigit());
                let is_unit = units.contains(&number);
                let is_clock = ["tsc", "instant"].contains(&number);
                let is_number = number.replace([',', '.'], "").parse::<f64>().is_ok();
                let changes = digest || is_unit || is_clock || is_number;
                if changes || word == "none" || word == "–" {
                    "#".to_owned()
                } else {
                    word.to_owned()
                }
            })
            .collect();
        let mut line = words.join(" ");
        while line.contains("# #") {
            line = line.replace("# #", "#");
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

#[test]
#[cfg_attr(
    not(target_os = "linux"),
    ignore = "without memory and waiting times the table is another"
)]
fn the_table_keeps_its_structure() {
    let folder = workload();
    let output = run(
        folder.path(),
        &[
            "replay",
            "small.txt",
            "--map",
            "tidemap,hashbrown,std,griddle,indexmap",
        ],
    );
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert_eq!(stderr(&output), "", "no progress bar outside a terminal");
    let table = stdout(&output);
    assert!(!table.contains('\u{1b}'), "no colour outside a terminal");
    for line in table.lines() {
        assert!(
            line.chars().count() <= 100,
            "{} columns: {line}",
            line.chars().count()
        );
    }
    // How many growths there are is the map's affair; the first line shows the columns.
    let lines: Vec<&str> = table.lines().collect();
    let head = lines
        .iter()
        .position(|line| line.trim_start().starts_with("operation "))
        .expect("growths");
    let rest = lines[head..]
        .iter()
        .find(|line| line.contains("debug build"));
    let cut = [&lines[..=head], rest.map_or(&[][..], std::slice::from_ref)]
        .concat()
        .join("\n");
    let cut: String = cut
        .lines()
        .filter(|line| !line.contains("debug build"))
        .map(|line| format!("{line}\n"))
        .collect();
    golden("table.txt", &skeleton(&cut));
}

/// Every path of keys in `value`.
fn paths(value: &serde_json::Value, at: &str, found: &mut BTreeSet<String>) {
    match value {
        serde_json::Value::Object(map) => {
            for (key, value) in map {
                let path = format!("{at}.{key}");
                paths(value, &path, found);
                found.insert(path);
            }
        }
        serde_json::Value::Array(list) => {
            list.iter()
                .for_each(|value| paths(value, &format!("{at}[]"), found));
        }
        _ => {}
    }
}

#[test]
fn json_keeps_its_keys_and_documents_them() {
    let folder = tempfile::tempdir().unwrap();
    let output = run(
        folder.path(),
        &[
            "replay",
            "--map",
            "hashbrown,tidemap,faulty",
            "--repeat",
            "2",
            "--json",
        ],
    );
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    let report = json(&output);
    assert_eq!(report["schema"], "tidemap.replay/1");
    let mut found = BTreeSet::new();
    paths(&report, "", &mut found);
    // Stalls may or may not have happened.
    found.extend(
        ["op", "at_ns", "ns", "own_ns"]
            .map(|key| format!(".replays[].maps[].stalls.listed[].{key}")),
    );
    let text: String = found.iter().map(|path| format!("{path}\n")).collect();
    golden("json-keys.txt", &text);
    let manual =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/replay.md"))
            .unwrap();
    for path in &found {
        let key = path.rsplit(['.', ']']).next().unwrap();
        assert!(
            manual.contains(&format!("`{key}`")),
            "docs/replay.md does not explain `{key}`"
        );
    }
}

#[test]
fn without_arguments_the_built_in_trace_is_replayed() {
    let folder = tempfile::tempdir().unwrap();
    let output = run(folder.path(), &[]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let table = stdout(&output);
    assert!(
        table.starts_with("Replay of android-systemui-malloc.txt.zst  built in\n"),
        "{table}"
    );
    assert!(
        table.contains("420,294 inserted · 940 replaced · 366,649 removed"),
        "{table}"
    );
    assert!(table.contains("equal: tidemap, hashbrown\n"), "{table}");
}

#[test]
fn all_maps_agree_on_a_scaled_workload() {
    let folder = workload();
    let args = [
        "replay",
        "small.txt",
        "--scale",
        "7",
        "--seed",
        "5",
        "--json",
        "--map",
        "tidemap,hashbrown,std,griddle,indexmap,tidemap:presized",
    ];
    let report = json(&run(folder.path(), &args));
    assert_eq!(report["equal"], true);
    let replay = &report["replays"][0];
    assert_eq!(replay["input"]["ops"], 21_000);
    assert_eq!(replay["maps"].as_array().unwrap().len(), 6);
    let one = json(&run(
        folder.path(),
        &["replay", "small.txt", "--json", "--map", "std"],
    ));
    let hits = |report: &serde_json::Value| {
        report["replays"][0]["maps"][0]["answers"]["counts"]["hit"]
            .as_u64()
            .unwrap()
    };
    assert_eq!(
        hits(&report),
        7 * hits(&one),
        "copies do not see each other"
    );
    let other_seed = [
        "replay",
        "small.txt",
        "--scale",
        "7",
        "--seed",
        "6",
        "--json",
        "--map",
        "std",
    ];
    let other = json(&run(folder.path(), &other_seed));
    let digest = |report: &serde_json::Value| {
        report["replays"][0]["maps"][0]["answers"]["digest"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    assert_ne!(
        digest(&report),
        digest(&other),
        "the seed orders the copies"
    );
}

#[test]
fn a_difference_is_exit_code_1_and_says_where() {
    let folder = workload();
    let output = run(
        folder.path(),
        &[
            "replay",
            "small.txt",
            "--map",
            "hashbrown,faulty",
            "--html",
            "page.html",
        ],
    );
    assert_eq!(output.status.code(), Some(1));
    let table = stdout(&output);
    let line = table
        .lines()
        .find(|line| line.contains("differ first at operation"))
        .expect("where");
    assert!(
        line.contains("faulty and hashbrown") && line.contains("`key:"),
        "{line}"
    );
    assert!(
        fs::read_to_string(folder.path().join("page.html"))
            .unwrap()
            .contains("\"equal\":false")
    );
}

#[test]
fn a_difference_in_content_alone_is_found() {
    // The lost insertion is never asked for: every answer is equal.
    let folder = tempfile::tempdir().unwrap();
    let text: String = (0..200).map(|key| format!("{key}\n")).collect();
    fs::write(folder.path().join("k.txt"), text).unwrap();
    let output = run(
        folder.path(),
        &["replay", "k.txt", "--map", "std,faulty", "--json"],
    );
    assert_eq!(output.status.code(), Some(1));
    assert!(stdout(&output).contains("\"differences\""));
}

#[test]
fn standard_input_in_every_packing() {
    let folder = tempfile::tempdir().unwrap();
    let text = small_workload();
    let zst = zstd::encode_all(text.as_bytes(), 1).unwrap();
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gz.write_all(text.as_bytes()).unwrap();
    let mut digests = BTreeSet::new();
    for (bytes, packing) in [
        (text.clone().into_bytes(), "none"),
        (zst, "zstd"),
        (gz.finish().unwrap(), "gzip"),
    ] {
        let report = json(&run_with_input(
            folder.path(),
            &["replay", "-", "--json", "--map", "std"],
            &bytes,
        ));
        let input = &report["replays"][0]["input"];
        assert_eq!(
            (&input["compression"], &input["format"]),
            (&packing.into(), &"tidemap".into())
        );
        digests.insert(report["replays"][0]["maps"][0]["answers"]["digest"].to_string());
    }
    assert_eq!(digests.len(), 1);
}

#[test]
fn the_page_appears_whole() {
    let folder = workload();
    let output = run(
        folder.path(),
        &["replay", "small.txt", "--map", "std", "--html", "page.html"],
    );
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(stdout(&output).ends_with("The page with plots: page.html\n"));
    let page = fs::read_to_string(folder.path().join("page.html")).unwrap();
    assert!(page.starts_with("<!doctype html>") && page.trim_end().ends_with("</html>"));
    assert!(page.contains("const REPORT = {\"schema\":\"tidemap.replay/1\""));
    let count = fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(count, 2, "the workload and the page, no temporary file");
}

#[test]
fn a_reader_that_leaves_is_no_error() {
    let folder = workload();
    let mut child = command(
        folder.path(),
        &["replay", "small.txt", "--map", "std", "--json"],
    )
    .stdin(Stdio::null())
    .stdout(Stdio::piped())
    .stderr(Stdio::piped())
    .spawn()
    .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(stderr(&output), "");
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn several_files_are_several_replays() {
    let folder = workload();
    fs::write(folder.path().join("keys"), "a\nb\na\n").unwrap();
    let report = json(&run(
        folder.path(),
        &[
            "replay",
            "small.txt",
            "keys",
            "--map",
            "std",
            "--json",
            "--ops",
            "2",
        ],
    ));
    let replays = report["replays"].as_array().unwrap();
    assert_eq!(replays.len(), 2);
    assert_eq!(replays[1]["input"]["format"], "keys");
    assert_eq!(
        (
            &replays[1]["input"]["ops"],
            &replays[1]["input"]["ops_in_input"]
        ),
        (&2.into(), &3.into())
    );
}

#[test]
fn help_opens_with_examples() {
    let folder = tempfile::tempdir().unwrap();
    for args in [&["--help"][..], &["replay", "--help"], &["replay", "-h"]] {
        let help = stdout(&run(folder.path(), args));
        assert!(help.starts_with("Examples:\n  tidemap"), "{help}");
        assert!(
            !help.contains("replay-child") && !help.contains("faulty"),
            "{help}"
        );
    }
}
