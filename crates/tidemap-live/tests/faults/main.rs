//! Whatever readers, disks and maps do: maps go on, memory stays bounded, and somebody is told.

#[path = "../it/client.rs"]
mod client;

use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use tidemap::HashMap;
use tidemap_live::pages::Page;
use tidemap_live::serve::{CONNECTIONS_MAX, STREAMS_MAX};
use tidemap_live::{RecordOptions, Recorder, Recording, ServeOptions, Server};

use client::Events;

/// One test at a time: each judges what the whole process does.
static ALONE: Mutex<()> = Mutex::new(());

fn alone() -> MutexGuard<'static, ()> {
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn server() -> Server {
    Server::start(&ServeOptions::default()).expect("a free port")
}

fn endpoint(server: &Server, figure: &str) -> u64 {
    client::json(server.address(), "/info.json")["endpoint"][figure]
        .as_u64()
        .expect("a number")
}

fn wait_for(what: &str, mut done: impl FnMut() -> bool) {
    let until = Instant::now() + Duration::from_secs(60);
    while !done() {
        assert!(Instant::now() < until, "{what} did not happen in a minute");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Tells the workers to stop, also when an assertion fails: else nobody would ever join them.
struct StopAtEnd<'a>(&'a AtomicBool);

impl Drop for StopAtEnd<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Makes events until told to stop; gives the rounds done.
fn churn(stop: &AtomicBool, rounds: &AtomicU64) {
    while !stop.load(Ordering::Relaxed) {
        let mut map: HashMap<u64, u64> = HashMap::builder().name("churned").build();
        for n in 0..400 {
            map.insert(n, n);
        }
        rounds.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn a_slow_reader_of_events_is_dropped_and_counted() {
    let _alone = alone();
    let server = server();
    let (stop, rounds) = (AtomicBool::new(false), AtomicU64::new(0));
    std::thread::scope(|scope| {
        let _stop = StopAtEnd(&stop);
        scope.spawn(|| churn(&stop, &rounds));
        // Reads the head, then nothing.
        let slow = Events::open(server.address());
        wait_for("dropping a slow reader", || {
            endpoint(&server, "streams_too_slow") == 1
        });
        wait_for("its place", || endpoint(&server, "streams") == 0);
        let before = rounds.load(Ordering::Relaxed);
        wait_for("work of the maps", || {
            rounds.load(Ordering::Relaxed) > before
        });
        drop(slow);
    });
}

#[test]
fn readers_that_vanish_leave_nothing() {
    let _alone = alone();
    let server = server();
    for _ in 0..3 {
        let streams: Vec<Events> = (0..STREAMS_MAX)
            .map(|_| Events::open(server.address()))
            .collect();
        assert_eq!(
            client::get(server.address(), "/events").status,
            503,
            "one too many"
        );
        drop(streams);
        // The sign of life finds out that nobody is there.
        wait_for("all places free", || endpoint(&server, "streams") == 0);
    }
    // A scraper that asks and hangs up.
    for _ in 0..50 {
        let mut stream = client::connect(server.address());
        write!(stream, "GET /maps.json HTTP/1.1\r\nHost: localhost\r\n\r\n")
            .expect("the server reads");
        drop(stream);
    }
    wait_for("all connections free", || {
        // Refused while all places are taken.
        client::get(server.address(), "/info.json").status == 200
            && endpoint(&server, "connections") == 1
    });
}

#[test]
fn a_crowd_is_refused_and_the_silent_are_sent_away() {
    let _alone = alone();
    let server = server();
    let mut silent: Vec<_> = (0..CONNECTIONS_MAX)
        .map(|_| client::connect(server.address()))
        .collect();
    for stream in &mut silent {
        stream.write_all(b"GET / HT").expect("the server reads");
    }
    // All places are taken as soon as the listener has come round.
    wait_for("a refusal", || {
        client::raw(server.address(), b"").status == 503
    });
    let first = client::answer(silent.remove(0));
    assert_eq!(first.status, 408, "{}", first.body);
    assert!(first.head.contains("Connection: close"));
    wait_for("room again", || {
        client::get(server.address(), "/info.json").status == 200
    });
    assert!(endpoint(&server, "refused") > 0);
}

#[test]
fn thousands_of_short_lives_while_everybody_reads() {
    let _alone = alone();
    let server = server();
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("churn.tmp");
    let options = RecordOptions {
        interval: Duration::from_millis(20),
        ..RecordOptions::default()
    };
    let recorder = Recorder::start(&path, &options).expect("a file");
    let mut events = Events::open(server.address());
    let (stop, rounds) = (AtomicBool::new(false), AtomicU64::new(0));
    let begun = Instant::now();
    std::thread::scope(|scope| {
        let _stop = StopAtEnd(&stop);
        for _ in 0..2 {
            scope.spawn(|| churn(&stop, &rounds));
        }
        let mut last = tidemap_probe::Counters::default();
        let mut reads = 0;
        while reads < 60 || begun.elapsed() < Duration::from_secs(2) {
            let page: Page =
                serde_json::from_value(client::json(server.address(), "/maps.json?limit=1024"))
                    .expect("a page, whatever dies meanwhile");
            assert!(page.maps.len() <= tidemap_probe::ROWS_MAX);
            assert!(
                page.maps
                    .iter()
                    .filter(|row| row.is_consistent)
                    .all(|row| row.gauges.maps == 1)
            );
            let now = page.into_snapshot(Vec::new()).totals();
            assert!(now.growths.sum() >= last.growths.sum(), "sums only rise");
            last = now;
            reads += 1;
        }
    });
    let rate = rounds.load(Ordering::Relaxed) as f64 / begun.elapsed().as_secs_f64();
    assert!(rate > 1_000.0, "{rate} maps a second");
    // Whoever could not keep up has been told so.
    let batch = events.batch();
    assert!(batch["events"].as_array().expect("events").len() <= 256);
    let recorded = recorder.finish().expect("nothing went wrong");
    let recording = Recording::open(&path).expect("whole");
    assert_eq!(recording.steps().count() as u64, recorded.frames);
    assert_eq!(
        recording.steps().map(|step| step.missed).sum::<u64>(),
        recorded.missed
    );
}

#[test]
fn a_full_disk_is_told_at_once() {
    if !Path::new("/dev/full").exists() {
        eprintln!("skipped: no /dev/full here");
        return;
    }
    let error =
        Recorder::start(Path::new("/dev/full"), &RecordOptions::default()).expect_err("it is full");
    let text = error.to_string();
    assert!(
        text.contains("/dev/full") && text.contains("cannot be written"),
        "{text}"
    );
}

const CHILD: &str = "TIDEMAP_TEST_DISK_FILLS_UP";

/// The other half of the test below, in a process that may write 48 KiB to a file.
#[test]
fn child_whose_disk_fills_up() {
    let Some(path) = std::env::var_os(CHILD) else {
        return;
    };
    let options = RecordOptions {
        interval: Duration::from_millis(5),
        ..RecordOptions::default()
    };
    let recorder = Recorder::start(Path::new(&path), &options).expect("the beginning fits");
    let mut map: HashMap<u64, u64> = HashMap::builder().name("goes-on").build();
    let begun = Instant::now();
    for n in 0u64.. {
        map.insert(n % 100_000, n);
        if n.is_multiple_of(100) {
            if !recorder.is_running() {
                break;
            }
            // Few events a look, or the second would not fit where processors are scarce.
            thread::sleep(Duration::from_micros(200));
        }
        assert!(
            begun.elapsed() < Duration::from_secs(60),
            "the limit was never met"
        );
    }
    let before = map.len();
    map.insert(u64::MAX, 0);
    assert_eq!(map.len(), before + 1);
    assert!(recorder.finish().is_err());
    println!("the map went on");
}

#[test]
#[cfg(unix)]
fn a_disk_that_fills_up_stops_the_recording_and_nothing_else() {
    let _alone = alone();
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("full.tmp");
    let out = Command::new("sh")
        .args(["-c", "ulimit -f 96 && trap '' XFSZ && exec \"$0\" \"$@\""])
        .arg(std::env::current_exe().expect("this program"))
        .args(["--exact", "child_whose_disk_fills_up", "--nocapture"])
        .env(CHILD, &path)
        .output()
        .expect("a shell");
    let (told, said) = (
        String::from_utf8_lossy(&out.stderr),
        String::from_utf8_lossy(&out.stdout),
    );
    assert!(
        out.status.success() && said.contains("the map went on"),
        "{said}{told}"
    );
    assert_eq!(
        told.matches("recording has stopped, the program goes on")
            .count(),
        1,
        "{told}"
    );
    let recording = Recording::open(&path).expect("what was written before");
    assert!(recording.frames() > 1);
    assert!(recording.last().expect("a look").named("goes-on").is_some());
}
