//! Scale: what an operation and an entry cost, from a hundred entries to a hundred million.
//!
//! Each figure comes from a process of its own that holds maps of one length and nothing else. The
//! work is defined so simply that a program in another language can do exactly the same
//! (`oracle/scale` does it with Go's maps):
//!
//! * Key `i` is the splitmix64 number after `i` others. Map `j` of `n` entries holds the keys
//!   from `j * n` on. A key's value is the number, within its map, of the key that is looked up
//!   after it, so that a chain of look-ups can follow the values.
//! * Keys are looked up in the order of one Fisher-Yates shuffle with a fixed seed.
//! * Absent keys are those from [`ABSENT_FROM`] on.
//! * Small maps come in several, visited by turns; for memory, in as many as hold a million entries.
//! * A time is the median over passes that together take a few milliseconds.

use std::hint::black_box;

use serde::{Deserialize, Serialize};

use crate::cases::Size;
use crate::contenders::{Contender, FixedHasher, Visitor, with_map};
use crate::figures::Figures;
use crate::keys::{KEY_SEED, SplitMix, instances_of};
use crate::lanes::hasher;
use crate::launch::{LaunchError, ask};
use crate::measure::{Elapsed, Stopwatch};
use crate::memory::resident_bytes;
use crate::plot::{Axis, Line, Numbers, Page, Panel};
use crate::stats::Summary;

/// Seed of the order of look-ups.
pub const ORDER_SEED: u64 = 0x7363_616C_6531;
/// The first absent key.
pub const ABSENT_FROM: u64 = 1 << 40;
/// Maps for the memory reading hold at least this many entries together.
const MEMORY_ENTRIES_MIN: usize = 1 << 20;
/// The most operations of one pass.
const OPS_MAX: usize = 4_000_000;
/// Passes are repeated until they took this long together.
const PASSES_NS_MIN: f64 = 8e6;
/// Sizes above this are run once, smaller ones as often as asked for.
const REPEATED_SIZE_MAX: usize = 10_000_000;

/// Names of the four operations, as in figures.
pub const OPERATIONS: [&str; 4] = ["grow-insert", "hit", "dependent-hit", "miss"];

/// What a process found. The fields are those of the JSON that `oracle/scale` prints.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Found {
    /// Entries of a map.
    pub size: usize,
    /// Maps visited by turns.
    pub maps: usize,
    /// Nanoseconds per operation, in the order of [`OPERATIONS`].
    pub cpu_ns: [f64; 4],
    /// The same by wall time.
    pub wall_ns: [f64; 4],
    /// Resident bytes per entry.
    pub resident_bytes: Option<f64>,
    /// Bytes per entry by the map's (or the collector's) own account.
    pub own_bytes: Option<f64>,
    /// Sum over the values of one pass of look-ups.
    pub sum: u64,
    /// Operations whose answer was wrong.
    pub wrong: u64,
}

/// Sizes from `from` to `to`: `per_decade` of them in each decade up to 10 M, then two.
#[must_use]
pub fn sizes(from: usize, to: usize, per_decade: u32) -> Vec<usize> {
    let mut sizes = Vec::new();
    for decade in 0..12 {
        let start = 10_f64.powi(decade);
        let steps = if start >= REPEATED_SIZE_MAX as f64 {
            2
        } else {
            per_decade.max(1)
        };
        for step in 0..steps {
            let size = start * 10_f64.powf(f64::from(step) / f64::from(steps));
            sizes.push(size.round() as usize);
        }
    }
    sizes.retain(|size| (from..=to).contains(size));
    if sizes.last() != Some(&to) && from <= to {
        sizes.push(to);
    }
    sizes.dedup();
    sizes
}

/// Measures maps called `map` of `size` entries in this process; `None` if no map has that name.
#[must_use]
pub fn run(map: &str, size: usize) -> Option<Found> {
    with_map(map, Scale { size })
}

struct Scale {
    size: usize,
}

impl Visitor<u64, u64, FixedHasher> for Scale {
    type Output = Found;
    fn visit<M: Contender<u64, u64> + Clone + 'static>(self) -> Found {
        measure::<M>(self.size)
    }
}

