//! `tidemap-bench tail` and `stalls`: how long single inserts take.

use std::path::PathBuf;
use std::process::ExitCode;

use tidemap_bench::machine::Machine;
use tidemap_bench::tail::{self, Counter, PERCENTILES, Plan};

use super::{
    Output, Progress, check_folder, machine_notes, maps_or, parsed_sizes, print, this_program,
    verdict, warn_if_unoptimised,
};

const MAPS: [&str; 6] = [
    "tidemap",
    "tidemap-prepared",
    "hashbrown",
    "hashbrown-presized",
    "griddle",
    "std",
];

/// Arguments of `tail`.
#[derive(Debug, clap::Args)]
pub(crate) struct Tail {
    /// Grow to 2M, once.
    #[arg(long)]
    quick: bool,
    /// Lengths to grow to [default: 30M,100M, or 2M with --quick].
    #[arg(long, value_delimiter = ',', value_name = "SIZE")]
    sizes: Option<Vec<String>>,
    /// Maps [default: tidemap, tidemap-prepared, hashbrown, hashbrown-presized, griddle, std].
    #[arg(long, value_delimiter = ',', value_name = "MAP")]
    maps: Option<Vec<String>>,
    /// Runs by each clock up to 50M entries; longer ones run once [default: 3, or 1 with --quick].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    repetitions: Option<u32>,
    /// Draw the longest insert by length in this SVG file, too.
    #[arg(long, value_name = "FILE")]
    stalls_svg: Option<PathBuf>,
    #[command(flatten)]
    output: Output,
}

impl Tail {
    pub(crate) fn run(&self) -> anyhow::Result<ExitCode> {
        self.output.check()?;
        self.stalls_svg.as_deref().map_or(Ok(()), check_folder)?;
        let default: &[&str] = if self.quick {
            &["2M"]
        } else {
            &["30M", "100M"]
        };
        let sizes = match &self.sizes {
            Some(sizes) => parsed_sizes(sizes)?,
            None => parsed_sizes(&default.iter().map(|&s| s.to_owned()).collect::<Vec<_>>())?,
        };
        let plan = Plan {
            program: this_program()?,
            maps: maps_or(self.maps.as_ref(), &MAPS)?,
            sizes: sizes.clone(),
            counters: vec![Counter::Wall, Counter::Cpu, Counter::Faults],
            repetitions: self.repetitions.unwrap_or(if self.quick { 1 } else { 3 }) as usize,
            system_calls: cfg!(target_os = "linux"),
        };
        let progress = Progress::new();
        let (figures, complaints, left_out) = tail::compare(&plan, |next| progress.show(next))?;
        drop(progress);
        let machine = Machine::detect();
        let mut notes = left_out;
        warn_if_unoptimised(&mut notes);
        let mut text: String = notes.iter().map(|note| format!("{note}\n")).collect();
        for clock in ["wall", "cpu"] {
            for (percentile, _) in PERCENTILES {
                text += &figures.table(&format!("{clock}-{percentile}"), "ns per insert");
            }
        }
        for (what, title) in [
            ("faults-sum", "page faults of all inserts"),
            ("inserts-with-faults", "inserts with a page fault"),
            ("faults-max", "page faults of one insert at most"),
            (
                "strace-system-calls",
                "system calls of all inserts, by strace",
            ),
            (
                "system-calls-max",
                "of one insert at most, by the map's account",
            ),
            (
                "fresh-pages-max",
                "of one insert at most, by the map's account",
            ),
            (
                "bytes-moved-max",
                "of one insert at most, by the map's account",
            ),
        ] {
            text += &figures.table(what, title);
        }
        print(&text)?;
        self.output.write(&machine, &figures, &notes, || {
            tail::page(&figures, &sizes, machine_notes(&machine))
        })?;
        if let Some(path) = &self.stalls_svg {
            let page = tail::stalls_page(&figures, machine_notes(&machine));
            tidemap_bench::record::write_whole(path, &page.svg())?;
        }
        Ok(verdict(&complaints))
    }
}

/// Arguments of `stalls`.
#[derive(Debug, clap::Args)]
pub(crate) struct Stalls {
    /// Grow to 2^21 entries, once.
    #[arg(long)]
    quick: bool,
    /// Grow to 2 to the power of this [default: 27, or 21 with --quick].
    #[arg(long, value_name = "POWER", value_parser = clap::value_parser!(u32).range(10..=31))]
    to: Option<u32>,
    /// Maps [default: tidemap, tidemap-prepared, hashbrown, hashbrown-presized, griddle, std].
    #[arg(long, value_delimiter = ',', value_name = "MAP")]
    maps: Option<Vec<String>>,
    /// Runs by each clock [default: 3, or 1 with --quick].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    repetitions: Option<u32>,
    #[command(flatten)]
    output: Output,
}

impl Stalls {
    pub(crate) fn run(&self) -> anyhow::Result<ExitCode> {
        self.output.check()?;
        let power = self.to.unwrap_or(if self.quick { 21 } else { 27 });
        let repetitions = self.repetitions.unwrap_or(if self.quick { 1 } else { 3 });
        let plan = Plan {
            program: this_program()?,
            maps: maps_or(self.maps.as_ref(), &MAPS)?,
            // As often as asked for, however long.
            sizes: vec![1 << power; repetitions as usize],
            counters: vec![Counter::Wall, Counter::Cpu],
            repetitions: 1,
            system_calls: false,
        };
        let progress = Progress::new();
        let (figures, complaints, _) = tail::compare(&plan, |next| progress.show(next))?;
        drop(progress);
        let machine = Machine::detect();
        let mut notes = vec![format!(
            "median of {repetitions} growths of each map by each clock"
        )];
        warn_if_unoptimised(&mut notes);
        let text: String = ["wall", "cpu"]
            .map(|clock| {
                figures.table(
                    &format!("{clock}-worst-by-length"),
                    "ns, the longest insert",
                )
            })
            .concat();
        print(&text)?;
        self.output.write(&machine, &figures, &notes, || {
            tail::stalls_page(&figures, [machine_notes(&machine), notes.clone()].concat())
        })?;
        Ok(verdict(&complaints))
    }
}
