//! Hooks: what a map tells about itself. For authors of maps; users of maps need none of it.
//!
//! A map that is observed keeps a [`Handle`] and calls a hook in its slow paths, where it allocates,
//! moves or frees. A hook takes a clock reading where one is needed, writes the map's row, and
//! tells those who listen. It allocates nothing, waits for nothing and runs no code of the user's, save
//! that the feature `tracing` calls the program's subscriber, whose panics end there.
//!
//! H1. Each hook leaves the row complete: a map whose `Hash` panics between two hooks has at worst a row
//!     that is behind.
//! H2. The order of calls is [`attach`], any of the others, [`detach`]; one thread at a time.
//!     Other orders give wrong figures and nothing worse.

mod tell;
mod write;

use std::sync::atomic::Ordering;

pub use crate::about::About;
use crate::event::{EventKind, MapId};
use crate::growth::{GrowthDone, GrowthKind};
use crate::histogram::Histogram;
use crate::registry::{ROWS, SHARED_ROW, census, give_back, new_id, take_row};
use crate::ring::publish;
use crate::row::{self, Row, counter, growth};
use crate::{about, clock, spans, switch, testing, trigger, usdt};
pub(crate) use write::Change;
use write::{
    add_shared_work, add_work, begin_growth, end_growth, place_of, record_at, set_figures,
    set_growth, update_shared,
};

/// An observed map's place in the registry.
#[derive(Clone, Copy)]
pub struct Handle {
    row: &'static Row,
    index: u32,
    /// What this map has added to the gauges of the shared row.
    shared: Shared,
}

#[derive(Clone, Copy, Default)]
struct Shared {
    len: u64,
    bytes_live: u64,
    bytes_old: u64,
}

impl Handle {
    /// The number to keep where there is no room for a handle.
    #[must_use]
    pub fn index(self) -> u32 {
        self.index
    }

    /// The handle of that number; `None` if it is none of a row. A map that shares a row must not have
    /// told its figures in between.
    #[must_use]
    pub fn from_index(index: u32) -> Option<Handle> {
        let row = ROWS.get(index as usize)?;
        Some(Handle {
            row,
            index,
            shared: Shared::default(),
        })
    }

    /// The map's number.
    #[must_use]
    pub fn id(self) -> MapId {
        if self.is_shared() {
            MapId::OTHER
        } else {
            MapId(self.row.get(row::ID))
        }
    }

    /// Whether the map had to share the last row.
    #[must_use]
    pub fn is_shared(self) -> bool {
        self.index as usize == SHARED_ROW
    }
}

/// A map's figures, as [`Gauges`](crate::Gauges) explains them.
#[derive(Debug, Clone, Copy, Default)]
#[expect(missing_docs, reason = "explained at `Gauges`")]
pub struct Figures {
    pub len: u64,
    pub len_max: u64,
    pub capacity: u64,
    pub buckets: u64,
    pub slots_per_bucket: u64,
    pub bucket_bytes: u64,
    pub overflow_buckets: u64,
    pub longest_chain: u64,
    pub bytes_live: u64,
    pub bytes_old: u64,
    pub bytes_reserved: u64,
}

/// A growth as the map knows it, explained at [`GrowthProgress`](crate::GrowthProgress); `len` is the
/// present number of entries.
#[derive(Debug, Clone, Copy)]
#[expect(missing_docs, reason = "explained at `GrowthProgress`")]
pub struct Record {
    pub kind: GrowthKind,
    pub from_buckets: u64,
    pub to_buckets: u64,
    pub done_buckets: u64,
    pub len: u64,
    pub steps: u64,
    pub entries_moved: u64,
    pub bytes_moved: u64,
    pub bytes_released: u64,
}

/// What one operation did beyond its own entry.
#[derive(Debug, Clone, Copy, Default)]
pub struct Work {
    /// Entries moved.
    pub entries_moved: u64,
    /// Their bytes.
    pub bytes_moved: u64,
    /// Bytes given back.
    pub bytes_released: u64,
    /// Growths put off for want of memory.
    pub growths_refused: u64,
}

/// Whether maps that nobody named are to be observed. One relaxed load, unless a test counts.
#[inline]
#[must_use]
pub fn wants_all() -> bool {
    switch::observes_all() || testing::wants_maps_of_this_thread()
}

/// Keeps what is known about a map until it is worth a row: a number for [`attach_remembered`], or
/// `None` if the table of places is full.
#[must_use]
pub fn remember(about: About) -> Option<u32> {
    about::remember(about).map(|index| index as u32)
}

/// As [`attach`], for a map without a name that was [remembered](remember).
#[must_use]
pub fn attach_remembered(number: u32) -> Option<Handle> {
    about::kind(number as usize).map(|about| attach(None, about, 0))
}

