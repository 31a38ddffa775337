//! Load at a fixed rate, and what it met.
//!
//! L1. Request `i` is due at `start + i / rate`, whatever happened to those before (an open loop). Its latency is counted from
//!     then, so that time spent waiting for a free connection is part of it.
//! L2. What a request asks for depends on its number and the seed alone.
//! L3. Every value can be told from its key, so every answer is checked.
//! L4. Bulk loading has a connection and a schedule of its own; a foreground request asks for keys that are there.
//! L5. A service that is gone ends the run: what was measured is told, with the reason.

mod keys;
mod report;
mod run;

pub use keys::{key_of, value_of};
pub(crate) use report::Us;
pub use report::{Bulk, Generator, Report, Row};
pub use run::{Progress, run, run_until};

use std::io::{IsTerminal, Write};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context as _, bail};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::app::PORT;

/// Connections at most.
const CONNECTIONS_MAX: u32 = 100;
/// Requests a second at most: the clock and the threads are not better than that.
const RATE_MAX: u64 = 200_000;
/// Spans of time at most, for each of which there is a histogram.
const WINDOWS_MAX: u64 = 10_000;
/// Entries of a bulk request at most; its body must fit.
const BATCH_MAX: u64 = 10_000;

/// Options of `load`.
#[derive(Debug, Clone, clap::Args)]
pub struct LoadArgs {
    /// Where the service is.
    #[arg(default_value_t = format!("http://127.0.0.1:{PORT}"))]
    pub url: String,
    /// Requests a second.
    #[arg(long, default_value_t = 2000)]
    pub rate: u64,
    /// How long, in seconds.
    #[arg(long, default_value_t = 10)]
    pub seconds: u64,
    /// Connections, each with a thread.
    #[arg(long, default_value_t = 16)]
    pub connections: u32,
    /// Of a hundred requests so many store a value, the others ask for one.
    #[arg(long, default_value_t = 5)]
    pub writes: u64,
    /// Keys that requests ask for and store.
    #[arg(long, default_value_t = 100_000)]
    pub keys: u64,
    /// Store so many entries a second beside that, in bulk, with new keys: the index grows.
    #[arg(long, default_value_t = 0)]
    pub ingest: u64,
    /// Entries of one bulk request.
    #[arg(long, default_value_t = 500)]
    pub batch: u64,
    /// Length of the spans of time that figures are told of, in milliseconds.
    #[arg(long, default_value_t = 1000)]
    pub window_ms: u64,
    /// Where the sequence of requests begins; the same seed makes the same requests.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Print everything as JSON, at the end.
    #[arg(long)]
    pub json: bool,
}

impl LoadArgs {
    /// Checks what the types do not.
    ///
    /// # Errors
    /// What does not fit, and what would.
    pub fn check(&self) -> anyhow::Result<()> {
        let within = |name: &str, value: u64, low: u64, high: u64| {
            if (low..=high).contains(&value) {
                Ok(())
            } else {
                bail!("--{name} {value}: use {low} to {high}")
            }
        };
        within("rate", self.rate, 1, RATE_MAX)?;
        within("seconds", self.seconds, 1, 24 * 3600)?;
        within(
            "connections",
            u64::from(self.connections),
            1,
            u64::from(CONNECTIONS_MAX),
        )?;
        within("writes", self.writes, 0, 100)?;
        within("keys", self.keys, 1, 1 << 40)?;
        within("ingest", self.ingest, 0, 10_000_000)?;
        within("batch", self.batch, 1, BATCH_MAX)?;
        within("window-ms", self.window_ms, 10, 3_600_000)?;
        let windows = (self.seconds * 1000).div_ceil(self.window_ms);
        if windows > WINDOWS_MAX {
            bail!("{windows} spans of time are too many; use a longer --window-ms");
        }
        Ok(())
    }

    /// Requests in all.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.rate * self.seconds
    }

    /// Requests due in one span of time.
    #[must_use]
    pub fn per_window(&self) -> u64 {
        (self.rate * self.window_ms / 1000).max(1)
    }

    /// When a request is due, from the start.
    #[must_use]
    pub fn due(&self, request: u64) -> Duration {
        Duration::from_nanos((u128::from(request) * 1_000_000_000 / u128::from(self.rate)) as u64)
    }
}

/// Runs load and prints what it met: 0 if every request got the right answer, 1 if not, 2 if the service went away or a
/// signal (SIGINT, SIGTERM) ended the run.
///
/// # Errors
/// When there is no service, or the options do not fit.
pub fn command(args: &LoadArgs) -> anyhow::Result<ExitCode> {
    let bar = if std::io::stderr().is_terminal() && !args.json {
        let style = ProgressStyle::with_template("{elapsed:>4} {wide_bar} {pos} of {len} {msg}")?;
        ProgressBar::with_draw_target(Some(args.requests()), ProgressDrawTarget::stderr_with_hz(5))
            .with_style(style)
    } else {
        ProgressBar::hidden()
    };
    let stop = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&stop);
    ctrlc::set_handler(move || told.store(true, Ordering::Relaxed))
        .context("cannot listen to signals")?;
    let report = run_until(&stop, args, &mut |progress| match progress {
        Progress::Started(stats) if !args.json => bar.suspend(|| {
            print(&format!(
                "{}\n{}\n",
                report::head_of(args, stats),
                report::COLUMNS
            ))
        }),
        Progress::Window(row) if !args.json => bar.suspend(|| print(&format!("{row}\n"))),
        Progress::Done(requests, entries) => {
            bar.set_position(requests);
            if entries > 0 {
                bar.set_message(format!("{entries} entries loaded"));
            }
        }
        _ => {}
    })?;
    bar.finish_and_clear();
    if args.json {
        print(&format!("{}\n", serde_json::to_string_pretty(&report)?));
    } else {
        print(&report.to_string());
    }
    if let Some(reason) = &report.ended_early {
        eprintln!("index-service: {reason}");
        return Ok(ExitCode::from(2));
    }
    Ok(ExitCode::from(u8::from(!report.is_right())))
}

/// A pipe that is closed is quiet.
fn print(text: &str) {
    let mut out = std::io::stdout().lock();
    if out
        .write_all(text.as_bytes())
        .and_then(|()| out.flush())
        .is_err()
    {
        std::process::exit(0);
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        load: LoadArgs,
    }

    fn args(words: &[&str]) -> LoadArgs {
        Line::parse_from(["load"].iter().chain(words)).load
    }

    #[test]
    fn options_that_do_not_fit_are_told() {
        assert!(args(&[]).check().is_ok());
        for (words, part) in [
            (["--rate", "0"], "--rate 0: use 1 to"),
            (["--connections", "101"], "--connections 101"),
            (["--writes", "101"], "use 0 to 100"),
            (["--batch", "0"], "--batch 0"),
            (["--seconds", "86401"], "--seconds"),
        ] {
            let error = args(&words).check().expect_err(part).to_string();
            assert!(error.contains(part), "{error}");
        }
        let error = args(&["--seconds", "1000", "--window-ms", "10"]).check();
        assert!(error.expect_err("many").to_string().contains("--window-ms"));
    }

    #[test]
    fn the_schedule_is_even() {
        let args = args(&["--rate", "3", "--seconds", "10", "--window-ms", "2000"]);
        assert_eq!((args.requests(), args.per_window()), (30, 6));
        assert_eq!(args.due(0), Duration::ZERO);
        assert_eq!(args.due(3), Duration::from_secs(1));
        assert_eq!(args.due(1).as_nanos(), 333_333_333);
    }
}
