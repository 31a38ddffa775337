//! Bytes read as operations on a map, beside std's map as the model.
//!
//! Shared by the fuzz targets (folder `fuzz`) and the test that replays their corpus.
//!
//! | byte | says |
//! |---|---|
//! | 0 | length of entries, quality of hashes |
//! | 1 | which request for memory is refused, or which call of user code panics; 0 for none |
//! | then | operations: a kind, and its operands |
//!
//! Whatever the bytes: answers equal the model's, invariants hold, and in the end every
//! key, every value and every byte of memory has been given back once.

use std::alloc::Layout;
use std::cell::Cell;
use std::collections::HashMap as Model;
use std::hash::{BuildHasher, Hash, Hasher};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::ptr::NonNull;
use std::rc::Rc;

use allocator_api2::alloc::{AllocError, Allocator, Global};
use tidemap::{Entry, HashMap, TryInsertError};

/// What goes wrong on purpose.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Fault {
    /// Nothing.
    None,
    /// One request for memory in so many is refused.
    Refusals,
    /// One call of user code in so many panics.
    Panics,
}

thread_local! {
    /// Keys and values alive.
    static ALIVE: Cell<i64> = const { Cell::new(0) };
    /// Calls of user code until one panics; negative for never.
    static FUSE: Cell<i64> = const { Cell::new(-1) };
}

/// What a panic on purpose carries.
struct OnPurpose;

/// A call of user code.
fn tick() {
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
struct Counted<const BYTES: usize> {
    name: u16,
    _padding: [u8; BYTES],
}

impl<const BYTES: usize> Counted<BYTES> {
    fn new(name: u16) -> Self {
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
        self.name.hash(state);
    }
}

/// Keeps some bits of a good hash: chains of every length, in a few bytes of input.
#[derive(Clone, Copy)]
struct Masked(u64);

struct MaskedHasher(<foldhash::fast::FixedState as BuildHasher>::Hasher, u64);

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

const MASKS: [u64; 8] = [
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
struct Book {
    bytes: Cell<usize>,
    requests: Cell<usize>,
    refuse_every: Cell<usize>,
}

#[derive(Clone, Default)]
struct Counting(Rc<Book>);

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
struct Input<'a>(&'a [u8]);

impl Input<'_> {
    fn byte(&mut self) -> u8 {
        let Some((&first, rest)) = self.0.split_first() else {
            return 0;
        };
        self.0 = rest;
        first
    }

    fn key(&mut self) -> u16 {
        // Mostly few keys, so that they meet again.
        match self.byte() {
            byte @ 0..200 => u16::from(byte),
            byte => u16::from(byte) << 8 | u16::from(self.byte()),
        }
    }
}

/// Runs one input.
///
/// # Panics
/// If the map errs.
pub(crate) fn run(data: &[u8], fault: Fault) {
    let mut input = Input(data);
    let first = input.byte();
    let mask = MASKS[usize::from(first >> 2) % MASKS.len()];
    let every = input.byte();
    match first % 4 {
        0 | 1 => run_with::<0>(input, mask, fault, every),
        2 => run_with::<40>(input, mask, fault, every),
        _ => run_with::<1200>(input, mask, fault, every),
    }
}

type Map<const BYTES: usize> = HashMap<Counted<BYTES>, Counted<BYTES>, Masked, Counting>;

/// Map and model, and what the next operation has to do with them.
struct Pair<const BYTES: usize> {
    map: Map<BYTES>,
    model: Model<u16, u16>,
}

fn run_with<const BYTES: usize>(mut input: Input<'_>, mask: u64, fault: Fault, every: u8) {
    let alloc = Counting::default();
    let book = Rc::clone(&alloc.0);
    ALIVE.set(0);
    FUSE.set(-1);
    if fault == Fault::Refusals && every > 0 {
        book.refuse_every.set(usize::from(every) + 1);
    }
    let mut pair = Pair::<BYTES> {
        map: HashMap::with_hasher_in(Masked(mask), alloc),
        model: Model::new(),
    };
    while !input.0.is_empty() {
        if fault == Fault::Panics && every > 0 {
            FUSE.set(i64::from(every));
        }
        let ended = catch_unwind(AssertUnwindSafe(|| pair.operate(&mut input, fault)));
        FUSE.set(-1);
        match ended {
            Ok(()) => {}
            Err(payload) if payload.is::<OnPurpose>() => pair.resume(),
            Err(payload) => resume_unwind(payload),
        }
        pair.map.check_invariants();
        assert_eq!(pair.map.len(), pair.model.len());
        assert_eq!(
            ALIVE.get(),
            2 * pair.map.len() as i64,
            "keys and values alive"
        );
    }
    let Pair { map, mut model } = pair;
    for (key, value) in &map {
        assert_eq!(model.remove(&key.name), Some(value.name));
    }
    assert!(model.is_empty(), "entries are lost");
    drop(map);
    assert_eq!(ALIVE.get(), 0, "keys and values alive without a map");
    assert_eq!(book.bytes.get(), 0, "bytes not returned");
    assert_eq!(Rc::strong_count(&book), 1, "allocators not returned");
}

