//! Recording how long operations take: a histogram, the worst of every slice of
//! the replay, and every stall.
//!
//! Where the system tells how long the thread waited for a processor, a stall has a
//! part that is its *own*: its length less that waiting time. The figure is read after
//! every stall, and after every long gap between two operations, so that what was
//! waited in a gap is not put down to the next stall.
//!
//! All memory is allocated and touched before the replay begins, so that
//! recording neither stalls nor shows up in the memory report.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

use super::clock::{Clock, Ticks};
use super::noise::waited_ns;

/// Slices that a replay is divided into; the plots' resolution.
pub(crate) const SLICES: u64 = 800;
/// An operation this long is a stall.
pub(crate) const STALL_NS: u64 = 100_000;
/// An operation this long is a long stall.
pub(crate) const LONG_STALL_NS: u64 = 1_000_000;
/// Stalls that are listed one by one: the longest.
const STALLS_LISTED: usize = 4096;
/// Longest operation that the histogram tells apart, in ticks: half an hour.
const TICKS_MAX: Ticks = 1 << 43;

/// Records one pass.
pub(crate) struct Recorder {
    clock: Clock,
    histogram: Histogram<u64>,
    stall_ticks: Ticks,
    long_ticks: Ticks,
    begin: Ticks,
    /// Raw time between the clock's reads, in total.
    timed: Ticks,
    max: (Ticks, u64),
    stalls: StallSum,
    long_stalls: StallSum,
    own_stalls: StallSum,
    own_long_stalls: StallSum,
    /// The slowest operation by its own time.
    own_max: (Ticks, u64),
    /// When the latest operation ended, and the time waited when last asked.
    last_stop: Ticks,
    waited_ns: Option<u64>,
    longest: BinaryHeap<Reverse<(Ticks, u64, Ticks, Ticks)>>,
    slice: SliceState,
    slices: Vec<Slice>,
}

#[derive(Default)]
struct SliceState {
    max: Ticks,
    own_max: Ticks,
    sum: Ticks,
}

/// A slice as recorded; `end`, `max` and `sum` in ticks.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Slice {
    pub end: Ticks,
    pub max: Ticks,
    pub own_max: Ticks,
    pub sum: Ticks,
    pub ops: u64,
    pub resident: u64,
    pub resident_peak: u64,
    pub len: u64,
    pub digest: u64,
}

#[derive(Debug, Clone, Copy, Default)]
struct StallSum {
    count: u64,
    ticks: Ticks,
}

impl StallSum {
    fn add(&mut self, ticks: Ticks) {
        self.count += 1;
        self.ticks += ticks;
    }
}

impl Recorder {
    /// Ready to record; [`Recorder::begin`] starts the time.
    pub(crate) fn new(clock: Clock) -> Self {
        let mut histogram =
            Histogram::new_with_bounds(1, TICKS_MAX, 3).expect("the bounds are constants");
        // Touches the counters' pages.
        histogram.reset();
        let mut slices = vec![
            Slice {
                end: 1,
                ..Slice::default()
            };
            SLICES as usize + 1
        ];
        slices.clear();
        let mut longest: Vec<_> = (0..=STALLS_LISTED).map(|_| Reverse((1, 1, 1, 1))).collect();
        longest.clear();
        Recorder {
            stall_ticks: clock.ticks(STALL_NS),
            long_ticks: clock.ticks(LONG_STALL_NS),
            histogram,
            begin: clock.stop(),
            timed: 0,
            max: (0, 0),
            stalls: StallSum::default(),
            long_stalls: StallSum::default(),
            own_stalls: StallSum::default(),
            own_long_stalls: StallSum::default(),
            own_max: (0, 0),
            last_stop: 0,
            waited_ns: None,
            longest: BinaryHeap::from(longest),
            slice: SliceState::default(),
            slices,
            clock,
        }
    }

    /// The clock.
    pub(crate) fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Time zero is now.
    pub(crate) fn begin(&mut self) {
        self.waited_ns = waited_ns();
        self.begin = self.clock.stop();
        self.last_stop = self.begin;
    }

