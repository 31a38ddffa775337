//! Telling those who listen: the ring, tests, static probes, spans, lines. After the row was written.

use super::{Figures, Handle, Record, Work};
use crate::event::EventKind;
use crate::growth::GrowthDone;
use crate::ring::publish;
use crate::{lines, spans, switch, testing, usdt};

pub(super) fn step(
    handle: &Handle,
    now: u64,
    ns: u64,
    figures: &Figures,
    work: &Work,
    paid: Option<Record>,
) {
    let id = handle.id();
    let bytes_held = figures.bytes_live.saturating_add(figures.bytes_old);
    if let Some(record) = paid {
        publish(now, id, || EventKind::Step {
            kind: record.kind,
            ns,
            entries_moved: work.entries_moved,
            done_buckets: record.done_buckets,
            from_buckets: record.from_buckets,
            bytes_held,
            len: figures.len,
        });
        testing::step(handle.row, ns, work.entries_moved);
        usdt::step(id.0, &record, ns, work.entries_moved);
    }
    if work.bytes_released > 0 {
        release(
            handle,
            now,
            work.bytes_released,
            bytes_held,
            figures.bytes_old,
        );
    }
    if work.growths_refused > 0 {
        publish(now, id, || EventKind::Refused { len: figures.len });
    }
}

pub(super) fn release(handle: &Handle, now: u64, bytes: u64, bytes_held: u64, bytes_old: u64) {
    publish(now, handle.id(), || EventKind::Release {
        bytes,
        bytes_held,
        bytes_old,
    });
    usdt::release(handle.id().0, bytes);
}

pub(super) fn end(handle: &Handle, done: &GrowthDone) {
    let growth = &done.growth;
    publish(done.ended_ns, handle.id(), || EventKind::GrowthEnd {
        kind: growth.kind,
        is_complete: done.is_complete,
        steps: growth.steps,
        entries_moved: growth.entries_moved,
        bytes_released: growth.bytes_released,
        work_ns: growth.work_ns,
        step_ns_max: growth.step_ns_max,
        len: done.len_at_end,
    });
    testing::ended(handle.row);
    usdt::grow_end(handle.id().0, done);
    spans::ended(handle.index, done);
    if switch::listens(switch::LINES) {
        lines::write(handle.index as usize, done);
    }
}
