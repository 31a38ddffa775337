//! What is written of an observed tidemap: growths of the report, trace, profile; and what goes wrong.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Read;

use serde_json::Value;

use super::output::golden;
use super::*;

/// A workload whose map doubles several times, and lives on.
fn growing() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let text: String = (0..30_000).map(|key| format!("put {key} 1\n")).collect();
    fs::write(folder.path().join("grow.txt"), text).unwrap();
    folder
}

/// Replays it with `args`; gives the report and what was said.
fn replayed(folder: &Path, args: &[&str]) -> (Value, String) {
    let output = run(folder, &[&["replay", "grow.txt", "--json"], args].concat());
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let report = serde_json::from_slice(&output.stdout).expect("JSON");
    (report, stderr(&output))
}

/// Names of what is there, hidden files included.
fn names(folder: &Path) -> BTreeSet<String> {
    fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

fn u(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| panic!("{value}"))
}

/// The report's growths are told by events: they follow each other, and their sums are those that
/// the map, not observed in the measured run, counted itself.
#[test]
fn growths_of_the_report_are_what_the_measured_map_did() {
    let folder = growing();
    let (report, _) = replayed(
        folder.path(),
        &["--map", "tidemap,tidemap:presized,hashbrown"],
    );
    let entry_bytes = u(&report["replays"][0]["input"]["entry_bytes"]);
    let maps = &report["replays"][0]["maps"];
    let growths = maps[0]["growths"].as_array().unwrap();
    assert!(growths.len() > 5, "{growths:#?}");
    let mut last = (0, 0.0);
    for growth in growths {
        let begin = (u(&growth["begin_op"]), growth["begin_ns"].as_f64().unwrap());
        assert!(begin.0 >= last.0 && begin.1 >= last.1, "{growth}");
        last = begin;
        if let Some(end) = growth["end_op"].as_u64() {
            last = (end, growth["end_ns"].as_f64().unwrap());
            assert!(end > begin.0 && last.1 > begin.1, "{growth}");
            assert_eq!(growth["is_complete"], true);
            assert_eq!(growth["done_buckets"], growth["from_buckets"]);
        }
        assert_eq!(u(&growth["to_buckets"]), 2 * u(&growth["from_buckets"]));
        assert_eq!(
            u(&growth["bytes_moved"]),
            entry_bytes * u(&growth["entries_moved"]),
            "{growth}"
        );
        assert!(u(&growth["steps"]) > 1 && u(&growth["work_ns"]) >= u(&growth["step_ns_max"]));
        // Each operation of the workload adds one entry.
        assert_eq!(u(&growth["len_at_start"]), begin.0, "{growth}");
    }
    let stats = &maps[0]["stats"];
    let finished = growths.iter().filter(|growth| !growth["end_op"].is_null());
    let counted = u(&stats["growths_in_place"]) + u(&stats["growths_relocating"]);
    // The first ones are the affair of a single operation.
    assert!((counted - 5..=counted).contains(&(finished.count() as u64)));
    let moved: u64 = growths.iter().map(|g| u(&g["entries_moved"])).sum();
    let all = u(&stats["work_total"]["entries_moved"]);
    assert!(moved <= all && moved >= all / 10 * 9, "{moved} of {all}");
    assert_eq!(maps[1]["growths"], Value::Array(vec![]), "it had room");
    assert_eq!(maps[2]["growths"], Value::Array(vec![]), "it does not tell");
}

