//! Zoos as processes and cores; the command that looks at them.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tidemap_inspect::model::Snapshot;

/// Says that something was skipped; a failure when everything is required.
pub(crate) fn skip(why: &str) {
    assert!(
        std::env::var_os("TIDEMAP_REQUIRE_ALL").is_none_or(|value| value != "1"),
        "skipped, but TIDEMAP_REQUIRE_ALL=1: {why}"
    );
    println!("skipped: {why}");
}

/// A built zoo.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Zoo(PathBuf);

/// The built zoos, in order; `None` when there are none.
pub(crate) fn zoos() -> Option<Vec<Zoo>> {
    let folder = PathBuf::from(std::env::var_os("TIDEMAP_ZOO")?);
    let mut zoos: Vec<Zoo> = std::fs::read_dir(&folder)
        .expect("the folder of TIDEMAP_ZOO")
        .map(|entry| Zoo(entry.expect("a readable folder").path()))
        .filter(|zoo| {
            zoo.name().starts_with("zoo-") && zoo.0.extension().is_none_or(|e| e != "json")
        })
        .collect();
    zoos.sort();
    assert!(!zoos.is_empty(), "no zoos in {}", folder.display());
    Some(zoos)
}

impl Zoo {
    pub(crate) fn name(&self) -> String {
        self.0
            .file_name()
            .expect("a file")
            .to_string_lossy()
            .into_owned()
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    pub(crate) fn path_text(&self) -> &str {
        self.0.to_str().expect("utf-8")
    }

    pub(crate) fn ends_with(&self, kind: &str) -> bool {
        self.name().ends_with(kind)
    }

    /// `1.23` of `zoo-1.23-default`.
    pub(crate) fn release(&self) -> String {
        self.name().split('-').nth(1).expect("a release").to_owned()
    }

    /// Starts it and waits until its truth is written.
    pub(crate) fn start(&self, mode: &str, truth: &Path) -> Process {
        let mut child = Command::new(&self.0)
            .arg(mode)
            .arg(truth)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the zoo starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("piped"))
            .read_line(&mut line)
            .expect("a line");
        assert!(line.starts_with("ready "), "{}: {line:?}", self.name());
        Process(child)
    }

    /// Lets it die with a core of the kernel; `None` where the system writes none.
    pub(crate) fn crash(&self, mode: &str, folder: &Path, truth: &Path) -> Option<PathBuf> {
        let pattern = std::fs::read_to_string("/proc/sys/kernel/core_pattern").ok()?;
        if pattern.starts_with('|') || pattern.contains('/') {
            return None;
        }
        let mut child = Command::new("sh")
            .args(["-c", "ulimit -c unlimited && exec \"$0\" \"$1\" \"$2\""])
            .arg(&self.0)
            .arg(mode)
            .arg(truth)
            .env("GOTRACEBACK", "crash")
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("sh");
        child.wait().expect("a child");
        std::fs::read_dir(folder)
            .expect("a folder")
            .map(|entry| entry.expect("readable").path())
            .find(|path| {
                path.file_name()
                    .is_some_and(|name| name.to_string_lossy().starts_with("core"))
            })
    }
}

/// A core by gcore; `None` without gdb.
pub(crate) fn gcore(folder: &Path, pid: i32) -> Option<PathBuf> {
    let prefix = folder.join("gcore");
    let done = Command::new("gcore")
        .arg("-o")
        .arg(&prefix)
        .arg(pid.to_string())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .ok()?;
    let core = folder.join(format!("gcore.{pid}"));
    (done.success() && core.exists()).then_some(core)
}

/// A running zoo; it ends when this is dropped.
pub(crate) struct Process(Child);

impl Process {
    pub(crate) fn pid(&self) -> i32 {
        self.0.id() as i32
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Children of the tests.
pub(crate) mod children {
    use super::*;

    /// Starts the program under test.
    pub(crate) fn tidemap(args: &[&str]) -> Child {
        Command::new(env!("CARGO_BIN_EXE_tidemap"))
            .args(args)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program starts")
    }
}

/// Runs the program; exit code, stdout, stderr. A run that hangs fails the test.
pub(crate) fn run(args: &[&str]) -> (i32, String, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name| std::fs::File::create(folder.path().join(name)).expect("a file");
    let mut child = Command::new(env!("CARGO_BIN_EXE_tidemap"))
        .args(args)
        .stdin(Stdio::null())
        .stdout(file("out"))
        .stderr(file("err"))
        .spawn()
        .expect("the program starts");
    let end = Instant::now() + Duration::from_secs(300);
    let status = loop {
        if let Some(status) = child.try_wait().expect("a child") {
            break status;
        }
        if Instant::now() > end {
            let _ = child.kill();
            panic!("{args:?} hangs");
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    let text = |name| std::fs::read_to_string(folder.path().join(name)).expect("utf-8");
    let (out, err) = (text("out"), text("err"));
    assert!(!err.contains("panicked"), "{args:?}: {err}");
    (status.code().unwrap_or(-1), out, err)
}

/// Runs a command that must succeed.
pub(crate) fn ok(args: &[&str]) -> String {
    let (code, out, err) = run(args);
    assert_eq!(code, 0, "{args:?}: {err}");
    out
}

/// `tidemap go list … --json`.
pub(crate) fn list(target: &[&str]) -> Snapshot {
    let mut args = vec!["go", "list"];
    args.extend(target);
    args.push("--json");
    serde_json::from_str(&ok(&args)).expect("a snapshot")
}

/// One letter per thread: `t` is stopped by a tracer.
pub(crate) fn state_of_threads(pid: i32) -> Vec<char> {
    let Ok(threads) = std::fs::read_dir(format!("/proc/{pid}/task")) else {
        return Vec::new();
    };
    threads
        .filter_map(|thread| {
            let stat = std::fs::read_to_string(thread.ok()?.path().join("stat")).ok()?;
            stat.rsplit(')').next()?.trim_start().chars().next()
        })
        .collect()
}

/// Clock ticks that the process has used.
pub(crate) fn processor_ticks(pid: i32) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).expect("alive");
    let fields: Vec<&str> = stat
        .rsplit(')')
        .next()
        .expect("fields")
        .split_whitespace()
        .collect();
    // utime and stime are fields 14 and 15 of the line, 11 and 12 behind the name.
    fields[11].parse::<u64>().expect("a number") + fields[12].parse::<u64>().expect("a number")
}
