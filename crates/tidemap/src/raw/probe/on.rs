//! Hooks that tell `tidemap-probe`.

use core::any::type_name;
use core::panic::Location;

use tidemap_probe::hook::{self, About, Figures, Handle, Record, Work};
use tidemap_probe::{GrowthKind as Kind, MapId};

use crate::alloc::Allocator;
use crate::raw::RawTable;
use crate::stats::{Growth, GrowthKind};

/// Where `floor` keeps a tag beside the policy's bits (P2).
const TAG_SHIFT: u32 = 32;
/// A tag with this bit is a number of [`hook::remember`], else one more than a row's.
const REMEMBERED: u32 = 1 << 31;

/// What a cold part keeps: the handle of an observed map.
#[derive(Clone, Copy)]
pub(crate) struct Probe(Option<Handle>);

/// What is known of a map when it is made, as a tag; 0 for nothing.
#[derive(Clone, Copy)]
pub(crate) struct Birth(u32);

/// When a slow path of an observed map began, and how much was given back by then.
#[derive(Clone, Copy)]
pub(crate) struct Mark(Option<Began>);

#[derive(Clone, Copy)]
struct Began {
    ns: u64,
    bytes_released: u64,
    refused: u64,
}

impl Birth {
    pub(crate) const NONE: Birth = Birth(0);

    /// A map that is made by the caller's caller: noted down if all maps are observed.
    #[inline]
    #[track_caller]
    pub(crate) fn here<K, V>() -> Birth {
        if hook::wants_all() {
            Self::noted::<K, V>(Location::caller())
        } else {
            Birth::NONE
        }
    }

    #[cold]
    fn noted<K, V>(site: &'static Location<'static>) -> Birth {
        hook::remember(about::<K, V>(site)).map_or(Birth::NONE, |number| Birth(REMEMBERED | number))
    }
}

fn about<K, V>(site: &'static Location<'static>) -> About {
    About {
        key_type: type_name::<K>(),
        value_type: if size_of::<V>() == 0 && type_name::<V>() == "()" {
            ""
        } else {
            type_name::<V>()
        },
        entry_bytes: size_of::<(K, V)>(),
        site: Some(site),
    }
}

impl Probe {
    pub(in crate::raw) const NONE: Probe = Probe(None);

    /// A chain got an overflow bucket.
    #[inline]
    pub(in crate::raw) fn overflow(&mut self, in_use: usize, longest_chain: usize) {
        if let Some(handle) = &mut self.0 {
            hook::overflow(handle, in_use as u64, longest_chain as u64);
        }
    }

    /// A growth is complete.
    #[inline]
    pub(in crate::raw) fn ended(&mut self, growth: &Growth) {
        if let Some(handle) = &mut self.0 {
            hook::ended(handle, &record(growth, growth.len_at_end));
        }
    }

    /// The table can have this many entries before it comes by again (P4).
    #[inline]
    pub(in crate::raw) fn bound(&self, len_max: usize) {
        if let Some(handle) = &self.0 {
            hook::bound(handle, len_max as u64);
        }
    }
}

fn record(growth: &Growth, len: usize) -> Record {
    Record {
        kind: match growth.kind {
            GrowthKind::InPlace => Kind::InPlace,
            GrowthKind::Relocating => Kind::Relocating,
            GrowthKind::SameSize => Kind::SameSize,
            GrowthKind::Shrink => Kind::Shrink,
            GrowthKind::Reseed => Kind::Reseed,
        },
        from_buckets: growth.from_buckets as u64,
        to_buckets: growth.to_buckets as u64,
        done_buckets: growth.done_buckets as u64,
        len: len as u64,
        steps: growth.steps,
        entries_moved: growth.entries_moved,
        bytes_moved: growth.bytes_moved,
        bytes_released: growth.bytes_released,
    }
}

impl<T, A: Allocator + Clone> RawTable<T, A> {
    fn tag(&self) -> u32 {
        if !self.cold.is_null() {
            // SAFETY: the cold part lives as long as the table.
            let handle = unsafe { (*self.cold).probe.0 };
            return handle.map_or(0, |handle| handle.index() + 1);
        }
        (self.floor >> TAG_SHIFT) as u32
    }

    fn set_tag(&mut self, tag: u32) {
        debug_assert!(self.cold.is_null());
        self.floor = self.policy().to_bits() as usize | (tag as usize) << TAG_SHIFT;
    }

    /// The handle of a table without a cold part.
    fn early_handle(&self) -> Option<Handle> {
        let tag = (self.floor >> TAG_SHIFT) as u32;
        if !self.cold.is_null() || tag == 0 || tag & REMEMBERED != 0 {
            return None;
        }
        Handle::from_index(tag - 1)
    }

    /// The cold part's handle; `None` without one.
    fn handle_mut(&mut self) -> Option<&mut Handle> {
        if self.cold.is_null() {
            return None;
        }
        // SAFETY: the cold part lives as long as the table, which is borrowed for it.
        unsafe { (*self.cold.cast_mut()).probe.0.as_mut() }
    }