/// The order of look-ups, and for each key of a map the one looked up after it.
struct Order {
    at: Vec<u32>,
    next: Vec<u32>,
}

impl Order {
    fn new(size: usize) -> Order {
        let count = u32::try_from(size).expect("sizes above 2^32 are refused");
        let mut at: Vec<u32> = (0..count).collect();
        SplitMix::new(ORDER_SEED).shuffle(&mut at);
        let mut next = vec![0; size];
        for (i, &key) in at.iter().enumerate() {
            next[key as usize] = at[(i + 1) % size];
        }
        Order { at, next }
    }
}

fn key(index: u64) -> u64 {
    SplitMix::at(KEY_SEED, index)
}

#[inline(never)]
fn fill<M: Contender<u64, u64>>(map: &mut M, first: u64, next: &[u32]) -> u64 {
    let mut replaced = 0;
    for (i, &value) in next.iter().enumerate() {
        let old = map.insert(black_box(key(first + i as u64)), u64::from(value));
        replaced += u64::from(old.is_some());
    }
    replaced
}

/// Found and summed up.
type Answer = (u64, u64);

#[inline(never)]
fn hits<M: Contender<u64, u64>>(map: &M, first: u64, order: &[u32]) -> Answer {
    let (mut found, mut sum) = (0, 0_u64);
    for &i in order {
        if let Some(&value) = map.get(black_box(&key(first + u64::from(i)))) {
            found += 1;
            sum = sum.wrapping_add(value);
        }
    }
    (found, sum)
}

#[inline(never)]
fn follow<M: Contender<u64, u64>>(map: &M, first: u64, start: u32, count: usize) -> Answer {
    let (mut found, mut sum, mut at) = (0, 0_u64, u64::from(start));
    for _ in 0..count {
        let Some(&value) = map.get(black_box(&key(first + at))) else {
            break;
        };
        found += 1;
        sum = sum.wrapping_add(value);
        at = value;
    }
    (found, sum)
}

#[inline(never)]
fn misses<M: Contender<u64, u64>>(map: &M, first: u64, count: usize) -> Answer {
    let mut found = 0;
    for i in 0..count as u64 {
        found += u64::from(map.get(black_box(&key(first + i))).is_some());
    }
    (found, 0)
}

fn measure<M: Contender<u64, u64>>(size: usize) -> Found {
    let turns = instances_of(size);
    let many = turns.max(MEMORY_ENTRIES_MIN.div_ceil(size));
    let order = Order::new(size);
    let mut wrong = 0;
    let mut maps: Vec<M> = Vec::with_capacity(many);
    black_box(resident_bytes());

    // The first building is the one whose memory counts.
    let before = resident_bytes();
    let mut inserts = Passes::default();
    let watch = Stopwatch::start();
    for j in 0..many {
        let mut map = M::begin(size, hasher());
        wrong += fill(&mut map, (j * size) as u64, &order.next);
        maps.push(map);
    }
    inserts.add(watch.stop(), many * size);
    let per_entry = |bytes: f64| bytes / (many * size) as f64;
    let resident = resident_bytes()
        .zip(before)
        .map(|(now, before)| per_entry(now.saturating_sub(before) as f64));
    let own = maps.iter().map(Contender::own_bytes).sum::<Option<usize>>();
    wrong += maps
        .iter()
        .map(|map| map.len().abs_diff(size) as u64)
        .sum::<u64>();
    maps.truncate(turns);
    while !inserts.enough() {
        let mut fresh: Vec<M> = Vec::with_capacity(turns);
        let watch = Stopwatch::start();
        for j in 0..turns {
            let mut map = M::begin(size, hasher());
            wrong += fill(&mut map, (j * size) as u64, &order.next);
            fresh.push(map);
        }
        inserts.add(watch.stop(), turns * size);
        maps = fresh;
    }

    let part = size.min(OPS_MAX);
    let one_sum = (0..part).fold(0_u64, |sum, i| {
        sum.wrapping_add(u64::from(order.next[order.at[i] as usize]))
    });
    let found_all = (part * turns) as u64;
    let sum_all = one_sum.wrapping_mul(turns as u64);
    let mut look_up = |want: Answer, one: &dyn Fn(&M, u64) -> Answer| {
        let mut passes = Passes::default();
        while !passes.enough() {
            let mut answer = (0, 0_u64);
            let watch = Stopwatch::start();
            for (j, map) in maps.iter().enumerate() {
                let (found, sum) = one(map, (j * size) as u64);
                answer = (answer.0 + found, answer.1.wrapping_add(sum));
            }
            passes.add(watch.stop(), part * turns);
            wrong += answer.0.abs_diff(want.0);
            wrong += u64::from(answer.1 != want.1);
        }
        passes.median()
    };
    let hit = look_up((found_all, sum_all), &|map, first| {
        hits(map, first, &order.at[..part])
    });
    let dependent = look_up((found_all, sum_all), &|map, first| {
        follow(map, first, order.at[0], part)
    });
    let miss = look_up((0, 0), &|map, first| misses(map, ABSENT_FROM + first, part));
    let times = [inserts.median(), hit, dependent, miss];
    Found {
        size,
        maps: turns,
        cpu_ns: times.map(|time| time.cpu_ns),
        wall_ns: times.map(|time| time.wall_ns),
        resident_bytes: resident,
        own_bytes: own.map(|bytes| per_entry(bytes as f64)),
        sum: sum_all,
        wrong,
    }
}