/// Chrome's rules, and the same growths as in the report.
#[test]
fn a_trace_shows_the_growths_of_the_report() {
    let folder = growing();
    let args = ["--map", "tidemap", "--trace", "maps.json"];
    let (report, told) = replayed(folder.path(), &args);
    assert!(
        told.starts_with("traced ") && told.contains("open maps.json in chrome://tracing"),
        "{told}"
    );
    assert!(!told.contains("left out"), "{told}");
    let text = fs::read(folder.path().join("maps.json")).unwrap();
    let trace: Value = serde_json::from_slice(&text).expect("JSON");
    let events = trace["traceEvents"].as_array().unwrap();
    let mut tracks = BTreeMap::new();
    for event in events {
        if event["name"] == "thread_name" {
            tracks.insert(u(&event["tid"]), event["args"]["name"].as_str().unwrap());
        }
    }
    let begun: Vec<(u64, u64, u64)> = events
        .iter()
        .filter(|event| event["ph"] == "B" && tracks[&u(&event["tid"])].ends_with("growths"))
        .map(|event| {
            let args = &event["args"];
            let number = |name: &str| u(&args[name]);
            (
                number("from buckets"),
                number("to buckets"),
                number("entries at start"),
            )
        })
        .collect();
    let growths = report["replays"][0]["maps"][0]["growths"]
        .as_array()
        .unwrap();
    let listed: Vec<(u64, u64, u64)> = growths
        .iter()
        .map(|growth| {
            let number = |name: &str| u(&growth[name]);
            (
                number("from_buckets"),
                number("to_buckets"),
                number("len_at_start"),
            )
        })
        .collect();
    // Those of one operation are in the trace alone.
    assert!(begun.ends_with(&listed), "{begun:?}\n{listed:?}");
    let steps = events
        .iter()
        .filter(|event| event["ph"] == "B" && tracks[&u(&event["tid"])].ends_with("that paid"));
    let paid: u64 = growths.iter().map(|growth| u(&growth["steps"])).sum();
    assert!(steps.count() as u64 >= paid);

    // Every kind of thing that is drawn, without its numbers.
    let mut kinds = BTreeSet::new();
    // Without the map's name and types.
    let bare = |text: &str| text.rsplit("> ").next().unwrap_or_default().to_owned();
    for event in events {
        let name: String = bare(event["name"].as_str().unwrap_or(""))
            .split(|c: char| !c.is_alphabetic() && c != '-' && c != '_')
            .collect::<Vec<_>>()
            .join(" ");
        let track = tracks.get(&event["tid"].as_u64().unwrap_or(0));
        let track = track.map_or_else(String::new, |track| bare(track));
        let args = event["args"].as_object();
        let args: Vec<&str> = args
            .into_iter()
            .flatten()
            .map(|arg| arg.0.as_str())
            .collect();
        let phase = event["ph"].as_str().unwrap();
        kinds.insert(format!(
            "{phase} [{track}] {}: {}\n",
            name.trim(),
            args.join(", ")
        ));
    }
    golden("trace.txt", &kinds.into_iter().collect::<String>());
}

#[test]
fn packets_are_the_default_and_the_format_can_be_told() {
    let folder = growing();
    let trace = |args: &[&str]| {
        let (_, told) = replayed(folder.path(), &[&["--map", "tidemap"], args].concat());
        (fs::read(folder.path().join(args[1])).unwrap(), told)
    };
    let (packets, told) = trace(&["--trace", "maps.pftrace"]);
    assert!(told.contains("ui.perfetto.dev"), "{told}");
    // Field 1 of `Trace`, a length, and within it the clock snapshot.
    assert_eq!(packets[0], 0x0a);
    let text = String::from_utf8_lossy(&packets);
    assert!(text.contains("grow.txt") && text.contains("in-place "));
    let (json, _) = trace(&["--trace", "maps.out", "--trace-format", "chrome"]);
    serde_json::from_slice::<Value>(&json).expect("JSON");
    let (packets, _) = trace(&["--trace", "packets.json", "--trace-format", "perfetto"]);
    assert_eq!(packets[0], 0x0a);
}

#[test]
fn the_first_tidemap_is_profiled_and_everything_can_be_written_at_once() {
    let folder = growing();
    let args = [
        "--map",
        "hashbrown,tidemap:presized,tidemap",
        "--repeat",
        "2",
        "--profile",
        "maps.pb.gz",
        "--trace",
        "maps.pftrace",
        "--record",
        "maps.tmp",
        "--html",
        "page.html",
    ];
    let (_, told) = replayed(folder.path(), &args);
    for part in [
        "go tool pprof -top maps.pb.gz",
        "open maps.pftrace",
        "tidemap watch maps.tmp",
    ] {
        assert!(told.contains(part), "{told}");
    }
    let mut bytes = Vec::new();
    let file = fs::File::open(folder.path().join("maps.pb.gz")).unwrap();
    flate2::read::GzDecoder::new(file)
        .read_to_end(&mut bytes)
        .expect("gzip");
    let text = String::from_utf8_lossy(&bytes);
    for part in ["grow.txt: HashMap<", "observed.rs:", "entries_moved"] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
    let wanted = [
        "grow.txt",
        "maps.pb.gz",
        "maps.pftrace",
        "maps.tmp",
        "page.html",
    ];
    assert_eq!(names(folder.path()), wanted.map(str::to_owned).into());
}

