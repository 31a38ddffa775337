//! `tidemap go diff`: what changed between two looks.

use std::fmt::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use tidemap_inspect::diff::{ChangeKind, DiffRow, Difference, diff};

use super::source::{Source, TargetArgs};
use crate::go::EXIT_DIFFERENCE;
use crate::replay::units::{bytes, thousands};

/// Show what changed between two recordings, cores or processes
#[derive(clap::Args)]
#[command(before_help = "Examples:
  tidemap go diff monday.tmr friday.tmr          the last look of each
  tidemap go diff night.tmr                      its first look against its last
  tidemap go diff core.before core.after --binary ./server

Exit code: 0 no difference, 1 some, 2 failure.")]
pub(crate) struct Args {
    /// Recording, core or process id
    before: String,
    /// Another one; without it the first and last look of a recording are compared
    after: Option<String>,
    /// The executable, where the targets do not tell
    #[arg(long, value_name = "FILE")]
    binary: Option<PathBuf>,
    /// Rows at most
    #[arg(long, default_value_t = 40)]
    limit: usize,
    /// Machine-readable output
    #[arg(long)]
    json: bool,
}

/// Runs `tidemap go diff`.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let open = |target: &String| {
        Source::open(&TargetArgs {
            target: target.clone(),
            binary: args.binary.clone(),
        })
    };
    let (before, after) = match &args.after {
        Some(after) => (open(&args.before)?.last()?, open(after)?.last()?),
        None => open(&args.before)?.first_and_last()?,
    };
    let found = diff(&before, &after);
    if args.json {
        crate::go::print(&format!("{}\n", serde_json::to_string_pretty(&found)?))?;
    } else {
        crate::go::print(&human(&found, args.limit))?;
    }
    Ok(if found.rows.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(EXIT_DIFFERENCE)
    })
}

fn human(found: &Difference, limit: usize) -> String {
    let mut out = String::new();
    let (before, after) = (&found.before, &found.after);
    let _ = writeln!(
        out,
        "maps {} -> {}, entries {} -> {}, bytes {} -> {} ({}), wasted {} -> {}{}",
        thousands(before.maps),
        thousands(after.maps),
        thousands(before.entries),
        thousands(after.entries),
        bytes(before.bytes as f64),
        bytes(after.bytes as f64),
        signed_bytes(after.bytes as i64 - before.bytes as i64),
        bytes(before.rebuild_frees as f64),
        bytes(after.rebuild_frees as f64),
        match found.milliseconds {
            Some(ms) => format!(", {:.1} s apart", ms as f64 / 1e3),
            None => String::new(),
        },
    );
    let pairing = if found.same_process {
        "one process: maps paired by address"
    } else {
        "two processes: maps paired by path and type"
    };
    let _ = writeln!(out, "{pairing}; {} differ", found.rows.len());
    for row in found.rows.iter().take(limit) {
        let _ = writeln!(out, "{}", line(row));
    }
    if found.rows.len() > limit {
        let _ = writeln!(
            out,
            "… {} more; --limit {} shows all",
            found.rows.len() - limit,
            found.rows.len()
        );
    }
    out
}

fn line(row: &DiffRow) -> String {
    let mark = match row.change {
        ChangeKind::New => "new    ",
        ChangeKind::Gone => "gone   ",
        ChangeKind::Changed => "changed",
    };
    let mut text = format!(
        "{mark} {:>11} {:>9} entries  {}",
        signed_bytes(row.bytes_delta()),
        format!("{:+}", row.entries_delta()),
        row.type_name,
    );
    if !row.path.is_empty() {
        let _ = write!(text, "  {}", row.path);
    }
    if let Some(address) = row.address {
        let _ = write!(text, "  {address:#x}");
    }
    if !row.events.is_empty() {
        let _ = write!(text, "  ({})", row.events.join(", "));
    }
    text
}

fn signed_bytes(delta: i64) -> String {
    let sign = if delta < 0 { "-" } else { "+" };
    format!("{sign}{}", bytes(delta.unsigned_abs() as f64))
}
