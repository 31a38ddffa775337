//! Writing rows: the parts that hooks put together. Rows of one map are written under their sequence
//! word, the shared row is added to.

use super::{Figures, Handle, Record, Shared, Work};
use crate::growth::{GrowthDone, GrowthKind};
use crate::histogram::Histogram;
use crate::layout;
use crate::row::{self, Row, Writer, counter, growth};

/// By how much bytes in use changed: all of them, and those of old arrays.
#[derive(Clone, Copy)]
pub(crate) struct Change {
    pub(crate) held: i64,
    pub(crate) old: i64,
}

impl Change {
    pub(super) fn between(before: (u64, u64), after: (u64, u64)) -> Change {
        let of = |a: u64, b: u64| b.wrapping_sub(a) as i64;
        Change {
            held: of(before.0, after.0).wrapping_add(of(before.1, after.1)),
            old: of(before.1, after.1),
        }
    }
}

pub(super) fn set_figures(row: &mut Writer<'_>, figures: &Figures, now: u64) -> Change {
    let before = (row.get(row::BYTES_LIVE), row.get(row::BYTES_OLD));
    row.set(row::UPDATED_NS, now);
    row.set(row::LEN, figures.len);
    row.set(row::LEN_MAX, figures.len_max);
    row.set(row::CAPACITY, figures.capacity);
    row.set(row::BUCKETS, figures.buckets);
    row.set(row::SLOTS_PER_BUCKET, figures.slots_per_bucket);
    row.set(row::BUCKET_BYTES, figures.bucket_bytes);
    row.set(row::OVERFLOW_BUCKETS, figures.overflow_buckets);
    row.set(row::LONGEST_CHAIN, figures.longest_chain);
    row.set(row::BYTES_LIVE, figures.bytes_live);
    row.set(row::BYTES_OLD, figures.bytes_old);
    row.set(row::BYTES_RESERVED, figures.bytes_reserved);
    row.max(
        row::BYTES_PEAK,
        figures.bytes_live.saturating_add(figures.bytes_old),
    );
    Change::between(before, (figures.bytes_live, figures.bytes_old))
}

pub(super) fn update_shared(handle: &mut Handle, figures: &Figures, now: u64) -> Change {
    let shared = Shared {
        len: figures.len,
        bytes_live: figures.bytes_live,
        bytes_old: figures.bytes_old,
    };
    let before = std::mem::replace(&mut handle.shared, shared);
    let row = handle.row;
    // Wrapping: what one map takes away it has added before.
    row.add_shared(row::LEN, shared.len.wrapping_sub(before.len));
    row.add_shared(row::LEN_MAX, shared.len.wrapping_sub(before.len));
    row.add_shared(
        row::BYTES_LIVE,
        shared.bytes_live.wrapping_sub(before.bytes_live),
    );
    row.add_shared(
        row::BYTES_OLD,
        shared.bytes_old.wrapping_sub(before.bytes_old),
    );
    row.max_shared(row::LONGEST_CHAIN, figures.longest_chain);
    row.max_shared(
        row::BYTES_PEAK,
        row.get(row::BYTES_LIVE)
            .saturating_add(row.get(row::BYTES_OLD)),
    );
    row.set_shared(row::UPDATED_NS, now);
    Change::between(
        (before.bytes_live, before.bytes_old),
        (shared.bytes_live, shared.bytes_old),
    )
}

/// The words of the growth that a kind belongs to.
pub(super) fn place_of(kind: GrowthKind) -> usize {
    if kind == GrowthKind::SameSize {
        row::COMPACTION
    } else {
        row::GROWTH
    }
}

pub(super) fn set_growth(row: &mut Writer<'_>, at: usize, state: u64, record: &Record) {
    row.set(at + growth::STATE, state | ((record.kind as u64) << 8));
    row.set(at + growth::FROM, record.from_buckets);
    row.set(at + growth::TO, record.to_buckets);
    row.set(at + growth::DONE, record.done_buckets);
    row.set(at + growth::STEPS, record.steps);
    row.set(at + growth::ENTRIES_MOVED, record.entries_moved);
    row.set(at + growth::BYTES_MOVED, record.bytes_moved);
    row.set(at + growth::BYTES_RELEASED, record.bytes_released);
    row.set(at + growth::LEN_AT_END, record.len);
}

