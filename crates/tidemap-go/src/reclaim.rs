//! Reclamation: from "the map let go of it" to "its memory can be reused".
//!
//! The map never frees anything. It overwrites a pointer, and that is all it
//! does; the rest is the collector's business and takes its time:
//!
//! ```text
//!   Reachable --unlink--> Unreachable --mark ends--> Condemned --sweep--> Reusable
//!        ^                     |  ^                  (not marked)         (gone)
//!        |                     +--+
//!   held by the map,      marked in this cycle: survives
//!   or by an iterator     it and waits for the next one
//! ```
//!
//! Terms: *block*, one object or a group of objects of one kind that live and
//! die together; *slot bytes*, what the heap is charged for it; *garbage*,
//! unreachable or condemned blocks: paid for, of no use.
//!
//! R1. A block is reachable while the map or an iterator holds it.
//! R2. A cycle marks what it reaches: first what stacks hold (iterators), then
//!     what the map holds. Blocks allocated during marking are born marked.
//! R3. *Deletion barrier*: overwriting a pointer during marking marks the block
//!     it pointed to. Without it, an iterator that fetched the pointer after
//!     its stack was scanned would be left with freed memory:
//!     [`Heap::set_barrier`] lets a test see just that.
//! R4. When marking ends, every unmarked block is condemned. A block unlinked
//!     during marking is marked by R3, so it outlives this cycle and falls in
//!     the next.
//! R5. A condemned block is reused only after it is swept. Sweeping is lazy;
//!     the next cycle finishes it before it starts.
//!
//! So an old bucket array whose growth ends outside marking is gone after one
//! complete cycle, one that ends during marking after two, and one that an
//! iterator still walks after the iterator is gone.
//!
//! Dropped: counting references. Go's spans have no reference count, and a
//! count would hide the two waits (mark, sweep) that make peaks so high.
//! Read next: `evacuate.rs` and `clear.rs`, which unlink.

use std::fmt;

/// Names one block of a [`Heap`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BlockId(usize);

/// What a block is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum BlockKind {
    /// The map header (`hmap`).
    Header,
    /// The side structure (`mapextra`).
    Extra,
    /// A bucket array: main buckets and spares in one object.
    BucketArray,
    /// Separately allocated overflow buckets.
    OverflowBuckets,
    /// The slice header and backing array of an overflow list.
    OverflowList,
    /// Boxed keys.
    KeyBoxes,
    /// Boxed elems.
    ElemBoxes,
}

impl fmt::Display for BlockKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            BlockKind::Header => "map header",
            BlockKind::Extra => "mapextra",
            BlockKind::BucketArray => "bucket array",
            BlockKind::OverflowBuckets => "overflow buckets",
            BlockKind::OverflowList => "overflow list",
            BlockKind::KeyBoxes => "key boxes",
            BlockKind::ElemBoxes => "elem boxes",
        })
    }
}

/// Where a block is on its way (see the picture in the [module](self)).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BlockState {
    /// The map or an iterator holds it.
    Reachable,
    /// Nobody holds it; no finished mark phase has noticed yet.
    Unreachable,
    /// A mark phase ended without reaching it; it waits for the sweeper.
    Condemned,
}

/// A block's account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Block {
    /// What it is.
    pub kind: BlockKind,
    /// Objects in it.
    pub objects: u64,
    /// Slot bytes of all of them.
    pub bytes: u64,
    /// Where it is on its way.
    pub state: BlockState,
    /// Marked in the cycle that is running.
    pub marked: bool,
    held_by_map: bool,
    held_by_stack: bool,
}

/// What the collector is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Phase {
    /// Not marking; condemned blocks may still wait for the sweeper.
    #[default]
    Off,
    /// Marking; the barrier is on.
    Mark,
}

/// A step the collector cannot take now.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CollectError {
    /// A cycle is running already.
    #[error("a cycle is marking already; finish it first")]
    AlreadyMarking,
    /// No cycle is running.
    #[error("no cycle is marking; start one first")]
    NotMarking,
    /// Marking cannot end before the roots are scanned.
    #[error("the {0} has not been scanned in this cycle; scan it first")]
    RootsNotScanned(&'static str),
    /// A block somebody still holds was not marked. Only possible without the
    /// barrier: in real Go, a use after free.
    #[error(
        "{objects} {kind} object(s) still in use were not marked: use after free; turn the barrier on"
    )]
    LostObject {
        /// What was lost.
        kind: BlockKind,
        /// How many objects.
        objects: u64,
    },
}

