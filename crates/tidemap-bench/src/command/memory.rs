//! `tidemap-bench memory`: resident bytes while a map grows and empties.

use std::process::ExitCode;

use tidemap_bench::curve;
use tidemap_bench::machine::Machine;

use super::{
    Output, Progress, machine_notes, maps_or, parsed_sizes, print, this_program, verdict,
    warn_if_unoptimised,
};

const MAPS: [&str; 5] = [
    "tidemap",
    "tidemap-shrinking",
    "hashbrown",
    "griddle",
    "std",
];

/// Arguments of `memory`.
#[derive(Debug, clap::Args)]
pub(crate) struct Memory {
    /// Grow to 2M.
    #[arg(long)]
    quick: bool,
    /// Entries to grow to, from a quarter of it on [default: 20M, or 2M with --quick].
    #[arg(long, value_name = "SIZE")]
    size: Option<String>,
    /// Maps [default: tidemap, tidemap-shrinking, hashbrown, griddle, std].
    #[arg(long, value_delimiter = ',', value_name = "MAP")]
    maps: Option<Vec<String>>,
    #[command(flatten)]
    output: Output,
}

impl Memory {
    pub(crate) fn run(&self) -> anyhow::Result<ExitCode> {
        self.output.check()?;
        let size = self
            .size
            .as_deref()
            .unwrap_or(if self.quick { "2M" } else { "20M" });
        let size = parsed_sizes(&[size.to_owned()])?[0];
        let maps = maps_or(self.maps.as_ref(), &MAPS)?;
        let progress = Progress::new();
        let (figures, complaints) =
            curve::compare(&this_program()?, &maps, size, |next| progress.show(next))?;
        drop(progress);
        let machine = Machine::detect();
        let mut notes = Vec::new();
        warn_if_unoptimised(&mut notes);
        if figures
            .all
            .iter()
            .all(|figure| !figure.what.starts_with("resident"))
        {
            notes.push("this system does not tell resident memory".to_owned());
        }
        print(&figures.table("resident-per-entry-growing", "bytes per entry, by entries"))?;
        print(&figures.table("resident-removing", "bytes, by entries left"))?;
        self.output.write(&machine, &figures, &notes, || {
            curve::page(&figures, [machine_notes(&machine), notes.clone()].concat())
        })?;
        Ok(verdict(&complaints))
    }
}
