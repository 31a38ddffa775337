//! Replaying a stream on one map: the passes and what each of them measures.
//!
//! Of a tidemap a process before it makes the *observed pass* (`observed.rs`), which says in which
//! operations growths begin and end.
//!
//! 1. *Throughput floor*: the loop without a map, no clock. It also warms up the
//!    stream's pages.
//! 2. *Latency pass*: a fresh map, the clock read around every operation, memory
//!    sampled at the end of every slice. Answers, content, growths, memory and
//!    latency of the report come from here.
//! 3. *Throughput pass*: a fresh map, no clock around operations, which then may
//!    overlap as they do in a program.
//! 4. *Noise floor*: pass 2 without a map, repeated until as much time went by
//!    between its clock reads as between those of pass 2.

mod observed;

use std::hint::black_box;
use std::ops::ControlFlow;
use std::time::Instant;

use anyhow::{Result, bail, ensure};
use tidemap_bench::contenders::{
    Contender, FixedHasher, Griddle, Hashbrown, Indexmap, Std, Tidemap,
};

use super::answers::{AnswerKind, Content, Tally, content};
use super::clock::{Clock, Ticks};
use super::growths::{SeenGrowth, marks};
use super::latency::{Recorder, SLICES, Slice};
use super::maps::{Faulty, MapName};
use super::memory::Memory;
use super::noise::{NoMap, waited_ns};
use super::run_report::{
    Answers, Bins, Floor, GrowthRow, MapRun, MapStats, MemoryReport, Observed, Throughput, WorkRow,
};
use super::schedule::Schedule;
use super::stream::{Keys, Stream, Timing};
use super::wire::{Job, Mode};
use super::workload::{ByteSpace, Cell, IntSpace, KeySpace, Timed, apply};

/// Longest that the noise floor is measured, nanoseconds.
const FLOOR_NS_MAX: u64 = 20_000_000_000;

/// What a job yields.
pub(crate) enum Outcome {
    /// Of [`Mode::Measure`].
    Run(Box<MapRun>),
    /// Of [`Mode::Answers`]: codes of [`AnswerKind`] and values.
    Answers(Vec<(u8, u64)>),
    /// Of [`Mode::Observe`].
    Observed(Box<Observed>),
}

/// Called at the end of every slice with the operations done and a pass number from 1; 0 is the
/// observed pass.
pub(crate) type Progress<'a> = &'a mut dyn FnMut(u8, u64);

/// Carries out `job`.
pub(crate) fn run(job: &Job, stream: &Stream, progress: Progress<'_>) -> Result<Outcome> {
    let replay = Replay { job, stream };
    match &stream.keys {
        Keys::Ints(keys) => {
            ensure!(stream.times.is_empty(), "integer keys with times");
            replay.with_space::<_, u64>(IntSpace::new(keys, job.scale), progress)
        }
        Keys::Bytes { arena, ends } => {
            let space = ByteSpace::new(arena, ends);
            if stream.times.is_empty() {
                replay.with_space::<_, u64>(space, progress)
            } else {
                replay.with_space::<_, Timed>(space, progress)
            }
        }
    }
}

struct Replay<'a> {
    job: &'a Job,
    stream: &'a Stream,
}