/// A map's bytes at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Memory {
    /// Bytes the map or its iterators can reach.
    pub live_bytes: u64,
    /// Bytes nobody can reach that are not yet reusable.
    pub garbage_bytes: u64,
    /// The most `live_bytes` ever was.
    pub peak_live_bytes: u64,
    /// The most `live_bytes + garbage_bytes` ever was.
    pub peak_bytes: u64,
    /// Bytes ever allocated: the map's part of `MemStats.TotalAlloc`.
    pub allocated_bytes: u64,
    /// Objects ever allocated: the map's part of `MemStats.Mallocs`.
    pub mallocs: u64,
    /// Bytes swept.
    pub freed_bytes: u64,
    /// Objects swept: the map's part of `MemStats.Frees`.
    pub frees: u64,
}

/// The memory of one map and the collector's view of it.
///
/// ```
/// use tidemap_go::reclaim::{BlockKind, Heap};
/// let mut heap = Heap::default();
/// let old = heap.allocate(BlockKind::BucketArray, 1, 144);
/// heap.unlink(old);
/// assert_eq!(heap.memory().garbage_bytes, 144); // no longer used, still paid for
/// heap.collect().unwrap();
/// assert_eq!(heap.memory().garbage_bytes, 0);
/// ```
#[derive(Debug, Clone, Default)]
pub struct Heap {
    blocks: Vec<Option<Block>>,
    vacant: Vec<usize>,
    phase: Phase,
    barrier_off: bool,
    stacks_scanned: bool,
    map_scanned: bool,
    memory: Memory,
    cycles: u64,
}

impl Heap {
    /// Allocates a block that the map holds.
    pub fn allocate(&mut self, kind: BlockKind, objects: u64, bytes: u64) -> BlockId {
        self.charge(objects, bytes);
        self.insert(Block {
            kind,
            objects,
            bytes,
            state: BlockState::Reachable,
            marked: self.phase == Phase::Mark,
            held_by_map: true,
            held_by_stack: false,
        })
    }

    /// Adds objects to a group that the map holds.
    pub(crate) fn extend(&mut self, id: BlockId, objects: u64, bytes: u64) {
        self.charge(objects, bytes);
        let block = self.block_mut(id);
        block.objects += objects;
        block.bytes += bytes;
    }

    fn charge(&mut self, objects: u64, bytes: u64) {
        let m = &mut self.memory;
        m.mallocs += objects;
        m.allocated_bytes += bytes;
        m.live_bytes += bytes;
        m.peak_live_bytes = m.peak_live_bytes.max(m.live_bytes);
        m.peak_bytes = m.peak_bytes.max(m.live_bytes + m.garbage_bytes);
    }

    /// The map overwrites its pointer to a block (R3). If an iterator holds
    /// the block it stays reachable.
    pub fn unlink(&mut self, id: BlockId) {
        let shade = self.barrier_is_on();
        let block = self.block_mut(id);
        block.held_by_map = false;
        block.marked |= shade;
        if !block.held_by_stack {
            self.make_garbage(id);
        }
    }

    /// The map overwrites its pointers to some objects of a group.
    pub(crate) fn unlink_some(&mut self, id: BlockId, objects: u64, bytes: u64) {
        let shade = self.barrier_is_on();
        let block = self.block_mut(id);
        debug_assert!(
            objects <= block.objects && bytes <= block.bytes,
            "{block:?}"
        );
        block.objects -= objects;
        block.bytes -= bytes;
        let part = Block {
            objects,
            bytes,
            marked: block.marked | shade,
            ..*block
        };
        let part = self.insert(part);
        self.make_garbage(part);
    }

    /// Tells whether an iterator holds a block.
    pub fn set_held_by_stack(&mut self, id: BlockId, held: bool) {
        let block = self.block_mut(id);
        block.held_by_stack = held;
        if !held && !block.held_by_map {
            self.make_garbage(id);
        }
    }

    /// Reachable to Unreachable; joins garbage of the same kind and mark.
    fn make_garbage(&mut self, id: BlockId) {
        let block = self.blocks[id.0].take().expect("a block is unlinked once");
        self.vacant.push(id.0);
        self.memory.live_bytes -= block.bytes;
        self.memory.garbage_bytes += block.bytes;
        self.insert_garbage(Block {
            state: BlockState::Unreachable,
            held_by_map: false,
            ..block
        });
    }

    fn insert_garbage(&mut self, new: Block) {
        if new.objects == 0 {
            return;
        }
        let same = self
            .blocks
            .iter_mut()
            .flatten()
            .find(|b| b.kind == new.kind && b.state == new.state && b.marked == new.marked);
        match same {
            Some(block) => {
                block.objects += new.objects;
                block.bytes += new.bytes;
            }
            None => {
                self.insert(new);
            }
        }
    }

