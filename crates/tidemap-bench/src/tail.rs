//! The tail: how long single inserts take while a map grows, and what the slow ones do.
//!
//! A process of its own grows one map and looks at a counter after every insert: wall time, the
//! thread's processor time, or its page faults. The figures are percentiles, the longest in each
//! doubling of the length (the *stall curve*), and totals. System calls are counted by `strace`
//! in a run without any clock; what a single insert did at most, in bytes, pages and calls, maps
//! that keep account say themselves.
//!
//! Two controls stand beside: a presized hashbrown, and the loop without a map.

use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

use crate::cases::Size;
use crate::compare::NO_MAP;
use crate::contenders::{Contender, FixedHasher, Visitor, with_map};
use crate::figures::Figures;
use crate::keys::{KEY_SEED, SplitMix};
use crate::lanes::hasher;
use crate::launch::{LaunchError, ask};
use crate::measure::thread_cpu_ns;
use crate::plot::{Axis, Line, Numbers, Page, Panel};
use crate::timed::{each_insert, each_round, wall_clock};

/// What is read after every insert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Counter {
    /// Wall time, ns.
    Wall,
    /// The thread's processor time, ns.
    Cpu,
    /// Page faults that needed no disk, of the thread.
    Faults,
    /// Nothing: for counting system calls from outside.
    Nothing,
}

impl Counter {
    /// The word on the command line and in figures.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Counter::Wall => "wall",
            Counter::Cpu => "cpu",
            Counter::Faults => "faults",
            Counter::Nothing => "nothing",
        }
    }

    fn unit(self) -> &'static str {
        match self {
            Counter::Wall | Counter::Cpu => "ns",
            Counter::Faults | Counter::Nothing => "count",
        }
    }
}

/// Shares of operations that take no longer, and their names.
pub const PERCENTILES: [(&str, f64); 7] = [
    ("p50", 0.5),
    ("p99", 0.99),
    ("p99.9", 0.999),
    ("p99.99", 0.9999),
    ("p99.999", 0.99999),
    ("p99.9999", 0.999999),
    ("max", 1.0),
];

/// Longest operation that the histogram tells apart: half an hour.
const TICKS_MAX: u64 = 1_800_000_000_000;
/// Points of the percentile plot for each factor of ten.
const POINTS_PER_DECADE: i32 = 4;

/// One run.
#[derive(Debug, Clone)]
pub struct Job {
    /// The contender; `None` for the loop without a map.
    pub map: Option<String>,
    /// How many entries.
    pub size: usize,
    /// What is read after every insert.
    pub counter: Counter,
    /// Go on with the loop without a map until this much time has passed.
    pub at_least: Duration,
}

/// What a run found.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Found {
    /// Entries in the map at the end.
    pub len: u64,
    /// Inserts that replaced a value; right is 0.
    pub replaced: u64,
    /// The whole run, wall time.
    pub total_ns: u64,
    /// The counter's sum over all operations.
    pub sum: u64,
    /// Operations that moved the counter at all.
    pub moved: u64,
    /// In the order of [`PERCENTILES`].
    pub percentiles: Vec<u64>,
    /// `(n, value)`: one operation in `n` took longer.
    pub one_in: Vec<(f64, u64)>,
    /// How many entries there were before the longest operation.
    pub worst_at: u64,
    /// `(length, value)`: the longest operation on the way to this length, from half of it on.
    pub worst_by_length: Vec<(u64, u64)>,
    /// Switches to another thread that were not asked for.
    pub preempted: Option<u64>,
    /// What the map says of its growth's work, `(name, total, the most of one operation)`.
    pub work: Vec<(String, u64, u64)>,
}

/// Page faults and unasked switches of this thread so far.
#[cfg(target_os = "linux")]
#[must_use]
pub fn thread_usage() -> Option<(u64, u64)> {
    use nix::sys::resource::{UsageWho, getrusage};
    let usage = getrusage(UsageWho::RUSAGE_THREAD).ok()?;
    let count = |n: i64| u64::try_from(n).unwrap_or(0);
    Some((
        count(usage.minor_page_faults() as i64),
        count(usage.involuntary_context_switches() as i64),
    ))
}

