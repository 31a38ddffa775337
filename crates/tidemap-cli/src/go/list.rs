//! `tidemap go list`: every map of a running Go process or core dump.

use std::fmt::Write;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use tidemap_inspect::advice::{bytes, number};
use tidemap_inspect::model::{GrowthKind, MapRow, Proof, RootKind, Snapshot, TypeEvidence};
use tidemap_inspect::recording::Recording;
use tidemap_inspect::{Inspector, Options, Source};

use super::table::{Align, table, width};

/// Rows that a terminal gets unless told otherwise.
const TERMINAL_ROWS: usize = 40;
/// Lines of advice at most.
const ADVICE_LINES: usize = 12;

/// List every map of a running Go process or core dump
#[derive(clap::Args)]
#[command(before_help = "Examples:
  tidemap go list 4711                         maps of process 4711, largest first
  tidemap go list core.4711 --binary ./server  maps of a core dump
  tidemap go list 4711 --sort frees --limit 10 where a rebuild frees most
  tidemap go list 4711 --filter growing        maps in the middle of a growth
  tidemap go list 4711 --filter 'map[string]'  maps whose type, path or address contains this
  tidemap go list 4711 --json > maps.json
  tidemap go list 4711 --pprof maps.pb.gz      then: go tool pprof -http : maps.pb.gz
  tidemap go list night.tmr                    the last look of a recording

The process is not stopped: each map is read, checked, and read again when it
changed meanwhile; the PROOF column says how that went. docs/go-list.md explains
every column.")]
pub(crate) struct Args {
    #[command(flatten)]
    target: TargetArgs,
    #[command(flatten)]
    rows: RowArgs,
    /// Machine-readable output
    #[arg(long)]
    json: bool,
    /// Stop the process while headers are read, and say for how long
    #[arg(long)]
    pause: bool,
    /// Write a profile for `go tool pprof`: bytes, wasted, old, entries, maps
    #[arg(long, value_name = "FILE")]
    pprof: Option<PathBuf>,
}

/// Which target to look at.
#[derive(clap::Args)]
pub(crate) struct TargetArgs {
    /// Process id, or path of a core dump
    #[arg(value_name = "PID|CORE")]
    target: String,
    /// The executable, when the target does not name it or it has moved
    #[arg(long, value_name = "FILE")]
    binary: Option<PathBuf>,
}

impl TargetArgs {
    /// Opens the target.
    pub(crate) fn open(&self) -> anyhow::Result<Inspector> {
        Ok(Inspector::open(
            &Source::parse(&self.target),
            self.binary.as_deref(),
        )?)
    }
}

/// Which rows to print, and in which order.
#[derive(clap::Args)]
pub(crate) struct RowArgs {
    /// Order, largest first; `path` and `type` by name
    #[arg(long, value_enum, default_value_t = Sort::Bytes)]
    sort: Sort,
    /// Only rows whose type, path or address contains this; or one of
    /// growing, dead, racy, untyped
    #[arg(long, value_name = "TEXT")]
    filter: Vec<String>,
    /// Rows at most [default: all in a pipe, 40 on a terminal]
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
}

/// Orders.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Sort {
    /// Bytes held.
    Bytes,
    /// Entries.
    Count,
    /// Bytes that a rebuild frees.
    Frees,
    /// Bytes of old arrays.
    Old,
    /// Fullness.
    Load,
    /// Type name.
    Type,
    /// Where it is reached from.
    Path,
    /// Address.
    Address,
}

impl RowArgs {
    /// Sorts and filters; how many rows passed the filter.
    pub(crate) fn apply(&self, maps: &mut Vec<MapRow>, terminal: bool) -> usize {
        maps.retain(|row| self.filter.iter().all(|filter| passes(row, filter)));
        let by = |key: fn(&MapRow) -> u64| move |row: &MapRow| std::cmp::Reverse(key(row));
        match self.sort {
            Sort::Bytes => maps.sort_by_key(by(|r| r.bytes)),
            Sort::Count => maps.sort_by_key(by(|r| r.count)),
            Sort::Frees => maps.sort_by_key(by(|r| r.rebuild_frees)),
            Sort::Old => maps.sort_by_key(by(|r| r.old_bytes)),
            Sort::Load => maps.sort_by(|a, b| b.load.total_cmp(&a.load)),
            Sort::Type => maps.sort_by(|a, b| a.map_type.name.cmp(&b.map_type.name)),
            Sort::Path => maps.sort_by(|a, b| a.reached.path.cmp(&b.reached.path)),
            Sort::Address => maps.sort_by_key(|r| r.address),
        }
        let passed = maps.len();
        let limit = match (self.limit, terminal) {
            (Some(limit), _) => limit,
            (None, true) => TERMINAL_ROWS,
            (None, false) => usize::MAX,
        };
        maps.truncate(limit);
        passed
    }
}

