//! Growing one map in a process of its own: its memory, and its longest insert.
//!
//! A process that has held other maps says little about the memory of the next
//! one, and its allocator has pages at hand that a fresh one must ask for. So
//! the comparison starts itself again, hidden subcommand `grow-one`, once per
//! contender and repetition, and reads one JSON line back.
//!
//! Two controls stand beside the longest insert: a presized hashbrown (no
//! growth, so what is left is page faults and the machine), and the same loop
//! without a map, run for as long as the slowest contender (what is left is
//! the machine alone).

use std::ffi::OsString;
use std::hint::black_box;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::cases::KeyKind;
use crate::contenders::{Contender, FixedHasher, PRESIZED, Visitor, with_map};
use crate::keys::{BenchKey, Source};
use crate::lanes::hasher;
use crate::launch::{LaunchError, ask};
use crate::measure::thread_cpu_ns;
use crate::memory::{peak_bytes, reset_peak, resident_bytes};
use crate::timed::{each_insert, each_round, wall_clock};
use crate::values::{BenchValue, Wide};

/// Lengths between two doublings at which memory is read.
const READINGS_PER_DOUBLING: u32 = 16;
/// A single operation longer than this counts as a stall.
const STALL_NS: u64 = 100_000;

/// What the process is to find out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Measure {
    /// Resident memory.
    Memory,
    /// The longest insert, wall time.
    Wall,
    /// The longest insert, processor time of the thread.
    Cpu,
}

impl Measure {
    fn as_str(self) -> &'static str {
        match self {
            Measure::Memory => "memory",
            Measure::Wall => "wall",
            Measure::Cpu => "cpu",
        }
    }
}

/// One run.
#[derive(Debug, Clone)]
pub struct Job {
    /// What to find out.
    pub measure: Measure,
    /// The contender; `None` for the loop without a map.
    pub map: Option<String>,
    /// How many entries.
    pub size: usize,
    /// Go on with the loop without a map until this much time has passed.
    pub at_least: Duration,
}

/// What a run found. Absent figures could not be measured on this system.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Found {
    /// Entries in the map at the end.
    pub len: u64,
    /// Inserts that replaced a value; right is 0.
    pub replaced: u64,
    /// The whole run, wall time.
    pub total_ns: u64,
    /// The longest operation by the clock asked for.
    pub worst_ns: Option<u64>,
    /// How many entries there were before the longest operation.
    pub worst_at: Option<u64>,
    /// Operations longer than 100 µs.
    pub stalls: Option<u64>,
    /// Their total length.
    pub stalls_ns: Option<u64>,
    /// Resident bytes at the end, above those at the start.
    pub final_bytes: Option<u64>,
    /// The most resident bytes, above those at the start.
    pub peak_bytes: Option<u64>,
    /// Resident bytes per entry, averaged over lengths spread geometrically from
    /// half the size to the size.
    pub bytes_per_entry_averaged: Option<f64>,
}

/// Runs `job` in this process.
///
/// # Panics
/// If the job names no contender, which [`crate::cases::check_map`] excludes.
#[must_use]
pub fn run(job: &Job, source: &Source) -> Found {
    match source.kind {
        KeyKind::U64 => run_keys::<u64, u64>(job, source),
        KeyKind::Wide => run_keys::<u64, Wide>(job, source),
        KeyKind::Words | KeyKind::Paths => run_keys::<String, u64>(job, source),
    }
}

fn run_keys<K: BenchKey, V: BenchValue>(job: &Job, source: &Source) -> Found {
    struct Grow<'a>(&'a Job, &'a Source);
    impl<K: BenchKey, V: BenchValue> Visitor<K, V, FixedHasher> for Grow<'_> {
        type Output = Found;
        fn visit<M: Contender<K, V> + Clone + 'static>(self) -> Found {
            run_map::<K, V, M>(self.0, self.1)
        }
    }
    match &job.map {
        None => run_without(job, |i| {
            black_box(K::make(source, i));
        }),
        Some(map) => with_map::<K, V, _, _>(map, Grow(job, source))
            .unwrap_or_else(|| panic!("no contender `{map}`")),
    }
}

