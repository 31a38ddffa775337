//! `tidemap-bench traces`: whole-process runs on recorded workloads.

use std::path::PathBuf;
use std::process::ExitCode;

use tidemap_bench::contenders::BASELINE;
use tidemap_bench::machine::Machine;
use tidemap_bench::stats::Summary;
use tidemap_bench::traces::{self, FIGURES, Trace};

use super::{Progress, check_folder, print, this_program, verdict, warn_if_unoptimised};

const MAPS: [&str; 5] = [
    "hashbrown",
    "tidemap",
    "hashbrown:presized",
    "griddle",
    "std",
];

/// Arguments of `traces`.
#[derive(Debug, clap::Args)]
pub(crate) struct Traces {
    /// The built-in trace alone, three times.
    #[arg(long)]
    quick: bool,
    /// Traces by name.
    #[arg(long, value_delimiter = ',', value_name = "NAME")]
    traces: Vec<String>,
    /// Maps by the names of `tidemap replay` [default: hashbrown, tidemap, hashbrown:presized, griddle, std].
    #[arg(long, value_delimiter = ',', value_name = "MAP")]
    maps: Option<Vec<String>>,
    /// Replays of each trace [default: 7, or 3 with --quick].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    repetitions: Option<u32>,
    /// The `tidemap` program [default: the one beside this one].
    #[arg(long, value_name = "FILE")]
    tidemap: Option<PathBuf>,
    /// Also write all figures to this CSV file.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl Traces {
    pub(crate) fn run(&self) -> anyhow::Result<ExitCode> {
        self.out.as_deref().map_or(Ok(()), check_folder)?;
        let tidemap = match &self.tidemap {
            Some(program) => program.clone(),
            None => {
                this_program()?.with_file_name(format!("tidemap{}", std::env::consts::EXE_SUFFIX))
            }
        };
        anyhow::ensure!(
            tidemap.is_file(),
            "no program {}; build it (cargo build --release) or pass --tidemap",
            tidemap.display()
        );
        let wanted = match (self.quick, self.traces.is_empty()) {
            (true, true) => vec!["android-malloc".to_owned()],
            _ => self.traces.clone(),
        };
        let traces = Trace::select(Trace::embedded(), &wanted)?;
        let maps = match &self.maps {
            Some(maps) => maps.clone(),
            None => MAPS.map(str::to_owned).to_vec(),
        };
        let repetitions = self.repetitions.unwrap_or(if self.quick { 3 } else { 7 }) as usize;
        let progress = Progress::new();
        let folder = crate::data_folder();
        let (figures, complaints, left_out) = traces::compare(
            &tidemap,
            folder.as_deref(),
            &traces,
            &maps,
            repetitions,
            |next| progress.show(next),
        )?;
        drop(progress);
        let mut notes: Vec<String> = left_out
            .iter()
            .map(|what| format!("left out: {what}"))
            .collect();
        warn_if_unoptimised(&mut notes);
        let mut text = String::from(
            "Whole processes on recorded workloads; ratios to hashbrown, median of pairs.\n",
        );
        for note in &notes {
            text += &format!("{note}\n");
        }
        for trace in &traces {
            for (name, unit) in FIGURES {
                let what = format!("{}-{name}", trace.name);
                let baseline = figures.samples(&what, 0.0, BASELINE);
                for map in figures.maps() {
                    let samples = figures.samples(&what, 0.0, &map);
                    let Some(own) = Summary::of(samples) else {
                        continue;
                    };
                    let ratio = Summary::of_paired_ratios(samples, baseline)
                        .map_or(String::new(), |r| {
                            format!("{:.3} ({:.3}–{:.3})", r.median, r.min, r.max)
                        });
                    text += &format!(
                        "{what:<34} {map:<20} {:>14.1} {unit:<6} {ratio}\n",
                        own.median
                    );
                }
            }
        }
        print(&text)?;
        if let Some(path) = &self.out {
            let csv = figures.csv(&Machine::detect(), &notes);
            tidemap_bench::record::write_whole(path, &csv)?;
        }
        Ok(verdict(&complaints))
    }
}
