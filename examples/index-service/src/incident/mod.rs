//! The incident: an index grows while it is asked, on one map and then on the other.
//!
//! Each run has a service in a process of its own, the same load ([`load`]) and a trace. What comes out is a report,
//! a table of spans of time, a plot, and the two traces, which say why.

mod child;
mod plot;
mod record;
mod trace;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use tidemap_bench::machine::Machine;

use crate::client::Client;
use crate::index::MapKind;
use crate::load::{self, LoadArgs, Progress, Report};
use child::Child;
pub use trace::{Growth, growths_of};

/// Options of `incident`.
#[derive(Debug, Clone, clap::Args)]
pub struct IncidentArgs {
    /// How long each map is under load, in seconds.
    #[arg(long, default_value_t = 20)]
    pub seconds: u64,
    /// Requests a second.
    #[arg(long, default_value_t = 1000)]
    pub rate: u64,
    /// Entries a second that are loaded in bulk.
    #[arg(long, default_value_t = 300_000)]
    pub ingest: u64,
    /// Length of the spans of time in the table and the plot, in milliseconds.
    #[arg(long, default_value_t = 250)]
    pub window_ms: u64,
    /// The folder for report, table, plot and traces; it is made if need be.
    #[arg(long, value_name = "FOLDER", default_value = "target/incident")]
    pub out: PathBuf,
}

impl IncidentArgs {
    /// The load, for a service at `url`.
    fn load(&self, url: String) -> LoadArgs {
        LoadArgs {
            url,
            rate: self.rate,
            seconds: self.seconds,
            connections: 16,
            writes: 5,
            keys: 1,
            ingest: self.ingest,
            batch: 500,
            window_ms: self.window_ms,
            seed: 1,
            json: false,
        }
    }

    /// The command that does this again.
    fn command(&self) -> String {
        format!(
            "cargo run --release -p index-service -- incident --seconds {} --rate {} --ingest {} --window-ms {}",
            self.seconds, self.rate, self.ingest, self.window_ms
        )
    }
}

/// One map under load.
#[derive(Debug)]
pub(crate) struct Run {
    map: MapKind,
    report: Report,
    /// Bytes resident, the most of each span of time; empty where the system does not tell.
    resident: Vec<u64>,
    growths: Vec<Growth>,
}

/// Plays the incident: 0 if every answer was right.
///
/// # Errors
/// When a service cannot be started, or a file not be written.
pub fn command(args: &IncidentArgs) -> anyhow::Result<ExitCode> {
    args.load("http://127.0.0.1:1".to_owned()).check()?;
    std::fs::create_dir_all(&args.out)
        .with_context(|| format!("cannot make the folder {}", args.out.display()))?;
    let mut runs = Vec::new();
    for map in [MapKind::Hashbrown, MapKind::Tidemap] {
        eprintln!("{}: {} s", map.as_str(), args.seconds);
        let run = play(args, map).with_context(|| format!("the run on {}", map.as_str()))?;
        runs.push(run);
    }
    let machine = Machine::detect();
    let text = record::text(args, &machine, &runs);
    write(&args.out.join("incident.txt"), &text)?;
    write(
        &args.out.join("incident.csv"),
        &record::table(args, &machine, &runs),
    )?;
    write(
        &args.out.join("incident.svg"),
        &plot::page(args, &machine, &runs).svg(),
    )?;
    print!("{text}");
    eprintln!("written to {}", args.out.display());
    let right = runs.iter().all(|run| run.report.is_right());
    Ok(ExitCode::from(u8::from(!right)))
}

fn play(args: &IncidentArgs, map: MapKind) -> anyhow::Result<Run> {
    let path = args.out.join(format!("{}.trace.json", map.as_str()));
    let service = Child::start(map, &path)?;
    let mut resident = Vec::new();
    let load = args.load(service.url().to_owned());
    // The key that the first requests ask for, before any are loaded.
    let client = Client::new(service.url())?;
    client.put(
        &format!("/entry/{}", load::key_of(0)),
        load::value_of(0).as_bytes(),
    )?;
    let mut highest = 0;
    let report = load::run(&load, &mut |progress| {
        if let Some(bytes) = service.resident_bytes() {
            highest = highest.max(bytes);
        }
        if let Progress::Window(_) = progress {
            resident.push(std::mem::take(&mut highest));
        }
    })?;
    if let Some(reason) = &report.ended_early {
        bail!("{reason}");
    }
    service.stop()?;
    let growths = growths_of(&path)?;
    Ok(Run {
        map,
        report,
        resident: if resident.contains(&0) {
            Vec::new()
        } else {
            resident
        },
        growths,
    })
}

/// Whole or not at all: readers never see half of a file.
fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    let draft = path.with_extension("draft");
    std::fs::write(&draft, text)
        .and_then(|()| std::fs::rename(&draft, path))
        .with_context(|| format!("cannot write {}", path.display()))
}
