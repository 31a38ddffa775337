//! Every metric, once: its name, its meaning, and how it is read. All exporters of metrics go
//! through this list.
//!
//! M1. Counters never fall. Those of the process are sums over living and dropped maps. Those of a map are
//!     labelled by its number, which no other map ever has. `other` has gauges only: maps come to it and go.
//! M2. Names follow Prometheus: base units, the unit at the end, `_total` (added when it is written)
//!     behind counters. OpenTelemetry's names are the same without unit, with dots; what
//!     translates them back arrives at Prometheus's.

use tidemap_probe::{CELLS, Counters, GrowthKind, Histogram};

use crate::view::{Shown, View};

/// What a metric is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum MetricKind {
    /// Only rises.
    Counter,
    /// Rises and falls.
    Gauge,
    /// Durations by size.
    Histogram,
}

impl MetricKind {
    /// Prometheus's word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            MetricKind::Counter => "counter",
            MetricKind::Gauge => "gauge",
            MetricKind::Histogram => "histogram",
        }
    }
}

/// What a metric counts in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unit {
    /// Things.
    Count,
    /// Bytes.
    Bytes,
    /// Seconds.
    Seconds,
    /// From 0 to 1.
    Ratio,
}

#[cfg(any(test, feature = "opentelemetry"))]
impl Unit {
    /// What names in it end with.
    pub(crate) fn suffix(self) -> &'static str {
        match self {
            Unit::Count => "",
            Unit::Bytes => "_bytes",
            Unit::Seconds => "_seconds",
            Unit::Ratio => "_ratio",
        }
    }
}

/// One metric, as all exporters show it.
#[derive(Debug)]
#[non_exhaustive]
pub struct Metric {
    /// The name, without `_total`.
    pub name: &'static str,
    /// What it is.
    pub kind: MetricKind,
    /// What it counts in.
    pub unit: Unit,
    /// What it says, in a sentence.
    pub help: &'static str,
    pub(crate) read: Read,
}

impl Metric {
    /// The name as Prometheus shows it, with `_total` behind counters.
    ///
    /// # Example
    /// ```
    /// let metric = tidemap_export::METRICS.iter().find(|m| m.name == "tidemap_growths").unwrap();
    /// assert_eq!(metric.full_name(), "tidemap_growths_total");
    /// ```
    #[must_use]
    pub fn full_name(&self) -> String {
        match self.kind {
            MetricKind::Counter => format!("{}_total", self.name),
            _ => self.name.to_owned(),
        }
    }

    /// The names of its labels (`le` of histograms aside).
    #[must_use]
    pub fn labels(&self) -> &'static [&'static str] {
        match self.read {
            Read::Process(_) | Read::ProcessSteps => &[],
            Read::ProcessByKind(_) => &["kind"],
            Read::Map(_) | Read::MapSteps => &["map", "id"],
            Read::MapByKind(_) => &["map", "id", "kind"],
            Read::MapInfo => &["map", "id", "key_type", "value_type", "site"],
        }
    }
}

/// A number of a series.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Number {
    Whole(u64),
    Real(f64),
}

/// What a series has at the moment.
pub(crate) enum Series {
    Number(Number),
    Steps(Steps),
}

/// What is called with the labels and the value of a series.
type Each<'a> = dyn FnMut(&[(&str, &str)], Series) + 'a;