fn run_map<K: BenchKey, V: BenchValue, M: Contender<K, V>>(job: &Job, source: &Source) -> Found {
    match job.measure {
        Measure::Memory => memory::<K, V, M>(job, source),
        Measure::Wall => longest::<K, V, M>(job, source, &mut wall_clock()),
        Measure::Cpu => longest::<K, V, M>(job, source, &mut thread_cpu_ns),
    }
}

/// The lengths at which memory is read.
fn readings(size: usize) -> Vec<usize> {
    let mut lengths: Vec<usize> = (1..=READINGS_PER_DOUBLING)
        .map(|i| {
            let part = 2_f64.powf(f64::from(i) / f64::from(READINGS_PER_DOUBLING) - 1.0);
            (size as f64 * part).round() as usize
        })
        .filter(|&length| length > 0)
        .collect();
    lengths.dedup();
    lengths
}

fn memory<K: BenchKey, V: BenchValue, M: Contender<K, V>>(job: &Job, source: &Source) -> Found {
    // Warm what reading `/proc` itself allocates before the first reading.
    black_box((resident_bytes(), peak_bytes()));
    let peak_is_ours = reset_peak();
    let start = resident_bytes();
    let began = Instant::now();
    let mut map = M::begin(job.size, hasher());
    let (mut found, mut at, mut per_entry) = (Found::default(), 0, Vec::new());
    for length in readings(job.size) {
        while at < length {
            let old = map.insert(K::make(source, at as u64), V::of(at as u64));
            found.replaced += u64::from(old.is_some());
            at += 1;
        }
        if let (Some(now), Some(start)) = (resident_bytes(), start) {
            found.final_bytes = Some(now.saturating_sub(start));
            per_entry.push(now.saturating_sub(start) as f64 / at as f64);
        }
    }
    if let (true, Some(start), Some(peak)) = (peak_is_ours, start, peak_bytes()) {
        found.peak_bytes = Some(peak.saturating_sub(start));
    }
    if !per_entry.is_empty() {
        let mean = per_entry.iter().sum::<f64>() / per_entry.len() as f64;
        found.bytes_per_entry_averaged = Some(mean);
    }
    found.total_ns = began.elapsed().as_nanos() as u64;
    found.len = map.len() as u64;
    black_box(&map);
    found
}

/// The longest of many operations, and those that stall.
#[derive(Debug, Default)]
struct Longest {
    worst_ns: u64,
    worst_at: u64,
    stalls: u64,
    stalls_ns: u64,
}

impl Longest {
    #[inline]
    fn note(&mut self, at: u64, ns: u64) {
        if ns > self.worst_ns {
            self.worst_ns = ns;
            self.worst_at = at;
        }
        if ns > STALL_NS {
            self.stalls += 1;
            self.stalls_ns += ns;
        }
    }

    fn into_found(self) -> Found {
        Found {
            worst_ns: Some(self.worst_ns),
            worst_at: Some(self.worst_at),
            stalls: Some(self.stalls),
            stalls_ns: Some(self.stalls_ns),
            ..Found::default()
        }
    }
}

fn longest<K: BenchKey, V: BenchValue, M: Contender<K, V>>(
    job: &Job,
    source: &Source,
    clock: &mut impl FnMut() -> u64,
) -> Found {
    let began = Instant::now();
    let mut map = M::begin(job.size, hasher());
    let mut longest = Longest::default();
    let replaced = each_insert(
        &mut map,
        job.size as u64,
        |i| K::make(source, i),
        clock,
        &mut |at, ns| longest.note(at, ns),
    );
    Found {
        len: map.len() as u64,
        replaced,
        total_ns: began.elapsed().as_nanos() as u64,
        ..longest.into_found()
    }
}

/// The same loop without a map, until `size` rounds are done and `at_least` has passed.
fn run_without(job: &Job, mut make: impl FnMut(u64)) -> Found {
    let mut timed = |mut clock: &mut dyn FnMut() -> u64| {
        let (began, mut longest) = (Instant::now(), Longest::default());
        let mut note = |at, ns| longest.note(at, ns);
        each_round(
            job.size as u64,
            job.at_least,
            &mut make,
            &mut clock,
            &mut note,
        );
        Found {
            total_ns: began.elapsed().as_nanos() as u64,
            ..longest.into_found()
        }
    };
    match job.measure {
        Measure::Memory => Found::default(),
        Measure::Wall => timed(&mut wall_clock()),
        Measure::Cpu => timed(&mut thread_cpu_ns),
    }
}