    /// Takes in operation `index`, which ran from `start` to `stop`.
    #[inline(always)]
    pub(crate) fn op(&mut self, index: u64, start: Ticks, stop: Ticks) {
        let raw = stop.saturating_sub(start);
        if start.saturating_sub(self.last_stop) >= self.stall_ticks {
            self.gap();
        }
        self.last_stop = stop;
        self.timed += raw;
        let ticks = raw.saturating_sub(self.clock.pair_cost());
        // Below one tick is recorded as one; the bound is half an hour.
        self.histogram.saturating_record(ticks.max(1));
        self.slice.sum += ticks;
        if ticks > self.slice.max {
            self.slice.max = ticks;
            if ticks > self.max.0 {
                self.max = (ticks, index);
            }
        }
        if ticks >= self.stall_ticks {
            self.stall(index, start, ticks);
        } else if ticks > self.slice.own_max {
            self.own(index, ticks);
        }
    }

    /// Takes in an operation's own time, if it is the slowest so far.
    #[inline(always)]
    fn own(&mut self, index: u64, ticks: Ticks) {
        self.slice.own_max = self.slice.own_max.max(ticks);
        if ticks > self.own_max.0 {
            self.own_max = (ticks, index);
        }
    }

    #[cold]
    fn gap(&mut self) {
        self.waited_ns = waited_ns();
    }

    #[cold]
    fn stall(&mut self, index: u64, start: Ticks, ticks: Ticks) {
        let now = waited_ns();
        let waited = now
            .zip(self.waited_ns)
            .map_or(0, |(now, then)| now.saturating_sub(then));
        self.waited_ns = now;
        let own = ticks.saturating_sub(self.clock.ticks(waited));
        self.own(index, own);
        if own >= self.stall_ticks {
            self.own_stalls.add(own);
        }
        if own >= self.long_ticks {
            self.own_long_stalls.add(own);
        }
        self.stalls.add(ticks);
        if ticks >= self.long_ticks {
            self.long_stalls.add(ticks);
        }
        let at = start.saturating_sub(self.begin);
        self.longest.push(Reverse((ticks, index, at, own)));
        if self.longest.len() > STALLS_LISTED {
            self.longest.pop();
        }
    }

    /// Ends a slice. `seen` has what the recorder cannot know; time and
    /// latencies are filled in.
    pub(crate) fn end_slice(&mut self, seen: Slice) {
        let state = std::mem::take(&mut self.slice);
        let end = self.now();
        self.slices.push(Slice {
            end,
            max: state.max,
            own_max: state.own_max,
            sum: state.sum,
            ..seen
        });
    }

    /// Time since [`Recorder::begin`], now.
    pub(crate) fn now(&self) -> Ticks {
        self.clock.stop() - self.begin
    }

    /// Raw time between the clock's reads so far.
    pub(crate) fn timed(&self) -> Ticks {
        self.timed
    }

    /// The slices so far.
    pub(crate) fn slices(&self) -> &[Slice] {
        &self.slices
    }

    /// Forgets the slices, for a pass that is repeated.
    pub(crate) fn clear_slices(&mut self) {
        self.slices.clear();
    }

    /// The figures of one operation.
    pub(crate) fn latency(&self) -> Latency {
        let at = |q: f64| {
            self.clock
                .ns(self.histogram.value_at_quantile(q).min(self.max.0))
        };
        Latency {
            ops: self.histogram.len(),
            mean_ns: self.histogram.mean() * self.clock.ns(1 << 20) / f64::from(1 << 20),
            p50_ns: at(0.5),
            p99_ns: at(0.99),
            p99_9_ns: at(0.999),
            p99_99_ns: at(0.9999),
            max_ns: self.clock.ns(self.max.0),
            max_at_op: self.max.1,
            own_max_ns: self.clock.ns(self.own_max.0),
            own_max_at_op: self.own_max.1,
        }
    }

    /// The percentile curve: pairs of tail share and nanoseconds, from all
    /// operations down to the slowest one.
    pub(crate) fn percentiles(&self) -> Vec<(f64, f64)> {
        let ops = self.histogram.len().max(1) as f64;
        let steps = (ops.log10() * 20.0).ceil() as u32;
        let mut curve: Vec<(f64, f64)> = (0..=steps)
            .map(|step| 10f64.powf(-f64::from(step) / 20.0).max(1.0 / ops))
            .map(|tail| {
                let ticks = self.histogram.value_at_quantile(1.0 - tail).min(self.max.0);
                (tail, self.clock.ns(ticks))
            })
            .collect();
        curve.push((1.0 / ops, self.clock.ns(self.max.0)));
        curve
    }

