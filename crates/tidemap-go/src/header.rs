//! The map header (`hmap`) and what hangs off it.
//!
//! Terms: *count*, live entries; *B*, log2 of the main bucket count; *current*
//! and *old* array; *growing*, the old array is not nil.
//!
//! ```text
//!   hmap, 48 bytes                         mapextra, 24 bytes
//!   +--------+---+---+---------+-----+     +--------------------+
//!   | count  |fl | B |noverflow|hash0|     | overflow     (list)|
//!   | buckets    --> current array   |     | oldoverflow  (list)|
//!   | oldbuckets --> old array / nil |     | nextOverflow (spare)|
//!   | nevacuate      | extra ------------> +--------------------+
//!   +--------------------------------+
//! ```
//!
//! R1. Growing exactly while there is an old array.
//! R2. Every old bucket below `nevacuate` is evacuated. After a growth the
//!     field keeps its last value.
//! R3. `noverflow` counts overflow buckets of the current array and never goes
//!     down while that array lives (`overflow.rs`).
//! R4. The writing flag is set for the duration of a write. Whoever meets it
//!     knows that someone else is at work: [`MapError`] values.
//!
//! The nil map is a header that does not exist; here it is a value that
//! behaves so ([`Hmap::nil`]).
//!
//! Read next, one mechanism a file: `growth.rs`, `evacuate.rs`, `assign.rs`,
//! `access.rs`, `delete.rs`, `clear.rs`, `iter.rs`.

use crate::MapError;
use crate::alloc::size_class::slot_bytes;
use crate::bucket::{CELLS, KeySlot};
use crate::bucket_array::{ArrayId, ArrayLayout, BucketArray};
use crate::event::{Event, Side};
use crate::growth::b_for_hint;
use crate::host::{Draw, Host};
use crate::overflow::MapExtra;
use crate::reclaim::{BlockId, BlockKind, BlockState, CollectError, Heap, Memory};
use crate::shape::{HEADER_BYTES, MapType};
use crate::tophash::{EMPTY_REST, MIN_TOP_HASH, is_empty, is_evacuated, top_hash};

/// Someone may iterate over the current array.
pub const FLAG_ITERATOR: u8 = 1;
/// Someone may iterate over the old array.
pub const FLAG_OLD_ITERATOR: u8 = 2;
/// A write is in progress.
pub const FLAG_WRITING: u8 = 4;
/// The growth in progress is to the same size.
pub const FLAG_SAME_SIZE: u8 = 8;

/// The header's plain fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Header {
    /// Live entries.
    pub count: usize,
    /// `FLAG_*` bits.
    pub flags: u8,
    /// log2 of the main bucket count.
    pub b: u8,
    /// Overflow buckets of the current array; sampled for big maps.
    pub noverflow: u16,
    /// The map's hash seed.
    pub hash0: u32,
    /// Old buckets below this are evacuated.
    pub nevacuate: usize,
}

/// An array that only iterators hold any more.
#[derive(Debug)]
pub(crate) struct Retired<K, V> {
    pub(crate) array: BucketArray<K, V>,
    pub(crate) lists: Vec<BlockId>,
}

/// Go's classic map, exactly: the state, without a hasher.
///
/// Every operation takes a [`Host`] that hashes, compares and draws random
/// numbers. [`GoMap`](crate::GoMap) bundles both into an ordinary map.
///
/// Keys and elems are `Clone` because Go's are: evacuation copies, and the
/// copies left behind stay readable for iterators.
#[derive(Debug)]
pub struct Hmap<K, V> {
    pub(crate) map_type: MapType,
    pub(crate) is_nil: bool,
    pub(crate) header: Header,
    pub(crate) buckets: Option<BucketArray<K, V>>,
    pub(crate) oldbuckets: Option<BucketArray<K, V>>,
    pub(crate) extra: Option<MapExtra>,
    pub(crate) retired: Vec<Retired<K, V>>,
    pub(crate) heap: Heap,
    pub(crate) key_boxes: Option<BlockId>,
    pub(crate) elem_boxes: Option<BlockId>,
    next_array_id: u64,
    events: Option<Vec<Event>>,
}

