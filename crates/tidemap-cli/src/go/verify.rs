//! `tidemap go verify`: replay recorded runs of real Go against the model.

use std::fmt::Write;
use std::process::ExitCode;

use serde::Serialize;
use tidemap_go::verify::{Difference, Outcome, Summary, verify};

use super::input::open_trace;

/// Version of the JSON output.
const SCHEMA: &str = "tidemap.go.verify/1";

/// Replay recorded runs of real Go and compare every field, answer and digest
#[derive(clap::Args)]
#[command(before_help = "Examples:
  tidemap go verify testdata/go/*.zst
  oracle record -kind 3 -ops 50000 | tidemap go verify -
  tidemap go verify --json trace.txt.zst

Exit code 0: no difference. 1: the first difference is shown. 2: a trace cannot be read.")]
pub(crate) struct Args {
    /// Traces, plain or zstd; `-` is standard input
    #[arg(required = true)]
    traces: Vec<String>,
    /// Machine-readable output
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Report<'a> {
    schema: &'static str,
    same: bool,
    traces: Vec<TraceReport<'a>>,
    total: Figures,
}

#[derive(Serialize)]
struct TraceReport<'a> {
    trace: &'a str,
    map: &'static str,
    figures: Option<Figures>,
    difference: Option<DifferenceReport>,
}

#[derive(Serialize, Clone, Copy)]
struct Figures {
    operations: u64,
    hashes: u64,
    doublings: u64,
    same_size_growths: u64,
    clears: u64,
    iterator_steps: u64,
    digests: u64,
    memory_checks: u64,
    b_max: u8,
    count_max: u64,
}

impl From<Summary> for Figures {
    fn from(s: Summary) -> Self {
        Figures {
            operations: s.operations,
            hashes: s.hashes,
            doublings: s.doublings,
            same_size_growths: s.same_size_growths,
            clears: s.clears,
            iterator_steps: s.iterator_steps,
            digests: s.digests,
            memory_checks: s.memory_checks,
            b_max: s.max_b,
            count_max: s.max_count,
        }
    }
}

#[derive(Serialize)]
struct DifferenceReport {
    line: u64,
    field: &'static str,
    expected: String,
    actual: String,
    model: String,
    context: Vec<String>,
}

impl From<Difference> for DifferenceReport {
    fn from(d: Difference) -> Self {
        DifferenceReport {
            line: d.line,
            field: d.field,
            expected: d.expected,
            actual: d.actual,
            model: d.model,
            context: d.context,
        }
    }
}

/// Runs `tidemap go verify`.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let mut total = Summary::default();
    let mut same = true;
    let mut traces = Vec::new();
    let mut text = String::new();
    for path in &args.traces {
        let reader = open_trace(path)?;
        let map = reader.kind().go_type();
        let mut report = TraceReport {
            trace: path,
            map,
            figures: None,
            difference: None,
        };
        match verify(reader)? {
            Outcome::Same(summary) => {
                total.add(&summary);
                writeln!(
                    text,
                    "same     {path}  ({map})\n         {}",
                    figures(&summary)
                )?;
                report.figures = Some(summary.into());
            }
            Outcome::Differs(difference) => {
                same = false;
                write!(text, "DIFFERS  {difference}")?;
                report.difference = Some((*difference).into());
            }
        }
        traces.push(report);
    }
    if args.json {
        let report = Report {
            schema: SCHEMA,
            same,
            traces,
            total: total.into(),
        };
        text = serde_json::to_string_pretty(&report)? + "\n";
    } else {
        let checked = traces.iter().filter(|t| t.figures.is_some()).count();
        writeln!(
            text,
            "{checked} of {} traces without a difference",
            traces.len()
        )?;
        writeln!(text, "total    {}", figures(&total))?;
    }
    super::print(&text)?;
    Ok(if same {
        ExitCode::SUCCESS
    } else {
        super::EXIT_DIFFERENCE.into()
    })
}

fn figures(s: &Summary) -> String {
    let mut text = format!(
        "{} operations, {} doublings, {} same-size growths, {} clears, {} iterator steps, \
         {} hashes, {} digests",
        s.operations,
        s.doublings,
        s.same_size_growths,
        s.clears,
        s.iterator_steps,
        s.hashes,
        s.digests
    );
    if s.memory_checks > 0 {
        text += &format!(", {} byte counts", s.memory_checks);
    }
    text + &format!(", B up to {}", s.max_b)
}
