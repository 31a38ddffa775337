//! The target runs on: after a look, after a stop, and when the observer dies.

use std::time::{Duration, Instant};

use super::*;

/// How long a process may take to do what it is expected to do.
const PATIENCE: Duration = Duration::from_secs(60);

fn state(pid: i32) -> String {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let field = |name: &str| {
        status
            .lines()
            .find_map(|line| line.strip_prefix(name))
            .unwrap_or_default()
            .trim()
            .to_string()
    };
    format!("{} tracer {}", field("State:"), field("TracerPid:"))
}

/// Waits until nobody traces the process and it is not stopped.
fn runs_on(pid: i32) {
    let until = Instant::now() + PATIENCE;
    loop {
        let now = state(pid);
        if now.ends_with("tracer 0") && !now.starts_with(['T', 't']) {
            return;
        }
        assert!(Instant::now() < until, "process {pid} is {now}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// CPU ticks that a process has used.
fn ticks(pid: i32) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).expect("alive");
    let after = stat.rsplit(')').next().expect("fields");
    let fields: Vec<&str> = after.split_whitespace().collect();
    fields[11].parse::<u64>().expect("ticks") + fields[12].parse::<u64>().expect("ticks")
}

/// Waits until the process has used CPU again.
fn works_on(pid: i32) {
    runs_on(pid);
    let (before, until) = (ticks(pid), Instant::now() + PATIENCE);
    while ticks(pid) == before {
        assert!(Instant::now() < until, "process {pid} does nothing");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_stop_is_short_told_and_over() {
    let Some(zoo) = Zoo::start("1.23-default", "hammer") else {
        return;
    };
    let inspector = zoo.open();
    let look = snapshot(&inspector, Options { pause: true });
    assert!(look.summary.paused_us.is_some_and(|us| us > 0));
    works_on(zoo.pid());
    let look = snapshot(&inspector, Options::default());
    assert_eq!(look.summary.paused_us, None);
    assert!(look.summary.maps > 100);
}

#[test]
fn the_target_runs_on_when_the_observer_is_killed_in_a_stop() {
    let Some(zoo) = Zoo::start("1.27-default", "hammer") else {
        return;
    };
    let mut observer = Command::new(std::env::current_exe().expect("this test"))
        .args([
            "--exact",
            "pause::observer_that_holds_its_target",
            "--nocapture",
        ])
        .env("TIDEMAP_TEST_HOLD", zoo.pid().to_string())
        .stdout(Stdio::piped())
        .spawn()
        .expect("an observer");
    let mut out = BufReader::new(observer.stdout.take().expect("piped"));
    let mut line = String::new();
    while !line.contains("holding") {
        line.clear();
        assert_ne!(
            out.read_line(&mut line).expect("a line"),
            0,
            "the observer ended"
        );
    }
    assert!(
        state(zoo.pid()).starts_with('t'),
        "not stopped: {}",
        state(zoo.pid())
    );
    observer.kill().expect("SIGKILL");
    observer.wait().expect("dead");
    works_on(zoo.pid());
    assert!(snapshot(&zoo.open(), Options::default()).summary.maps > 100);
}

/// Stops a process and never lets go, until it is killed itself.
#[test]
fn observer_that_holds_its_target() {
    let Some(pid) = std::env::var("TIDEMAP_TEST_HOLD")
        .ok()
        .and_then(|pid| pid.parse().ok())
    else {
        return;
    };
    let inspector = Inspector::open(&Source::Process(pid), None).expect("opened");
    let pause = inspector.target().pause().expect("stopped");
    assert!(pause.threads() > 0);
    println!("\nholding");
    loop {
        std::thread::sleep(PATIENCE);
    }
}

#[test]
fn maps_under_four_writers_are_read_right_without_a_stop() {
    for build in ["1.23-default", "1.27-default"] {
        let Some(zoo) = Zoo::start(build, "hammer") else {
            return;
        };
        let inspector = zoo.open();
        // A reading may lose against the writers now and then; every map must
        // be read right within a few looks, and never be read wrong.
        let mut open: std::collections::BTreeMap<u64, &str> = Default::default();
        for attempt in 0..20 {
            let look = snapshot(&inspector, Options::default());
            let hammered: Vec<&MapRow> = look
                .maps
                .iter()
                .filter(|row| row.reached.path.starts_with("main.hammered"))
                .collect();
            for row in &hammered {
                // The zoo takes one key out and puts one in.
                if row.proof != tidemap_inspect::model::Proof::Racy {
                    assert!((499..=501).contains(&row.count), "{build}: {row:?}");
                    assert_eq!(row.count, row.counted, "{build}");
                    open.insert(row.address, "right");
                } else {
                    open.entry(row.address).or_insert("racy");
                }
            }
            if open.len() >= 64 && open.values().all(|&state| state == "right") {
                break;
            }
            assert!(attempt < 19, "{build}: never read right: {open:x?}");
        }
        runs_on(zoo.pid());
    }
}

#[test]
fn looking_and_looking_again_agree() {
    let Some(zoo) = Zoo::start("1.27-stripped", "tiny") else {
        return;
    };
    let inspector = zoo.open();
    let (first, second) = (
        snapshot(&inspector, Options::default()),
        snapshot(&inspector, Options::default()),
    );
    assert_eq!(first.maps, second.maps);
    let heap = inspector.read_heap().expect("the heap");
    for known in &first.maps {
        let fresh = inspector.reread(&heap, known).expect("still a map");
        assert_eq!(
            (fresh.count, fresh.bytes, fresh.slots),
            (known.count, known.bytes, known.slots)
        );
    }
    let default = Zoo::start("1.27-default", "tiny").expect("the other build is there too");
    let look = snapshot(&default.open(), Options::default());
    assert_eq!(row(&look, "main.gEmpty").count, 0);
}