/// Times per operation of several passes.
#[derive(Default)]
struct Passes {
    each: Vec<Elapsed>,
    total_ns: f64,
}

impl Passes {
    fn add(&mut self, elapsed: Elapsed, ops: usize) {
        self.total_ns += elapsed.wall_ns.max(1.0);
        self.each.push(Elapsed {
            cpu_ns: elapsed.cpu_ns / ops as f64,
            wall_ns: elapsed.wall_ns / ops as f64,
        });
    }

    fn enough(&self) -> bool {
        self.total_ns >= PASSES_NS_MIN
    }

    fn median(&self) -> Elapsed {
        let of = |pick: fn(&Elapsed) -> f64| {
            let all: Vec<f64> = self.each.iter().map(pick).collect();
            Summary::of(&all).map_or(f64::NAN, |summary| summary.median)
        };
        Elapsed {
            cpu_ns: of(|e| e.cpu_ns),
            wall_ns: of(|e| e.wall_ns),
        }
    }
}

/// Who is measured: a map of this program, or another program that does the same work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Runner {
    /// Name in figures.
    pub name: String,
    /// The program.
    pub program: std::path::PathBuf,
    /// What comes before `--size N`.
    pub arguments: Vec<String>,
}

/// Runs everything by turns. `progress` is told what comes next.
///
/// The second part of the answer says which runs gave wrong answers; right is none.
///
/// # Errors
/// If a process cannot be started, fails or prints something else.
pub fn compare(
    runners: &[Runner],
    sizes: &[usize],
    repetitions: usize,
    mut progress: impl FnMut(&str),
) -> Result<(Figures, Vec<String>), LaunchError> {
    let (mut figures, mut complaints) = (Figures::default(), Vec::new());
    for &size in sizes {
        let times = if size > REPEATED_SIZE_MAX {
            1
        } else {
            repetitions
        };
        let mut sums: Vec<(u64, &str)> = Vec::new();
        for repetition in 0..times {
            for turn in 0..runners.len() {
                let runner = &runners[(turn + repetition) % runners.len()];
                progress(&format!("{} at {}", runner.name, Size(size)));
                let mut arguments = runner.arguments.clone();
                arguments.extend(["--size".to_owned(), size.to_string()]);
                let what = format!("{} at {size}", runner.name);
                let found: Found = ask(&runner.program, &arguments, &what)?;
                if found.wrong > 0 || found.size != size {
                    complaints.push(format!("{what}: {} wrong answers", found.wrong));
                }
                sums.push((found.sum, &runner.name));
                put(&mut figures, &runner.name, &found);
            }
        }
        if let Some((_, name)) = sums.iter().find(|(sum, _)| *sum != sums[0].0) {
            let other = sums[0].1;
            complaints.push(format!("{name} at {size}: other work than {other}"));
        }
    }
    Ok((figures, complaints))
}