impl Metric {
    /// Calls `each` with the labels and the value of every series.
    pub(crate) fn visit(&self, view: &View, each: &mut Each<'_>) {
        let mut number = |labels: &[(&str, &str)], number| each(labels, Series::Number(number));
        match self.read {
            Read::Process(read) => number(&[], read(view)),
            Read::ProcessByKind(read) => {
                for kind in GrowthKind::ALL {
                    let count = Number::Whole(read(&view.totals, kind));
                    number(&[("kind", kind.as_str())], count);
                }
            }
            Read::ProcessSteps => each(&[], Series::Steps(Steps::of(&view.totals))),
            Read::Map(read) => {
                for map in &view.shown {
                    if let Some(value) = read(map) {
                        number(&[("map", &map.map), ("id", &map.id)], value);
                    }
                }
            }
            Read::MapByKind(read) => {
                for map in view.one_by_one() {
                    for kind in GrowthKind::ALL {
                        let labels = [("map", &*map.map), ("id", &map.id), ("kind", kind.as_str())];
                        number(&labels, Number::Whole(read(&map.counters, kind)));
                    }
                }
            }
            Read::MapSteps => {
                for map in view.one_by_one() {
                    let steps = Series::Steps(Steps::of(&map.counters));
                    each(&[("map", &map.map), ("id", &map.id)], steps);
                }
            }
            Read::MapInfo => {
                for map in view.one_by_one() {
                    let labels = [
                        ("map", &*map.map),
                        ("id", &map.id),
                        ("key_type", &map.key_type),
                        ("value_type", &map.value_type),
                        ("site", &map.site),
                    ];
                    number(&labels, Number::Whole(1));
                }
            }
        }
    }
}

/// How a metric is read. A map without a value has no series.
#[derive(Debug)]
pub(crate) enum Read {
    Process(fn(&View) -> Number),
    ProcessByKind(fn(&Counters, GrowthKind) -> u64),
    ProcessSteps,
    Map(fn(&Shown) -> Option<Number>),
    MapByKind(fn(&Counters, GrowthKind) -> u64),
    MapSteps,
    MapInfo,
}

fn seconds(ns: u64) -> Number {
    Number::Real(ns as f64 / 1e9)
}

/// A metric of one line.
const fn metric(
    name: &'static str,
    kind: MetricKind,
    unit: Unit,
    help: &'static str,
    read: Read,
) -> Metric {
    Metric {
        name,
        kind,
        unit,
        help,
        read,
    }
}

macro_rules! of_process {
    ($field:expr) => {
        Read::Process(|view| Number::Whole($field(view)))
    };
}

/// A gauge of a map.
macro_rules! of_map {
    ($field:ident) => {
        Read::Map(|map| Some(Number::Whole(map.gauges.$field)))
    };
}

/// A counter of a map (M1).
macro_rules! counts_of_map {
    ($field:ident) => {
        Read::Map(|map| (!map.is_other).then_some(Number::Whole(map.counters.$field)))
    };
}

use MetricKind::{Counter, Gauge};
use Unit::{Bytes, Count, Ratio, Seconds};

