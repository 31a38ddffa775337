//! Growths as spans of the `tracing` crate (feature `tracing`; without it nothing).
//!
//! A span `growth` begins with the operation that triggers the growth, inside the span that the
//! operation runs in, and ends when the growth is complete and what it left is released. A subscriber
//! is the user's code: its panics end here, and what it does with maps of its own is not traced.

#[cfg(feature = "tracing")]
pub(crate) use on::{begun, ended};

#[cfg(not(feature = "tracing"))]
pub(crate) use off::{begun, ended};

#[cfg(not(feature = "tracing"))]
mod off {
    use crate::event::MapId;
    use crate::growth::GrowthDone;
    use crate::hook::Record;

    #[inline(always)]
    pub(crate) fn begun(_row: u32, _id: MapId, _record: &Record) {}

    #[inline(always)]
    pub(crate) fn ended(_row: u32, _done: &GrowthDone) {}
}

#[cfg(feature = "tracing")]
mod on {
    use std::cell::Cell;
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::Mutex;

    use tracing::field::Empty;
    use tracing::{Level, Span, span};

    use crate::event::MapId;
    use crate::growth::{GrowthDone, GrowthKind};
    use crate::hook::Record;
    use crate::registry::ROWS_MAX;

    /// The spans of a row's growth and of its same-size growth.
    struct Open([Option<Span>; 2]);

    static OPEN: [Mutex<Open>; ROWS_MAX] = [const { Mutex::new(Open([None, None])) }; ROWS_MAX];

    thread_local! {
        static INSIDE: Cell<bool> = const { Cell::new(false) };
    }

    /// Calls the subscriber, unless it is the subscriber who works on a map.
    fn guarded(call: impl FnOnce()) {
        let entered = INSIDE.try_with(|inside| !inside.replace(true));
        if entered != Ok(true) {
            return;
        }
        // A subscriber that panics has spoilt its own record; the map goes on.
        let _ = catch_unwind(AssertUnwindSafe(call));
        let _ = INSIDE.try_with(|inside| inside.set(false));
    }

    fn place(kind: GrowthKind) -> usize {
        usize::from(kind == GrowthKind::SameSize)
    }

    /// Puts a span in its place and returns the one that was there: dropped by the caller, without the lock.
    fn exchange(row: u32, kind: GrowthKind, span: Option<Span>) -> Option<Span> {
        let mut open = OPEN
            .get(row as usize)?
            .lock()
            .unwrap_or_else(|e| e.into_inner());
        std::mem::replace(&mut open.0[place(kind)], span)
    }

    pub(crate) fn begun(row: u32, id: MapId, record: &Record) {
        if row as usize >= ROWS_MAX {
            return;
        }
        guarded(|| {
            if !tracing::enabled!(target: "tidemap", Level::INFO) {
                return;
            }
            let name = crate::describe(id).map_or_else(String::new, |map| map.label());
            let span = span!(
                target: "tidemap",
                Level::INFO,
                "growth",
                map = id.0,
                name,
                kind = record.kind.as_str(),
                from_buckets = record.from_buckets,
                to_buckets = record.to_buckets,
                len = record.len,
                complete = Empty,
                steps = Empty,
                entries_moved = Empty,
                bytes_released = Empty,
                work_ns = Empty,
                step_ns_max = Empty,
            );
            drop(exchange(row, record.kind, Some(span)));
        });
    }

    pub(crate) fn ended(row: u32, done: &GrowthDone) {
        guarded(|| {
            let growth = &done.growth;
            let Some(span) = exchange(row, growth.kind, None) else {
                return;
            };
            span.record("complete", done.is_complete)
                .record("steps", growth.steps)
                .record("entries_moved", growth.entries_moved)
                .record("bytes_released", growth.bytes_released)
                .record("work_ns", growth.work_ns)
                .record("step_ns_max", growth.step_ns_max);
        });
    }
}