    /// The map's number in the registry, if it has one.
    pub(crate) fn probe_id(&self) -> Option<MapId> {
        match self.tag() {
            tag if tag == 0 || tag & REMEMBERED != 0 => None,
            tag => Handle::from_index(tag - 1).map(Handle::id),
        }
    }

    /// Gives the map a row under that name. It leaves the row that it had.
    pub(crate) fn observe<K, V>(&mut self, name: &str, site: &'static Location<'static>) {
        self.probe_detach();
        let handle = hook::attach(Some(name), about::<K, V>(site), self.len() as u64);
        if self.cold.is_null() {
            self.set_tag(handle.index() + 1);
        } else {
            // SAFETY: the cold part exists.
            unsafe { (*self.cold.cast_mut()).probe = Probe(Some(handle)) };
        }
        self.probe_changed();
    }

    /// What is known of a map that is made now.
    #[inline]
    pub(crate) fn set_birth(&mut self, birth: Birth) {
        if birth.0 != 0 {
            self.set_birth_tag(birth.0);
        }
    }

    #[cold]
    fn set_birth_tag(&mut self, tag: u32) {
        if self.tag() != 0 {
            return;
        }
        if self.cold.is_null() {
            self.set_tag(tag);
            return;
        }
        // SAFETY: the cold part exists.
        let cold = unsafe { &mut *self.cold.cast_mut() };
        cold.probe = Probe(hook::attach_remembered(tag & !REMEMBERED));
        self.probe_changed();
    }

    /// `floor` of this table without a cold part (P2).
    pub(in crate::raw) fn resting_floor(&self, policy: f32) -> usize {
        policy.to_bits() as usize | (self.tag() as usize) << TAG_SHIFT
    }

    /// The table just got its cold part: the handle moves there, or a map that is to be observed
    /// gets one now.
    pub(in crate::raw) fn probe_adopt(&mut self) {
        let tag = (self.floor >> TAG_SHIFT) as u32;
        let handle = if tag == 0 {
            if !hook::wants_all() {
                return;
            }
            // Made by a constant function, which could not look.
            let about = About {
                key_type: type_name::<T>(),
                value_type: "",
                entry_bytes: size_of::<T>(),
                site: None,
            };
            Some(hook::attach(None, about, self.len() as u64))
        } else if tag & REMEMBERED != 0 {
            hook::attach_remembered(tag & !REMEMBERED)
        } else {
            Handle::from_index(tag - 1)
        };
        // SAFETY: by the caller's word it exists.
        unsafe { (*self.cold.cast_mut()).probe = Probe(handle) };
        self.set_floor();
        self.probe_changed();
    }

    /// A slow path begins.
    #[inline]
    pub(in crate::raw) fn probe_mark(&self) -> Mark {
        if self.cold.is_null() {
            return Mark(None);
        }
        // SAFETY: the cold part lives as long as the table.
        let cold = unsafe { &*self.cold };
        Mark(cold.probe.0.is_some().then(|| Began {
            ns: hook::now_ns(),
            bytes_released: cold.released,
            refused: cold.refused,
        }))
    }

    /// A slow path ends.
    #[inline]
    pub(in crate::raw) fn probe_step(&mut self, mark: Mark) {
        if let Some(began) = mark.0 {
            self.probe_step_now(began);
        }
    }

    #[cold]
    #[inline(never)]
    fn probe_step_now(&mut self, began: Began) {
        let figures = self.figures();
        let [growth, compaction] = self.records();
        // SAFETY: a table with a mark has a cold part.
        let cold = unsafe { &mut *self.cold.cast_mut() };
        let now = cold.meter.now();
        let work = Work {
            entries_moved: now.entries_moved,
            bytes_moved: now.bytes_moved,
            bytes_released: cold.released - began.bytes_released,
            growths_refused: cold.refused - began.refused,
        };
        if let Some(handle) = &mut cold.probe.0 {
            let growths = [growth.as_ref(), compaction.as_ref()];
            hook::step(handle, began.ns, &figures, &work, growths);
        }
    }

    /// A growth of the kind that the cold part says began.
    #[inline]
    pub(in crate::raw) fn probe_begun(&mut self) {
        if self.handle_mut().is_some() {
            self.probe_begun_now(0);
        }
    }

    /// A same-size growth began.
    #[inline]
    pub(in crate::raw) fn probe_compaction_begun(&mut self) {
        if self.handle_mut().is_some() {
            self.probe_begun_now(1);
        }
    }

    #[cold]
    #[inline(never)]
    fn probe_begun_now(&mut self, which: usize) {
        let figures = self.figures();
        let record = self.records()[which];
        if let (Some(handle), Some(record)) = (self.handle_mut(), record) {
            hook::begun(handle, &record, &figures);
        }
    }

