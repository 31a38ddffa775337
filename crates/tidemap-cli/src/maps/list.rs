//! `tidemap list`: the maps of a Rust program, once.

use std::process::ExitCode;

use super::feed::{Feed, TargetArgs};
use super::table::{self, Sort};

/// List the observed maps of a Rust program: a running process, a core, a recording, a live page
#[derive(Debug, clap::Args)]
#[command(before_help = "Examples:
  tidemap list 4242                              no port open, nothing is stopped
  tidemap list core.4242 --binary ./server
  tidemap list http://127.0.0.1:7117 --sort step --limit 10
  tidemap list maps.tmp --json                   the last look of a recording

The program observes maps with `tidemap`'s feature `probe` (docs/probe-live.md). For Go programs: tidemap go list.")]
pub(crate) struct Args {
    #[command(flatten)]
    target: TargetArgs,
    /// Order of the rows
    #[arg(long, value_enum, default_value = "bytes")]
    sort: Sort,
    /// Only maps whose name, type or file contains this
    #[arg(long, default_value = "", value_name = "TEXT")]
    filter: String,
    /// Rows at most
    #[arg(long, default_value_t = 40, value_name = "N")]
    limit: usize,
    /// Machine-readable output: a snapshot, its maps in order
    #[arg(long)]
    json: bool,
}

/// Runs `tidemap list`.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let mut feed = Feed::open(&args.target)?;
    let mut snapshot = feed.last()?.snapshot;
    if args.json {
        let rows = table::pick(&snapshot, args.sort, &args.filter);
        let rows = rows
            .into_iter()
            .filter(|row| row.id != tidemap_probe::MapId::OTHER);
        snapshot.maps = rows.take(args.limit).cloned().collect();
        crate::go::print(&format!("{}\n", serde_json::to_string_pretty(&snapshot)?))?;
        return Ok(ExitCode::SUCCESS);
    }
    let rows = table::pick(&snapshot, args.sort, &args.filter);
    let shown = &rows[..rows.len().min(args.limit)];
    let mut text = format!(
        "{} (process {}): {}\n",
        super::say::printable(&feed.program()),
        snapshot.pid,
        table::headline(&snapshot)
    );
    if shown.is_empty() && rows.is_empty() {
        text += "no map is observed; name one with `observe`, or run the program with TIDEMAP_OBSERVE=all\n";
    } else {
        text += &table::text(shown);
    }
    if shown.len() < rows.len() {
        text += &format!(
            "… {} more; --limit {} shows all\n",
            rows.len() - shown.len(),
            rows.len()
        );
    }
    crate::go::print(&text)?;
    Ok(ExitCode::SUCCESS)
}
