//! Real processes: every error provoked, stops, kills in the middle, damaged memory.
//!
//! Needs zoos built by `ci/go-zoo build`, whose folder TIDEMAP_ZOO names.
//! Without it those tests say so and pass; TIDEMAP_REQUIRE_ALL=1 makes them fail.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use tidemap_inspect::model::{MapRow, Snapshot};
use tidemap_inspect::{Error, Inspector, Options, Source};

mod cores;
mod damaged;
mod errors;
mod pause;

/// A zoo that stands there until it is dropped.
struct Zoo {
    child: Child,
    _out: BufReader<ChildStdout>,
    _folder: tempfile::TempDir,
    binary: PathBuf,
}

impl Zoo {
    /// Starts a zoo build such as `1.23-default`; `None` when there are none.
    fn start(build: &str, mode: &str) -> Option<Zoo> {
        let binary = zoo_binary(build)?;
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut child = Command::new(&binary)
            .arg(mode)
            .arg(folder.path().join("truth.json"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the zoo starts");
        let mut out = BufReader::new(child.stdout.take().expect("piped"));
        let mut line = String::new();
        out.read_line(&mut line).expect("a line from the zoo");
        assert!(line.starts_with("ready"), "the zoo says `{line}`");
        Some(Zoo {
            child,
            _out: out,
            _folder: folder,
            binary,
        })
    }

    fn pid(&self) -> i32 {
        self.child.id() as i32
    }

    fn open(&self) -> Inspector {
        Inspector::open(&Source::Process(self.pid()), None).expect("the zoo opens")
    }
}

impl Drop for Zoo {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn zoo_binary(build: &str) -> Option<PathBuf> {
    let path = std::env::var_os("TIDEMAP_ZOO")
        .map(|folder| Path::new(&folder).join(format!("zoo-{build}")));
    match path {
        Some(path) if path.exists() => Some(path),
        _ => {
            let required = std::env::var_os("TIDEMAP_REQUIRE_ALL").is_some_and(|v| v == "1");
            assert!(
                !required,
                "no zoo {build}; run ci/go-zoo build and set TIDEMAP_ZOO"
            );
            println!("skipped: no zoo {build}; ci/go-zoo builds it");
            None
        }
    }
}

fn snapshot(inspector: &Inspector, options: Options) -> Snapshot {
    inspector
        .snapshot(options, &mut |_| {})
        .expect("a snapshot")
}

fn row<'s>(snapshot: &'s Snapshot, path: &str) -> &'s MapRow {
    snapshot
        .maps
        .iter()
        .find(|row| row.reached.path == path)
        .unwrap_or_else(|| panic!("no map at {path}"))
}

fn fails(source: &Source, binary: Option<&Path>) -> Error {
    Inspector::open(source, binary).expect_err("this cannot be opened")
}
