//! `tidemap-bench scale`: cost by number of entries, as a table, CSV and plot.

use std::path::PathBuf;
use std::process::ExitCode;

use tidemap_bench::machine::Machine;
use tidemap_bench::scale::{self, OPERATIONS, Runner};

use super::{
    Output, Progress, built_go_programs, machine_notes, maps_or, parsed_sizes, print, this_program,
    verdict, warn_if_unoptimised,
};

const MAPS: [&str; 4] = ["tidemap", "hashbrown", "griddle", "std"];

/// Arguments of `scale`.
#[derive(Debug, clap::Args)]
pub(crate) struct Scale {
    /// From 100 to 1M entries, four sizes per decade, once each.
    #[arg(long)]
    quick: bool,
    /// These sizes instead.
    #[arg(long, value_delimiter = ',', value_name = "SIZE", conflicts_with_all = ["from", "to", "per_decade"])]
    sizes: Option<Vec<String>>,
    /// Smallest size.
    #[arg(long, value_name = "SIZE", default_value = "100")]
    from: String,
    /// Largest size [default: 100M, or 1M with --quick].
    #[arg(long, value_name = "SIZE")]
    to: Option<String>,
    /// Sizes in each decade up to 10M [default: 6, or 4 with --quick].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=20))]
    per_decade: Option<u32>,
    /// Maps to measure [default: tidemap, hashbrown, griddle, std].
    #[arg(long, value_delimiter = ',', value_name = "MAP")]
    maps: Option<Vec<String>>,
    /// Programs that do the same work, as NAME=FILE [default: what ci/go-scale built].
    #[arg(long, value_delimiter = ',', value_name = "NAME=FILE")]
    programs: Option<Vec<String>>,
    /// Processes per map and size up to 10M; larger sizes run once [default: 3, or 1 with --quick].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    repetitions: Option<u32>,
    #[command(flatten)]
    output: Output,
}

impl Scale {
    fn sizes(&self) -> anyhow::Result<Vec<usize>> {
        if let Some(sizes) = &self.sizes {
            return parsed_sizes(sizes);
        }
        let to = self
            .to
            .as_deref()
            .unwrap_or(if self.quick { "1M" } else { "100M" });
        let limits = parsed_sizes(&[self.from.clone(), to.to_owned()])?;
        let (from, to) = (limits[0], *limits.last().expect("one or two"));
        let per_decade = self.per_decade.unwrap_or(if self.quick { 4 } else { 6 });
        Ok(scale::sizes(from, to, per_decade))
    }

    fn programs(&self) -> anyhow::Result<Vec<(String, PathBuf)>> {
        let Some(given) = &self.programs else {
            return Ok(built_go_programs());
        };
        given
            .iter()
            .filter(|item| !item.is_empty())
            .map(|item| {
                let (name, file) = item.split_once('=').ok_or_else(|| {
                    anyhow::anyhow!("`{item}` is no program; write NAME=FILE, such as go1.23=.cache/scale/go1.23")
                })?;
                Ok((name.to_owned(), PathBuf::from(file)))
            })
            .collect()
    }

    pub(crate) fn run(&self) -> anyhow::Result<ExitCode> {
        self.output.check()?;
        let program = this_program()?;
        let mut runners: Vec<Runner> = maps_or(self.maps.as_ref(), &MAPS)?
            .into_iter()
            .map(|map| Runner {
                arguments: ["scale-one", "--map", &map].map(str::to_owned).to_vec(),
                program: program.clone(),
                name: map,
            })
            .collect();
        let others = self.programs()?;
        if others.is_empty() && self.programs.is_none() {
            eprintln!("skipped: Go's maps (ci/go-scale builds the programs)");
        }
        runners.extend(others.into_iter().map(|(name, program)| Runner {
            name,
            program,
            arguments: Vec::new(),
        }));
        let repetitions = self.repetitions.unwrap_or(if self.quick { 1 } else { 3 });
        let progress = Progress::new();
        let (figures, complaints) =
            scale::compare(&runners, &self.sizes()?, repetitions as usize, |next| {
                progress.show(next)
            })?;
        drop(progress);
        let machine = Machine::detect();
        let mut notes = vec![
            "All Rust maps with foldhash, Go's with its own hash. A process per figure; processor time of \
             the thread, for Go of the whole process (its collector runs beside)."
                .to_owned(),
        ];
        warn_if_unoptimised(&mut notes);
        let mut text = String::new();
        for operation in OPERATIONS {
            text += &figures.table(operation, "ns per operation");
        }
        text += &figures.table("resident", "resident bytes per entry");
        text += &figures.table("own", "bytes per entry by the map's own account");
        print(&text)?;
        self.output.write(&machine, &figures, &notes, || {
            scale::page(&figures, [machine_notes(&machine), notes.clone()].concat())
        })?;
        Ok(verdict(&complaints))
    }
}
