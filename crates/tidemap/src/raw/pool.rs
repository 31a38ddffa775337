//! The overflow pool: where chained buckets come from and go back to.
//!
//! Terms: *block*, a piece of memory from the map's allocator that holds
//! several overflow buckets; *free list*, returned buckets, linked through
//! their link words.
//!
//! P1. A bucket handed out has an empty header and a null link.
//! P2. Blocks live as long as the pool; `blocks` links them all.
//!
//! Blocks start small and grow with the pool up to [`BLOCK_BYTES_MAX`], so a map with
//! one chain does not hold 64 KiB, and a large one asks rarely.

use core::alloc::Layout;
use core::marker::PhantomData;
use core::ptr::{self, NonNull};

use super::bucket::Bucket;
use super::meter::{Front, Meter};
use super::shape::Shape;
use crate::alloc::Allocator;

/// The size of blocks of a large pool, in bytes.
const BLOCK_BYTES_MAX: usize = 64 << 10;

/// Stands at the head of every block.
struct Block {
    next: *mut Block,
    bytes: usize,
}

pub(crate) struct Pool<T, A: Allocator> {
    free: *mut u8,
    /// The part of the newest block that was never handed out.
    bump: *mut u8,
    bump_left: usize,
    blocks: *mut Block,
    in_use: usize,
    /// Buckets handed out at least once, or made ready.
    ready: usize,
    bytes: usize,
    alloc: A,
    marker: PhantomData<T>,
}

impl<T, A: Allocator> Pool<T, A> {
    pub(crate) const fn new(alloc: A) -> Pool<T, A> {
        Pool {
            free: ptr::null_mut(),
            bump: ptr::null_mut(),
            bump_left: 0,
            blocks: ptr::null_mut(),
            in_use: 0,
            ready: 0,
            bytes: 0,
            alloc,
            marker: PhantomData,
        }
    }

    /// Buckets handed out and not returned.
    pub(crate) fn in_use(&self) -> usize {
        self.in_use
    }