impl<K: Clone, V: Clone> Hmap<K, V> {
    /// `make(map[K]V, hint)`: the smallest B that holds `hint` entries. With
    /// B = 0 no bucket is allocated before the first insert.
    ///
    /// A hint that is negative or too big to allocate counts as 0, as in Go.
    pub fn make<H: Host<K> + ?Sized>(map_type: MapType, hint: i64, host: &mut H) -> Self {
        let mut map = Self::nil(map_type);
        map.is_nil = false;
        map.heap
            .allocate(BlockKind::Header, 1, slot_bytes(HEADER_BYTES, false));
        map.header.hash0 = host.draw(Draw::Seed) as u32;
        map.header.b = b_for_hint(hint, &map_type);
        if map.header.b > 0 {
            let array = map.allocate_array(map.header.b);
            map.install_array(array);
        }
        map
    }

    /// The nil map: `var m map[K]V`.
    #[must_use]
    pub fn nil(map_type: MapType) -> Self {
        Hmap {
            map_type,
            is_nil: true,
            header: Header::default(),
            buckets: None,
            oldbuckets: None,
            extra: None,
            retired: Vec::new(),
            heap: Heap::default(),
            key_boxes: None,
            elem_boxes: None,
            next_array_id: 0,
            events: None,
        }
    }

    /// Allocates an array for `b`.
    ///
    /// # Panics
    /// If Go could not allocate it either: the process would have died of it.
    pub(crate) fn allocate_array(&mut self, b: u8) -> BucketArray<K, V> {
        let layout = ArrayLayout::of(b, &self.map_type).expect("an array of this B is too big");
        let block = self
            .heap
            .allocate(BlockKind::BucketArray, 1, layout.slot_bytes);
        let id = ArrayId(self.next_array_id);
        self.next_array_id += 1;
        BucketArray::new(id, &layout, block)
    }

    /// Makes `array` the current one and points to its spares, if any.
    pub(crate) fn install_array(&mut self, array: BucketArray<K, V>) {
        let spare = array.first_spare();
        self.buckets = Some(array);
        if spare.is_some() {
            self.extra_mut().next_overflow = spare;
        }
    }

    /// Draws a new seed.
    pub(crate) fn reseed<H: Host<K> + ?Sized>(&mut self, host: &mut H) {
        self.header.hash0 = host.draw(Draw::Seed) as u32;
        self.note(|| Event::Reseeded);
    }

    /// Takes the writing flag, or finds it taken (R4). Go calls this *after*
    /// hashing: a hash that panics leaves the map as it was.
    pub(crate) fn toggle_writing(&mut self) {
        self.header.flags ^= FLAG_WRITING;
    }

    /// Gives the writing flag back; finds out if another writer took it.
    pub(crate) fn end_write(&mut self) -> Result<(), MapError> {
        if self.header.flags & FLAG_WRITING == 0 {
            return Err(MapError::ConcurrentWrites);
        }
        self.header.flags &= !FLAG_WRITING;
        Ok(())
    }

    /// Fails if a write is in progress.
    pub(crate) fn refuse_if_writing(&self, error: MapError) -> Result<(), MapError> {
        if self.header.flags & FLAG_WRITING == 0 {
            Ok(())
        } else {
            Err(error)
        }
    }

    /// Freezes the map as if another goroutine were in the middle of a write
    /// (`true`), or ends that (`false`). Operations in between return the
    /// error that Go would die of.
    ///
    /// ```
    /// use tidemap_go::{GoMap, MapError};
    /// let mut m = GoMap::<u64, u64>::with_seed(1);
    /// m.insert(1, 10).unwrap();
    /// m.hmap_mut().set_foreign_write(true);
    /// assert_eq!(m.get(&1), Err(MapError::ConcurrentReadWrite));
    /// assert_eq!(m.insert(2, 20), Err(MapError::ConcurrentWrites));
    /// m.hmap_mut().set_foreign_write(false);
    /// assert_eq!(m.get(&1), Ok(Some(&10)));
    /// ```
    pub fn set_foreign_write(&mut self, writing: bool) {
        self.header.flags &= !FLAG_WRITING;
        if writing {
            self.header.flags |= FLAG_WRITING;
        }
    }

    /// Live entries: Go's `len`. Not guarded by any flag.
    #[must_use]
    pub fn len(&self) -> usize {
        self.header.count
    }

