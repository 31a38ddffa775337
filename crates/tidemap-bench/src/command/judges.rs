//! `tidemap-bench judges`: scenarios of others, and where tidemap loses.

use std::path::PathBuf;
use std::process::ExitCode;

use tidemap_bench::contenders::BASELINE;
use tidemap_bench::judges::{self, Scenario};
use tidemap_bench::machine::Machine;

use super::{Progress, check_folder, maps_or, print, verdict, warn_if_unoptimised};

const MAPS: [&str; 4] = ["tidemap", "hashbrown", "griddle", "std"];

/// Arguments of `judges`.
#[derive(Debug, clap::Args)]
pub(crate) struct Judges {
    /// tidemap and hashbrown alone, once each, at a tenth of the usual size.
    #[arg(long)]
    quick: bool,
    /// Part of the judge's own sizes [default: 0.02, or 0.002 with --quick].
    #[arg(long, value_name = "PART")]
    scale: Option<f64>,
    /// Scenarios whose name contains one of these.
    #[arg(long, value_delimiter = ',', value_name = "NAME")]
    scenarios: Vec<String>,
    /// Maps; hashbrown is always among them [default: tidemap, hashbrown, griddle, std].
    #[arg(long, value_delimiter = ',', value_name = "MAP")]
    maps: Option<Vec<String>>,
    /// Samples per map [default: 7, or 1 with --quick].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    repetitions: Option<u32>,
    /// The map whose losses are listed.
    #[arg(long, value_name = "MAP", default_value = "tidemap")]
    subject: String,
    /// Also write all figures to this CSV file.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl Judges {
    pub(crate) fn run(&self) -> anyhow::Result<ExitCode> {
        self.out.as_deref().map_or(Ok(()), check_folder)?;
        tidemap_bench::cases::check_map(&self.subject)?;
        let usual = if self.quick {
            judges::SCALE / 10.0
        } else {
            judges::SCALE
        };
        let scale = self.scale.unwrap_or(usual);
        anyhow::ensure!(
            scale.is_finite() && scale > 0.0 && scale <= 1.0,
            "the scale {scale} is not a part of the judge's sizes; pass a number above 0 and up to 1"
        );
        let default: &[&str] = if self.quick { &MAPS[..2] } else { &MAPS };
        let mut maps = maps_or(self.maps.as_ref(), default)?;
        if !maps.iter().any(|map| map == BASELINE) {
            maps.push(BASELINE.to_owned());
        }
        let scenarios: Vec<Scenario> = Scenario::select(Scenario::embedded(), &self.scenarios)?
            .iter()
            .map(|scenario| scenario.scaled(scale))
            .collect();
        let repetitions = self.repetitions.unwrap_or(if self.quick { 1 } else { 7 });
        let progress = Progress::new();
        let verdicts = judges::compare(&scenarios, &maps, repetitions as usize, |next| {
            progress.show(next);
        });
        drop(progress);
        let mut notes = vec![format!("scale: {scale} of the judges' own sizes")];
        warn_if_unoptimised(&mut notes);
        let head: String = notes.iter().map(|note| format!("{note}\n")).collect();
        print(&(head + &verdicts.table(&maps, &self.subject)))?;
        if let Some(path) = &self.out {
            let csv = verdicts.figures.csv(&Machine::detect(), &notes);
            tidemap_bench::record::write_whole(path, &csv)?;
        }
        Ok(verdict(&verdicts.complaints))
    }
}
