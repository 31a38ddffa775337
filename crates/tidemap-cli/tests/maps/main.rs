//! `tidemap list` and `tidemap watch` as users run them: on processes, endpoints and recordings.

mod program;
mod terminal;

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use program::Program;
use tidemap_probe::Snapshot;

fn tidemap(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_tidemap"))
        .args(args)
        .output()
        .expect("the command")
}

fn good(args: &[&str]) -> String {
    let out = tidemap(args);
    let told = String::from_utf8_lossy(&out.stderr);
    assert!(out.status.success(), "{args:?}: {told}");
    String::from_utf8(out.stdout).expect("UTF-8")
}

fn bad(args: &[&str], part: &str) {
    let out = tidemap(args);
    let told = String::from_utf8_lossy(&out.stderr);
    assert_eq!(out.status.code(), Some(2), "{args:?}: {told}");
    assert!(told.contains(part), "{args:?}: {told}");
    assert!(!told.contains("panicked"), "{told}");
}

#[test]
fn a_process_with_no_port_is_listed() {
    let program = Program::start();
    let pid = program.pid();
    let text = good(&["list", &pid, "--sort", "name"]);
    let first = text.lines().next().expect("a head");
    assert!(
        first.contains(&format!("(process {pid})")) && first.contains("maps"),
        "{text}"
    );
    for part in ["grows", "rests", "u64 -> u64", "String", "step p99"] {
        assert!(text.contains(part), "no {part} in\n{text}");
    }
    let snapshot: Snapshot =
        serde_json::from_str(&good(&["list", &pid, "--json", "--filter", "rests"])).expect("JSON");
    assert_eq!(snapshot.maps.len(), 1);
    assert_eq!(snapshot.maps[0].gauges.len, 1_000);
    assert!(good(&["list", &pid, "--limit", "1"]).contains("--limit"));
}

#[test]
fn a_process_is_watched_in_lines() {
    let program = Program::start();
    let text = good(&[
        "watch",
        &program.pid(),
        "--interval",
        "50ms",
        "--count",
        "30",
    ]);
    assert!(
        text.contains("grows  doubling") || text.contains("grows  relocating"),
        "{text}"
    );
    assert!(text.contains(" held"), "{text}");
    assert!(!text.contains('\u{1b}'), "no terminal control in a pipe");
}

#[test]
fn an_endpoint_is_watched() {
    let program = Program::start();
    let text = good(&[
        "watch",
        &program.url,
        "--interval",
        "100ms",
        "--count",
        "10",
        "--json",
    ]);
    let (mut events, mut seen) = (0, 0);
    for line in text.lines() {
        let value: serde_json::Value = serde_json::from_str(line).expect("JSON");
        assert_eq!(value["schema"], "tidemap.watch/1");
        let maps = value["snapshot"]["maps"].as_array().expect("maps");
        // Between two of its lives, and before it holds anything, the map has no row.
        seen += usize::from(maps.iter().any(|map| map["name"] == "grows"));
        events += value["events"].as_array().expect("events").len();
    }
    assert_eq!(text.lines().count(), 10);
    assert!(seen > 0, "the endpoint shows the map");
    assert!(events > 0, "the endpoint tells events");
    assert!(good(&["list", &program.url]).contains("rests"));
    let url = program.url.clone();
    drop(program);
    bad(&["watch", &url], "shows no maps");
}

