//! Static probes of provider `tidemap` (feature `usdt`; without it, or elsewhere than on Linux, nothing).
//!
//! Each probe is one instruction that does nothing, in one function that is never inlined, so a tracer
//! finds it once.

#[cfg(all(
    feature = "usdt",
    target_os = "linux",
    any(target_arch = "x86_64", target_arch = "aarch64")
))]
mod on {
    #![allow(unsafe_code, reason = "a probe is inline assembly")]

    use crate::growth::GrowthDone;
    use crate::hook::Record;

    /// `created(id, entry_bytes, len)`.
    #[inline(never)]
    pub(crate) fn created(id: u64, entry_bytes: u64, len: u64) {
        probe::probe!(tidemap, created, id, entry_bytes, len);
    }

    /// `grow_begin(id, kind, from_buckets, to_buckets, len)`.
    #[inline(never)]
    pub(crate) fn grow_begin(id: u64, record: &Record) {
        probe::probe!(
            tidemap,
            grow_begin,
            id,
            record.kind as u64,
            record.from_buckets,
            record.to_buckets,
            record.len
        );
    }

    /// `step(id, kind, ns, entries_moved, done_buckets)`.
    #[inline(never)]
    pub(crate) fn step(id: u64, record: &Record, ns: u64, entries_moved: u64) {
        probe::probe!(
            tidemap,
            step,
            id,
            record.kind as u64,
            ns,
            entries_moved,
            record.done_buckets
        );
    }

    /// `grow_end(id, kind, complete, steps, work_ns, wall_ns)`.
    #[inline(never)]
    pub(crate) fn grow_end(id: u64, done: &GrowthDone) {
        probe::probe!(
            tidemap,
            grow_end,
            id,
            done.growth.kind as u64,
            u64::from(done.is_complete),
            done.growth.steps,
            done.growth.work_ns,
            done.wall_ns()
        );
    }

    /// `release(id, bytes)`.
    #[inline(never)]
    pub(crate) fn release(id: u64, bytes: u64) {
        probe::probe!(tidemap, release, id, bytes);
    }

    /// `overflow(id, overflow_buckets, longest_chain)`.
    #[inline(never)]
    pub(crate) fn overflow(id: u64, overflow_buckets: u64, longest_chain: u64) {
        probe::probe!(tidemap, overflow, id, overflow_buckets, longest_chain);
    }

    /// `clear(id, bytes_held)`.
    #[inline(never)]
    pub(crate) fn clear(id: u64, bytes_held: u64) {
        probe::probe!(tidemap, clear, id, bytes_held);
    }

    /// `drop(id, len)`.
    #[inline(never)]
    pub(crate) fn drop_map(id: u64, len: u64) {
        probe::probe!(tidemap, drop, id, len);
    }
}

#[cfg(all(
    feature = "usdt",
    target_os = "linux",
    any(target_arch = "x86_64", target_arch = "aarch64")
))]
pub(crate) use on::*;

#[cfg(not(all(
    feature = "usdt",
    target_os = "linux",
    any(target_arch = "x86_64", target_arch = "aarch64")
)))]
mod off {
    use crate::growth::GrowthDone;
    use crate::hook::Record;

    #[inline(always)]
    pub(crate) fn created(_id: u64, _entry_bytes: u64, _len: u64) {}
    #[inline(always)]
    pub(crate) fn grow_begin(_id: u64, _record: &Record) {}
    #[inline(always)]
    pub(crate) fn step(_id: u64, _record: &Record, _ns: u64, _entries_moved: u64) {}
    #[inline(always)]
    pub(crate) fn grow_end(_id: u64, _done: &GrowthDone) {}
    #[inline(always)]
    pub(crate) fn release(_id: u64, _bytes: u64) {}
    #[inline(always)]
    pub(crate) fn overflow(_id: u64, _overflow_buckets: u64, _longest_chain: u64) {}
    #[inline(always)]
    pub(crate) fn clear(_id: u64, _bytes_held: u64) {}
    #[inline(always)]
    pub(crate) fn drop_map(_id: u64, _len: u64) {}
}

#[cfg(not(all(
    feature = "usdt",
    target_os = "linux",
    any(target_arch = "x86_64", target_arch = "aarch64")
)))]
pub(crate) use off::*;
