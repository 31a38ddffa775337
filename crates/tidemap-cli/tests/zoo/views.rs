//! The views over processes and recordings.

use std::path::{Path, PathBuf};
use std::process::Command;

use tidemap_inspect::model::{GrowthKind, Snapshot};

use crate::case::{ok, run, skip, zoos};
use crate::truth::Truth;

/// Fails with exit code 2 and a message that contains all of `parts`.
fn refused(args: &[&str], parts: &[&str]) {
    let (code, out, err) = run(args);
    assert_eq!(code, 2, "{args:?}: {out}{err}");
    for part in parts {
        assert!(err.contains(part), "{args:?}: no `{part}` in: {err}");
    }
}

#[test]
fn a_process_is_recorded_and_every_view_replays_it() {
    let Some(zoos) = zoos() else {
        return skip("recording a process: TIDEMAP_ZOO is not set");
    };
    for zoo in zoos.iter().filter(|zoo| zoo.ends_with("-default")) {
        let folder = tempfile::tempdir().expect("a folder");
        let truth = folder.path().join("truth.json");
        let file = folder.path().join("r.tmr");
        let file = file.to_str().expect("utf-8");
        let process = zoo.start("hammer", &truth);
        let pid = process.pid().to_string();
        ok(&[
            "go",
            "record",
            &pid,
            file,
            "--count",
            "3",
            "--interval",
            "50ms",
        ]);
        drop(process);
        let truth = Truth::read(&truth);

        let top = ok(&["go", "top", file, "--once", "--filter", "main.gMany"]);
        assert!(
            top.contains("map[uint64]uint64") && top.contains("10,000"),
            "{top}"
        );
        let tables = ok(&["go", "top", file, "--limit", "2"]);
        assert_eq!(
            tables.matches("address").count(),
            3,
            "one table per look: {tables}"
        );
        let listed: Snapshot =
            serde_json::from_str(&ok(&["go", "list", file, "--json"])).expect("json");
        assert!(listed.maps.len() > 100);

        // Hammered maps change while their neighbours stand still.
        let (code, out, err) = run(&["go", "diff", file, "--json"]);
        assert!(code == 0 || code == 1, "{err}");
        let diff: serde_json::Value = serde_json::from_str(&out).expect("json");
        for row in diff["rows"].as_array().expect("rows") {
            let quiet = truth.maps.iter().find(|map| {
                !["hammered", "garbage", "stack"].contains(&map.reach.as_str())
                    && row["address"].as_u64() == Some(map.address())
            });
            assert!(
                row["change"] != "changed" || quiet.is_none(),
                "{}: {quiet:?} {row}",
                zoo.name()
            );
        }
        let shared = truth
            .maps
            .iter()
            .find(|map| map.name == "shared")
            .expect("shared");
        let watched = ok(&[
            "go",
            "watch",
            file,
            &format!("{:#x}", shared.address()),
            "--all",
            "--json",
        ]);
        assert_eq!(watched.lines().count(), 3, "{watched}");
        for line in watched.lines() {
            let line: serde_json::Value = serde_json::from_str(line).expect("json");
            assert_eq!(line["map"]["count"], 500);
        }
        ok(&["go", "growth", file]);
        refused(&["go", "watch", file, "0x10"], &["no map at 0x10"]);
        refused(&["go", "hot", file], &["running process"]);
        refused(&["go", "growth", file, "--probe"], &["running process"]);
    }
}

#[test]
fn a_live_map_is_watched_and_growths_are_seen() {
    let Some(zoos) = zoos() else {
        return skip("watching a process: TIDEMAP_ZOO is not set");
    };
    for zoo in zoos.iter().filter(|zoo| zoo.ends_with("-stripped")) {
        let folder = tempfile::tempdir().expect("a folder");
        let truth = folder.path().join("truth.json");
        let process = zoo.start("hammer", &truth);
        let pid = process.pid().to_string();
        let truth = Truth::read(&truth);
        let doubling = truth
            .maps
            .iter()
            .find(|map| map.name == "pDoubling")
            .expect("there");
        let line = ok(&[
            "go",
            "watch",
            &pid,
            &format!("{:x}", doubling.address()),
            "--count",
            "2",
            "--all",
            "--interval",
            "10ms",
            "--json",
        ]);
        assert_eq!(line.lines().count(), 2);
        let line: serde_json::Value =
            serde_json::from_str(line.lines().last().expect("a line")).expect("json");
        if line["map"]["design"] == "classic" {
            assert_eq!(
                line["map"]["growth"]["kind"],
                serde_json::json!(GrowthKind::Doubling)
            );
            assert!(line["growing_for_s"].is_number(), "{line}");
        }
        assert_eq!(line["map"]["count"], doubling.low);

        // Probes need privileges that not every machine gives; then the message says which.
        let probe = [
            "go", "growth", &pid, "--probe", "--count", "3", "--for", "20s", "--json",
        ];
        let (code, out, err) = run(&probe);
        if code == 0 {
            assert!(
                out.lines().count() > 0,
                "{}: no growth in a hammered process: {err}",
                zoo.name()
            );
            for line in out.lines() {
                let event: serde_json::Value = serde_json::from_str(line).expect("json");
                let stack = event["stack"].as_array().expect("a stack");
                assert!(!stack.is_empty(), "{event}");
            }
        } else {
            assert!(
                err.contains("CAP_PERFMON") || err.contains("CONFIG_UPROBE_EVENTS"),
                "{err}"
            );
            skip("growth probes: not permitted here");
        }
        let sample = || run(&["go", "hot", &pid, "--for", "1s", "--json"]);
        let hot = |out: &str| serde_json::from_str::<serde_json::Value>(out).expect("json");
        let (mut code, mut out, mut err) = sample();
        // Where other tests take all processors, the hammered process may get none for a second.
        for _ in 0..10 {
            if code != 0 || hot(&out)["samples"].as_u64() > Some(0) {
                break;
            }
            (code, out, err) = sample();
        }
        if code == 0 {
            let hot = hot(&out);
            assert!(hot["samples"].as_u64() > Some(0), "{hot}");
            assert!(hot["in_map_code"].as_u64() > Some(0), "{hot}");
            assert!(!hot["maps"].as_array().expect("maps").is_empty(), "{hot}");
        } else {
            assert!(
                err.contains("perf_event_paranoid") || err.contains("no samples"),
                "{err}"
            );
            skip("register samples: not permitted here");
        }
    }
}