    fn insert(&mut self, block: Block) -> BlockId {
        match self.vacant.pop() {
            Some(at) => {
                self.blocks[at] = Some(block);
                BlockId(at)
            }
            None => {
                self.blocks.push(Some(block));
                BlockId(self.blocks.len() - 1)
            }
        }
    }

    fn block_mut(&mut self, id: BlockId) -> &mut Block {
        self.blocks[id.0]
            .as_mut()
            .expect("block ids are dropped with their block")
    }

    /// Kind and bytes of a block.
    pub(crate) fn account(&self, id: BlockId) -> (BlockKind, u64) {
        let block = self.blocks[id.0]
            .as_ref()
            .expect("block ids are dropped with their block");
        (block.kind, block.bytes)
    }

    fn barrier_is_on(&self) -> bool {
        self.phase == Phase::Mark && !self.barrier_off
    }

    /// Turns the deletion barrier off or on, to see what it is for (R3).
    pub fn set_barrier(&mut self, on: bool) {
        self.barrier_off = !on;
    }

    /// What the collector is doing.
    #[must_use]
    pub fn phase(&self) -> Phase {
        self.phase
    }

    /// Complete mark phases so far.
    #[must_use]
    pub fn cycles(&self) -> u64 {
        self.cycles
    }

    /// The bytes.
    #[must_use]
    pub fn memory(&self) -> Memory {
        self.memory
    }

    /// Every block that is not reusable yet.
    pub fn blocks(&self) -> impl Iterator<Item = &Block> {
        self.blocks.iter().flatten()
    }

    /// Begins a cycle: finishes the sweep (R5), then turns marking on.
    ///
    /// # Errors
    /// [`CollectError::AlreadyMarking`].
    pub fn start_cycle(&mut self) -> Result<(), CollectError> {
        if self.phase == Phase::Mark {
            return Err(CollectError::AlreadyMarking);
        }
        while self.sweep_one().is_some() {}
        for block in self.blocks.iter_mut().flatten() {
            block.marked = false;
        }
        self.phase = Phase::Mark;
        self.stacks_scanned = false;
        self.map_scanned = false;
        Ok(())
    }

    /// Marks what iterators hold at this moment.
    ///
    /// # Errors
    /// [`CollectError::NotMarking`].
    pub fn scan_stacks(&mut self) -> Result<(), CollectError> {
        self.scan(|block| block.held_by_stack)?;
        self.stacks_scanned = true;
        Ok(())
    }

    /// Marks what the map holds at this moment.
    ///
    /// # Errors
    /// [`CollectError::NotMarking`].
    pub fn scan_map(&mut self) -> Result<(), CollectError> {
        self.scan(|block| block.held_by_map)?;
        self.map_scanned = true;
        Ok(())
    }

    fn scan(&mut self, is_root: impl Fn(&Block) -> bool) -> Result<(), CollectError> {
        if self.phase != Phase::Mark {
            return Err(CollectError::NotMarking);
        }
        for block in self.blocks.iter_mut().flatten() {
            block.marked |= is_root(block);
        }
        Ok(())
    }

    /// Ends marking: what is unmarked is condemned (R4).
    ///
    /// # Errors
    /// [`CollectError::RootsNotScanned`]; [`CollectError::LostObject`] if the
    /// barrier was off and a block in use stayed unmarked. Marking goes on
    /// then.
    pub fn finish_mark(&mut self) -> Result<(), CollectError> {
        if self.phase != Phase::Mark {
            return Err(CollectError::NotMarking);
        }
        if !self.stacks_scanned {
            return Err(CollectError::RootsNotScanned("stack"));
        }
        if !self.map_scanned {
            return Err(CollectError::RootsNotScanned("map"));
        }
        let lost = |b: &&Block| b.state == BlockState::Reachable && !b.marked && b.objects > 0;
        if let Some(block) = self.blocks.iter().flatten().find(lost) {
            return Err(CollectError::LostObject {
                kind: block.kind,
                objects: block.objects,
            });
        }
        for block in self.blocks.iter_mut().flatten() {
            if !block.marked && block.state == BlockState::Unreachable {
                block.state = BlockState::Condemned;
            }
        }
        self.phase = Phase::Off;
        self.cycles += 1;
        Ok(())
    }

    /// Sweeps one condemned block and returns its account: its memory is
    /// reusable from now on.
    pub fn sweep_one(&mut self) -> Option<Block> {
        let condemned = |b: &Option<Block>| b.is_some_and(|b| b.state == BlockState::Condemned);
        let at = self.blocks.iter().position(condemned)?;
        let block = self.blocks[at].take()?;
        self.vacant.push(at);
        self.memory.garbage_bytes -= block.bytes;
        self.memory.freed_bytes += block.bytes;
        self.memory.frees += block.objects;
        Some(block)
    }

