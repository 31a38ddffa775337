//! The program as it is typed.

use std::process::Stdio;

use crate::support::program;

fn run(words: &[&str]) -> (Option<i32>, String, String) {
    let output = program(words)
        .stdin(Stdio::null())
        .output()
        .expect("the program");
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("text");
    (
        output.status.code(),
        text(&output.stdout),
        text(&output.stderr),
    )
}

#[cfg(unix)]
#[test]
fn a_signal_ends_the_service_and_completes_its_trace() {
    use index_service::client::Client;
    use nix::sys::signal::{Signal, kill};
    use nix::unistd::Pid;

    use crate::support::Process;

    let folder = tempfile::tempdir().expect("a folder");
    for (map, signal) in [("tidemap", Signal::SIGINT), ("hashbrown", Signal::SIGTERM)] {
        let path = folder.path().join(format!("{map}.json"));
        let (mut process, url, _) =
            Process::serve(&["--map", map, "--trace", path.to_str().expect("a path")]);
        let client = Client::new(&url).expect("an address");
        for batch in 0..10 {
            let line = |n: u64| format!("key {batch} {n}\tvalue\n");
            let lines: String = (0..1000).map(line).collect();
            client
                .post("/entries", lines.as_bytes())
                .expect("an answer");
        }
        // The connection stays open, and so does the end wait for nobody.
        kill(Pid::from_raw(process.0.id() as i32), signal).expect("it runs");
        let status = process.wait();
        assert!(status.success(), "{status}");
        assert!(
            process
                .rest_of_output()
                .contains("stopped with 10000 entries")
        );
        let text = std::fs::read_to_string(&path).expect("a trace");
        serde_json::from_str::<serde_json::Value>(&text).expect("a whole trace");
        let growths = index_service::incident::growths_of(&path).expect("a trace");
        let last = growths.last().expect("grown");
        assert!(growths.len() >= 8 && last.entries > 4000, "{growths:?}");
        assert_eq!(last.steps == 1, map == "hashbrown", "{last:?}");
        assert!(last.longest_ns > 0 && last.longest_ns as f64 <= last.wall_us * 1e3 + 1.0);
    }
}

/// Perfetto's form, of which the names of growths can be read without a parser.
#[test]
fn traces_for_perfetto_have_the_growths_of_both_maps() {
    let folder = tempfile::tempdir().expect("a folder");
    for (map, kind) in [("tidemap", "relocating 64"), ("hashbrown", "relocating 64")] {
        let path = folder.path().join(format!("{map}.pftrace"));
        let words = ["--map", map, "--trace", path.to_str().expect("a path")];
        let (app, client) = crate::support::app(&words);
        let lines: String = (0..5000).map(|n| format!("key {n}\tvalue\n")).collect();
        let (status, _) = client
            .post("/entries", lines.as_bytes())
            .expect("an answer");
        assert_eq!(status, 200);
        app.stop().expect("a whole trace");
        let bytes = std::fs::read(&path).expect("a trace");
        let text = String::from_utf8_lossy(&bytes);
        assert!(
            text.contains(kind),
            "{map}: no `{kind}` in {} bytes",
            bytes.len()
        );
    }
}

#[cfg(unix)]
#[test]
fn a_signal_ends_the_load_and_what_was_measured_is_told() {
    use nix::sys::signal::{Signal, kill};
    use nix::unistd::Pid;

    use crate::support::{Process, app, wait_for};

    let (app, client) = app(&[]);
    // One request a second: threads that wait for theirs are woken.
    let words = [
        "load",
        client.base(),
        "--rate",
        "1",
        "--seconds",
        "600",
        "--json",
    ];
    let child = program(&words)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program");
    let mut load = Process(child);
    wait_for("a first request", || {
        let (_, text) = client.get("/metrics").expect("an answer");
        let text = String::from_utf8(text).expect("text");
        text.contains("route=\"entry\"").then_some(())
    });
    kill(Pid::from_raw(load.0.id() as i32), Signal::SIGINT).expect("it runs");
    assert_eq!(load.wait().code(), Some(2));
    let report: serde_json::Value =
        serde_json::from_str(&load.rest_of_output()).expect("a whole report");
    assert_eq!(report["schema"], "index-service.load/1");
    let reason = report["ended_early"].as_str().expect("a reason");
    assert!(reason.starts_with("stopped after ") && reason.ends_with(" of 600 requests"));
    app.stop().expect("an end");
}

#[test]
fn what_is_in_the_way_is_told() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("bound").port().to_string();
    for (words, part) in [
        (vec!["serve", "--port", &port], "choose another --port"),
        (
            vec!["serve", "--port", "0", "--page-port", &port],
            "--page-port",
        ),
        (
            vec!["serve", "--trace", "no/such/folder/x.json"],
            "no/such/folder",
        ),
        (vec!["load", "127.0.0.1:1"], "http://"),
        (vec!["incident", "--seconds", "0"], "--seconds 0"),
        (vec!["serve", "--map", "btree"], "possible values"),
        (vec!["serve", "--shrink-below", "2"], "between 0 and 1"),
    ] {
        let (code, out, err) = run(&words);
        assert_eq!((code, out.as_str()), (Some(2), ""), "{words:?}: {err}");
        assert!(err.contains(part), "{words:?}: {err}");
        assert!(!err.contains("panicked"), "{err}");
    }
}

#[test]
fn the_incident_leaves_a_record() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("new");
    let path = out.to_str().expect("a path");
    let speed = [
        "--seconds",
        "1",
        "--rate",
        "200",
        "--ingest",
        "150000",
        "--window-ms",
        "100",
    ];
    let (code, text, err) = run(&[&["incident", "--out", path], &speed[..]].concat());
    assert_eq!(code, Some(0), "{err}");
    let read = |name: &str| std::fs::read_to_string(out.join(name)).expect(name);
    assert_eq!(text, read("incident.txt"));
    let command = "# cargo run --release -p index-service -- incident --seconds 1 --rate 200";
    assert!(text.starts_with(command), "{text}");
    assert!(
        text.contains("\nhashbrown: ") && text.contains("\ntidemap: "),
        "{text}"
    );
    // Growths in one step each against growths in many.
    let largest = |map: &str| {
        let growths = index_service::incident::growths_of(&out.join(format!("{map}.trace.json")));
        growths.expect("a trace").pop().expect("grown")
    };
    assert_eq!(largest("hashbrown").steps, 1);
    assert!(largest("tidemap").steps > 8, "{:?}", largest("tidemap"));
    let table = read("incident.csv");
    let rows = |map: &str| {
        table
            .lines()
            .filter(|l| l.starts_with(&format!("{map},")))
            .count()
    };
    assert_eq!((rows("hashbrown"), rows("tidemap")), (10, 10), "{table}");
    let plot = read("incident.svg");
    assert!(plot.starts_with("<svg") && plot.contains(">hashbrown<") && plot.contains(">tidemap<"));
    assert!(!plot.contains("no figures") || !cfg!(target_os = "linux"));
    let report = serde_json::from_str::<serde_json::Value>(&read("tidemap.trace.json"));
    assert!(
        report.expect("JSON")["traceEvents"]
            .as_array()
            .is_some_and(|all| all.len() > 100)
    );
}
