//! Hooks that do nothing.

use crate::alloc::Allocator;
use crate::raw::RawTable;
use crate::stats::Growth;

/// What a cold part keeps: nothing.
#[derive(Clone, Copy)]
pub(crate) struct Probe;

/// What is known of a map when it is made: nothing.
#[derive(Clone, Copy)]
pub(crate) struct Birth;

/// When a slow path began: nobody asks.
#[derive(Clone, Copy)]
pub(crate) struct Mark;

const _: () = assert!(
    size_of::<(Probe, Birth, Mark)>() == 0,
    "maps that cannot be observed carry nothing for it"
);

impl Birth {
    #[inline(always)]
    #[expect(clippy::extra_unused_type_parameters, reason = "as where it is used")]
    pub(crate) fn here<K, V>() -> Birth {
        Birth
    }
}

impl Probe {
    pub(in crate::raw) const NONE: Probe = Probe;

    #[inline(always)]
    pub(in crate::raw) fn overflow(&mut self, _in_use: usize, _longest_chain: usize) {}

    #[inline(always)]
    pub(in crate::raw) fn ended(&mut self, _growth: &Growth) {}

    #[inline(always)]
    pub(in crate::raw) fn bound(&self, _len_max: usize) {}
}

impl<T, A: Allocator + Clone> RawTable<T, A> {
    #[inline(always)]
    pub(crate) fn set_birth(&mut self, _birth: Birth) {}

    #[inline(always)]
    pub(in crate::raw) fn resting_floor(&self, policy: f32) -> usize {
        policy.to_bits() as usize
    }

    #[inline(always)]
    pub(in crate::raw) fn probe_adopt(&mut self) {}

    #[inline(always)]
    pub(in crate::raw) fn probe_mark(&self) -> Mark {
        Mark
    }

    #[inline(always)]
    pub(in crate::raw) fn probe_step(&mut self, _mark: Mark) {}

    #[inline(always)]
    pub(in crate::raw) fn probe_begun(&mut self) {}

    #[inline(always)]
    pub(in crate::raw) fn probe_compaction_begun(&mut self) {}

    #[inline(always)]
    pub(crate) fn probe_changed(&mut self) {}

    #[cfg(feature = "probe")]
    pub(crate) fn observe<K, V>(&mut self, _name: &str, _site: &core::panic::Location<'_>) {}

    #[cfg(feature = "probe")]
    pub(crate) fn probe_id(&self) -> Option<tidemap_probe::MapId> {
        None
    }

    #[inline(always)]
    pub(in crate::raw) fn probe_cleared(&mut self, _mark: Mark) {}

    #[inline(always)]
    pub(in crate::raw) fn probe_freed(&mut self) {}

    #[inline(always)]
    pub(in crate::raw) fn probe_taken(&mut self, _left: &mut Self) {}

    #[inline(always)]
    pub(in crate::raw) fn probe_reclaimed(&mut self, _bytes: u64) {}

    #[inline(always)]
    pub(in crate::raw) fn probe_detach(&mut self) {}
}