#[test]
fn profiles_open_in_pprof() {
    let (Some(zoos), Some(go)) = (zoos(), std::env::var_os("TIDEMAP_GO")) else {
        return skip("pprof: TIDEMAP_ZOO and TIDEMAP_GO are not set");
    };
    let zoo = zoos
        .iter()
        .rfind(|zoo| zoo.ends_with("-default"))
        .expect("a default build");
    let folder = tempfile::tempdir().expect("a folder");
    let process = zoo.start("park", &folder.path().join("truth.json"));
    let profile = folder.path().join("maps.pb.gz");
    let profile = profile.to_str().expect("utf-8");
    ok(&[
        "go",
        "list",
        &process.pid().to_string(),
        "--pprof",
        profile,
        "--limit",
        "1",
    ]);
    for (index, expected) in [
        ("bytes", "main.gMany"),
        ("wasted", "main."),
        ("old", ""),
        ("entries", "main.gMany"),
        ("maps", "main.rSwarm"),
    ] {
        let output = Command::new(&go)
            .args([
                "tool",
                "pprof",
                "-top",
                "-cum",
                "-nodecount=500",
                "-sample_index",
                index,
                profile,
            ])
            .output()
            .expect("pprof runs");
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        assert!(
            text.contains(&format!("Type: {index}")) && text.contains(expected),
            "{index}: {text}"
        );
    }
}

#[test]
fn bad_files_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name).to_str().expect("utf-8").to_owned();
    std::fs::write(at("text"), "no recording").expect("written");
    refused(&["go", "top", &at("text"), "--once"], &["text"]);
    refused(&["go", "diff", &at("missing")], &["missing"]);
    refused(&["go", "record", "999999999", &at("r.tmr")], &["999999999"]);
    assert!(
        !Path::new(&at("r.tmr")).exists(),
        "a file was made for nothing"
    );
    refused(&["go", "watch", "1", "main.g"], &["no address"]);
    std::fs::write(at("torn"), b"tidemap recording 1\n\x10\0\0\0\0\0\0\0abc").expect("written");
    for view in [vec!["diff"], vec!["growth"]] {
        let args: Vec<&str> = [&["go"], view.as_slice()].concat();
        let torn = at("torn");
        refused(&[args.as_slice(), &[torn.as_str()]].concat(), &["tor"]);
    }
}

/// The recording that comes with the repository: views work without Go.
#[test]
fn the_committed_recording() {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../testdata/go-list/hammer.tmr");
    if std::env::var_os("TIDEMAP_ZOO_SAMPLE").is_some() {
        let zoos = zoos().expect("TIDEMAP_ZOO");
        let zoo = zoos
            .iter()
            .find(|zoo| zoo.name() == "zoo-1.23-default")
            .expect("a zoo");
        let truth = tempfile::tempdir().expect("a folder");
        let process = zoo.start("hammer", &truth.path().join("truth.json"));
        let pid = process.pid().to_string();
        std::fs::create_dir_all(file.parent().expect("a folder")).expect("made");
        ok(&[
            "go",
            "record",
            &pid,
            file.to_str().expect("utf-8"),
            "--count",
            "12",
            "--interval",
            "200ms",
        ]);
    }
    let file = file.to_str().expect("utf-8");
    let (code, out, _) = run(&["go", "diff", file]);
    assert_eq!(code, 1, "{out}");
    assert!(
        out.contains("one process") && out.contains("main.hammered"),
        "{out}"
    );
    let growths = ok(&["go", "growth", file]);
    assert!(growths.contains("main.hammered"), "{growths}");
    let top = ok(&["go", "top", file, "--once", "--sort", "old"]);
    assert!(top.contains("main.pDoublingBig"), "{top}");
    let listed: Snapshot =
        serde_json::from_str(&ok(&["go", "list", file, "--json"])).expect("json");
    let big = listed
        .maps
        .iter()
        .find(|row| row.reached.path == "main.pDoublingBig")
        .expect("there");
    assert_eq!(
        big.growth.map(|growth| growth.kind),
        Some(GrowthKind::Doubling)
    );
    assert_eq!(big.count, 28126);
    let folder = tempfile::tempdir().expect("a folder");
    let profile = folder.path().join("p.pb.gz");
    ok(&[
        "go",
        "list",
        file,
        "--limit",
        "1",
        "--pprof",
        profile.to_str().expect("utf-8"),
    ]);
    assert_eq!(std::fs::read(&profile).expect("written")[..2], [0x1f, 0x8b]);
}