/// Page faults and unasked switches of this thread so far; this system does not tell.
#[cfg(not(target_os = "linux"))]
#[must_use]
pub fn thread_usage() -> Option<(u64, u64)> {
    None
}

/// Takes note of operations. All its memory is touched before the first.
struct Recorder {
    histogram: Histogram<u64>,
    sum: u64,
    moved: u64,
    worst: (u64, u64),
    /// The longest operation while the length had so many bits.
    worst_by_bits: [u64; 65],
}

impl Recorder {
    fn new() -> Recorder {
        let mut histogram =
            Histogram::new_with_max(TICKS_MAX, 3).expect("bounds of a histogram as it wants them");
        // Writes to all of it: what is noted must not cause page faults of its own.
        histogram.reset();
        Recorder {
            histogram,
            sum: 0,
            moved: 0,
            worst: (0, 0),
            worst_by_bits: [0; 65],
        }
    }

    #[inline]
    fn note(&mut self, at: u64, ticks: u64) {
        self.histogram.saturating_record(ticks);
        self.sum += ticks;
        self.moved += u64::from(ticks > 0);
        if ticks > self.worst.0 {
            self.worst = (ticks, at);
        }
        let worst = &mut self.worst_by_bits[(64 - at.leading_zeros()) as usize];
        *worst = ticks.max(*worst);
    }

    fn found(&self) -> Found {
        let ops = self.histogram.len();
        // The histogram rounds; the longest is known exactly.
        let at = |share: f64| self.histogram.value_at_quantile(share).min(self.worst.0);
        let mut one_in: Vec<(f64, u64)> = (POINTS_PER_DECADE..)
            .map(|i| 10_f64.powf(f64::from(i) / f64::from(POINTS_PER_DECADE)))
            .take_while(|n| *n < ops as f64)
            .map(|n| (n, at(1.0 - 1.0 / n)))
            .collect();
        one_in.push((ops as f64, self.worst.0));
        Found {
            sum: self.sum,
            moved: self.moved,
            percentiles: PERCENTILES
                .iter()
                .map(|(_, share)| {
                    if *share == 1.0 {
                        self.worst.0
                    } else {
                        at(*share)
                    }
                })
                .collect(),
            one_in,
            worst_at: self.worst.1,
            worst_by_length: (1..64)
                .filter(|bits| 1 << (bits - 1) < ops)
                .map(|bits| (1 << bits, self.worst_by_bits[bits]))
                .collect(),
            ..Found::default()
        }
    }
}

/// Runs `job` in this process; `None` if it names no map there is, or the system does not count
/// what it asks for.
#[must_use]
pub fn run(job: &Job) -> Option<Found> {
    match job.counter {
        Counter::Wall => run_with(job, wall_clock()),
        Counter::Cpu => run_with(job, thread_cpu_ns),
        Counter::Faults => {
            thread_usage()?;
            run_with(job, || thread_usage().map_or(0, |usage| usage.0))
        }
        Counter::Nothing => run_with(job, || 0),
    }
}

fn run_with(job: &Job, mut clock: impl FnMut() -> u64) -> Option<Found> {
    let mut recorder = Recorder::new();
    let (began, before) = (Instant::now(), thread_usage());
    let mut note = |at, ticks| recorder.note(at, ticks);
    let grown = match &job.map {
        Some(map) => with_map(
            map,
            Grow {
                size: job.size,
                clock: &mut clock,
                note: &mut note,
            },
        )?,
        None => {
            let make = |i| {
                black_box(SplitMix::at(KEY_SEED, i));
            };
            each_round(job.size as u64, job.at_least, make, &mut clock, &mut note);
            Found::default()
        }
    };
    let preempted = thread_usage()
        .zip(before)
        .map(|(now, before)| now.1 - before.1);
    let total_ns = began.elapsed().as_nanos() as u64;
    Some(Found {
        len: grown.len,
        replaced: grown.replaced,
        work: grown.work,
        total_ns,
        preempted,
        ..recorder.found()
    })
}

struct Grow<'a, C, N> {
    size: usize,
    clock: &'a mut C,
    note: &'a mut N,
}

