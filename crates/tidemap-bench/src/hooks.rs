//! What observing a map costs: each hook alone, a snapshot, and a growing map with and without.
//!
//! Hooks are called through the same functions that maps call, on a row of the registry. A sample is a loop of
//! [`CALLS`] calls in processor time of the thread, the clock's cost subtracted; the record keeps
//! median, least and most of [`SAMPLES`] samples.

use std::fmt::Write as _;
use std::hint::black_box;

use serde::Serialize;
use tidemap_probe::hook::{self, About, Figures, Handle, Record, Work};
use tidemap_probe::{GrowthKind, Subscription, snapshot, subscribe};

use crate::contenders::FixedHasher;
use crate::machine::Machine;
use crate::measure::Stopwatch;

/// Calls of a sample.
const CALLS: u32 = 2_000;
/// Samples of a measurement.
const SAMPLES: usize = 31;
/// Entries of the map that grows.
const ENTRIES: u64 = 1_000_000;
/// Samples of a growing map, which takes long.
const GROWING_SAMPLES: usize = 7;
/// The version of the columns.
const SCHEMA: &str = "tidemap-bench/hooks/1";

/// One line of the table.
#[derive(Debug, Clone, Serialize)]
pub struct Cost {
    /// What was called.
    pub what: &'static str,
    /// Who listened: `nobody`, or a `subscriber`.
    pub listener: &'static str,
    /// Nanoseconds per call.
    pub median_ns: f64,
    /// The least of the samples.
    pub min_ns: f64,
    /// The most of the samples.
    pub max_ns: f64,
    /// How many samples.
    pub samples: usize,
}

/// The whole table, with the machine it was measured on.
#[derive(Debug, Serialize)]
pub struct Report {
    /// The version of this report.
    pub schema: &'static str,
    /// The machine.
    pub machine: Machine,
    /// The costs.
    pub costs: Vec<Cost>,
}

/// Measures everything; some seconds.
#[must_use]
pub fn measure() -> Report {
    let machine = Machine::detect();
    let mut costs = Vec::new();
    // First, because a snapshot reads all rows that were ever used.
    for_snapshots(
        &[
            ("snapshot of 1 map", 1),
            ("snapshot of 100 maps", 100),
            ("snapshot of 1000 maps", 1_000),
        ],
        &mut costs,
    );
    for_hooks("nobody", None, &mut costs);
    for_hooks("subscriber", Some(subscribe()), &mut costs);
    for_snapshots(&[("snapshot of 1 map, 1024 rows used", 1)], &mut costs);
    for_growing_maps(&mut costs);
    Report {
        schema: SCHEMA,
        machine,
        costs,
    }
}

fn sampled(
    what: &'static str,
    listener: &'static str,
    calls: u32,
    mut sample: impl FnMut(),
) -> Cost {
    sample();
    let each = (0..SAMPLES)
        .map(|_| {
            let watch = Stopwatch::start();
            sample();
            watch.stop().cpu_ns / f64::from(calls)
        })
        .collect();
    Cost::of(what, listener, each)
}

impl Cost {
    fn of(what: &'static str, listener: &'static str, mut each: Vec<f64>) -> Cost {
        each.sort_by(f64::total_cmp);
        Cost {
            what,
            listener,
            median_ns: each[each.len() / 2],
            min_ns: each[0],
            max_ns: each[each.len() - 1],
            samples: each.len(),
        }
    }
}

const ABOUT: About = About {
    key_type: "alloc::string::String",
    value_type: "alloc::vec::Vec<u8>",
    entry_bytes: 48,
    site: None,
};

const FIGURES: Figures = Figures {
    len: 700_000,
    len_max: 700_120,
    capacity: 1_600_000,
    buckets: 70_000,
    slots_per_bucket: 15,
    bucket_bytes: 256,
    overflow_buckets: 300,
    longest_chain: 3,
    bytes_live: 18_000_000,
    bytes_old: 0,
    bytes_reserved: 8 << 30,
};

const GROWTH: Record = Record {
    kind: GrowthKind::InPlace,
    from_buckets: 65_536,
    to_buckets: 131_072,
    done_buckets: 4_464,
    len: 700_000,
    steps: 558,
    entries_moved: 30_000,
    bytes_moved: 480_000,
    bytes_released: 0,
};

const WORK: Work = Work {
    entries_moved: 60,
    bytes_moved: 960,
    bytes_released: 0,
    growths_refused: 0,
};

fn for_hooks(listener: &'static str, events: Option<Subscription>, costs: &mut Vec<Cost>) {
    let mut handle = hook::attach(Some("bench"), ABOUT, 0);
    let handle = &mut handle;
    let mut add = |what: &'static str, call: &mut dyn FnMut(&mut Handle)| {
        costs.push(sampled(what, listener, CALLS, || {
            for _ in 0..CALLS {
                call(black_box(&mut *handle));
            }
        }));
    };
    add("clock", &mut |_| {
        black_box(hook::now_ns());
    });
    add("bound", &mut |handle| hook::bound(handle, 5));
    add("update", &mut |handle| hook::update(handle, &FIGURES));
    add("overflow", &mut |handle| hook::overflow(handle, 3, 4));
    add("step", &mut |handle| {
        let start = hook::now_ns();
        hook::step(handle, start, &FIGURES, &WORK, [Some(&GROWTH), None]);
    });
    add("begin, step, end", &mut |handle| {
        hook::begun(handle, &GROWTH, &FIGURES);
        let start = hook::now_ns();
        hook::ended(handle, &GROWTH);
        hook::step(handle, start, &FIGURES, &WORK, [None, None]);
    });
    add("release", &mut |handle| hook::reclaimed(handle, 4_096, 7));
    add("clear", &mut |handle| {
        hook::clear(handle, &FIGURES, 0, [None, None]);
    });
    add("attach, detach", &mut |_| {
        hook::detach(hook::attach(Some("bench"), ABOUT, 0));
    });
    if let Some(mut events) = events {
        events.take(usize::MAX);
        add("overflow, polled", &mut |handle| {
            hook::overflow(handle, 3, 4);
            black_box(events.poll());
        });
    }
    hook::detach(*handle);
}