/// The clock of hooks, in nanoseconds since the epoch.
#[must_use]
pub fn now_ns() -> u64 {
    clock::now_ns()
}

/// A map comes to the registry, with `len` entries.
#[must_use]
pub fn attach(name: Option<&str>, about: About, len: u64) -> Handle {
    switch::read_environment();
    let now = clock::now_ns();
    let census = census();
    // Relaxed: the same values every time.
    census
        .epoch_unix_ns
        .store(clock::epoch_unix_ns(), Ordering::Relaxed);
    census
        .pid
        .store(u64::from(std::process::id()), Ordering::Relaxed);
    let index = take_row(name.is_some());
    census.created.fetch_add(1, Ordering::Relaxed);
    let handle = Handle {
        row: &ROWS[index],
        index: index as u32,
        shared: Shared::default(),
    };
    if handle.is_shared() {
        census.folded.fetch_add(1, Ordering::Relaxed);
        handle.row.set_shared(row::ID, MapId::OTHER.0);
        handle.row.set_shared(row::STATE, row::SHARED);
        handle.row.add_shared(row::MAPS, 1);
        handle.row.set_shared(row::UPDATED_NS, now);
    } else {
        let mut row = handle.row.write();
        row.set(row::ID, new_id(index));
        row.set(row::STATE, row::LIVE);
        row.set(row::CREATED_NS, now);
        row.set(row::UPDATED_NS, now);
        row.set(row::ENTRY_BYTES, about.entry_bytes as u64);
        row.set(row::FLAGS, u64::from(name.is_none()));
        for word in row::LEN..row::GROWTHS_END {
            row.set(word, 0);
        }
        row.set(row::MAPS, 1);
        row.set(row::LEN, len);
        row.set(row::LEN_MAX, len);
        row.set_text(row::NAME, name.unwrap_or(""));
        row.set_text(row::KEY_TYPE, about.key_type);
        row.set_text(row::VALUE_TYPE, about.value_type);
        let (line, column) = about.site.map_or((0, 0), |s| (s.line(), s.column()));
        row.set(
            row::LINE_COLUMN,
            (u64::from(line) << 32) | u64::from(column),
        );
        row.set_text(row::FILE, about.site.map_or("", |site| site.file()));
    }
    let entry_bytes = about.entry_bytes as u64;
    publish(now, handle.id(), || EventKind::Created { entry_bytes, len });
    usdt::created(handle.id().0, entry_bytes, len);
    handle
}

/// The map can have at most so many entries before it calls a hook again. One relaxed store.
#[inline]
pub fn bound(handle: &Handle, len_max: u64) {
    if !handle.is_shared() {
        // One word that is right by itself needs no write of the whole row.
        handle.row.set_shared(row::LEN_MAX, len_max);
    }
}

/// The map's memory or length changed in a way that no other hook tells.
pub fn update(handle: &mut Handle, figures: &Figures) {
    let now = clock::now_ns();
    let change = if handle.is_shared() {
        update_shared(handle, figures, now)
    } else {
        let mut row = handle.row.write();
        set_figures(&mut row, figures, now)
    };
    testing::memory(handle.row, change);
}

/// A growth of any kind begins; what ran in its place is given up.
pub fn begun(handle: &mut Handle, record: &Record, figures: &Figures) {
    let now = clock::now_ns();
    let mut ended = None;
    let change = if handle.is_shared() {
        handle.row.add_shared(row::COUNTERS + counter::BEGUN, 1);
        update_shared(handle, figures, now)
    } else {
        let mut row = handle.row.write();
        let at = place_of(record.kind);
        ended = end_growth(&mut row, at, now);
        begin_growth(&mut row, at, record, now);
        set_figures(&mut row, figures, now)
    };
    testing::memory(handle.row, change);
    if let Some(done) = ended {
        tell::end(handle, &done);
    }
    let bytes_held = figures.bytes_live.saturating_add(figures.bytes_old);
    trigger::tell(now, handle.id(), record.kind);
    publish(now, handle.id(), || EventKind::GrowthBegin {
        kind: record.kind,
        from_buckets: record.from_buckets,
        to_buckets: record.to_buckets,
        len: record.len,
        bytes_held,
        bytes_old: figures.bytes_old,
    });
    testing::begun(handle.row, record.kind);
    usdt::grow_begin(handle.id().0, record);
    spans::begun(handle.index, handle.id(), record);
}