fn put(figures: &mut Figures, name: &str, found: &Found) {
    let at = found.size as f64;
    for (i, operation) in OPERATIONS.iter().enumerate() {
        figures.add(operation, "ns/op", at, name, found.cpu_ns[i]);
        figures.add(
            &format!("{operation}-wall"),
            "ns/op",
            at,
            name,
            found.wall_ns[i],
        );
    }
    figures.add_if("resident", "bytes/entry", at, name, found.resident_bytes);
    figures.add_if("own", "bytes/entry", at, name, found.own_bytes);
}

/// The figures as a page of plots.
#[must_use]
pub fn page(figures: &Figures, notes: Vec<String>) -> Page {
    let panel = |what: &str, title: &str, y: &str, numbers, logarithmic| Panel {
        title: title.to_owned(),
        x: Axis {
            label: "entries".to_owned(),
            numbers: Numbers::Counts,
            logarithmic: true,
        },
        y: Axis {
            label: y.to_owned(),
            numbers,
            logarithmic,
        },
        lines: figures
            .maps()
            .into_iter()
            .map(|name| Line {
                points: figures.curve(what, &name),
                name,
            })
            .collect(),
    };
    let time = "processor time per operation";
    Page {
        title: "Cost per operation and bytes per entry, by number of entries (u64 → u64)"
            .to_owned(),
        notes,
        columns: 2,
        panels: vec![
            panel(
                "grow-insert",
                "Insert, growing from empty",
                time,
                Numbers::Times,
                true,
            ),
            panel(
                "hit",
                "Look-up, present, independent",
                time,
                Numbers::Times,
                true,
            ),
            panel(
                "dependent-hit",
                "Look-up, present, each depends on the one before",
                time,
                Numbers::Times,
                true,
            ),
            panel("miss", "Look-up, absent", time, Numbers::Times, true),
            panel(
                "resident",
                "Resident memory per entry",
                "bytes",
                Numbers::Counts,
                false,
            ),
            panel(
                "own",
                "Memory per entry by the map's own account",
                "bytes",
                Numbers::Counts,
                false,
            ),
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contenders::MAP_NAMES;

    #[test]
    fn every_map_answers_rightly_at_small_sizes() {
        for &map in MAP_NAMES {
            for size in [1, 2, 100, 40_000] {
                let found = run(map, size).unwrap();
                assert_eq!((found.wrong, found.size), (0, size), "{map}");
                assert!(
                    found
                        .cpu_ns
                        .iter()
                        .chain(&found.wall_ns)
                        .all(|ns| *ns >= 0.0)
                );
                if cfg!(target_os = "linux") {
                    let bytes = found.resident_bytes.unwrap();
                    assert!(bytes < 10_000.0, "{map} at {size}: {bytes}");
                }
            }
        }
        assert!(run("btree", 10).is_none());
    }

    #[test]
    fn the_order_visits_every_key_once_and_values_follow_it() {
        let order = Order::new(1000);
        let mut at = order.at[0];
        for i in 0..1000 {
            assert_eq!(at, order.at[i]);
            at = order.next[at as usize];
        }
        assert_eq!(at, order.at[0]);
    }

    #[test]
    fn sizes_are_dense_below_ten_million_and_end_where_asked() {
        assert_eq!(sizes(100, 1000, 3), [100, 215, 464, 1000]);
        let all = sizes(100, 100_000_000, 6);
        assert_eq!(all.len(), 5 * 6 + 3);
        assert_eq!(all.last(), Some(&100_000_000));
        assert_eq!(sizes(100, 250, 3), [100, 215, 250]);
        assert!(sizes(10, 9, 3).is_empty());
    }

    #[test]
    fn figures_become_plots() {
        let mut figures = Figures::default();
        for size in [100, 1000] {
            put(&mut figures, "tidemap", &run("tidemap", size).unwrap());
        }
        let page = page(&figures, vec!["note".to_owned()]);
        assert_eq!(page.panels.len(), 6);
        assert!(
            page.panels
                .iter()
                .all(|panel| panel.lines[0].points.len() == 2)
        );
    }
}