    /// The stalls.
    pub(crate) fn stalls(&self) -> Stalls {
        let sum = |s: StallSum| StallTotal {
            count: s.count,
            total_ns: self.clock.ns(s.ticks),
        };
        let mut listed: Vec<Stall> = self
            .longest
            .iter()
            .map(|&Reverse((ticks, op, at, own))| Stall {
                own_ns: self.clock.ns(own),
                op,
                at_ns: self.clock.ns(at),
                ns: self.clock.ns(ticks),
            })
            .collect();
        listed.sort_by_key(|stall| stall.op);
        Stalls {
            over_100_us: sum(self.stalls),
            over_1_ms: sum(self.long_stalls),
            own_over_100_us: sum(self.own_stalls),
            own_over_1_ms: sum(self.own_long_stalls),
            all_listed: self.stalls.count as usize == listed.len(),
            listed,
        }
    }
}

/// How long one operation takes, clock cost subtracted.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Latency {
    /// Operations timed.
    pub ops: u64,
    /// Mean.
    pub mean_ns: f64,
    /// Median.
    pub p50_ns: f64,
    /// 99 % take no longer.
    pub p99_ns: f64,
    /// 99.9 % take no longer.
    pub p99_9_ns: f64,
    /// 99.99 % take no longer.
    pub p99_99_ns: f64,
    /// The slowest.
    pub max_ns: f64,
    /// Its index.
    pub max_at_op: u64,
    /// The slowest by its own time: without waiting for a processor, as far as the
    /// system tells (a hypervisor does not).
    pub own_max_ns: f64,
    /// Its index.
    pub own_max_at_op: u64,
}

/// How many stalls, how long together.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct StallTotal {
    /// How many.
    pub count: u64,
    /// Their length together.
    pub total_ns: f64,
}

/// One stall.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Stall {
    /// Index of the operation.
    pub op: u64,
    /// When it began, since the replay began.
    pub at_ns: f64,
    /// How long it took.
    pub ns: f64,
    /// Of that, its own: what the thread did not spend waiting for a processor.
    pub own_ns: f64,
}

/// All stalls of a pass.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Stalls {
    /// 100 µs and longer.
    pub over_100_us: StallTotal,
    /// 1 ms and longer.
    pub over_1_ms: StallTotal,
    /// Those whose own time is 100 µs and longer, and that time.
    pub own_over_100_us: StallTotal,
    /// Those whose own time is 1 ms and longer, and that time.
    pub own_over_1_ms: StallTotal,
    /// Whether `listed` has them all, or only the longest.
    pub all_listed: bool,
    /// One by one, in the order of operations.
    pub listed: Vec<Stall>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_exact_for_known_times() {
        let clock = Clock::calibrate();
        let cost = clock.pair_cost();
        let mut recorder = Recorder::new(clock.clone());
        recorder.begin();
        let begin = recorder.clock().stop();
        for index in 0..10_000u64 {
            let ns = match index {
                5_000 => 2_000_000,
                6_000 => 150_000,
                _ => 1_000,
            };
            recorder.op(index, begin, begin + clock.ticks(ns) + cost);
        }
        recorder.end_slice(Slice {
            ops: 10_000,
            ..Slice::default()
        });
        let latency = recorder.latency();
        let near = |found: f64, want: f64| {
            assert!(
                (found / want - 1.0).abs() < 0.01,
                "{found} instead of {want}"
            );
        };
        near(latency.p50_ns, 1_000.0);
        near(latency.p99_9_ns, 1_000.0);
        near(latency.max_ns, 2_000_000.0);
        assert_eq!(latency.max_at_op, 5_000);
        let stalls = recorder.stalls();
        assert_eq!((stalls.over_100_us.count, stalls.over_1_ms.count), (2, 1));
        near(stalls.over_100_us.total_ns, 2_150_000.0);
        assert_eq!(
            stalls.listed.iter().map(|s| s.op).collect::<Vec<_>>(),
            [5_000, 6_000]
        );
        assert!(stalls.all_listed);
        let curve = recorder.percentiles();
        near(curve.last().unwrap().1, 2_000_000.0);
        assert!(
            curve
                .windows(2)
                .all(|w| w[0].0 >= w[1].0 && w[0].1 <= w[1].1)
        );
    }
}