    /// Whether there are no entries.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.header.count == 0
    }

    /// The plain fields.
    #[must_use]
    pub fn header(&self) -> Header {
        self.header
    }

    /// The map's type.
    #[must_use]
    pub fn map_type(&self) -> &MapType {
        &self.map_type
    }

    /// The current array, nil before the first insert of a map without hint.
    #[must_use]
    pub fn buckets(&self) -> Option<&BucketArray<K, V>> {
        self.buckets.as_ref()
    }

    /// The old array while growing.
    #[must_use]
    pub fn old_buckets(&self) -> Option<&BucketArray<K, V>> {
        self.oldbuckets.as_ref()
    }

    /// The side structure, if the map has one.
    #[must_use]
    pub fn extra(&self) -> Option<&MapExtra> {
        self.extra.as_ref()
    }

    /// Whether a growth is in progress (R1).
    #[must_use]
    pub fn is_growing(&self) -> bool {
        self.oldbuckets.is_some()
    }

    /// Whether the growth in progress keeps the size.
    #[must_use]
    pub fn is_same_size_growth(&self) -> bool {
        self.header.flags & FLAG_SAME_SIZE != 0
    }

    /// Main buckets of the current array.
    #[must_use]
    pub fn bucket_count(&self) -> usize {
        1 << self.header.b
    }

    /// Main buckets of the old array, were there one: half as many as now,
    /// or as many in a same-size growth.
    #[must_use]
    pub fn old_bucket_count(&self) -> usize {
        if self.is_same_size_growth() {
            self.bucket_count()
        } else {
            self.bucket_count() >> 1
        }
    }

    /// Starts or stops recording [`Event`]s.
    pub fn record_events(&mut self, on: bool) {
        self.events = on.then(Vec::new);
    }

    /// Takes the events recorded since the last call.
    pub fn take_events(&mut self) -> Vec<Event> {
        self.events.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// Records an event if anyone listens.
    pub(crate) fn note(&mut self, event: impl FnOnce() -> Event) {
        if let Some(events) = &mut self.events {
            events.push(event());
        }
    }

    /// Changes a tophash and tells whoever listens.
    pub(crate) fn set_top(&mut self, side: Side, bucket: usize, cell: usize, to: u8) {
        let array = match side {
            Side::Old => self.oldbuckets.as_mut(),
            Side::New => self.buckets.as_mut(),
        };
        let array = array.expect("a cell is changed in an array that exists");
        let from = std::mem::replace(&mut array.buckets[bucket].tophash[cell], to);
        if from != to {
            self.note(|| Event::Cell {
                side,
                bucket,
                cell,
                from,
                to,
            });
        }
    }

    /// The current array; every caller has made sure of it.
    pub(crate) fn current(&self) -> &BucketArray<K, V> {
        self.buckets
            .as_ref()
            .expect("a map with entries has buckets")
    }

    /// See [`Hmap::current`].
    pub(crate) fn current_mut(&mut self) -> &mut BucketArray<K, V> {
        self.buckets
            .as_mut()
            .expect("a map with entries has buckets")
    }

    /// The array with this name: current, old, or kept for an iterator.
    pub(crate) fn array(&self, id: ArrayId) -> Option<&BucketArray<K, V>> {
        let retired = self.retired.iter().map(|r| &r.array);
        self.buckets
            .iter()
            .chain(&self.oldbuckets)
            .chain(retired)
            .find(|array| array.id == id)
    }

    /// Lets go of a block and tells whoever listens.
    pub(crate) fn unlink(&mut self, id: BlockId, kind: BlockKind, bytes: u64) {
        self.heap.unlink(id);
        self.note(|| Event::Unreachable { kind, bytes });
    }

    /// The map's bytes. Blocks that only a finished iterator held are settled
    /// first.
    pub fn memory(&mut self) -> Memory {
        self.settle_iterators();
        self.heap.memory()
    }

    /// The map's blocks and the collector's view of them.
    #[must_use]
    pub fn heap(&self) -> &Heap {
        &self.heap
    }

    /// The collector, to be driven step by step. Blocks that only a finished
    /// iterator held are settled first.
    pub fn collector(&mut self) -> &mut Heap {
        self.settle_iterators();
        &mut self.heap
    }

    /// One whole collection: mark and sweep, as `runtime.GC()`.
    ///
    /// # Errors
    /// As for [`Heap::collect`].
    pub fn collect(&mut self) -> Result<(), CollectError> {
        for block in self.collector().collect()? {
            debug_assert_eq!(block.state, BlockState::Condemned);
            self.note(|| Event::Reusable {
                kind: block.kind,
                bytes: block.bytes,
            });
        }
        Ok(())
    }

    /// Brings the heap's view of iterators up to date: arrays they pin are
    /// held by a stack, retired arrays nobody pins any more are let go.
    pub(crate) fn settle_iterators(&mut self) {
        for array in self.buckets.iter().chain(&self.oldbuckets) {
            self.heap.set_held_by_stack(array.block, array.is_pinned());
        }
        let mut kept = Vec::new();
        for retired in std::mem::take(&mut self.retired) {
            if retired.array.is_pinned() {
                kept.push(retired);
                continue;
            }
            let blocks = [Some(retired.array.block), retired.array.separate_block];
            for id in blocks.into_iter().flatten().chain(retired.lists) {
                self.heap.set_held_by_stack(id, false);
            }
        }
        self.retired = kept;
    }

    /// Checks every rule the map's memory must obey and names the first broken
    /// one. Hashes every reflexive key once; costs a walk over all buckets.
    ///
    /// # Errors
    /// [`MapError::BadState`] with the rule and the values.
    pub fn check_invariants<H: Host<K> + ?Sized>(&self, host: &mut H) -> Result<(), MapError> {
        let bad = |what: String| Err(MapError::BadState { what });
        let h = &self.header;
        let mut filled = 0;
        if let Some(array) = &self.buckets {
            if array.main != self.bucket_count() {
                return bad(format!("{} main buckets with B = {}", array.main, h.b));
            }
            filled += self.check_array(array, false, host)?;
            let linked: usize = (0..array.main).map(|i| array.chain(i).count() - 1).sum();
            if h.b < 16 && linked != usize::from(h.noverflow) {
                return bad(format!("noverflow {} but {linked} links", h.noverflow));
            }
            let list = self.extra.as_ref().and_then(|e| e.overflow.as_ref());
            if let (true, Some(list)) = (self.map_type.is_noscan(), list)
                && list.len != linked
            {
                return bad(format!("overflow list of {} but {linked} links", list.len));
            }
        }
        if let Some(array) = &self.oldbuckets {
            if array.main != self.old_bucket_count() {
                return bad(format!("{} old buckets with B = {}", array.main, h.b));
            }
            if h.nevacuate >= array.main {
                return bad(format!("nevacuate {} of {}", h.nevacuate, array.main));
            }
            if let Some(i) = (0..h.nevacuate).find(|&i| !is_evacuated(array.buckets[i].tophash[0]))
            {
                return bad(format!("old bucket {i} below nevacuate is not evacuated"));
            }
            filled += self.check_array(array, true, host)?;
        } else if h.flags & FLAG_SAME_SIZE != 0 {
            return bad("same-size flag without a growth".into());
        }
        if filled != h.count {
            return bad(format!("count {} but {filled} filled cells", h.count));
        }
        Ok(())
    }

    fn check_array<H: Host<K> + ?Sized>(
        &self,
        array: &BucketArray<K, V>,
        old: bool,
        host: &mut H,
    ) -> Result<usize, MapError> {
        let bad = |what: String| Err(MapError::BadState { what });
        let mut filled = 0;
        for main in 0..array.main {
            let evacuated = is_evacuated(array.buckets[main].tophash[0]);
            if evacuated && !old {
                return bad(format!("current bucket {main} is evacuated"));
            }
            let mut rest = false;
            for index in array.chain(main) {
                let bucket = &array.buckets[index];
                for cell in 0..CELLS {
                    let top = bucket.tophash[cell];
                    if is_evacuated(top) != evacuated {
                        return bad(format!("chain {main} is half evacuated"));
                    }
                    if rest && !evacuated && top != EMPTY_REST {
                        return bad(format!("bucket {index} cell {cell} after emptyRest"));
                    }
                    rest |= top == EMPTY_REST;
                    if is_empty(top) || is_evacuated(top) {
                        continue;
                    }
                    debug_assert!(top >= MIN_TOP_HASH);
                    filled += 1;
                    let KeySlot::Key(key) = &bucket.keys[cell] else {
                        return bad(format!("bucket {index} cell {cell} has no key"));
                    };
                    if !self.map_type.reflexive && !host.equal(key, key) {
                        continue;
                    }
                    let hash = host.hash(key, self.header.hash0)?;
                    let home = (hash as usize) & (array.main - 1);
                    if home != main || top_hash(hash) != top {
                        return bad(format!("chain {main} holds a key of bucket {home}"));
                    }
                }
            }
        }
        Ok(filled)
    }
}