fn for_snapshots(sizes: &[(&'static str, usize)], costs: &mut Vec<Cost>) {
    for &(what, maps) in sizes {
        let handles: Vec<Handle> = (0..maps)
            .map(|_| hook::attach(Some("bench"), ABOUT, 0))
            .collect();
        costs.push(sampled(what, "nobody", 1, || {
            black_box(snapshot());
        }));
        handles.into_iter().for_each(hook::detach);
    }
}

/// A map that grows to [`ENTRIES`], per insertion.
fn for_growing_maps(costs: &mut Vec<Cost>) {
    let grow = |observed: bool| {
        let mut map = tidemap::HashMap::with_hasher(FixedHasher::with_seed(7));
        if observed {
            map.observe("bench");
        }
        for i in 0..ENTRIES {
            map.insert((i + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15), i);
        }
        black_box(map.len());
    };
    // By turns, so that a machine that is slower for a while is so for all.
    let mut samples = [const { Vec::new() }; 3];
    for _ in 0..=GROWING_SAMPLES {
        for (which, samples) in samples.iter_mut().enumerate() {
            let events = (which == 2).then(subscribe);
            let watch = Stopwatch::start();
            grow(which > 0);
            samples.push(watch.stop().cpu_ns / ENTRIES as f64);
            drop(events);
        }
    }
    let names = [
        ("growing insert, not observed", "nobody"),
        ("growing insert, observed", "nobody"),
        ("growing insert, observed", "subscriber"),
    ];
    for ((what, listener), mut samples) in names.into_iter().zip(samples) {
        // The first was for warming up.
        costs.push(Cost::of(what, listener, samples.split_off(1)));
    }
}

impl Report {
    /// For people.
    #[must_use]
    pub fn table(&self) -> String {
        let mut text = String::from("Nanoseconds of processor time per call.\n\n");
        let _ = writeln!(
            text,
            "{:<34} {:<12} {:>10} {:>10} {:>10}",
            "what", "listener", "median", "least", "most"
        );
        for cost in &self.costs {
            let _ = writeln!(
                text,
                "{:<34} {:<12} {:>10.1} {:>10.1} {:>10.1}",
                cost.what, cost.listener, cost.median_ns, cost.min_ns, cost.max_ns
            );
        }
        text
    }

    /// For the repository.
    #[must_use]
    pub fn csv(&self) -> String {
        let mut out = format!("# schema: {SCHEMA}\n");
        for (name, value) in self.machine.lines() {
            let _ = writeln!(out, "# {name}: {value}");
        }
        out.push_str("what,listener,unit,median,min,max,samples\n");
        for cost in &self.costs {
            let _ = writeln!(
                out,
                "\"{}\",{},ns,{:.1},{:.1},{:.1},{}",
                cost.what, cost.listener, cost.median_ns, cost.min_ns, cost.max_ns, cost.samples
            );
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_hook_is_measured_and_leaves_no_row() {
        let before = snapshot().maps.len();
        let mut costs = Vec::new();
        for_hooks("nobody", None, &mut costs);
        for_snapshots(&[("snapshot of 100 maps", 100)], &mut costs);
        assert_eq!(snapshot().maps.len(), before);
        assert_eq!(costs.len(), 9 + 1);
        assert!(costs.iter().all(|cost| cost.min_ns <= cost.max_ns));
        let report = Report {
            schema: SCHEMA,
            machine: Machine::detect(),
            costs,
        };
        assert_eq!(
            report.csv().lines().filter(|l| l.contains(",ns,")).count(),
            10
        );
        assert!(report.table().contains("snapshot of 100 maps"));
    }

    /// `docs/probe.md` names a record and shows its medians, all of them.
    #[test]
    fn the_documented_costs_are_those_of_the_record() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let page = std::fs::read_to_string(root.join("docs/probe.md")).expect("the manual");
        let record = page
            .split('`')
            .find(|word| word.starts_with("bench/record/") && word.ends_with("-hooks.csv"))
            .expect("a record");
        let record = std::fs::read_to_string(root.join(record)).expect("the record");
        let mut measured = 0;
        for line in record.lines().filter(|line| line.contains(",ns,")) {
            let (what, rest) = line[1..].split_once("\",").expect("a quoted name");
            let mut fields = rest.split(',');
            let listener = fields.next().expect("a listener");
            let median: f64 = fields.nth(1).expect("a median").parse().expect("a number");
            let median = if median < 100.0 {
                format!("{median:.1}")
            } else {
                format!("{median:.0}")
            };
            let row = page
                .lines()
                .find(|line| line.starts_with(&format!("| {what} |")))
                .unwrap_or_else(|| panic!("no row of {what}"));
            let cells: Vec<&str> = row.split('|').map(str::trim).collect();
            let cell = if listener == "nobody" { 3 } else { 4 };
            assert_eq!(cells[cell], median, "{what}, {listener}");
            measured += 1;
        }
        assert!(measured > 20, "{measured} figures");
    }
}