impl Replay<'_> {
    fn with_space<S: KeySpace, V: Cell>(
        &self,
        space: S,
        progress: Progress<'_>,
    ) -> Result<Outcome> {
        if let Mode::Observe(what) = &self.job.mode {
            let observed = self.observe::<S, V>(space, what, progress)?;
            return Ok(Outcome::Observed(Box::new(observed)));
        }
        match self.job.map.name {
            MapName::Tidemap => self.with_map::<Tidemap<S::Key, V>, S, V>(space, progress),
            MapName::Hashbrown => self.with_map::<Hashbrown<S::Key, V>, S, V>(space, progress),
            MapName::Std => self.with_map::<Std<S::Key, V>, S, V>(space, progress),
            MapName::Griddle => self.with_map::<Griddle<S::Key, V>, S, V>(space, progress),
            MapName::Indexmap => self.with_map::<Indexmap<S::Key, V>, S, V>(space, progress),
            MapName::Faulty => self.with_map::<Faulty<S::Key, V>, S, V>(space, progress),
        }
    }

    fn with_map<C: Contender<S::Key, V>, S: KeySpace, V: Cell>(
        &self,
        space: S,
        progress: Progress<'_>,
    ) -> Result<Outcome> {
        match &self.job.mode {
            Mode::Measure { growths } => Ok(Outcome::Run(Box::new(
                self.measure::<C, S, V>(space, growths, progress)?,
            ))),
            Mode::Answers { from, to } => {
                Ok(Outcome::Answers(self.answers::<C, S, V>(space, *from, *to)))
            }
            Mode::Observe(_) => bail!("observing is not measuring"),
        }
    }

    fn map<C: Contender<K, V>, K, V>(&self) -> C {
        let hasher = FixedHasher::with_seed(self.job.seed);
        if self.job.map.presized {
            C::presized(self.stream.keys.len() * self.job.scale as usize, hasher)
        } else {
            C::empty(hasher)
        }
    }

    fn schedule(&self) -> Schedule {
        Schedule::new(self.stream.ops.len(), self.job.scale, self.job.seed)
    }

    /// The time of operation `at`; a constant where nothing expires.
    #[inline(always)]
    fn timing<V: Cell>(&self, at: usize) -> Timing {
        if V::EXPIRES {
            self.stream.times[at]
        } else {
            Timing {
                now_us: 0,
                ttl_us: Timing::FOREVER,
            }
        }
    }

    fn measure<C: Contender<S::Key, V>, S: KeySpace, V: Cell>(
        &self,
        space: S,
        growths: &[SeenGrowth],
        progress: Progress<'_>,
    ) -> Result<MapRun> {
        let clock = Clock::calibrate();
        let mut recorder = Recorder::new(clock.clone());
        let mut floor_recorder = Recorder::new(clock.clone());
        let mut memory = Memory::open();

        let mut no_map = NoMap::empty(FixedHasher::with_seed(self.job.seed));
        let (floor_seconds, _) = self.throughput_pass::<NoMap<S::Key, V>, S, V>(
            &mut no_map,
            space,
            &mut on,
            &mut |_| {},
        );

        if let Some(memory) = &mut memory {
            memory.reset_peak();
        }
        let baseline = memory.as_mut().and_then(Memory::resident_bytes);
        let waited_before = waited_ns();
        let marks = marks(growths);
        let mut map: C = self.map();
        let (tally, last_us, times) = self.latency_pass(
            &mut map,
            space,
            &marks,
            &mut recorder,
            &mut memory,
            &mut |done| progress(1, done),
        );
        let waited = waited_ns().zip(waited_before).map(|(now, then)| now - then);
        let peak_is_exact = memory.as_ref().is_some_and(Memory::peak_is_exact);
        let last = memory.as_mut().and_then(Memory::resident_bytes);
        let content = content(&map, last_us);
        let stats = map.stats().map(|stats| MapStats::new(&stats));
        let growths = growth_rows(growths, &marks, &times, &clock);
        let drop_start = clock.start();
        drop(map);
        let drop_ns = clock.ns(clock.stop() - drop_start);

        let mut map: C = self.map();
        let (seconds, again) =
            self.throughput_pass(&mut map, space, &mut on, &mut |done| progress(2, done));
        drop(map);

        let floor = self.floor::<S, V>(space, &mut floor_recorder, recorder.timed(), progress);

        let ops = self.job.ops as f64;
        Ok(MapRun {
            map: self.job.map.to_string(),
            clock: clock.report(),
            throughput: Throughput {
                seconds,
                ops_per_second: ops / seconds,
                ns_per_op: seconds * 1e9 / ops,
                floor_ns_per_op: floor_seconds * 1e9 / ops,
            },
            latency: recorder.latency(),
            percentiles: recorder.percentiles(),
            stalls: recorder.stalls(),
            floor,
            memory: memory_report(baseline, last, peak_is_exact, &recorder, &content, &tally),
            bins: Bins::new(&recorder, baseline),
            answers: Answers {
                counts: tally.counts(),
                live_peak: tally.live_peak(),
                content,
                digest: format!("{:016x}", tally.digest()),
                checkpoints: recorder
                    .slices()
                    .iter()
                    .map(|slice| format!("{:016x}", slice.digest))
                    .collect(),
                same_in_both_passes: tally.digest() == again.digest(),
            },
            stats,
            growths,
            waited_ns: waited,
            drop_ns,
        })
    }

    /// Pass 2; gives the answers, the time of the last operation (µs of the
    /// trace) and when the operations `marks`, which ascend, were done.
    fn latency_pass<C: Contender<S::Key, V>, S: KeySpace, V: Cell>(
        &self,
        map: &mut C,
        space: S,
        marks: &[u64],
        recorder: &mut Recorder,
        memory: &mut Option<Memory>,
        progress: &mut dyn FnMut(u64),
    ) -> (Tally, u64, Vec<Ticks>) {
        let clock = recorder.clock().clone();
        let mut schedule = self.schedule();
        let mut tally = Tally::default();
        let mut last_us = 0;
        let mut times = Vec::with_capacity(marks.len());
        let mut marks = marks.iter().copied();
        let mut next_mark = marks.next();
        let slice_ops = slice_ops(self.job.ops);
        let mut index = 0;
        recorder.begin();
        while index < self.job.ops {
            let slice_end = (index + slice_ops).min(self.job.ops);
            let slice_begin = index;
            while index < slice_end {
                let turn = schedule.next();
                let op = self.stream.ops[turn.at];
                let timing = self.timing::<V>(turn.at);
                let key = black_box(space.key(op.key, turn.copy));
                let start = clock.start();
                let answer = black_box(apply::<C, S::Key, V>(map, op, key, timing));
                let stop = clock.stop();
                recorder.op(index, start, stop);
                tally.add(answer);
                last_us = last_us.max(timing.now_us);
                if next_mark == Some(index) {
                    times.push(recorder.now());
                    next_mark = marks.next();
                }
                index += 1;
            }
            let resident = memory
                .as_mut()
                .and_then(Memory::resident_bytes)
                .unwrap_or(0);
            let peak = memory
                .as_mut()
                .and_then(Memory::take_peak_bytes)
                .unwrap_or(0);
            let len = map.len();
            recorder.end_slice(Slice {
                ops: index - slice_begin,
                resident,
                resident_peak: peak.max(resident),
                len: len as u64,
                digest: tally.checkpoint(len),
                ..Slice::default()
            });
            progress(index);
        }
        (tally, last_us, times)
    }

    /// Passes 1 and 3, and the observed one; gives the seconds and the answers. `after` is called after each operation
    /// and can end the pass.
    fn throughput_pass<C: Contender<S::Key, V>, S: KeySpace, V: Cell>(
        &self,
        map: &mut C,
        space: S,
        after: &mut impl FnMut(u64) -> ControlFlow<()>,
        progress: &mut dyn FnMut(u64),
    ) -> (f64, Tally) {
        let mut schedule = self.schedule();
        let mut tally = Tally::default();
        let mut index = 0;
        let slice_ops = slice_ops(self.job.ops);
        let begin = Instant::now();
        'pass: while index < self.job.ops {
            let slice_end = (index + slice_ops).min(self.job.ops);
            while index < slice_end {
                let turn = schedule.next();
                let op = self.stream.ops[turn.at];
                let timing = self.timing::<V>(turn.at);
                let key = space.key(op.key, turn.copy);
                tally.add(apply::<C, S::Key, V>(map, op, key, timing));
                if after(index).is_break() {
                    break 'pass;
                }
                index += 1;
            }
            progress(index);
        }
        let seconds = begin.elapsed().as_secs_f64();
        (seconds, black_box(tally))
    }

    /// Pass 4.
    fn floor<S: KeySpace, V: Cell>(
        &self,
        space: S,
        recorder: &mut Recorder,
        timed: Ticks,
        progress: Progress<'_>,
    ) -> Floor {
        let goal = timed.min(recorder.clock().ticks(FLOOR_NS_MAX));
        let mut no_map: NoMap<S::Key, V> = NoMap::empty(FixedHasher::with_seed(self.job.seed));
        while recorder.timed() < goal {
            recorder.clear_slices();
            let before = recorder.timed();
            self.latency_pass(&mut no_map, space, &[], recorder, &mut None, &mut |_| {});
            progress(
                3,
                (recorder.timed() as f64 / goal as f64 * self.job.ops as f64) as u64,
            );
            if recorder.timed() == before {
                break;
            }
        }
        Floor {
            latency: recorder.latency(),
            percentiles: recorder.percentiles(),
            over_100_us: recorder.stalls().over_100_us,
            over_1_ms: recorder.stalls().over_1_ms,
            timed_seconds: recorder.clock().ns(recorder.timed()) / 1e9,
            timed_seconds_of_map: recorder.clock().ns(timed) / 1e9,
        }
    }

    /// Every answer from operation `from` to `to`, nothing timed.
    fn answers<C: Contender<S::Key, V>, S: KeySpace, V: Cell>(
        &self,
        space: S,
        from: u64,
        to: u64,
    ) -> Vec<(u8, u64)> {
        let mut map: C = self.map();
        let mut schedule = self.schedule();
        let mut answers = Vec::new();
        for index in 0..to.min(self.job.ops) {
            let turn = schedule.next();
            let op = self.stream.ops[turn.at];
            let key = space.key(op.key, turn.copy);
            let answer = apply::<C, S::Key, V>(&mut map, op, key, self.timing::<V>(turn.at));
            if index >= from {
                answers.push((answer.kind as u8, answer.value));
            }
        }
        // A content that differs shows only in the end.
        if to >= self.job.ops {
            answers.push((AnswerKind::Cleared as u8, map.len() as u64));
        }
        answers
    }
}