#[test]
fn a_recording_is_listed_watched_and_served() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("maps.tmp");
    let file = path.to_str().expect("UTF-8");
    let out = tidemap(&[
        "replay", "--ops", "60000", "--map", "tidemap", "--record", file,
    ]);
    let told = String::from_utf8_lossy(&out.stderr);
    assert!(
        out.status.success() && told.contains("tidemap watch"),
        "{told}"
    );

    let snapshot: Snapshot = serde_json::from_str(&good(&["list", file, "--json"])).expect("JSON");
    assert_eq!(snapshot.maps.len(), 1, "{:?}", snapshot.maps);
    assert!(snapshot.maps[0].counters.growths.sum() > 3);
    let text = good(&["watch", file]);
    assert!(text.matches(" begins: ").count() > 3, "{text}");
    assert!(text.matches(" ends: ").count() > 3, "{text}");
    assert!(good(&["watch", file, "--all"]).len() > text.len());
    assert!(
        good(&["watch", file, "--filter", "no such map"])
            .lines()
            .all(|line| line.contains(" held"))
    );

    // Nobody reads to the end: quiet.
    let mut child = Command::new(env!("CARGO_BIN_EXE_tidemap"))
        .args(["watch", file, "--json", "--all"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command");
    drop(child.stdout.take());
    let done = child.wait_with_output().expect("it ends");
    assert!(
        done.status.success() && done.stderr.is_empty(),
        "{}",
        String::from_utf8_lossy(&done.stderr)
    );

    web(file, &snapshot);

    // A torn end is told, and the rest is shown.
    let bytes = std::fs::read(&path).expect("the recording");
    std::fs::write(&path, &bytes[..bytes.len() - 10]).expect("room");
    let out = tidemap(&["watch", file]);
    assert!(out.status.success());
    assert!(String::from_utf8_lossy(&out.stderr).contains("1 frames were torn"));
}

/// The page over a recording, any moment of it.
fn web(file: &str, last: &Snapshot) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_tidemap"))
        .args(["watch", file, "--web"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the command");
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("piped"))
        .read_line(&mut line)
        .expect("an address");
    let url = line.trim().to_owned();
    let get = |path: &str| {
        let mut answer = ureq::get(format!("{url}{path}")).call().expect("an answer");
        answer.body_mut().read_to_string().expect("a text")
    };
    let json =
        |path: &str| -> serde_json::Value { serde_json::from_str(&get(path)).expect("JSON") };
    assert!(get("").contains("<title>tidemap live</title>"));
    let info = json("info.json");
    assert_eq!(info["mode"], "recording");
    let start = info["start_ns"].as_u64().expect("a time");
    assert_eq!(
        json("maps.json")["maps"][0]["gauges"]["len"],
        last.maps[0].gauges.len
    );
    let early = &json(&format!("maps.json?at={start}"))["maps"];
    let early = early.as_array().expect("maps");
    assert!(
        early
            .iter()
            .all(|map| map["gauges"]["len"].as_u64() <= Some(last.maps[0].gauges.len))
    );
    assert!(
        !json("events.json")["events"]
            .as_array()
            .expect("events")
            .is_empty()
    );
    let past = json(&format!("timeline.json?map={}", last.maps[0].id.0));
    assert!(past["points"].as_array().expect("points").len() > 1);
    child.kill().expect("it runs");
    child.wait().expect("it ends");
}

#[test]
fn what_cannot_be_watched_says_what_can() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = folder.path().join("notes.txt");
    std::fs::write(&text, "not a recording").expect("a file");
    let text = text.to_str().expect("UTF-8");
    bad(&["list", "2147483647"], "no process 2147483647");
    bad(
        &["list", "/no/such/file"],
        "no such file; give a process id",
    );
    bad(&["list", text], "process id or an ELF core");
    // Not this process: whether its maps can be observed depends on what else is built with it.
    let mut other = Command::new("sleep").arg("60").spawn().expect("a process");
    let seen = tidemap(&["list", &other.id().to_string()]);
    let _ = other.kill();
    let _ = other.wait();
    let told = String::from_utf8_lossy(&seen.stderr);
    assert_eq!(seen.status.code(), Some(2), "{told}");
    assert!(told.contains("feature `probe`"), "{told}");
    bad(&["watch", "https://127.0.0.1:1"], "only http://");
    bad(&["watch", "http://127.0.0.1:1"], "shows no maps");
    bad(&["watch", "4242", "--web", "--json"], "cannot be used with");
    bad(
        &["replay", "--record", "/no/such/folder/maps.tmp"],
        "cannot write the recording",
    );
}

/// Somebody else's endpoint, and one that floods.
#[test]
fn strangers_are_told_from_endpoints() {
    let serve = |answer: &'static [u8], times: usize| {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let thread = std::thread::spawn(move || {
            use std::io::Write;
            let (mut stream, _) = listener.accept().expect("the command");
            let mut head = [0; 512];
            let _ = stream.read(&mut head);
            for _ in 0..times {
                if stream.write_all(answer).is_err() {
                    return;
                }
            }
        });
        (format!("http://{address}"), thread)
    };
    let (url, thread) = serve(
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello",
        1,
    );
    bad(&["watch", &url], "not with figures of maps");
    thread.join().expect("it ends");
    let (url, thread) = serve(b"HTTP/1.1 200 OK\r\nX: ", 1_000_000);
    bad(&["list", &url], "shows no maps");
    thread.join().expect("it ends");
}

#[test]
fn a_core_is_listed() {
    of_a_core(Program::start());
}

/// Neither symbols nor debug information: the note remains.
#[test]
fn a_stripped_program_is_listed_and_so_is_its_core() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("stripped");
    let done = Command::new("strip")
        .args(["--strip-all", "-o"])
        .arg(&file)
        .arg(std::env::current_exe().expect("this program"))
        .status();
    if !done.is_ok_and(|status| status.success()) {
        return skip("no strip here");
    }
    let symbols = Command::new("readelf").arg("--syms").arg(&file).output();
    if let Ok(symbols) = symbols {
        let text = String::from_utf8_lossy(&symbols.stdout).into_owned();
        assert!(!text.contains(".symtab"), "{text}");
        assert!(!text.contains("TIDEMAP_REGISTRY"), "{text}");
    }
    let program = Program::start_file(&file);
    let text = good(&["list", &program.pid(), "--sort", "name"]);
    for part in ["grows", "rests", "u64 -> u64", "String"] {
        assert!(text.contains(part), "no {part} in\n{text}");
    }
    of_a_core(program);
}

fn skip(why: &str) {
    assert!(
        std::env::var_os("TIDEMAP_REQUIRE_ALL").is_none(),
        "cannot skip: {why}"
    );
    eprintln!("skipped: {why}");
}

fn of_a_core(program: Program) {
    let folder = tempfile::tempdir().expect("a folder");
    let prefix = folder.path().join("core");
    let made = Command::new("gcore")
        .arg("-o")
        .arg(&prefix)
        .arg(program.pid())
        .output();
    let core = folder.path().join(format!("core.{}", program.pid()));
    if !made.is_ok_and(|out| out.status.success()) || !Path::new(&core).exists() {
        return skip("gcore cannot make a core here");
    }
    let pid = program.pid();
    drop(program);
    let core = core.to_str().expect("UTF-8");
    let text = good(&["list", core]);
    assert!(
        text.contains(&format!("(process {pid})")) && text.contains("rests"),
        "{text}"
    );
    assert!(
        good(&["watch", core]).contains(" held"),
        "a core is one look"
    );
}