    /// One whole cycle including its sweep, as `runtime.GC()` does it.
    ///
    /// # Errors
    /// As for the single steps.
    pub fn collect(&mut self) -> Result<Vec<Block>, CollectError> {
        self.start_cycle()?;
        self.scan_stacks()?;
        self.scan_map()?;
        self.finish_mark()?;
        Ok(std::iter::from_fn(|| self.sweep_one()).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heap_with_array() -> (Heap, BlockId) {
        let mut heap = Heap::default();
        let id = heap.allocate(BlockKind::BucketArray, 1, 1000);
        (heap, id)
    }

    #[test]
    fn unlinked_outside_marking_falls_in_the_next_cycle() {
        let (mut heap, old) = heap_with_array();
        heap.unlink(old);
        assert_eq!(heap.blocks().next().unwrap().state, BlockState::Unreachable);
        heap.start_cycle().unwrap();
        heap.scan_stacks().unwrap();
        heap.scan_map().unwrap();
        heap.finish_mark().unwrap();
        assert_eq!(heap.blocks().next().unwrap().state, BlockState::Condemned);
        // Condemned is not yet reusable.
        assert_eq!(heap.memory().garbage_bytes, 1000);
        assert_eq!(heap.sweep_one().unwrap().bytes, 1000);
        assert_eq!(heap.memory().garbage_bytes, 0);
        assert_eq!(heap.memory().frees, 1);
    }

    #[test]
    fn unlinked_during_marking_needs_two_cycles() {
        let (mut heap, old) = heap_with_array();
        heap.start_cycle().unwrap();
        heap.scan_stacks().unwrap();
        heap.unlink(old); // the barrier marks it
        heap.scan_map().unwrap();
        heap.finish_mark().unwrap();
        assert!(heap.sweep_one().is_none());
        assert_eq!(heap.memory().garbage_bytes, 1000);
        assert_eq!(heap.collect().unwrap().len(), 1);
    }

    #[test]
    fn an_iterator_keeps_what_the_map_drops() {
        let (mut heap, old) = heap_with_array();
        heap.set_held_by_stack(old, true);
        heap.unlink(old);
        assert_eq!(heap.memory().live_bytes, 1000);
        assert!(heap.collect().unwrap().is_empty());
        heap.set_held_by_stack(old, false);
        assert_eq!(heap.collect().unwrap()[0].bytes, 1000);
    }

    #[test]
    fn without_the_barrier_an_object_in_use_is_lost() {
        for barrier in [true, false] {
            let (mut heap, old) = heap_with_array();
            heap.set_barrier(barrier);
            heap.start_cycle().unwrap();
            heap.scan_stacks().unwrap();
            // The stack has been scanned; now it fetches the pointer, and the
            // map drops its own before the map is scanned.
            heap.set_held_by_stack(old, true);
            heap.unlink(old);
            heap.scan_map().unwrap();
            let lost = CollectError::LostObject {
                kind: BlockKind::BucketArray,
                objects: 1,
            };
            assert_eq!(heap.finish_mark(), if barrier { Ok(()) } else { Err(lost) });
        }
    }

    #[test]
    fn blocks_born_during_marking_survive_it() {
        let (mut heap, _) = heap_with_array();
        heap.start_cycle().unwrap();
        heap.scan_stacks().unwrap();
        heap.scan_map().unwrap();
        let young = heap.allocate(BlockKind::OverflowBuckets, 3, 432);
        heap.unlink(young);
        heap.finish_mark().unwrap();
        assert_eq!(heap.memory().garbage_bytes, 432);
        assert_eq!(heap.collect().unwrap()[0].objects, 3);
    }

    #[test]
    fn steps_out_of_order_are_refused() {
        let (mut heap, _) = heap_with_array();
        assert_eq!(heap.finish_mark(), Err(CollectError::NotMarking));
        assert_eq!(heap.scan_map(), Err(CollectError::NotMarking));
        heap.start_cycle().unwrap();
        assert_eq!(heap.start_cycle(), Err(CollectError::AlreadyMarking));
        assert_eq!(
            heap.finish_mark(),
            Err(CollectError::RootsNotScanned("stack"))
        );
        heap.scan_stacks().unwrap();
        assert_eq!(
            heap.finish_mark(),
            Err(CollectError::RootsNotScanned("map"))
        );
    }

    #[test]
    fn a_new_cycle_finishes_the_sweep_first() {
        let (mut heap, old) = heap_with_array();
        heap.unlink(old);
        heap.start_cycle().unwrap();
        heap.scan_stacks().unwrap();
        heap.scan_map().unwrap();
        heap.finish_mark().unwrap();
        heap.start_cycle().unwrap();
        assert_eq!(heap.memory().freed_bytes, 1000);
    }
}
