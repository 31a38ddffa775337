//! The registry of another process: live, from cores, and from memory that lies.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tidemap_inspect::inspect::Source;
use tidemap_inspect::model::TargetKind;
use tidemap_inspect::registry::Registry;
use tidemap_inspect::target::{Fault, Mapping, Pause, Target};
use tidemap_inspect::{Error, Result};

const CHILD: &str = "TIDEMAP_TEST_REGISTRY_CHILD";

/// A process of this very program, which has maps and waits.
struct Zoo(Child);

impl Zoo {
    fn start() -> Zoo {
        let mut child = Command::new(std::env::current_exe().expect("this program"))
            .args(["--exact", "child_with_maps", "--nocapture"])
            .env(CHILD, "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a child");
        let mut out = BufReader::new(child.stdout.take().expect("piped"));
        let mut line = String::new();
        while !line.contains("ready") {
            line.clear();
            assert!(
                out.read_line(&mut line).expect("a line") > 0,
                "the child ended"
            );
        }
        // Kept open: the child may still print.
        child.stdout = Some(out.into_inner());
        Zoo(child)
    }

    fn source(&self) -> Source {
        Source::Process(self.0.id() as i32)
    }
}

impl Drop for Zoo {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Not a test: the child.
#[test]
fn child_with_maps() {
    if std::env::var_os(CHILD).is_none() {
        return;
    }
    let mut users: tidemap::HashMap<u64, String> =
        tidemap::HashMap::builder().name("users").build();
    for id in 0..5_000 {
        users.insert(id, String::new());
    }
    users.probe_refresh();
    let mut seen: tidemap::HashSet<u32> = tidemap::HashSet::new();
    seen.observe("seen");
    println!("ready");
    std::io::stdout().flush().expect("a reader");
    let mut byte = [0];
    // Whoever started this ends it, or goes away.
    let _ = std::io::stdin().read(&mut byte);
    drop((users, seen));
}

fn check(registry: &Registry, pid: u32) {
    let snapshot = registry.read().expect("it can be read");
    assert_eq!(snapshot.pid, pid);
    let mut names: Vec<&str> = snapshot.maps.iter().map(|row| row.name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["seen", "users"]);
    let users = snapshot.named("users").expect("the map");
    assert_eq!(users.gauges.len, 5_000);
    assert_eq!(
        (users.key_type.as_str(), users.value_type.as_str()),
        ("u64", "alloc::string::String")
    );
    assert!(users.is_consistent && users.counters.growths.sum() > 0);
    assert!(
        users
            .site
            .as_ref()
            .is_some_and(|site| site.file.ends_with("registry/main.rs"))
    );
    assert!(snapshot.time_ns >= users.updated_ns);
}

#[test]
fn a_running_process_is_read_and_goes_on() {
    let mut zoo = Zoo::start();
    let registry = Registry::open(&zoo.source(), None).expect("a registry");
    check(&registry, zoo.0.id());
    check(&registry, zoo.0.id());
    assert!(zoo.0.try_wait().expect("a child").is_none(), "it runs on");
    zoo.0.kill().expect("a child");
    zoo.0.wait().expect("a child");
    let error = registry.read().expect_err("it is gone");
    assert!(matches!(error, Error::Exited { .. }), "{error}");
}

/// Path of a copy without symbols, if `strip` is there.
fn stripped(folder: &Path) -> Option<PathBuf> {
    let copy = folder.join("stripped");
    let done = Command::new("strip")
        .arg("-o")
        .arg(&copy)
        .arg(std::env::current_exe().ok()?)
        .status();
    done.is_ok_and(|status| status.success()).then_some(copy)
}

fn skip(why: &str) {
    assert!(std::env::var_os("TIDEMAP_REQUIRE_ALL").is_none(), "{why}");
    eprintln!("skipped: {why}");
}

#[test]
fn a_stripped_program_and_its_cores_are_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let Some(program) = stripped(folder.path()) else {
        return skip("no strip");
    };
    let mut child = Command::new(&program)
        .args(["--exact", "child_with_maps", "--nocapture"])
        .env(CHILD, "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("a child");
    let mut out = BufReader::new(child.stdout.take().expect("piped"));
    let mut line = String::new();
    while !line.contains("ready") {
        line.clear();
        assert!(
            out.read_line(&mut line).expect("a line") > 0,
            "the child ended"
        );
    }
    let pid = child.id();
    let zoo = Zoo(child);
    let registry = Registry::open(&zoo.source(), None).expect("the note survives strip");
    check(&registry, pid);

    let prefix = folder.path().join("core");
    let made = Command::new("gcore")
        .arg("-o")
        .arg(&prefix)
        .arg(pid.to_string())
        .output();
    let core = folder.path().join(format!("core.{pid}"));
    if !made.is_ok_and(|out| out.status.success()) || !core.exists() {
        return skip("gcore cannot make a core here");
    }
    drop(zoo);
    let registry =
        Registry::open(&Source::Core(core.clone()), None).expect("a registry in the core");
    assert!(!registry.is_live());
    check(&registry, pid);
    // With the executable elsewhere and the core's memory alone.
    let moved = folder.path().join("moved");
    std::fs::rename(&program, &moved).expect("one folder");
    check(
        &Registry::open(&Source::Core(core.clone()), Some(&moved)).expect("by hand"),
        pid,
    );

    // Damage: the registry is somewhere in these bytes; nothing panics, wherever they are hit.
    let whole = std::fs::read(&core).expect("the core");
    for cut in [
        64,
        4096,
        whole.len() / 3,
        whole.len() / 2,
        whole.len() - 4096,
    ] {
        std::fs::write(&core, &whole[..cut]).expect("room");
        match Registry::open(&Source::Core(core.clone()), Some(&moved)) {
            Ok(registry) => drop(registry.read()),
            Err(error) => assert!(!error.to_string().is_empty()),
        }
    }
    drop(out);
}

#[test]
fn others_are_refused_with_advice() {
    let mut sleeper = Command::new("sleep").arg("60").spawn().expect("sleep");
    // Until it has become itself.
    std::thread::sleep(std::time::Duration::from_millis(200));
    let result = Registry::open(&Source::Process(sleeper.id() as i32), None);
    sleeper.kill().expect("a child");
    sleeper.wait().expect("a child");
    let error = result.err().expect("sleep has no maps");
    assert!(error.to_string().contains("feature `probe`"), "{error}");
    let error = Registry::open(&Source::Process(i32::MAX), None)
        .err()
        .expect("no such process");
    assert!(matches!(error, Error::NoSuchProcess { .. }));
    let error = Registry::open(&Source::Core("/etc/hostname".into()), None)
        .err()
        .expect("no core");
    assert!(
        error.to_string().contains("process id or an ELF core"),
        "{error}"
    );
}

/// This process's memory, with lies: some bytes are others.
struct Liar {
    honest: tidemap_inspect::target::process::Process,
    seed: u64,
    one_in: u64,
}

impl Target for Liar {
    fn kind(&self) -> TargetKind {
        TargetKind::Core
    }
    fn pid(&self) -> Option<i32> {
        self.honest.pid()
    }
    fn read(&self, address: u64, buffer: &mut [u8]) -> Result<(), Fault> {
        self.honest.read(address, buffer)?;
        for (byte, at) in buffer.iter_mut().zip(address..) {
            let mixed = (at ^ self.seed).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            let mixed = (mixed ^ mixed >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            if (mixed >> 20).is_multiple_of(self.one_in) {
                *byte = (mixed >> 56) as u8;
            }
        }
        Ok(())
    }
    fn mappings(&self) -> Result<Vec<Mapping>> {
        self.honest.mappings()
    }
    fn executable(&self) -> Option<PathBuf> {
        None
    }
    fn pause(&self) -> Result<Box<dyn Pause + '_>> {
        self.honest.pause()
    }
    fn stitch(&mut self, _: &Path, _: u64) -> Result<()> {
        Ok(())
    }
}

#[test]
fn memory_that_lies_is_survived() {
    let zoo = Zoo::start();
    let (mut found, mut read, mut refused) = (0, 0, 0);
    for seed in 0..300 {
        let honest =
            tidemap_inspect::target::process::Process::open(zoo.0.id() as i32).expect("the child");
        let one_in = [20, 200, 1_000, 10_000][seed as usize % 4];
        let Ok(registry) = Registry::over(
            Box::new(Liar {
                honest,
                seed,
                one_in,
            }),
            "liar",
        ) else {
            continue;
        };
        found += 1;
        match registry.read() {
            Ok(snapshot) => {
                read += 1;
                assert!(snapshot.maps.len() <= tidemap_probe::ROWS_MAX);
                for row in &snapshot.maps {
                    assert!(row.name.chars().count() <= 64);
                    let _ = (
                        row.gauges.bytes_held(),
                        row.gauges.load(),
                        row.label(),
                        row.counters.growths.sum(),
                    );
                }
                let _ = snapshot.totals();
            }
            Err(_) => refused += 1,
        }
    }
    assert!(
        found > 20 && read > 0 && refused > 0,
        "{found} found, {read} read, {refused} refused"
    );
}