/// A growth is complete. Its end is told by the [`step`] or [`clear`] that it happened in.
pub fn ended(handle: &mut Handle, record: &Record) {
    let now = clock::now_ns();
    if handle.is_shared() {
        let finished = counter::FINISHED + record.kind as usize;
        handle.row.add_shared(row::COUNTERS + finished, 1);
        let done = GrowthDone {
            growth: crate::GrowthProgress {
                kind: record.kind,
                from_buckets: record.from_buckets,
                to_buckets: record.to_buckets,
                done_buckets: record.done_buckets,
                started_ns: now,
                len_at_start: record.len,
                steps: record.steps,
                entries_moved: record.entries_moved,
                bytes_moved: record.bytes_moved,
                bytes_released: record.bytes_released,
                work_ns: 0,
                step_ns_max: 0,
            },
            ended_ns: now,
            len_at_end: record.len,
            is_complete: true,
        };
        tell::end(handle, &done);
        return;
    }
    let mut row = handle.row.write();
    let at = place_of(record.kind);
    if row.get(at + growth::STATE) & 0xff != growth::RUNS {
        // It began before the map was observed.
        begin_growth(&mut row, at, record, now);
    }
    set_growth(&mut row, at, growth::ENDS, record);
}

/// What a step found when it was over, for those who listen.
#[derive(Clone, Copy, Default)]
struct Ends {
    growth: Option<GrowthDone>,
    compaction: Option<GrowthDone>,
}

/// An operation that began at `started_ns` went through a slow path. `growths` are the growth and the
/// same-size growth that go on now.
pub fn step(
    handle: &mut Handle,
    started_ns: u64,
    figures: &Figures,
    work: &Work,
    growths: [Option<&Record>; 2],
) {
    let now = clock::now_ns();
    let ns = now.saturating_sub(started_ns);
    let mut ends = Ends::default();
    let mut paid = None;
    let change;
    if handle.is_shared() {
        paid = growths.into_iter().flatten().next().copied();
        change = update_shared(handle, figures, now);
        add_shared_work(handle.row, work, paid.is_some().then_some(ns));
    } else {
        let mut row = handle.row.write();
        change = set_figures(&mut row, figures, now);
        for (at, record) in [row::GROWTH, row::COMPACTION].into_iter().zip(growths) {
            let state = row.get(at + growth::STATE) & 0xff;
            match (state, record) {
                (growth::RUNS, Some(record)) => set_growth(&mut row, at, growth::RUNS, record),
                // It began before the map was observed.
                (growth::NONE, Some(record)) => begin_growth(&mut row, at, record, started_ns),
                (growth::NONE, None) => continue,
                _ => {}
            }
            if row.get(at + growth::STARTED_NS) > started_ns {
                // Begun by this very operation.
                row.set(at + growth::STARTED_NS, started_ns);
            }
            if paid.is_none() {
                row.add(at + growth::WORK_NS, ns);
                row.max(at + growth::STEP_NS_MAX, ns);
                paid = Some(record_at(&row, at));
            }
            if state == growth::ENDS || record.is_none() {
                let done = end_growth(&mut row, at, now);
                if at == row::GROWTH {
                    ends.growth = done;
                } else {
                    ends.compaction = done;
                }
            }
        }
        add_work(&mut row, work);
        if paid.is_some() {
            row.add(row::COUNTERS + counter::STEPS, 1);
            row.add(row::COUNTERS + counter::GROWTH_NS, ns);
            row.max(row::STEP_NS_MAX, ns);
            let cell = counter::HISTOGRAM + Histogram::cell_of(ns);
            row.add(row::COUNTERS + cell, 1);
        }
    }
    testing::memory(handle.row, change);
    tell::step(handle, now, ns, figures, work, paid);
    for done in [ends.growth, ends.compaction].into_iter().flatten() {
        tell::end(handle, &done);
    }
}

/// A full chain got an overflow bucket; so many are in use.
pub fn overflow(handle: &mut Handle, overflow_buckets: u64, longest_chain: u64) {
    if handle.is_shared() {
        handle.row.add_shared(row::COUNTERS + counter::OVERFLOWS, 1);
        handle.row.max_shared(row::LONGEST_CHAIN, longest_chain);
    } else {
        let mut row = handle.row.write();
        row.add(row::COUNTERS + counter::OVERFLOWS, 1);
        row.set(row::OVERFLOW_BUCKETS, overflow_buckets);
        row.max(row::LONGEST_CHAIN, longest_chain);
    }
    if switch::listens(switch::EVENTS) {
        publish(clock::now_ns(), handle.id(), || EventKind::Overflow {
            overflow_buckets,
            longest_chain,
        });
    }
    usdt::overflow(handle.id().0, overflow_buckets, longest_chain);
}