    /// Bytes of all blocks.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    const ALIGN: usize = if Shape::<T>::ALIGN > align_of::<Block>() {
        Shape::<T>::ALIGN
    } else {
        align_of::<Block>()
    };
    const FIRST_AT: usize = size_of::<Block>().next_multiple_of(Self::ALIGN);

    /// An empty overflow bucket, or `None` when memory is refused.
    /// At most one allocator call.
    pub(crate) fn get(&mut self, meter: &mut Meter) -> Option<Bucket> {
        let bucket = if !self.free.is_null() {
            let bucket = self.free;
            // SAFETY: buckets on the free list are ours and hold a link there.
            self.free = unsafe {
                bucket
                    .add(Shape::<T>::SPILL_LINK_AT)
                    .cast::<*mut u8>()
                    .read()
            };
            bucket
        } else {
            if self.bump_left == 0 {
                self.add_block(meter)?;
            }
            let bucket = self.bump;
            // SAFETY: `bump_left > 0` buckets lie at `bump`; one past the last is in bounds.
            self.bump = unsafe { bucket.add(Shape::<T>::SPILL_STRIDE) };
            self.bump_left -= 1;
            self.ready += 1;
            // The header and the first entry; later ones count as their own operation's.
            let first = Shape::<T>::SPILL_SLOTS_AT + Shape::<T>::ENTRY;
            meter.touched(Front::Pool, bucket, first);
            bucket
        };
        self.in_use += 1;
        let bucket = Bucket::spill::<T>(bucket);
        // SAFETY: the header is ours; this establishes P1.
        unsafe { bucket.clear_head() };
        Some(bucket)
    }

    /// Buckets that can be handed out, now or again, without asking for memory or touching new pages.
    pub(crate) fn ready(&self) -> usize {
        self.ready
    }

    /// Touches the overflow buckets of a block, a new one if need be, for later; how many, or `None` when
    /// memory is refused. At most one allocator call.
    pub(crate) fn make_ready(&mut self, meter: &mut Meter) -> Option<usize> {
        if self.bump_left == 0 {
            self.add_block(meter)?;
        }
        let buckets = core::mem::take(&mut self.bump_left);
        for index in 0..buckets {
            // SAFETY: so many buckets lie at `bump`, and nobody has them; the link word is ours.
            unsafe {
                let bucket = self.bump.add(index * Shape::<T>::SPILL_STRIDE);
                let last = bucket.add(Shape::<T>::SPILL_STRIDE - 1);
                last.write_volatile(0);
                let bucket = Bucket::spill::<T>(bucket);
                bucket.set_next::<T>(Bucket::spill::<T>(self.free));
                self.free = bucket.head;
            }
        }
        self.ready += buckets;
        Some(buckets)
    }

    /// Takes a bucket back.
    ///
    /// # Safety
    /// `bucket` came from [`get`](Self::get) of this pool, holds no entry and
    /// is linked nowhere.
    pub(crate) unsafe fn put(&mut self, bucket: Bucket) {
        debug_assert!(self.in_use > 0, "more overflow buckets returned than taken");
        // SAFETY: the bucket is ours again; its link word is free for our list.
        unsafe { bucket.set_next::<T>(Bucket::spill::<T>(self.free)) };
        self.free = bucket.head;
        self.in_use -= 1;
    }

    fn add_block(&mut self, meter: &mut Meter) -> Option<()> {
        let stride = Shape::<T>::SPILL_STRIDE;
        let most = ((BLOCK_BYTES_MAX - Self::FIRST_AT.min(BLOCK_BYTES_MAX)) / stride).max(1);
        let wanted = (self.in_use / 2).max(2).min(most);
        let bytes = Self::FIRST_AT.checked_add(wanted.checked_mul(stride)?)?;
        let layout = Layout::from_size_align(bytes, Self::ALIGN).ok()?;
        meter.allocator_calls(1);
        let block = self.alloc.allocate(layout).ok()?.cast::<u8>().as_ptr();
        // SAFETY: a fresh block begins with room for its head.
        unsafe {
            block.cast::<Block>().write(Block {
                next: self.blocks,
                bytes,
            })
        };
        self.blocks = block.cast();
        // SAFETY: `FIRST_AT` is inside the block.
        self.bump = unsafe { block.add(Self::FIRST_AT) };
        self.bump_left = wanted;
        self.bytes += bytes;
        Some(())
    }

    /// Whether no bucket is in use, but blocks are held.
    pub(crate) fn is_idle(&self) -> bool {
        self.in_use == 0 && !self.blocks.is_null()
    }

    /// Frees one block of a pool that [is idle](Self::is_idle); how many bytes that was. One
    /// allocator call.
    pub(crate) fn trim(&mut self) -> usize {
        if !self.is_idle() {
            return 0;
        }
        self.free = ptr::null_mut();
        self.bump_left = 0;
        self.ready = 0;
        // SAFETY: no bucket is in use, and none is left to be handed out.
        unsafe { self.free_block() }
    }

    /// Forgets every bucket handed out and frees all blocks.
    ///
    /// # Safety
    /// No bucket of the pool is in use any more.
    pub(crate) unsafe fn reset(&mut self) {
        self.in_use = 0;
        self.ready = 0;
        self.free = ptr::null_mut();
        self.bump_left = 0;
        self.free_blocks();
    }

    fn free_blocks(&mut self) {
        // SAFETY: the pool is reset or dropped: no bucket of it is in use.
        while unsafe { self.free_block() } > 0 {}
    }

    /// Frees one block of a pool that is being given up; how many bytes that was, 0 when
    /// none is left. One allocator call.
    ///
    /// # Safety
    /// No bucket of the pool is in use any more, and none is asked for before a
    /// [`reset`](Self::reset).
    pub(crate) unsafe fn free_block(&mut self) -> usize {
        let block = self.blocks;
        if block.is_null() {
            return 0;
        }
        // SAFETY: P2; each was allocated with this layout in `add_block`.
        unsafe {
            let Block { next, bytes } = block.read();
            self.blocks = next;
            let layout = Layout::from_size_align_unchecked(bytes, Self::ALIGN);
            let start = NonNull::new_unchecked(block.cast());
            self.alloc.deallocate(start, layout);
            self.bytes -= bytes;
            bytes
        }
    }
}

impl<T, A: Allocator> Drop for Pool<T, A> {
    fn drop(&mut self) {
        self.free_blocks();
    }
}
