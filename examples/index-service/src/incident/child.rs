//! The service in a process of its own, which ends with this one.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};

use crate::index::MapKind;

/// How long the service may take to end: it completes its trace.
const PATIENCE: Duration = Duration::from_secs(30);

/// See the module. Dropping it ends the service without ceremony.
#[derive(Debug)]
pub(crate) struct Child {
    process: std::process::Child,
    /// The service ends when this is closed, whatever closes it.
    input: Option<ChildStdin>,
    url: String,
}

impl Child {
    /// Starts this program again, as the service.
    pub(crate) fn start(map: MapKind, trace: &Path) -> anyhow::Result<Child> {
        let program = std::env::current_exe().context("where is this program?")?;
        let mut process = Command::new(program)
            .args([
                "serve",
                "--port",
                "0",
                "--page-port",
                "0",
                "--until-input-ends",
            ])
            .args(["--map", map.as_str()])
            .arg("--trace")
            .arg(trace)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start the service")?;
        let (input, output) = (process.stdin.take(), process.stdout.take());
        let mut child = Child {
            process,
            input,
            url: String::new(),
        };
        let mut line = String::new();
        if let Some(output) = output {
            BufReader::new(output).read_line(&mut line)?;
        }
        let word = line.split_whitespace().nth(1).unwrap_or_default();
        if !word.starts_with("http://") {
            bail!("the service did not start");
        }
        word.clone_into(&mut child.url);
        Ok(child)
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Bytes of memory that it has, where the system tells.
    pub(crate) fn resident_bytes(&self) -> Option<u64> {
        let path = format!("/proc/{}/status", self.process.id());
        let text = std::fs::read_to_string(path).ok()?;
        let line = text.lines().find(|line| line.starts_with("VmRSS:"))?;
        let kib: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
        Some(kib * 1024)
    }

    /// Ends it; its trace is complete afterwards.
    pub(crate) fn stop(mut self) -> anyhow::Result<()> {
        drop(self.input.take());
        let until = Instant::now() + PATIENCE;
        while Instant::now() < until {
            if let Some(status) = self.process.try_wait()? {
                if !status.success() {
                    bail!("the service ended with {status}");
                }
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        bail!("the service does not end");
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // It may have ended already, and then there is nothing to do.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