/// The map was cleared, which gave so many bytes back; `growths` are those that go on all the same.
pub fn clear(
    handle: &mut Handle,
    figures: &Figures,
    bytes_released: u64,
    growths: [Option<&Record>; 2],
) {
    let now = clock::now_ns();
    let mut ends = Ends::default();
    let work = Work {
        bytes_released,
        ..Work::default()
    };
    let change = if handle.is_shared() {
        handle.row.add_shared(row::COUNTERS + counter::CLEARS, 1);
        add_shared_work(handle.row, &work, None);
        update_shared(handle, figures, now)
    } else {
        let mut row = handle.row.write();
        row.add(row::COUNTERS + counter::CLEARS, 1);
        add_work(&mut row, &work);
        if growths[0].is_none() {
            ends.growth = end_growth(&mut row, row::GROWTH, now);
        }
        if growths[1].is_none() {
            ends.compaction = end_growth(&mut row, row::COMPACTION, now);
        }
        set_figures(&mut row, figures, now)
    };
    testing::memory(handle.row, change);
    let bytes_held = figures.bytes_live.saturating_add(figures.bytes_old);
    if bytes_released > 0 {
        tell::release(handle, now, bytes_released, bytes_held, figures.bytes_old);
    }
    for done in [ends.growth, ends.compaction].into_iter().flatten() {
        tell::end(handle, &done);
    }
    publish(now, handle.id(), || EventKind::Clear { bytes_held });
    usdt::clear(handle.id().0, bytes_held);
}

/// A map that is being taken apart gave bytes back and has `len` entries left.
pub fn reclaimed(handle: &mut Handle, bytes_released: u64, len: u64) {
    let now = clock::now_ns();
    let (before, old);
    if handle.is_shared() {
        before = handle.shared.bytes_live;
        old = handle.shared.bytes_old;
    } else {
        before = handle.row.get(row::BYTES_LIVE);
        old = handle.row.get(row::BYTES_OLD);
    }
    let from_old = bytes_released.min(old);
    let figures = Figures {
        len,
        len_max: len,
        bytes_live: before.saturating_sub(bytes_released - from_old),
        bytes_old: old - from_old,
        ..Figures::default()
    };
    let work = Work {
        bytes_released,
        ..Work::default()
    };
    let change = if handle.is_shared() {
        add_shared_work(handle.row, &work, None);
        update_shared(handle, &figures, now)
    } else {
        let mut row = handle.row.write();
        add_work(&mut row, &work);
        set_figures(&mut row, &figures, now)
    };
    testing::memory(handle.row, change);
    if bytes_released > 0 {
        let held = figures.bytes_live.saturating_add(figures.bytes_old);
        tell::release(handle, now, bytes_released, held, figures.bytes_old);
    }
}

/// The map is gone. Its counters join those of the row's past, and the row is free.
pub fn detach(mut handle: Handle) {
    let now = clock::now_ns();
    let id = handle.id();
    census().dropped.fetch_add(1, Ordering::Relaxed);
    if handle.is_shared() {
        let change = update_shared(&mut handle, &Figures::default(), now);
        handle.row.add_shared(row::MAPS, 1_u64.wrapping_neg());
        testing::memory(handle.row, change);
        publish(now, id, || EventKind::Drop {
            len: 0,
            growths: 0,
            age_ns: 0,
            bytes_held: 0,
        });
        usdt::drop_map(id.0, 0);
        return;
    }
    let mut growths = 0;
    let (len, age_ns, change);
    let (growth_end, compaction_end);
    {
        let mut row = handle.row.write();
        growth_end = end_growth(&mut row, row::GROWTH, now);
        compaction_end = end_growth(&mut row, row::COMPACTION, now);
        len = row.get(row::LEN);
        age_ns = now.saturating_sub(row.get(row::CREATED_NS));
        let held = (row.get(row::BYTES_LIVE), row.get(row::BYTES_OLD));
        change = Change::between(held, (0, 0));
        for word in 0..counter::WORDS {
            let n = row.get(row::COUNTERS + word);
            if word < counter::BEGUN {
                growths += n;
            }
            if n > 0 {
                row.add(row::PAST + word, n);
                row.set(row::COUNTERS + word, 0);
            }
        }
        row.add(row::PAST_MAPS, 1);
        row.set(row::STATE, row::FREE);
    }
    for done in [growth_end, compaction_end].into_iter().flatten() {
        tell::end(&handle, &done);
    }
    testing::memory(handle.row, change);
    publish(now, id, || EventKind::Drop {
        len,
        growths,
        age_ns,
        bytes_held: change.held.unsigned_abs(),
    });
    usdt::drop_map(id.0, len);
    give_back(handle.index as usize);
}