fn passes(row: &MapRow, filter: &str) -> bool {
    match filter {
        "growing" => row.growth.is_some(),
        "dead" => row.unreachable,
        "racy" => row.proof == Proof::Racy,
        "untyped" => row.map_type.name.is_none(),
        text => {
            type_text(row).contains(text)
                || row.reached.path.contains(text)
                || format!("{:#x}", row.address) == text
        }
    }
}

/// Tells a terminal what is being done; quiet elsewhere.
pub(crate) fn progress() -> impl FnMut(&str) {
    let bar = std::io::stderr().is_terminal().then(|| {
        let bar = indicatif::ProgressBar::new_spinner();
        bar.enable_steady_tick(std::time::Duration::from_millis(200));
        bar
    });
    move |what: &str| {
        if let Some(bar) = &bar {
            bar.set_message(format!("reading: {what}"));
        }
    }
}

/// Runs `tidemap go list`.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let recording = Path::new(&args.target.target);
    let mut snapshot = if Recording::is_one(recording) {
        Recording::open(recording)?.newest()?
    } else {
        let options = Options { pause: args.pause };
        args.target.open()?.snapshot(options, &mut progress())?
    };
    if let Some(path) = &args.pprof {
        write_profile(&snapshot, path)
            .with_context(|| format!("{}: cannot be written", path.display()))?;
    }
    let terminal = std::io::stdout().is_terminal() && !args.json;
    let passed = args.rows.apply(&mut snapshot.maps, terminal);
    let text = if args.json {
        serde_json::to_string(&snapshot)? + "\n"
    } else {
        human(&snapshot, passed, width())
    };
    super::print(&text)?;
    Ok(ExitCode::SUCCESS)
}

/// Writes the profile beside its place and moves it there: nobody sees half of one.
fn write_profile(snapshot: &Snapshot, path: &Path) -> anyhow::Result<()> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let mut file = tempfile::NamedTempFile::new_in(folder.unwrap_or(Path::new(".")))?;
    tidemap_inspect::pprof::write(snapshot, &mut file)?;
    file.persist(path)?;
    Ok(())
}

/// The type of a row in words.
pub(crate) fn type_text(row: &MapRow) -> String {
    match (&row.map_type.name, row.map_type.candidates.as_slice()) {
        (Some(name), _) => name.clone(),
        (None, []) => "map[?]?".into(),
        (None, [first, rest @ ..]) => format!("{first} or {} more", rest.len()),
    }
}

/// Where a row is reached from in words.
pub(crate) fn path_text(row: &MapRow) -> String {
    let mut text = match row.reached.root {
        RootKind::Unknown if row.unreachable => "nothing: not yet swept".to_string(),
        RootKind::Unknown => "unknown".to_string(),
        _ => row.reached.path.clone(),
    };
    if row.unreachable && row.reached.root != RootKind::Unknown {
        text += " (dead)";
    }
    text
}

/// State of growth in words.
pub(crate) fn growth_text(row: &MapRow) -> String {
    match row.growth {
        None => "-".into(),
        Some(growth) => {
            let kind = match growth.kind {
                GrowthKind::Doubling => "double",
                GrowthKind::SameSize => "same",
            };
            format!("{kind} {:.0} %", growth.progress * 100.0)
        }
    }
}

/// Proof in a word.
pub(crate) fn proof_text(row: &MapRow) -> String {
    let text = match row.proof {
        Proof::Verified => "ok".to_string(),
        Proof::Retried => format!("ok, try {}", row.attempts),
        Proof::Racy => "racy".to_string(),
    };
    let writer = if row.writer_active { ", writer" } else { "" };
    let kind = match row.map_type.evidence {
        TypeEvidence::Undecided if row.map_type.candidates.is_empty() => ", type?",
        TypeEvidence::Undecided => ", types",
        _ => "",
    };
    text + writer + kind
}