    /// Memory or length changed in another way.
    #[inline]
    pub(crate) fn probe_changed(&mut self) {
        if self.handle_mut().is_some() || self.early_handle().is_some() {
            self.probe_changed_now();
        }
    }

    #[cold]
    #[inline(never)]
    fn probe_changed_now(&mut self) {
        let figures = self.figures();
        if let Some(handle) = self.handle_mut() {
            hook::update(handle, &figures);
        } else if let Some(mut handle) = self.early_handle().filter(|h| !h.is_shared()) {
            hook::update(&mut handle, &figures);
        }
    }

    /// The table was cleared.
    #[inline]
    pub(in crate::raw) fn probe_cleared(&mut self, mark: Mark) {
        if mark.0.is_some() || self.early_handle().is_some() {
            let figures = self.figures();
            self.probe_cleared_now(mark, &figures);
        }
    }

    #[cold]
    #[inline(never)]
    fn probe_cleared_now(&mut self, mark: Mark, figures: &Figures) {
        let [growth, compaction] = self.records();
        let growths = [growth.as_ref(), compaction.as_ref()];
        let before = mark.0.map_or(0, |began| began.bytes_released);
        if !self.cold.is_null() {
            // SAFETY: the cold part exists.
            let cold = unsafe { &mut *self.cold.cast_mut() };
            let bytes = cold.released - before;
            if let Some(handle) = &mut cold.probe.0 {
                hook::clear(handle, figures, bytes, growths);
            }
        } else if let Some(mut handle) = self.early_handle() {
            if handle.is_shared() {
                // What it holds was never told.
                hook::clear(&mut handle, &Figures::default(), 0, growths);
            } else {
                hook::clear(&mut handle, figures, 0, growths);
            }
        }
    }

    /// All memory of an empty table is about to be freed.
    pub(in crate::raw) fn probe_freed(&mut self) {
        let stats = self.stats();
        let held = (stats.bytes_live + stats.bytes_old) as u64;
        let nothing = Figures::default();
        if let Some(handle) = self.handle_mut() {
            hook::clear(handle, &nothing, held, [None, None]);
        } else if let Some(mut handle) = self.early_handle() {
            hook::clear(&mut handle, &nothing, held, [None, None]);
        }
    }

    /// `left` was this table and has its memory; the row stays with the map.
    pub(in crate::raw) fn probe_taken(&mut self, left: &mut Self) {
        if self.early_handle().is_none() {
            return;
        }
        let nothing = Figures::default();
        if let Some(handle) = left.handle_mut() {
            hook::clear(handle, &nothing, 0, [None, None]);
            // SAFETY: a handle is in a cold part.
            unsafe { (*left.cold.cast_mut()).probe = Probe::NONE };
        } else {
            if let Some(mut handle) = left.early_handle() {
                hook::clear(&mut handle, &nothing, 0, [None, None]);
            }
            left.floor = left.policy().to_bits() as usize;
        }
    }

    /// A table that is taken apart gave back that much.
    pub(in crate::raw) fn probe_reclaimed(&mut self, bytes: u64) {
        let len = self.len() as u64;
        if let Some(handle) = self.handle_mut() {
            hook::reclaimed(handle, bytes, len);
        }
    }

    /// The map leaves the registry.
    #[inline]
    pub(in crate::raw) fn probe_detach(&mut self) {
        if self.tag() != 0 {
            self.probe_detach_now();
        }
    }

    #[cold]
    #[inline(never)]
    fn probe_detach_now(&mut self) {
        if self.cold.is_null() {
            let handle = self.early_handle();
            self.set_tag(0);
            if let Some(handle) = handle {
                hook::detach(handle);
            }
            return;
        }
        // SAFETY: the cold part exists.
        let probe = unsafe { &mut (*self.cold.cast_mut()).probe };
        if let Some(handle) = core::mem::replace(probe, Probe::NONE).0 {
            hook::detach(handle);
        }
    }

    /// The growth and the same-size growth that go on.
    fn records(&self) -> [Option<Record>; 2] {
        if self.cold.is_null() {
            return [None; 2];
        }
        // SAFETY: the cold part lives as long as the table.
        let cold = unsafe { &*self.cold };
        let of = |growth: &Growth| record(growth, self.len());
        [
            cold.growth.as_ref().map(of),
            cold.compaction.as_ref().map(|pass| of(&pass.record)),
        ]
    }

    fn figures(&self) -> Figures {
        let stats = self.stats();
        Figures {
            len: self.len as u64,
            len_max: self.len.saturating_add(self.credit) as u64,
            capacity: stats.capacity as u64,
            buckets: stats.buckets as u64,
            slots_per_bucket: stats.slots_per_bucket as u64,
            bucket_bytes: stats.bucket_bytes as u64,
            overflow_buckets: stats.overflow_buckets as u64,
            longest_chain: stats.longest_chain_seen as u64,
            bytes_live: stats.bytes_live as u64,
            bytes_old: stats.bytes_old as u64,
            bytes_reserved: stats.bytes_reserved as u64,
        }
    }
}