/// Every metric, in the order in which they are written.
pub const METRICS: &[Metric] = &[
    metric(
        "tidemap_maps",
        Gauge,
        Count,
        "Observed maps that live now.",
        of_process!(|view: &View| view.maps_created.saturating_sub(view.maps_dropped)),
    ),
    metric(
        "tidemap_maps_created",
        Counter,
        Count,
        "Maps that came to be observed.",
        of_process!(|view: &View| view.maps_created),
    ),
    metric(
        "tidemap_maps_dropped",
        Counter,
        Count,
        "Observed maps that were dropped.",
        of_process!(|view: &View| view.maps_dropped),
    ),
    metric(
        "tidemap_maps_folded",
        Counter,
        Count,
        "Maps that found the registry full and share one row.",
        of_process!(|view: &View| view.maps_folded),
    ),
    metric(
        "tidemap_registry_rows",
        Gauge,
        Count,
        "Rows of the registry: maps that can be told apart at the same time.",
        of_process!(|view: &View| view.rows_max),
    ),
    metric(
        "tidemap_growths",
        Counter,
        Count,
        "Finished growths of all maps, dropped ones included.",
        Read::ProcessByKind(|counters, kind| counters.growths.of(kind)),
    ),
    metric(
        "tidemap_growths_begun",
        Counter,
        Count,
        "Growths that began.",
        of_process!(|view: &View| view.totals.growths_begun),
    ),
    metric(
        "tidemap_growths_given_up",
        Counter,
        Count,
        "Growths that were turned round or given up.",
        of_process!(|view: &View| view.totals.growths_given_up),
    ),
    metric(
        "tidemap_growths_refused",
        Counter,
        Count,
        "Growths put off because memory was refused.",
        of_process!(|view: &View| view.totals.growths_refused),
    ),
    metric(
        "tidemap_entries_moved",
        Counter,
        Count,
        "Entries that growths moved.",
        of_process!(|view: &View| view.totals.entries_moved),
    ),
    metric(
        "tidemap_moved_bytes",
        Counter,
        Bytes,
        "Bytes of entries that growths moved.",
        of_process!(|view: &View| view.totals.bytes_moved),
    ),
    metric(
        "tidemap_released_bytes",
        Counter,
        Bytes,
        "Bytes given back to the system or the allocator.",
        of_process!(|view: &View| view.totals.bytes_released),
    ),
    metric(
        "tidemap_overflows",
        Counter,
        Count,
        "Overflow buckets taken by full chains.",
        of_process!(|view: &View| view.totals.overflows),
    ),
    metric(
        "tidemap_clears",
        Counter,
        Count,
        "How often maps were cleared.",
        of_process!(|view: &View| view.totals.clears),
    ),
    metric(
        "tidemap_step_seconds",
        MetricKind::Histogram,
        Seconds,
        "How long the shares of a growth took that operations paid, over all maps.",
        Read::ProcessSteps,
    ),
    metric(
        "tidemap_map_info",
        Gauge,
        Count,
        "What a map is; always 1.",
        Read::MapInfo,
    ),
    metric(
        "tidemap_map_maps",
        Gauge,
        Count,
        "Maps that the series stand for: 1, of `other` how many.",
        of_map!(maps),
    ),
    metric(
        "tidemap_map_entries",
        Gauge,
        Count,
        "Entries when the map last went through a slow path.",
        of_map!(len),
    ),
    metric(
        "tidemap_map_entries_max",
        Gauge,
        Count,
        "Entries that the map can have by now.",
        of_map!(len_max),
    ),
    metric(
        "tidemap_map_capacity",
        Gauge,
        Count,
        "Entries that fit before the next growth begins.",
        of_map!(capacity),
    ),
    metric(
        "tidemap_map_buckets",
        Gauge,
        Count,
        "Main buckets in use.",
        of_map!(buckets),
    ),
    metric(
        "tidemap_map_load_ratio",
        Gauge,
        Ratio,
        "Entries over the slots of all main buckets.",
        Read::Map(|map| {
            (map.slots > 0).then(|| Number::Real(map.gauges.len as f64 / map.slots as f64))
        }),
    ),
    metric(
        "tidemap_map_overflow_buckets",
        Gauge,
        Count,
        "Overflow buckets in use.",
        of_map!(overflow_buckets),
    ),
    metric(
        "tidemap_map_longest_chain",
        Gauge,
        Count,
        "Buckets of the longest chain ever met.",
        of_map!(longest_chain),
    ),
    metric(
        "tidemap_map_live_bytes",
        Gauge,
        Bytes,
        "Memory in use by the present array, overflow buckets and bookkeeping; not what keys and values own.",
        of_map!(bytes_live),
    ),
    metric(
        "tidemap_map_old_bytes",
        Gauge,
        Bytes,
        "Memory that an old array still holds beside that.",
        of_map!(bytes_old),
    ),
    metric(
        "tidemap_map_wasted_bytes",
        Gauge,
        Bytes,
        "Memory held that is no entry: free slots, tags, old arrays.",
        Read::Map(|map| Some(Number::Whole(map.wasted_bytes))),
    ),
    metric(
        "tidemap_map_reserved_bytes",
        Gauge,
        Bytes,
        "Address space reserved.",
        of_map!(bytes_reserved),
    ),
    metric(
        "tidemap_map_peak_bytes",
        Gauge,
        Bytes,
        "The most memory that the map ever held.",
        of_map!(bytes_peak),
    ),
    metric(
        "tidemap_map_growing",
        Gauge,
        Count,
        "Growths that go on.",
        Read::Map(|map| Some(Number::Whole(map.growing))),
    ),
    metric(
        "tidemap_map_growth_age_seconds",
        Gauge,
        Seconds,
        "How long the oldest growth has been going on; 0 without one.",
        Read::Map(|map| Some(seconds(map.growth_age_ns))),
    ),
    metric(
        "tidemap_map_growth_progress_ratio",
        Gauge,
        Ratio,
        "How far the growth has come; absent without one.",
        Read::Map(|map| map.progress.map(Number::Real)),
    ),
    metric(
        "tidemap_map_updated_timestamp_seconds",
        Gauge,
        Seconds,
        "When the map last wrote its figures, in seconds since 1970.",
        Read::Map(|map| Some(seconds(map.updated_unix_ns))),
    ),
    metric(
        "tidemap_map_step_max_seconds",
        Gauge,
        Seconds,
        "The longest share of a growth that an operation paid.",
        Read::Map(|map| Some(seconds(map.gauges.step_ns_max))),
    ),
    metric(
        "tidemap_map_growths",
        Counter,
        Count,
        "Finished growths of the map.",
        Read::MapByKind(|counters, kind| counters.growths.of(kind)),
    ),
    metric(
        "tidemap_map_growths_given_up",
        Counter,
        Count,
        "Growths of the map that were turned round or given up.",
        counts_of_map!(growths_given_up),
    ),
    metric(
        "tidemap_map_growths_refused",
        Counter,
        Count,
        "Growths of the map put off because memory was refused.",
        counts_of_map!(growths_refused),
    ),
    metric(
        "tidemap_map_entries_moved",
        Counter,
        Count,
        "Entries that growths of the map moved.",
        counts_of_map!(entries_moved),
    ),
    metric(
        "tidemap_map_released_bytes",
        Counter,
        Bytes,
        "Bytes that the map gave back.",
        counts_of_map!(bytes_released),
    ),
    metric(
        "tidemap_map_overflows",
        Counter,
        Count,
        "Overflow buckets that the map's chains took.",
        counts_of_map!(overflows),
    ),
    metric(
        "tidemap_map_clears",
        Counter,
        Count,
        "How often the map was cleared.",
        counts_of_map!(clears),
    ),
    metric(
        "tidemap_map_step_seconds",
        MetricKind::Histogram,
        Seconds,
        "How long the map's steps took.",
        Read::MapSteps,
    ),
];

