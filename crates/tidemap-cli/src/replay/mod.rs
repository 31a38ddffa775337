//! `tidemap replay`: a real workload against several maps.
//!
//! What happens, and where to read it:
//!
//! ```text
//! source ─▶ format ─▶ stream      a file becomes operations over interned keys
//!                       │
//!           wire        ▼         the parent sends them to a child per map
//!           supervise ─▶ child ─▶ runner ─▶ schedule, workload, clock,
//!                       │                   latency, memory, noise, answers
//!                       ▼
//!           compare ─▶ report ─▶ report_text, report_html (and JSON)
//! ```
//!
//! Each tidemap is replayed twice: observed first, which gives its growths and what [`outputs`] writes, then measured.

mod answers;
mod args;
mod child;
mod clock;
mod compare;
mod format;
mod growths;
mod latency;
mod maps;
mod memory;
mod noise;
mod out_file;
mod outputs;
mod report;
mod report_html;
mod report_text;
mod run_report;
mod runner;
mod schedule;
mod source;
mod stream;
mod supervise;
pub(crate) mod units;
mod wire;
mod workload;

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use anyhow::{Context, Result};
use indicatif::{ProgressBar, ProgressStyle};

pub(crate) use args::Args;

use compare::{Difference, What};
use maps::{MapChoice, MapName};
use out_file::OutFile;
use outputs::Outputs;
use report::{Input, Machine, MapReport, Replay, Report, SCHEMA};
use run_report::{MapRun, Observed};
use source::Source;
use stream::{Keys, Stream};
use wire::{Job, Mode, Observe};

/// Exit code of a difference.
const DIFFERENT: u8 = 1;
/// Passes of a run that take time in proportion to the operations; see `runner`.
const PASSES: u64 = 3;

/// Runs `tidemap replay`.
pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    args.check()?;
    // Before the work: a report that cannot be written is known at once.
    let page = args
        .html
        .as_deref()
        .map(|path| OutFile::create(path, "report"));
    let page = page.transpose()?;
    let mut outputs = Some(Outputs::create(args)?);
    let mut replays = Vec::new();
    if args.files.is_empty() {
        replays.push(replay(args, Source::sample()?, &mut outputs)?);
    }
    for file in &args.files {
        replays.push(replay(args, Source::open(file)?, &mut outputs)?);
    }
    let report = Report {
        schema: SCHEMA,
        version: env!("CARGO_PKG_VERSION"),
        equal: replays.iter().all(|replay| replay.equal),
        machine: Machine::here(),
        replays,
    };
    if let Some(mut page) = page {
        page.write(report_html::render(&report)?.as_bytes())?;
        page.finish()?;
    }
    print(args, &report)?;
    Ok(if report.equal {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(DIFFERENT)
    })
}

/// Runs `tidemap replay-child`.
pub(crate) fn run_child() -> Result<ExitCode> {
    child::run()?;
    Ok(ExitCode::SUCCESS)
}

/// Replays one workload on every map. The first tidemap gives what `outputs` writes.
fn replay(args: &Args, source: Source, outputs: &mut Option<Outputs>) -> Result<Replay> {
    let (name, built_in, compression) = (source.name.clone(), source.built_in, source.compression);
    let parsed = format::parse(source, args.format)?;
    let stream = &parsed.stream;
    let ops_in_input = stream.ops.len() as u64;
    let ops = (ops_in_input * u64::from(args.scale)).min(args.ops.unwrap_or(u64::MAX));
    let observed_count = args.map.iter().filter(|map| is_observed(map)).count() as u64;
    let passes = PASSES * args.map.len() as u64 * u64::from(args.repeat) + observed_count;
    let progress = progress_bar(ops * passes);
    let mut jobs: Vec<Job> = args
        .map
        .iter()
        .map(|&map| Job {
            map,
            ops,
            scale: args.scale,
            seed: args.seed,
            progress: !progress.is_hidden(),
            mode: Mode::Measure { growths: vec![] },
        })
        .collect();

    let mut done = 0;
    let mut observed: Vec<Option<Observed>> = Vec::new();
    for job in &mut jobs {
        if !is_observed(&job.map) {
            observed.push(None);
            continue;
        }
        progress.set_message(format!("{}, observed", job.map));
        let seen = observe(job, &name, stream, outputs.take(), &mut |ops_done| {
            progress.set_position(done + ops_done);
        })?;
        job.mode = Mode::Measure {
            growths: seen.growths.clone(),
        };
        observed.push(Some(seen));
        done += ops;
    }

    // Repeats outside, maps inside: what changes on the machine in between
    // meets all maps alike.
    let mut runs: Vec<Vec<MapRun>> = vec![Vec::new(); jobs.len()];
    for _ in 0..args.repeat {
        for (job, runs) in jobs.iter().zip(&mut runs) {
            progress.set_message(job.map.to_string());
            let run = supervise::measure(job, stream, &mut |pass, ops_done| {
                progress.set_position(done + u64::from(pass - 1) * ops + ops_done.min(ops));
            })
            .with_context(|| format!("cannot replay {name}"))?;
            runs.push(run);
            done += ops * PASSES;
            progress.set_position(done);
        }
    }
    progress.finish_and_clear();

    let differences = differences(&jobs, &runs, &observed, stream)?;
    Ok(Replay {
        input: Input {
            name,
            built_in,
            format: parsed.format.as_str(),
            format_recognised: parsed.detected,
            compression,
            ops_in_input,
            distinct_keys: stream.keys.len() as u64,
            key_type: stream.keys.type_name(),
            entry_bytes: entry_bytes(stream),
            stream_bytes: stream.bytes(),
            scale: args.scale,
            seed: args.seed,
            ops,
        },
        equal: differences.is_empty(),
        differences,
        maps: runs.into_iter().map(MapReport::new).collect(),
    })
}