/// How to start this program again, and with which key files.
#[derive(Debug, Clone)]
pub struct Launcher {
    /// The program.
    pub program: PathBuf,
    /// `--words` and `--paths`, as this process got or found them.
    pub key_files: Vec<(KeyKind, PathBuf)>,
}

impl Launcher {
    /// Runs `job` with keys of `kind` in a process of its own.
    ///
    /// # Errors
    /// [`LaunchError`] if it cannot be started, fails or answers nonsense.
    pub fn launch(&self, job: &Job, kind: KeyKind) -> Result<Found, LaunchError> {
        let mut arguments: Vec<OsString> = ["grow-one", "--measure", job.measure.as_str()]
            .iter()
            .chain(&["--keys", kind.as_str()])
            .map(OsString::from)
            .collect();
        arguments.extend(["--size".into(), job.size.to_string().into()]);
        let at_least_ms = job.at_least.as_millis().to_string();
        arguments.extend(["--at-least-ms".into(), at_least_ms.into()]);
        if let Some(map) = &job.map {
            arguments.extend(["--map".into(), map.into()]);
        }
        for (kind, path) in &self.key_files {
            arguments.push(format!("--{}", kind.as_str()).into());
            arguments.push(path.into());
        }
        let what = format!("{} at {}", job.map.as_deref().unwrap_or("no map"), job.size);
        ask(&self.program, &arguments, &what)
    }
}

/// The presized control.
#[must_use]
pub fn presized_control(measure: Measure, size: usize) -> Job {
    Job {
        measure,
        map: Some(PRESIZED.to_owned()),
        size,
        at_least: Duration::ZERO,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cases::Case;
    use crate::contenders::MAP_NAMES;

    #[test]
    fn every_growth_case_gives_its_answer_on_every_map() {
        for case in Case::embedded()
            .iter()
            .filter(|case| case.workload.needs_process())
        {
            let source = match case.keys {
                kind @ (KeyKind::U64 | KeyKind::Wide) => Source::integers(kind),
                kind => Source::made_up(kind, 1000),
            };
            for &map in MAP_NAMES {
                for measure in [Measure::Memory, Measure::Wall, Measure::Cpu] {
                    for size in [1, 3, 2000] {
                        let found = run(
                            &Job {
                                measure,
                                map: Some(map.to_owned()),
                                size,
                                at_least: Duration::ZERO,
                            },
                            &source,
                        );
                        assert_eq!((found.len, found.replaced), (size as u64, 0), "{map}");
                        assert_eq!(found.worst_ns.is_some(), measure != Measure::Memory);
                    }
                }
            }
        }
    }

    #[test]
    fn the_loop_without_a_map_runs_for_the_time_asked_for() {
        let job = Job {
            measure: Measure::Wall,
            map: None,
            size: 10,
            at_least: Duration::from_millis(5),
        };
        let found = run(&job, &Source::integers(KeyKind::U64));
        assert!(
            found.total_ns >= 5_000_000 && found.worst_ns.is_some(),
            "{found:?}"
        );
    }

    #[test]
    fn readings_are_spread_over_one_doubling() {
        let lengths = readings(1 << 20);
        assert_eq!((lengths.len(), lengths[15]), (16, 1 << 20));
        assert!(lengths[0] > 1 << 19 && lengths.is_sorted());
        assert_eq!(readings(1), [1]);
    }

    #[test]
    fn stalls_are_counted_and_the_longest_is_located() {
        let mut longest = Longest::default();
        for (at, ns) in [(0, 50), (1, 200_000), (2, 700_000), (3, 10)] {
            longest.note(at, ns);
        }
        let found = longest.into_found();
        assert_eq!(found.worst_at, Some(2));
        assert_eq!((found.stalls, found.stalls_ns), (Some(2), Some(900_000)));
    }
}