/// The first and the last cell of step times that get a bucket: up to 255 ns, up to 2.1 s.
const BUCKET_FIRST: usize = 7;
const BUCKET_LAST: usize = 30;
const _: () = assert!(BUCKET_LAST < CELLS, "a cell");

/// A histogram as it is shown: cumulative, with the exact ends of cells as bounds.
pub(crate) struct Steps {
    /// Longest duration in nanoseconds, and how many were not longer.
    pub(crate) buckets: Vec<(u64, u64)>,
    pub(crate) count: u64,
    pub(crate) sum_ns: u64,
}

impl Steps {
    pub(crate) fn of(counters: &Counters) -> Steps {
        let mut seen = 0_u64;
        let mut buckets = Vec::with_capacity(BUCKET_LAST - BUCKET_FIRST + 1);
        for (cell, count) in counters.step_ns.cells.iter().enumerate() {
            seen = seen.wrapping_add(*count);
            if (BUCKET_FIRST..=BUCKET_LAST).contains(&cell) {
                buckets.push((Histogram::cell_max_ns(cell), seen));
            }
        }
        Steps {
            buckets,
            count: seen,
            sum_ns: counters.growth_ns,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_what_prometheus_wants() {
        let mut seen = std::collections::HashSet::new();
        for metric in METRICS {
            assert!(seen.insert(metric.name), "{} twice", metric.name);
            assert!(metric.name.starts_with("tidemap_"));
            assert!(
                metric.name.ends_with(metric.unit.suffix()),
                "{}",
                metric.name
            );
            assert!(!metric.name.ends_with("_total"), "{}", metric.name);
            assert!(metric.help.ends_with('.'), "{}", metric.name);
        }
    }

    #[test]
    fn buckets_are_exact_and_cumulative() {
        let mut counters = Counters::default();
        for ns in [3, 255, 256, 511, 512, 4_000_000_000] {
            counters.step_ns.add(ns);
        }
        let steps = Steps::of(&counters);
        assert_eq!(steps.buckets[0], (255, 2));
        assert_eq!(steps.buckets[1], (511, 4));
        assert_eq!(steps.buckets.last(), Some(&(2_147_483_647, 5)));
        assert_eq!(steps.count, 6);
    }
}