impl<C: FnMut() -> u64, N: FnMut(u64, u64)> Visitor<u64, u64, FixedHasher> for Grow<'_, C, N> {
    type Output = Found;
    fn visit<M: Contender<u64, u64> + Clone + 'static>(self) -> Found {
        let mut map = M::begin(self.size, hasher());
        let make = |i| SplitMix::at(KEY_SEED, i);
        let replaced = each_insert(&mut map, self.size as u64, make, self.clock, self.note);
        Found {
            len: map.len() as u64,
            replaced,
            work: map.stats().map_or(Vec::new(), |stats| work_of(&stats)),
            ..Found::default()
        }
    }
}

/// The work that a map counted: name, total, the most of one operation.
#[must_use]
pub fn work_of(stats: &tidemap::Stats) -> Vec<(String, u64, u64)> {
    let (total, max) = (&stats.work_total, &stats.work_max);
    [
        ("entries-moved", total.entries_moved, max.entries_moved),
        ("bytes-moved", total.bytes_moved, max.bytes_moved),
        ("fresh-pages", total.fresh_pages, max.fresh_pages),
        ("system-calls", total.system_calls, max.system_calls),
        (
            "allocator-calls",
            total.allocator_calls,
            max.allocator_calls,
        ),
    ]
    .map(|(name, total, max)| (name.to_owned(), total, max))
    .to_vec()
}

/// What to run.
#[derive(Debug, Clone)]
pub struct Plan {
    /// This program.
    pub program: std::path::PathBuf,
    /// The maps.
    pub maps: Vec<String>,
    /// Lengths to grow to.
    pub sizes: Vec<usize>,
    /// What to read.
    pub counters: Vec<Counter>,
    /// Runs by each clock, of lengths up to [`REPEATED_SIZE_MAX`]; longer ones run once.
    pub repetitions: usize,
    /// Whether to count system calls with `strace`.
    pub system_calls: bool,
}

/// Growths beyond this length run once.
pub const REPEATED_SIZE_MAX: usize = 50_000_000;

/// Runs everything by turns. The second part of the answer says which maps gave wrong answers,
/// the third what could not be counted.
///
/// # Errors
/// If a process cannot be started, fails or prints something else.
pub fn compare(
    plan: &Plan,
    mut progress: impl FnMut(&str),
) -> Result<(Figures, Vec<String>, Vec<String>), LaunchError> {
    let (mut figures, mut complaints, mut notes) =
        (Figures::default(), Vec::new(), Vec::<String>::new());
    for &size in &plan.sizes {
        for &counter in &plan.counters {
            // Faults are the same every time, but for the system's moods.
            let times = match counter {
                Counter::Wall | Counter::Cpu if size <= REPEATED_SIZE_MAX => plan.repetitions,
                _ => 1,
            };
            for repetition in 0..times {
                let mut longest_ns = 0;
                for turn in 0..plan.maps.len() {
                    let map = &plan.maps[(turn + repetition) % plan.maps.len()];
                    let what = format!("{map} at {size}, {}", counter.as_str());
                    progress(&what);
                    let arguments = arguments(Some(map), size, counter, 0);
                    let found: Option<Found> = ask(&plan.program, &arguments, &what)?;
                    let Some(found) = found else { continue };
                    if (found.len, found.replaced) != (size as u64, 0) {
                        complaints.push(format!(
                            "{what}: {} entries, {} replaced",
                            found.len, found.replaced
                        ));
                    }
                    longest_ns = found.total_ns.max(longest_ns);
                    put(&mut figures, map, size, counter, &found);
                }
                progress(&format!("no map, {}", counter.as_str()));
                let arguments = arguments(None, size, counter, longest_ns);
                let found: Option<Found> = ask(&plan.program, &arguments, NO_MAP)?;
                if let Some(found) = found {
                    put(&mut figures, NO_MAP, size, counter, &found);
                }
            }
        }
        if plan.system_calls {
            let mut count = |map: Option<&str>| {
                progress(&format!(
                    "{} at {size}, system calls",
                    map.unwrap_or(NO_MAP)
                ));
                let arguments = arguments(map, size, Counter::Nothing, 0);
                system_calls(&plan.program, &arguments)
            };
            match count(None) {
                Ok(of_process) => {
                    for map in &plan.maps {
                        if let Ok(calls) = count(Some(map)) {
                            let calls = calls.saturating_sub(of_process) as f64;
                            figures.add("strace-system-calls", "count", size as f64, map, calls);
                        }
                    }
                }
                Err(why) => notes.push(format!("system calls were not counted: {why}")),
            }
        }
    }
    notes.dedup();
    Ok((figures, complaints, notes))
}

