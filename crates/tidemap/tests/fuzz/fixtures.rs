//! What inputs are run with: counted keys that may panic, poor hashers, an allocator that refuses.

use std::alloc::Layout;
use std::cell::Cell;
use std::hash::{BuildHasher, Hash, Hasher};
use std::panic::resume_unwind;
use std::ptr::NonNull;
use std::rc::Rc;

use allocator_api2::alloc::{AllocError, Allocator, Global};

thread_local! {
    /// Keys and values alive.
    pub(crate) static ALIVE: Cell<i64> = const { Cell::new(0) };
    /// Calls of user code until one panics; negative for never.
    pub(crate) static FUSE: Cell<i64> = const { Cell::new(-1) };
    /// Whether every other key has one and the same hash under each first seed.
    pub(crate) static COLLIDES: Cell<bool> = const { Cell::new(false) };
}

/// What a panic on purpose carries.
pub(crate) struct OnPurpose;

/// A call of user code.
pub(crate) fn tick() {
    let left = FUSE.get();
    if left >= 0 {
        FUSE.set(left - 1);
        if left == 0 {
            resume_unwind(Box::new(OnPurpose));
        }
    }
}

/// A key or a value that is counted, in `BYTES` more bytes than it needs.
#[derive(Debug)]
pub(crate) struct Counted<const BYTES: usize> {
    pub(crate) name: u16,
    _padding: [u8; BYTES],
}

impl<const BYTES: usize> Counted<BYTES> {
    pub(crate) fn new(name: u16) -> Self {
        ALIVE.set(ALIVE.get() + 1);
        let _padding = [name as u8; BYTES];
        Counted { name, _padding }
    }
}

impl<const BYTES: usize> Clone for Counted<BYTES> {
    fn clone(&self) -> Self {
        tick();
        Self::new(self.name)
    }
}

impl<const BYTES: usize> Drop for Counted<BYTES> {
    fn drop(&mut self) {
        ALIVE.set(ALIVE.get() - 1);
        // A second panic while one unwinds would abort.
        if !std::thread::panicking() {
            tick();
        }
    }
}

impl<const BYTES: usize> PartialEq for Counted<BYTES> {
    fn eq(&self, other: &Self) -> bool {
        tick();
        self.name == other.name
    }
}

impl<const BYTES: usize> Eq for Counted<BYTES> {}

impl<const BYTES: usize> Hash for Counted<BYTES> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        tick();
        if !COLLIDES.get() {
            return self.name.hash(state);
        }
        let mut bytes = [0; 16];
        let spread = (u64::from(self.name) + 1).wrapping_mul(0xd6e8_feb8_6659_fd93);
        // The second half cancels foldhash's fixed shared seed, as in `tests/it/hostile.rs`.
        let second = [spread, 0x3f84_d5b5_b547_0917][usize::from(self.name % 2)];
        bytes[..8].copy_from_slice(&spread.to_ne_bytes());
        bytes[8..].copy_from_slice(&second.to_ne_bytes());
        state.write(&bytes);
    }
}

/// Keeps some bits of a good hash: chains of every length, in a few bytes of input.
#[derive(Clone, Copy)]
pub(crate) struct Masked(pub(crate) u64);

pub(crate) struct MaskedHasher(<foldhash::fast::FixedState as BuildHasher>::Hasher, u64);

impl BuildHasher for Masked {
    type Hasher = MaskedHasher;

    fn build_hasher(&self) -> MaskedHasher {
        MaskedHasher(
            foldhash::fast::FixedState::with_seed(3).build_hasher(),
            self.0,
        )
    }
}

impl Hasher for MaskedHasher {
    fn write(&mut self, bytes: &[u8]) {
        self.0.write(bytes);
    }

    fn finish(&self) -> u64 {
        self.0.finish() & self.1
    }
}

pub(crate) const MASKS: [u64; 8] = [
    u64::MAX,
    u64::MAX,
    0,
    0xf,
    0xff,
    0xff00_0000_0000_0000,
    0xff00_0000_0000_0007,
    0x3ff,
];

/// What the allocator has given, and when it refuses.
#[derive(Default)]
pub(crate) struct Book {
    pub(crate) bytes: Cell<usize>,
    requests: Cell<usize>,
    pub(crate) refuse_every: Cell<usize>,
}

#[derive(Clone, Default)]
pub(crate) struct Counting(pub(crate) Rc<Book>);

// SAFETY: memory comes from the global allocator, whichever clone is asked.
unsafe impl Allocator for Counting {
    fn allocate(&self, layout: Layout) -> Result<NonNull<[u8]>, AllocError> {
        let (book, every) = (&self.0, self.0.refuse_every.get());
        book.requests.set(book.requests.get() + 1);
        if every > 0 && book.requests.get() % every == 0 {
            return Err(AllocError);
        }
        let memory = Global.allocate(layout)?;
        book.bytes.set(book.bytes.get() + layout.size());
        Ok(memory)
    }

    unsafe fn deallocate(&self, memory: NonNull<u8>, layout: Layout) {
        self.0.bytes.set(self.0.bytes.get() - layout.size());
        // SAFETY: by the caller's promise it came from `allocate`.
        unsafe { Global.deallocate(memory, layout) };
    }
}

/// Reads bytes as numbers; zeros when they end.
pub(crate) struct Input<'a>(pub(crate) &'a [u8]);

impl Input<'_> {
    pub(crate) fn byte(&mut self) -> u8 {
        let Some((&first, rest)) = self.0.split_first() else {
            return 0;
        };
        self.0 = rest;
        first
    }

    pub(crate) fn key(&mut self) -> u16 {
        // Mostly few keys, so that they meet again.
        match self.byte() {
            byte @ 0..200 => u16::from(byte),
            byte => u16::from(byte) << 8 | u16::from(self.byte()),
        }
    }
}

impl Input<'_> {
    /// A run of keys, as long as the second operand says.
    pub(crate) fn run(&mut self) -> impl Iterator<Item = u16> + Clone + use<> {
        let (first, many) = (self.key(), self.byte());
        run_of(first, many)
    }

    /// How much a step may do.
    pub(crate) fn budget(&mut self) -> tidemap::Budget {
        tidemap::Budget::buckets(usize::from(self.byte()))
    }
}

/// That many names from the first on, around the end of the numbers.
pub(crate) fn run_of(first: u16, many: u8) -> impl Iterator<Item = u16> + Clone {
    (0..u16::from(many)).map(move |i| first.wrapping_add(i))
}
