//! The parent's side of a run: one child process per map and repeat.
//!
//! A process of its own gives each map a heap of its own, so that memory peaks
//! and allocator state are nobody else's, and a map that crashes takes nothing
//! along.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;

use anyhow::{Context, Result, anyhow, bail};

use super::child::Message;
use super::run_report::{MapRun, Observed};
use super::stream::Stream;
use super::wire::{self, Job, Mode};

/// Runs `job` in a child and gives its figures.
pub(crate) fn measure(
    job: &Job,
    stream: &Stream,
    progress: &mut dyn FnMut(u8, u64),
) -> Result<MapRun> {
    match talk(this_program()?, job, stream, progress)? {
        Message::Run(run) => Ok(*run),
        _ => bail!(
            "the run of `{}` sent something else than its figures",
            job.map
        ),
    }
}

/// Runs `job` in a child and gives the answers from operation `from` to `to`.
pub(crate) fn answers(job: &Job, stream: &Stream, from: u64, to: u64) -> Result<Vec<(u8, u64)>> {
    let job = Job {
        mode: Mode::Answers { from, to },
        progress: false,
        ..job.clone()
    };
    match talk(this_program()?, &job, stream, &mut |_, _| {})? {
        Message::Answers(answers) => Ok(answers),
        _ => bail!(
            "the run of `{}` sent something else than its answers",
            job.map
        ),
    }
}

/// Runs `job` in a child that observes its map.
pub(crate) fn observe(
    job: &Job,
    stream: &Stream,
    progress: &mut dyn FnMut(u8, u64),
) -> Result<Observed> {
    match talk(this_program()?, job, stream, progress)? {
        Message::Observed(observed) => Ok(*observed),
        _ => bail!(
            "the observed run of `{}` sent something else than what it saw",
            job.map
        ),
    }
}

/// The command that starts a child.
fn this_program() -> Result<Command> {
    let program = std::env::current_exe().context("cannot find the running program")?;
    let mut command = Command::new(program);
    command.arg("replay-child");
    // Whoever watches all maps of a program does not want its measurements disturbed.
    command.env_remove("TIDEMAP_OBSERVE");
    command.env_remove("TIDEMAP_TRACE");
    Ok(command)
}

/// Starts `command`, sends `job`, and gives the message that ends it.
fn talk(
    mut command: Command,
    job: &Job,
    stream: &Stream,
    progress: &mut dyn FnMut(u8, u64),
) -> Result<Message> {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start the process that runs `{}`", job.map))?;
    let mut input = child.stdin.take().expect("piped above");
    let output = child.stdout.take().expect("piped above");
    let mut complaints = child.stderr.take().expect("piped above");
    let mut guard = Reaper(child);

    let complaints = thread::spawn(move || {
        let mut text = Vec::new();
        // A reader that fails leaves what it has.
        let _ = complaints.by_ref().take(64 << 10).read_to_end(&mut text);
        let _ = std::io::copy(&mut complaints, &mut std::io::sink());
        String::from_utf8_lossy(&text).into_owned()
    });
    // A child that dies early breaks the pipe; its exit status says why.
    let sent = wire::write(job, stream, &mut input);
    drop(input);

    let mut last = None;
    for line in BufReader::new(output).lines() {
        let Ok(line) = line else { break };
        match serde_json::from_str(&line) {
            Ok(Message::Progress(pass, done)) => progress(pass, done),
            Ok(message) => last = Some(message),
            Err(error) => {
                return Err(error)
                    .with_context(|| format!("the run of `{}` sent a garbled message", job.map));
            }
        }
    }
    let status = guard.0.wait().context("cannot wait for a run")?;
    let complaints = complaints.join().unwrap_or_default();
    if !status.success() {
        return Err(death(job, status, &complaints));
    }
    sent.with_context(|| format!("cannot send the workload to the run of `{}`", job.map))?;
    match last {
        Some(Message::Failed(why)) => bail!("the run of `{}` failed: {why}", job.map),
        Some(message) => Ok(message),
        None => bail!("the run of `{}` ended without a result", job.map),
    }
}

/// How a child died, with what it said last.
fn death(job: &Job, status: ExitStatus, complaints: &str) -> anyhow::Error {
    let how = how_it_ended(status);
    // Rust's panics take two lines: where, then why.
    let mut lines = complaints.lines().filter(|line| !line.trim().is_empty());
    let said = match complaints.find("panicked at") {
        Some(at) => complaints[at..]
            .lines()
            .take(2)
            .collect::<Vec<_>>()
            .join(" "),
        None => lines.next_back().unwrap_or_default().to_owned(),
    };
    if said.is_empty() {
        anyhow!("the run of `{}` {how}", job.map)
    } else {
        anyhow!("the run of `{}` {how}: {said}", job.map)
    }
}

#[cfg(unix)]
fn how_it_ended(status: ExitStatus) -> String {
    use std::os::unix::process::ExitStatusExt;
    match status.signal() {
        Some(9) => "was killed (signal 9; the system does that when memory runs out)".to_owned(),
        Some(signal) => format!("was ended by signal {signal}"),
        None => format!("ended with exit code {}", status.code().unwrap_or(-1)),
    }
}

#[cfg(not(unix))]
fn how_it_ended(status: ExitStatus) -> String {
    format!("ended with {status}")
}

/// Leaves no child behind on an early return.
struct Reaper(Child);

impl Drop for Reaper {
    fn drop(&mut self) {
        // Both fail if the child has been waited for, which is the usual case.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use crate::replay::maps::{MapChoice, MapName};
    use crate::replay::stream::{Builder, OpKind};

    fn error_of(script: &str) -> String {
        let mut builder = Builder::ints();
        for key in 0..100_000 {
            builder.push_int(OpKind::Put, key, 0).unwrap();
        }
        let map = MapChoice {
            name: MapName::Std,
            presized: false,
        };
        let mode = Mode::Measure { growths: vec![] };
        let job = Job {
            map,
            ops: 1,
            scale: 1,
            seed: 1,
            progress: false,
            mode,
        };
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        format!(
            "{:#}",
            talk(command, &job, &builder.finish(), &mut |_, _| {}).unwrap_err()
        )
    }

    #[test]
    fn every_death_is_told() {
        let check = |script: &str, part: &str| {
            let error = error_of(script);
            assert!(
                error.contains("`std`") && error.contains(part),
                "{script}: {error}"
            );
        };
        check("kill -9 $$", "killed (signal 9");
        check("kill -11 $$", "signal 11");
        check("echo 'disk is sad' >&2; exit 3", "exit code 3: disk is sad");
        check(
            "printf 'thread main panicked at map.rs:7:\nbucket 3 is full\n' >&2; exit 101",
            "panicked at map.rs:7: bucket 3 is full",
        );
        check("cat > /dev/null", "without a result");
        check(
            "cat > /dev/null; echo '{\"failed\":\"no room\"}'",
            "failed: no room",
        );
        check("cat > /dev/null; echo nonsense", "garbled");
    }
}