fn arguments(map: Option<&str>, size: usize, counter: Counter, at_least_ns: u64) -> Vec<String> {
    let mut arguments: Vec<String> = ["tail-one", "--counter", counter.as_str(), "--size"]
        .map(str::to_owned)
        .to_vec();
    arguments.push(size.to_string());
    arguments.push("--at-least-ms".to_owned());
    arguments.push((at_least_ns / 1_000_000).to_string());
    if let Some(map) = map {
        arguments.extend(["--map".to_owned(), map.to_owned()]);
    }
    arguments
}

fn put(figures: &mut Figures, map: &str, size: usize, counter: Counter, found: &Found) {
    let (name, unit, at) = (counter.as_str(), counter.unit(), size as f64);
    let mut add = |what: &str, unit, at, sample| figures.add(what, unit, at, map, sample);
    for ((percentile, _), value) in PERCENTILES.iter().zip(&found.percentiles) {
        add(&format!("{name}-{percentile}"), unit, at, *value as f64);
    }
    add(&format!("{name}-sum"), unit, at, found.sum as f64);
    if counter == Counter::Faults {
        add("inserts-with-faults", "count", at, found.moved as f64);
    } else {
        add(
            &format!("{name}-worst-at"),
            "entries",
            at,
            found.worst_at as f64,
        );
        if let Some(preempted) = found.preempted {
            add(&format!("{name}-preempted"), "count", at, preempted as f64);
        }
    }
    for (n, value) in &found.one_in {
        add(&one_in_name(counter, size), unit, *n, *value as f64);
    }
    // The loop without a map goes on for longer than the maps do.
    let lengths = found.worst_by_length.iter();
    for (length, worst) in lengths.filter(|(length, _)| *length < 2 * size as u64) {
        // A shorter growth says the same about its part.
        add(&stalls_name(counter), unit, *length as f64, *worst as f64);
    }
    for (name, total, max) in &found.work {
        if counter == Counter::Wall {
            add(&format!("{name}-total"), "count", at, *total as f64);
            add(&format!("{name}-max"), "count", at, *max as f64);
        }
    }
}

fn one_in_name(counter: Counter, size: usize) -> String {
    format!("{}-one-in-of-{size}", counter.as_str())
}

fn stalls_name(counter: Counter) -> String {
    format!("{}-worst-by-length", counter.as_str())
}

/// System calls of a whole process, counted by `strace`.
///
/// # Errors
/// What to do about it, if `strace` is missing or refuses.
pub fn system_calls(program: &Path, arguments: &[String]) -> Result<u64, String> {
    let output = std::process::Command::new("strace")
        .args(["-f", "-c", "-o", "/dev/stderr", "--"])
        .arg(program)
        .args(arguments)
        .output()
        .map_err(|error| {
            format!("cannot start strace ({error}); install it (Debian: apt-get install strace)")
        })?;
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    strace_total(&text).ok_or_else(|| format!("strace printed no total: {}", text.trim()))
}

/// The number of calls on the last line of `strace -c`.
fn strace_total(text: &str) -> Option<u64> {
    let line = text
        .lines()
        .rev()
        .find(|line| line.trim_end().ends_with(" total"))?;
    // % time, seconds, usecs/call, calls, errors if any, the word.
    line.split_whitespace().nth(3)?.parse().ok()
}

/// Percentiles of all growths, as plots.
#[must_use]
pub fn page(figures: &Figures, sizes: &[usize], notes: Vec<String>) -> Page {
    let panels = sizes
        .iter()
        .flat_map(|&size| {
            [Counter::Wall, Counter::Cpu].map(|counter| Panel {
                title: format!(
                    "Growing to {} entries, {}",
                    Size(size),
                    clock_title(counter)
                ),
                x: axis("one insert in … takes longer", Numbers::OneIn),
                y: axis("time of the insert", Numbers::Times),
                lines: lines(figures, &one_in_name(counter, size)),
            })
        })
        .collect();
    Page {
        title: "How long single inserts take while a map grows (u64 → u64)".to_owned(),
        notes,
        columns: 2,
        panels,
    }
}