/// Expects failure with `part` in the message, and nothing left behind.
fn refused(folder: &Path, args: &[&str], part: &str) {
    let before = names(folder);
    let output = run(folder, &[&["replay", "grow.txt"], args].concat());
    let error = stderr(&output);
    assert_eq!(output.status.code(), Some(2), "{error}");
    assert_eq!(stdout(&output), "");
    assert!(
        error.contains(part) && !error.contains("panicked"),
        "{error}"
    );
    assert_eq!(names(folder), before, "{error}");
}

#[test]
fn what_cannot_be_written_is_told_before_the_work() {
    let folder = growing();
    fs::write(folder.path().join("old"), "old").unwrap();
    for (option, what) in [("--trace", "trace"), ("--profile", "profile")] {
        for path in ["no/such/folder.out", "grow.txt/out", "."] {
            let message = format!("cannot write the {what} {path}");
            refused(folder.path(), &[option, path], &message);
        }
        let message = format!("{option} shows what tidemap does");
        refused(folder.path(), &[option, "out", "--map", "std"], &message);
        let message = format!("{option} with 2 workloads");
        refused(folder.path(), &["grow.txt", option, "out"], &message);
        refused(folder.path(), &[option, "out", "--html", "out"], "twice");
    }
    refused(
        folder.path(),
        &["--record", "out", "--map", "std"],
        "--record shows",
    );
    refused(
        folder.path(),
        &["--trace-format", "chrome"],
        "--trace <FILE>",
    );
    // A workload that cannot be read leaves an old file as it was.
    refused(
        folder.path(),
        &["missing.txt", "--trace", "old"],
        "with 2 workloads",
    );
    let output = run(folder.path(), &["replay", "missing.txt", "--trace", "old"]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(
        fs::read_to_string(folder.path().join("old")).unwrap(),
        "old"
    );
}

/// A device that takes nothing, and a file that may not grow.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_told() {
    let folder = growing();
    for (option, what) in [("--trace", "trace"), ("--profile", "profile")] {
        let message = format!("cannot write the {what} /dev/full: No space left on device");
        refused(folder.path(), &[option, "/dev/full"], &message);
        // The limit is 1 or 8 blocks of 512 bytes; whoever is not told by a signal gets an error.
        let blocks = if what == "trace" { 8 } else { 0 };
        let program = env!("CARGO_BIN_EXE_tidemap");
        let script = format!(
            "trap '' XFSZ; ulimit -f {blocks}; exec '{program}' replay grow.txt {option} out"
        );
        let output = Command::new("sh")
            .args(["-c", &script])
            .current_dir(folder.path())
            .output()
            .expect("a shell");
        let error = stderr(&output);
        assert_eq!(output.status.code(), Some(2), "{error}");
        assert!(
            error.contains(&format!("cannot write the {what}")) && error.contains("too large"),
            "{error}"
        );
        assert_eq!(names(folder.path()), ["grow.txt".to_owned()].into());
    }
}

/// What the environment switches on is of other programs: it disturbs neither what is measured nor what is written.
#[test]
fn observing_everything_changes_nothing() {
    let folder = growing();
    let output = command(
        folder.path(),
        &[
            "replay", "grow.txt", "--map", "tidemap", "--trace", "t.json",
        ],
    )
    .env("TIDEMAP_OBSERVE", "all")
    .env("TIDEMAP_TRACE", "1")
    .output()
    .expect("the program");
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let trace: Value =
        serde_json::from_slice(&fs::read(folder.path().join("t.json")).unwrap()).expect("JSON");
    let groups = trace["traceEvents"].as_array().unwrap().iter();
    let groups: BTreeSet<&str> = groups
        .filter(|event| event["name"] == "thread_name")
        .filter_map(|event| event["args"]["name"].as_str()?.split(" #").next())
        .collect();
    assert_eq!(groups, ["grow.txt"].into());
}