pub(super) fn begin_growth(row: &mut Writer<'_>, at: usize, record: &Record, now: u64) {
    set_growth(row, at, growth::RUNS, record);
    row.set(at + growth::STARTED_NS, now);
    row.set(at + growth::LEN_AT_START, record.len);
    row.set(at + growth::WORK_NS, 0);
    row.set(at + growth::STEP_NS_MAX, 0);
    row.add(row::COUNTERS + counter::BEGUN, 1);
}

/// Ends what runs at `at`, if anything does: it becomes the last growth.
pub(super) fn end_growth(row: &mut Writer<'_>, at: usize, now: u64) -> Option<GrowthDone> {
    let word = row.get(at + growth::STATE);
    let (is_complete, state) = match word & 0xff {
        growth::RUNS => (false, growth::GIVEN_UP),
        growth::ENDS => (true, growth::COMPLETE),
        _ => return None,
    };
    row.set(at + growth::STATE, (word & !0xff) | state);
    row.set(at + growth::ENDED_NS, now);
    let mut words = [0; growth::WORDS];
    for (offset, copy) in words.iter_mut().enumerate() {
        *copy = row.get(at + offset);
        row.set(row::LAST_GROWTH + offset, *copy);
    }
    row.set(at + growth::STATE, growth::NONE);
    let (_, growth) = layout::progress(&words)?;
    let ends = if is_complete {
        counter::FINISHED + growth.kind as usize
    } else {
        counter::GIVEN_UP
    };
    row.add(row::COUNTERS + ends, 1);
    Some(GrowthDone {
        growth,
        ended_ns: now,
        len_at_end: words[growth::LEN_AT_END],
        is_complete,
    })
}

pub(super) fn record_at(row: &Writer<'_>, at: usize) -> Record {
    let word = row.get(at + growth::STATE);
    Record {
        kind: GrowthKind::from_code(word >> 8).unwrap_or(GrowthKind::InPlace),
        from_buckets: row.get(at + growth::FROM),
        to_buckets: row.get(at + growth::TO),
        done_buckets: row.get(at + growth::DONE),
        len: row.get(row::LEN),
        steps: row.get(at + growth::STEPS),
        entries_moved: row.get(at + growth::ENTRIES_MOVED),
        bytes_moved: row.get(at + growth::BYTES_MOVED),
        bytes_released: row.get(at + growth::BYTES_RELEASED),
    }
}

pub(super) fn add_work(row: &mut Writer<'_>, work: &Work) {
    for (word, n) in [
        (counter::ENTRIES_MOVED, work.entries_moved),
        (counter::BYTES_MOVED, work.bytes_moved),
        (counter::BYTES_RELEASED, work.bytes_released),
        (counter::REFUSED, work.growths_refused),
    ] {
        if n > 0 {
            row.add(row::COUNTERS + word, n);
        }
    }
}

pub(super) fn add_shared_work(row: &Row, work: &Work, step_ns: Option<u64>) {
    let add = |word: usize, n: u64| {
        if n > 0 {
            row.add_shared(row::COUNTERS + word, n);
        }
    };
    add(counter::ENTRIES_MOVED, work.entries_moved);
    add(counter::BYTES_MOVED, work.bytes_moved);
    add(counter::BYTES_RELEASED, work.bytes_released);
    add(counter::REFUSED, work.growths_refused);
    if let Some(ns) = step_ns {
        add(counter::STEPS, 1);
        add(counter::GROWTH_NS, ns);
        add(counter::HISTOGRAM + Histogram::cell_of(ns), 1);
        row.max_shared(row::STEP_NS_MAX, ns);
    }
}