fn human(snapshot: &Snapshot, passed: usize, width: usize) -> String {
    let classic = snapshot.target.design == tidemap_inspect::model::Design::Classic;
    let head = [
        ("ADDRESS", Align::Right),
        ("TYPE", Align::Left),
        ("COUNT", Align::Right),
        (if classic { "B" } else { "TABLES" }, Align::Right),
        ("LOAD", Align::Right),
        (if classic { "OVERFLOW" } else { "TOMBS" }, Align::Right),
        ("GROWING", Align::Left),
        ("BYTES", Align::Right),
        ("OLD", Align::Right),
        ("FREES", Align::Right),
        ("PROOF", Align::Left),
        ("REACHED FROM", Align::Left),
    ];
    let size = |n: u64| if n == 0 { "-".to_string() } else { bytes(n) };
    let rows: Vec<Vec<String>> = snapshot
        .maps
        .iter()
        .map(|row| {
            let (shape, extra) = match (row.classic, row.swiss) {
                (Some(c), _) => (c.b.to_string(), c.overflow),
                (_, Some(s)) if s.directory == 0 => ("small".into(), 0),
                (_, Some(s)) => (format!("{}/{}", s.tables, s.directory), s.tombstones),
                _ => ("-".into(), 0),
            };
            vec![
                format!("{:x}", row.address),
                type_text(row),
                number(row.count),
                shape,
                format!("{:.2}", row.load),
                number(extra),
                growth_text(row),
                bytes(row.bytes),
                size(row.old_bytes),
                size(row.rebuild_frees),
                proof_text(row),
                path_text(row),
            ]
        })
        .collect();
    let mut text = String::new();
    if !rows.is_empty() {
        text += &table(&head, &rows, width, 1);
        text += "\n";
    }
    if passed > rows.len() {
        let _ = writeln!(
            text,
            "{} of {} rows; --limit shows more",
            rows.len(),
            number(passed as u64)
        );
    }
    text += &summary_text(snapshot);
    text
}

/// The summary in words.
pub(crate) fn summary_text(snapshot: &Snapshot) -> String {
    let s = &snapshot.summary;
    let t = &snapshot.target;
    let mut text = String::new();
    let what = match (t.pid, &t.core) {
        (_, Some(core)) => core.clone(),
        (Some(pid), _) => format!("process {pid}"),
        _ => "target".into(),
    };
    let _ = writeln!(
        text,
        "{what}: {} ({}{})",
        t.binary,
        t.go_version,
        if t.dwarf {
            ""
        } else {
            ", no debug information"
        }
    );
    let share = 100.0 * s.bytes as f64 / s.heap_bytes.max(1) as f64;
    let _ = writeln!(
        text,
        "{} maps, {} entries, {}: {share:.1} % of the {} in live objects; {} typed, {} growing, {} dead",
        number(s.maps),
        number(s.entries),
        bytes(s.bytes),
        bytes(s.heap_bytes),
        number(s.typed),
        number(s.growing),
        number(s.unreachable)
    );
    let _ = writeln!(
        text,
        "{} objects of header size, {} header-shaped: {} are maps, {} are not; {} verified, {} retried, {} racy",
        number(s.header_sized_objects),
        number(s.header_shaped_objects),
        number(s.header_shaped_accepted),
        number(s.header_shaped_rejected),
        number(s.proofs.verified),
        number(s.proofs.retried),
        number(s.proofs.racy)
    );
    match s.paused_us {
        Some(us) => {
            let _ = writeln!(
                text,
                "read in {:.2} s; the process stood still for {:.1} ms",
                s.elapsed_us as f64 / 1e6,
                us as f64 / 1e3
            );
        }
        None => {
            let _ = writeln!(
                text,
                "read in {:.2} s without a stop",
                s.elapsed_us as f64 / 1e6
            );
        }
    }
    for note in &s.notes {
        let _ = writeln!(text, "note: {note}");
    }
    let mut advice: Vec<String> = s.advice.iter().map(|a| format!("advice: {a}")).collect();
    for row in &snapshot.maps {
        for line in &row.advice {
            advice.push(format!(
                "advice: {:x} {}: {line}",
                row.address,
                type_text(row)
            ));
        }
    }
    let more = advice.len().saturating_sub(ADVICE_LINES);
    for line in advice.into_iter().take(ADVICE_LINES) {
        text += &line;
        text += "\n";
    }
    if more > 0 {
        let _ = writeln!(text, "advice: {more} more; --json has all");
    }
    text
}
