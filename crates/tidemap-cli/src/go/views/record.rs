//! `tidemap go record`: a bounded series of looks that every view replays.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use tidemap_inspect::recording::Recorder;

use super::source::{Source, TargetArgs};
use crate::replay::units::bytes;

/// Record the maps of a process over time, in a file that stays within a bound
#[derive(clap::Args)]
#[command(before_help = "Examples:
  tidemap go record 4242 night.tmr --interval 10s --for 8h
  tidemap go record 4242 r.tmr --count 2 --interval 1m && tidemap go diff r.tmr
  tidemap go top night.tmr                       every view takes a recording where it takes a pid")]
pub(crate) struct Args {
    #[command(flatten)]
    target: TargetArgs,
    /// The file to write; an old one is replaced
    file: PathBuf,
    /// Time between looks
    #[arg(long, default_value = "1s", value_parser = super::parse_duration)]
    interval: Duration,
    /// Stop after this many looks
    #[arg(long)]
    count: Option<u64>,
    /// Stop after this time
    #[arg(long = "for", value_name = "TIME", value_parser = super::parse_duration)]
    time: Option<Duration>,
    /// Bytes of the file at most; over them the oldest looks go
    #[arg(long, default_value = "64M", value_parser = super::parse_size)]
    max_size: u64,
}

/// Runs `tidemap go record`.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let mut source = Source::open(&args.target)?;
    // The first look comes first: a target that cannot be read leaves an old recording alone.
    let Some(mut snapshot) = source.look()? else {
        anyhow::bail!("{}: there is nothing to record", args.target.target);
    };
    let mut recorder = Recorder::create(&args.file, args.max_size)?;
    let begun = Instant::now();
    let mut looks = 0;
    let ended = loop {
        recorder.add(&snapshot)?;
        looks += 1;
        if args.count.is_some_and(|count| looks >= count) {
            break "as many looks as asked for";
        }
        if source.is_live() {
            let wait = args.interval;
            if args.time.is_some_and(|time| begun.elapsed() + wait >= time) {
                break "the time is over";
            }
            std::thread::sleep(wait);
        }
        snapshot = match source.look()? {
            Some(snapshot) => snapshot,
            None if source.is_live() => break "the process exited",
            None => break "no more looks in the source",
        };
    };
    eprintln!(
        "tidemap: {}: {} looks, {} ({ended}{})",
        args.file.display(),
        recorder.snapshots(),
        bytes(recorder.bytes() as f64),
        match recorder.dropped() {
            0 => String::new(),
            dropped => format!("; {dropped} older ones gave way to the bound"),
        }
    );
    Ok(ExitCode::SUCCESS)
}