/// Operations of one slice.
pub(crate) fn slice_ops(ops: u64) -> u64 {
    ops.div_ceil(SLICES).max(1)
}

/// After an operation of a pass that nothing ends.
#[inline(always)]
fn on(_op: u64) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

/// Joins what the observed pass saw with when this run came by: `times` are those of `marks`.
fn growth_rows(
    growths: &[SeenGrowth],
    marks: &[u64],
    times: &[Ticks],
    clock: &Clock,
) -> Vec<GrowthRow> {
    let ns_at = |op: u64| {
        let place = marks.binary_search(&op).ok()?;
        times.get(place).map(|time| clock.ns(*time))
    };
    let rows = growths.iter().filter_map(|seen| {
        Some(GrowthRow {
            begin_ns: ns_at(seen.begin_op)?,
            end_ns: seen.end_op.and_then(ns_at),
            seen: seen.clone(),
        })
    });
    rows.collect()
}

fn memory_report(
    baseline: Option<u64>,
    last: Option<u64>,
    peak_is_exact: bool,
    recorder: &Recorder,
    content: &Content,
    tally: &Tally,
) -> Option<MemoryReport> {
    let (baseline, last) = (baseline?, last?);
    let peak = recorder
        .slices()
        .iter()
        .map(|slice| slice.resident_peak)
        .max()
        .unwrap_or(0);
    let above = |bytes: u64| bytes.saturating_sub(baseline);
    let (peak_bytes, final_bytes) = (above(peak.max(last)), above(last));
    let per = |bytes: u64, entries: u64| (entries > 0).then(|| bytes as f64 / entries as f64);
    Some(MemoryReport {
        peak_from: if peak_is_exact {
            "high-water mark"
        } else {
            "samples"
        }
        .to_owned(),
        baseline_bytes: baseline,
        peak_bytes,
        final_bytes,
        peak_bytes_per_peak_entry: per(peak_bytes, tally.live_peak()),
        final_bytes_per_final_entry: per(final_bytes, content.len),
    })
}

impl WorkRow {
    fn new(work: &tidemap::Work) -> Self {
        WorkRow {
            entries_moved: work.entries_moved,
            bytes_moved: work.bytes_moved,
            fresh_pages: work.fresh_pages,
            system_calls: work.system_calls,
            allocator_calls: work.allocator_calls,
        }
    }
}

impl MapStats {
    fn new(stats: &tidemap::Stats) -> Self {
        MapStats {
            buckets: stats.buckets as u64,
            slots_per_bucket: stats.slots_per_bucket as u64,
            bucket_bytes: stats.bucket_bytes as u64,
            load: stats.load,
            overflow_buckets: stats.overflow_buckets as u64,
            longest_chain_seen: stats.longest_chain_seen as u64,
            growths_in_place: stats.growths_in_place,
            growths_relocating: stats.growths_relocating,
            growths_same_size: stats.growths_same_size,
            bytes_live: stats.bytes_live as u64,
            bytes_old: stats.bytes_old as u64,
            bytes_released: stats.bytes_released,
            bytes_reserved: stats.bytes_reserved as u64,
            work_total: WorkRow::new(&stats.work_total),
            work_max: WorkRow::new(&stats.work_max),
        }
    }
}

#[cfg(test)]
mod tests;
