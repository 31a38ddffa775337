//! A program to be watched: this test's own executable, started once more.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

const CHILD: &str = "TIDEMAP_TEST_WATCHED_PROGRAM";

/// A running program with two maps and an endpoint; dropping ends it.
pub(crate) struct Program {
    child: Child,
    pub(crate) url: String,
    _pipes: (Option<ChildStdin>, BufReader<ChildStdout>),
}

impl Program {
    pub(crate) fn start() -> Program {
        Program::start_file(&std::env::current_exe().expect("this program"))
    }

    /// The same from a copy of this executable.
    pub(crate) fn start_file(file: &Path) -> Program {
        let mut child = Command::new(file)
            .args(["--exact", "program::watched_program", "--nocapture"])
            .env(CHILD, "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a child");
        let mut out = BufReader::new(child.stdout.take().expect("piped"));
        let mut line = String::new();
        let url = loop {
            line.clear();
            assert!(
                out.read_line(&mut line).expect("a line") > 0,
                "the program ended"
            );
            if let Some(at) = line.find("http://") {
                break line[at..].trim().to_owned();
            }
        };
        Program {
            _pipes: (child.stdin.take(), out),
            child,
            url,
        }
    }

    pub(crate) fn pid(&self) -> String {
        self.child.id().to_string()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Not a test: the program. Ends when its standard input does.
#[test]
fn watched_program() {
    if std::env::var_os(CHILD).is_none() {
        return;
    }
    std::thread::spawn(|| {
        let _ = std::io::stdin().read(&mut [0]);
        std::process::exit(0);
    });
    let server =
        tidemap_live::Server::start(&tidemap_live::ServeOptions::default()).expect("a free port");
    let mut rests: tidemap::HashMap<String, u64> =
        tidemap::HashMap::builder().name("rests").build();
    for n in 0..1_000 {
        rests.insert(n.to_string(), n);
    }
    rests.probe_refresh();
    let mut grows: tidemap::HashMap<u64, u64> = tidemap::HashMap::builder().name("grows").build();
    println!("{}", server.url());
    std::io::stdout().flush().expect("a reader");
    for n in 0.. {
        grows.insert(n, n);
        if n % 200 == 0 {
            std::thread::sleep(Duration::from_millis(1));
        }
        if grows.len() > 400_000 {
            grows = tidemap::HashMap::builder().name("grows").build();
        }
    }
}