/// Whether a map can tell what it does.
fn is_observed(map: &MapChoice) -> bool {
    map.name == MapName::Tidemap
}

/// Replays on an observed map called `name`, and writes what is asked for.
fn observe(
    job: &Job,
    name: &str,
    stream: &Stream,
    outputs: Option<Outputs>,
    progress: &mut dyn FnMut(u64),
) -> Result<Observed> {
    let wanted = match &outputs {
        Some(outputs) => outputs.wanted(name)?,
        None => Observe {
            name: name.to_owned(),
            ..Observe::default()
        },
    };
    let job = Job {
        mode: Mode::Observe(wanted),
        ..job.clone()
    };
    let observed = supervise::observe(&job, stream, &mut |_, done| progress(done))
        .with_context(|| format!("cannot replay {name}"))?;
    if let Some(outputs) = outputs {
        outputs.finish(&observed)?;
    }
    Ok(observed)
}

/// Bytes of key and value in a map.
fn entry_bytes(stream: &Stream) -> u64 {
    let key = match stream.keys {
        Keys::Ints(_) => size_of::<u64>(),
        Keys::Bytes { .. } => size_of::<workload::ByteKey<'_>>(),
    };
    let value = if stream.times.is_empty() {
        size_of::<u64>()
    } else {
        size_of::<workload::Timed>()
    };
    (key + value) as u64
}

/// Every way in which the runs disagree; the first run of the first map is the
/// reference.
fn differences(
    jobs: &[Job],
    runs: &[Vec<MapRun>],
    observed: &[Option<Observed>],
    stream: &Stream,
) -> Result<Vec<Difference>> {
    let reference = &runs[0][0];
    let mut differences = Vec::new();
    for ((job, runs), observed) in jobs.iter().zip(runs).zip(observed) {
        let mut add = |reference: &MapRun, what| {
            differences.push(Difference {
                reference: reference.map.clone(),
                map: job.map.to_string(),
                what,
            });
        };
        let first = &runs[0];
        if let Some(what) = runs.iter().find_map(compare::check_alone) {
            add(first, what);
        }
        let is_repeated = runs[1..]
            .iter()
            .all(|run| compare::compare(first, run).is_none());
        let is_same_observed = observed
            .as_ref()
            .is_none_or(|observed| observed.digest == first.answers.digest);
        if !(is_repeated && is_same_observed) {
            add(first, What::Unrepeatable);
        }
        if let Some(mut what) = compare::compare(reference, first) {
            if let What::Answers { from, to, first } = &mut what {
                *first = compare::first_difference(&jobs[0], job, stream, *from, *to)?;
            }
            add(reference, what);
        }
    }
    Ok(differences)
}

/// A bar on a terminal's standard error, nothing elsewhere.
fn progress_bar(length: u64) -> ProgressBar {
    if !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{msg:18} {wide_bar} {percent:>3} % {eta:>4}")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(length).with_style(style)
}

/// Prints the report; a reader that has gone is not an error.
fn print(args: &Args, report: &Report) -> Result<()> {
    let text = if args.json {
        serde_json::to_string_pretty(report)? + "\n"
    } else {
        let colour = io::stdout().is_terminal()
            && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        let mut text = report_text::render(report, colour)?;
        if let Some(path) = &args.html {
            text.push_str(&format!("The page with plots: {}\n", path.display()));
        }
        text
    };
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        outcome => outcome.context("cannot write to standard output"),
    }
}

#[cfg(test)]
mod oracle_tests;
