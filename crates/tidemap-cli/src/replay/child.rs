//! The child's side of a run: a job on standard input, messages on standard output.

use std::io::{self, Write};
use std::time::{Duration, Instant};

use anyhow::Result;
use serde::{Deserialize, Serialize};

use super::run_report::{MapRun, Observed};
use super::runner::{self, Outcome};
use super::wire;

/// One line from child to parent.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Message {
    /// Pass number (from 1) and operations done in it.
    Progress(u8, u64),
    /// The end of a measurement.
    Run(Box<MapRun>),
    /// The end of a listing.
    Answers(Vec<(u8, u64)>),
    /// The end of an observed pass.
    Observed(Box<Observed>),
    /// The job could not be done.
    Failed(String),
}

/// Time between two progress messages; each costs a system call between two
/// operations (never inside one).
const PROGRESS_EVERY: Duration = Duration::from_millis(100);

/// Does the job on standard input.
pub(crate) fn run() -> Result<()> {
    let (job, stream) = wire::read(io::stdin().lock())?;
    let mut last = Instant::now();
    let mut progress = |pass, done| {
        if job.progress && last.elapsed() >= PROGRESS_EVERY {
            last = Instant::now();
            // Whoever read this is gone; the result will say so.
            let _ = send(&Message::Progress(pass, done));
        }
    };
    let message = match runner::run(&job, &stream, &mut progress) {
        Ok(Outcome::Run(run)) => Message::Run(run),
        Ok(Outcome::Answers(answers)) => Message::Answers(answers),
        Ok(Outcome::Observed(observed)) => Message::Observed(observed),
        Err(error) => Message::Failed(format!("{error:#}")),
    };
    send(&message)?;
    Ok(())
}

fn send(message: &Message) -> io::Result<()> {
    let mut line = serde_json::to_vec(message)?;
    line.push(b'\n');
    let mut out = io::stdout().lock();
    out.write_all(&line)?;
    out.flush()
}