/// The longest insert by length, as plots.
#[must_use]
pub fn stalls_page(figures: &Figures, notes: Vec<String>) -> Page {
    Page {
        title: "The longest insert on the way to each power of two (u64 → u64)".to_owned(),
        notes,
        columns: 2,
        panels: [Counter::Wall, Counter::Cpu]
            .map(|counter| Panel {
                title: clock_title(counter).to_owned(),
                x: axis("entries", Numbers::Counts),
                y: axis("longest insert", Numbers::Times),
                lines: lines(figures, &stalls_name(counter))
                    .into_iter()
                    .map(|line| Line {
                        // Shorter growths are all noise.
                        points: line.points.into_iter().filter(|p| p.0 >= 1024.0).collect(),
                        ..line
                    })
                    .collect(),
            })
            .to_vec(),
    }
}

fn clock_title(counter: Counter) -> &'static str {
    match counter {
        Counter::Wall => "wall time",
        _ => "processor time of the thread",
    }
}

fn axis(label: &str, numbers: Numbers) -> Axis {
    Axis {
        label: label.to_owned(),
        numbers,
        logarithmic: true,
    }
}

fn lines(figures: &Figures, what: &str) -> Vec<Line> {
    figures
        .maps()
        .into_iter()
        .map(|name| Line {
            points: figures.curve(what, &name),
            name,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contenders::MAP_NAMES;

    fn job(map: Option<&str>, counter: Counter, size: usize) -> Job {
        Job {
            map: map.map(str::to_owned),
            size,
            counter,
            at_least: Duration::ZERO,
        }
    }

    #[test]
    fn every_map_grows_under_every_counter() {
        let counters = [
            Counter::Wall,
            Counter::Cpu,
            Counter::Faults,
            Counter::Nothing,
        ];
        for counter in counters {
            for &map in MAP_NAMES {
                let Some(found) = run(&job(Some(map), counter, 3000)) else {
                    assert!(counter == Counter::Faults && !cfg!(target_os = "linux"));
                    continue;
                };
                assert_eq!((found.len, found.replaced), (3000, 0), "{map}");
                assert!(found.percentiles.is_sorted() && found.percentiles.len() == 7);
                assert_eq!(found.worst_by_length.len(), 12, "to 4096");
                assert_eq!(found.one_in.last().unwrap().0, 3000.0);
                let max = *found.percentiles.last().unwrap();
                assert!(found.worst_by_length.iter().all(|w| w.1 <= max));
                assert_eq!(found.work.is_empty(), !map.starts_with("tidemap"), "{map}");
            }
        }
        assert!(run(&job(Some("btree"), Counter::Wall, 10)).is_none());
        assert_eq!(run(&job(None, Counter::Wall, 10)).unwrap().len, 0);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn faults_of_fresh_pages_are_seen() {
        // Its large arrays are fresh address space; other maps may get memory that is in use already.
        let found = run(&job(Some("tidemap"), Counter::Faults, 200_000)).unwrap();
        assert!(found.sum >= 100, "{found:?}");
        assert!(found.moved <= found.sum && found.moved > 0);
    }

    #[test]
    fn percentiles_and_windows() {
        let mut recorder = Recorder::new();
        for at in 0..1000_u64 {
            recorder.note(at, if at == 700 { 5_000_000 } else { 100 });
        }
        let found = recorder.found();
        assert_eq!(
            found.percentiles,
            [100, 100, 100, 5_000_000, 5_000_000, 5_000_000, 5_000_000]
        );
        assert_eq!((found.worst_at, found.moved), (700, 1000));
        assert_eq!(found.worst_by_length.last(), Some(&(1024, 5_000_000)));
        assert_eq!(found.worst_by_length[8], (512, 100));
    }

    #[test]
    fn totals_of_strace() {
        let text = "% time     seconds  usecs/call     calls    errors syscall\n\
                    ------ ----------- ----------- --------- --------- ----------------\n\
                    30.00    0.000241           4        57         1 mmap\n\
                    ------ ----------- ----------- --------- --------- ----------------\n\
                    100.00    0.000800           4       173         4 total\n";
        assert_eq!(strace_total(text), Some(173));
        assert_eq!(strace_total("strace: not permitted"), None);
    }
}