impl<const BYTES: usize> Pair<BYTES> {
    /// One operation on both.
    fn operate(&mut self, input: &mut Input<'_>, fault: Fault) {
        let Pair { map, model } = self;
        let refusing = fault == Fault::Refusals;
        match input.byte() % 24 {
            0..4 => {
                let (first, many) = (input.key(), input.byte());
                for name in run_of(first, many) {
                    let (key, value) = (Counted::new(name), Counted::new(!name));
                    if refusing {
                        if insert_or_report(map, key, value) {
                            model.insert(name, !name);
                        }
                        continue;
                    }
                    let old = map.insert(key, value).map(|value| value.name);
                    assert_eq!(old, model.insert(name, !name));
                }
            }
            4..7 => {
                let (first, many) = (input.key(), input.byte());
                for name in run_of(first, many) {
                    let old = map.remove(&Counted::new(name)).map(|value| value.name);
                    assert_eq!(old, model.remove(&name));
                }
            }
            7 => {
                let name = input.key();
                let old = map.remove_entry(&Counted::new(name));
                let old = old.map(|(key, value)| (key.name, value.name));
                assert_eq!(old, model.remove_entry(&name));
            }
            8 | 9 => {
                let (first, many) = (input.key(), input.byte());
                for name in run_of(first, many) {
                    let found = map.get(&Counted::new(name)).map(|value| value.name);
                    assert_eq!(found, model.get(&name).copied());
                }
            }
            10 => {
                let name = input.key();
                if let Some(value) = map.get_mut(&Counted::new(name)) {
                    value.name ^= 1;
                    *model.get_mut(&name).expect("in the map only") ^= 1;
                }
            }
            11 if !refusing => {
                let name = input.key();
                match map.entry(Counted::new(name)) {
                    Entry::Occupied(entry) => drop(entry.remove_entry()),
                    Entry::Vacant(entry) => drop(entry.insert_entry(Counted::new(name))),
                }
                if model.remove(&name).is_none() {
                    model.insert(name, name);
                }
            }
            12 if !refusing => {
                let name = input.key();
                let value = map.entry(Counted::new(name)).or_insert_with(|| {
                    tick();
                    Counted::new(name)
                });
                assert_eq!(value.name, *model.entry(name).or_insert(name));
            }
            13 => {
                let more = usize::from(input.byte()) * 8;
                if map.try_reserve(more).is_ok() {
                    assert!(map.capacity() >= map.len() + more);
                } else {
                    assert!(refusing, "memory is refused without a reason");
                }
            }
            14 => assert!(
                map.try_reserve(usize::MAX - usize::from(input.byte()))
                    .is_err()
            ),
            15 => {
                let part = u16::from(input.byte() % 7) + 2;
                map.retain(|key, _| {
                    tick();
                    key.name % part != 0
                });
                model.retain(|name, _| name % part != 0);
            }
            16 if !refusing => {
                let copy = map.clone();
                copy.check_invariants();
                assert!(copy == *map);
                *map = copy;
            }
            17 => {
                map.clear();
                model.clear();
            }
            18 => {
                let many = usize::from(input.byte());
                for (key, value) in map.drain().take(many) {
                    assert_eq!(model.remove(&key.name), Some(value.name));
                }
                model.clear();
            }
            19 => {
                map.finish();
                assert!(refusing || map.growth().is_none());
            }
            20 => {
                let halfway = map.len() / 2;
                for (key, value) in map.iter().take(halfway) {
                    assert_eq!(model.get(&key.name), Some(&value.name));
                }
                for value in map.values_mut().take(halfway) {
                    value.name = value.name.wrapping_add(0);
                }
            }
            21 => {
                let whole = core::mem::replace(map, empty_like(map));
                let rest: Vec<_> = whole.into_iter().skip(usize::from(input.byte())).collect();
                model.clear();
                for (key, value) in rest {
                    let (name, content) = (key.name, value.name);
                    if refusing {
                        if insert_or_report(map, key, value) {
                            model.insert(name, content);
                        }
                    } else {
                        assert!(map.insert(key, value).is_none());
                        model.insert(name, content);
                    }
                }
            }
            _ => {
                let name = input.key();
                assert_eq!(
                    map.contains_key(&Counted::new(name)),
                    model.contains_key(&name)
                );
            }
        }
    }

    /// After a panic: the map holds what it holds, each entry once, and goes on.
    fn resume(&mut self) {
        self.map.check_invariants();
        self.model.clear();
        for (key, value) in &self.map {
            let twice = self.model.insert(key.name, value.name);
            assert!(twice.is_none(), "key {} is there twice", key.name);
        }
    }
}

fn empty_like<const BYTES: usize>(map: &Map<BYTES>) -> Map<BYTES> {
    HashMap::with_hasher_in(*map.hasher(), map.allocator().clone())
}

/// Whether the entry is in the map now; refused memory leaves it as it was.
fn insert_or_report<const BYTES: usize>(
    map: &mut Map<BYTES>,
    key: Counted<BYTES>,
    value: Counted<BYTES>,
) -> bool {
    let len = map.len();
    match map.try_insert(key, value) {
        Ok(_) => true,
        Err(TryInsertError::Occupied(mut error)) => {
            core::mem::swap(error.entry.get_mut(), &mut error.value);
            true
        }
        Err(TryInsertError::OutOfMemory { key, .. }) => {
            assert!(!map.contains_key(&key));
            assert_eq!(map.len(), len);
            false
        }
        Err(_) => unreachable!("there are two reasons"),
    }
}

/// That many names from the first on, around the end of the numbers.
fn run_of(first: u16, many: u8) -> impl Iterator<Item = u16> {
    (0..u16::from(many)).map(move |i| first.wrapping_add(i))
}
