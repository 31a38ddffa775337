//! The figures of one run of one map, as they travel and as JSON shows them.
//!
//! Times are nanoseconds since the run's first operation, operations are counted
//! from 0, digests are hexadecimal text. `docs/replay.md` documents the schema.

use serde::{Deserialize, Serialize};

use super::answers::{Content, Counts};
use super::clock::ClockReport;
use super::growths::SeenGrowth;
use super::latency::{Latency, Recorder, Slice, StallTotal, Stalls};

/// Everything measured in one run.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct MapRun {
    /// The map's name.
    pub map: String,
    /// The clock that timed operations.
    pub clock: ClockReport,
    /// The whole replay, without a clock around operations.
    pub throughput: Throughput,
    /// One operation.
    pub latency: Latency,
    /// Tail share and nanoseconds, from all operations to the slowest.
    pub percentiles: Vec<(f64, f64)>,
    /// Operations that took long.
    pub stalls: Stalls,
    /// The same loop without a map.
    pub floor: Floor,
    /// Memory; `None` where the system does not tell.
    pub memory: Option<MemoryReport>,
    /// The replay in slices.
    pub bins: Bins,
    /// What the map answered.
    pub answers: Answers,
    /// The map's own figures at the end; `None` for maps that keep none.
    pub stats: Option<MapStats>,
    /// Growths, oldest first.
    pub growths: Vec<GrowthRow>,
    /// How long the process waited for a processor during the latency pass; `None`
    /// where the system does not tell.
    pub waited_ns: Option<u64>,
    /// How long dropping the full map took.
    pub drop_ns: f64,
}

/// See [`MapRun::throughput`].
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Throughput {
    pub seconds: f64,
    pub ops_per_second: f64,
    pub ns_per_op: f64,
    /// The same loop without a map; part of `ns_per_op`.
    pub floor_ns_per_op: f64,
}

/// See [`MapRun::floor`].
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Floor {
    pub latency: Latency,
    pub percentiles: Vec<(f64, f64)>,
    pub over_100_us: StallTotal,
    pub over_1_ms: StallTotal,
    /// Time between clock reads, in total.
    pub timed_seconds: f64,
    /// The same of the map's pass, which the floor's should equal.
    pub timed_seconds_of_map: f64,
}

/// See [`MapRun::memory`]; figures above the process's memory before the map.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct MemoryReport {
    /// `high-water mark` (exact) or `samples`.
    pub peak_from: String,
    pub baseline_bytes: u64,
    pub peak_bytes: u64,
    pub final_bytes: u64,
    pub peak_bytes_per_peak_entry: Option<f64>,
    pub final_bytes_per_final_entry: Option<f64>,
}

/// Columns, one value per slice of the replay.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Bins {
    /// Operations up to the slice's end.
    pub end_op: Vec<u64>,
    /// Time at the slice's end.
    pub end_ns: Vec<f64>,
    /// Slowest operation.
    pub max_ns: Vec<f64>,
    /// Slowest operation by its own time, without waiting for a processor.
    pub own_max_ns: Vec<f64>,
    /// Mean operation.
    pub mean_ns: Vec<f64>,
    /// Entries at the slice's end.
    pub len: Vec<u64>,
    /// Memory at the slice's end, above the baseline; empty where not available.
    pub memory_bytes: Vec<u64>,
    /// The most memory within the slice, the same way.
    pub memory_peak_bytes: Vec<u64>,
}

impl Bins {
    /// The slices of `recorder`.
    pub(crate) fn new(recorder: &Recorder, baseline: Option<u64>) -> Self {
        let slices = recorder.slices();
        let clock = recorder.clock();
        let mut end_op = 0;
        let above = |bytes: fn(&Slice) -> u64| -> Vec<u64> {
            let Some(baseline) = baseline else {
                return Vec::new();
            };
            slices
                .iter()
                .map(|slice| bytes(slice).saturating_sub(baseline))
                .collect()
        };
        Bins {
            end_op: slices
                .iter()
                .map(|slice| {
                    end_op += slice.ops;
                    end_op
                })
                .collect(),
            end_ns: slices.iter().map(|slice| clock.ns(slice.end)).collect(),
            max_ns: slices.iter().map(|slice| clock.ns(slice.max)).collect(),
            own_max_ns: slices.iter().map(|slice| clock.ns(slice.own_max)).collect(),
            mean_ns: slices
                .iter()
                .map(|slice| clock.ns(slice.sum) / slice.ops.max(1) as f64)
                .collect(),
            len: slices.iter().map(|slice| slice.len).collect(),
            memory_bytes: above(|slice| slice.resident),
            memory_peak_bytes: above(|slice| slice.resident_peak),
        }
    }
}

/// See [`MapRun::answers`].
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Answers {
    pub counts: Counts,
    /// Most entries at a time.
    pub live_peak: u64,
    pub content: Content,
    /// Digest of all answers in order.
    pub digest: String,
    /// Digest of answers and length at the end of every slice.
    pub checkpoints: Vec<String>,
    /// Whether the throughput pass gave the same answers.
    pub same_in_both_passes: bool,
}

/// See [`MapRun::stats`]; `tidemap::Stats` documents the fields.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct MapStats {
    pub buckets: u64,
    pub slots_per_bucket: u64,
    pub bucket_bytes: u64,
    pub load: f64,
    pub overflow_buckets: u64,
    pub longest_chain_seen: u64,
    pub growths_in_place: u64,
    pub growths_relocating: u64,
    pub growths_same_size: u64,
    pub bytes_live: u64,
    pub bytes_old: u64,
    pub bytes_released: u64,
    pub bytes_reserved: u64,
    pub work_total: WorkRow,
    pub work_max: WorkRow,
}

/// `tidemap::Work`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct WorkRow {
    pub entries_moved: u64,
    pub bytes_moved: u64,
    pub fresh_pages: u64,
    pub system_calls: u64,
    pub allocator_calls: u64,
}

/// One growth.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct GrowthRow {
    /// When this run was done with the operation that triggered it.
    pub begin_ns: f64,
    /// When it was done with the one that ended it; `None`: still going on at the end.
    pub end_ns: Option<f64>,
    /// What the observed pass saw.
    #[serde(flatten)]
    pub seen: SeenGrowth,
}

/// What the observed pass saw and wrote.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Observed {
    pub growths: Vec<SeenGrowth>,
    /// Digest of all answers in order.
    pub digest: String,
    pub traced: Option<TracedRun>,
    pub recording: Option<RecordedRun>,
}

/// What a trace holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TracedRun {
    /// Events taken.
    pub events: u64,
    /// Events of which something was left out for want of space.
    pub left_out: u64,
    /// Events that were lost.
    pub missed: u64,
    pub bytes: u64,
}

/// What a recording holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RecordedRun {
    /// Looks.
    pub frames: u64,
    /// Events.
    pub events: u64,
    /// Events that came faster than they could be written.
    pub missed: u64,
}
