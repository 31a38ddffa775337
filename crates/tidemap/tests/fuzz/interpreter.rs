//! Bytes read as operations on a map, a set or a table, beside std's as the model.
//!
//! Shared by the fuzz targets (folder `fuzz`) and the test that replays their corpus.
//!
//! | byte | says |
//! |---|---|
//! | 0 | length of entries, quality of hashes, what is worked on |
//! | 1 | which request for memory is refused, or which call of user code panics; 0 for none |
//! | then | operations: a kind, and its operands |
//!
//! Whatever the bytes: answers equal the model's, invariants hold, and in the end every
//! key, every value and every byte of memory has been given back once.

#[path = "fixtures.rs"]
mod fixtures;
#[path = "newer.rs"]
mod newer;
#[path = "sets.rs"]
mod sets;
#[path = "tables.rs"]
mod tables;

use std::collections::HashMap as Model;
use std::hash::BuildHasher;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::rc::Rc;

use tidemap::{DefaultHashBuilder, Entry, HashMap, Sweep, TryInsertError};

use fixtures::{
    ALIVE, Book, COLLIDES, Counted, Counting, FUSE, Input, MASKS, Masked, OnPurpose, run_of, tick,
};

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

/// What an input is run on: something of tidemap's, and std's beside it.
trait Subject {
    /// One operation on both.
    fn operate(&mut self, input: &mut Input<'_>, fault: Fault);
    /// After a panic: it holds what it holds, each entry once, and goes on.
    fn resume(&mut self);
    /// Invariants, and as many entries as the model has: how many keys and values are alive.
    fn check(&self) -> i64;
    /// Entries against the model, one by one.
    fn compare(&self);
}

/// Runs one input.
///
/// # Panics
/// If the map errs.
pub(crate) fn run(data: &[u8], fault: Fault) {
    let mut input = Input(data);
    let first = input.byte();
    let every = input.byte();
    match first % 4 {
        0 | 1 => run_with::<0>(input, first, fault, every),
        2 => run_with::<40>(input, first, fault, every),
        _ => run_with::<1200>(input, first, fault, every),
    }
}

fn run_with<const BYTES: usize>(input: Input<'_>, first: u8, fault: Fault, every: u8) {
    let masked = Masked(MASKS[usize::from(first >> 2) % MASKS.len()]);
    COLLIDES.set(false);
    match first >> 5 {
        // Neither has an insertion that reports refused memory.
        5 if fault != Fault::Refusals => {
            drive(input, fault, every, |alloc| {
                sets::Pair::<BYTES>::new(masked, alloc)
            });
        }
        6 if fault != Fault::Refusals => {
            drive(input, fault, every, |alloc| {
                tables::Pair::<BYTES>::new(masked, alloc)
            });
        }
        7 => {
            COLLIDES.set(true);
            let known = DefaultHashBuilder::with_seed(1);
            drive(input, fault, every, |alloc| {
                Pair::<BYTES, _>::new(known, alloc)
            });
        }
        _ => drive(input, fault, every, |alloc| {
            Pair::<BYTES, _>::new(masked, alloc)
        }),
    }
}

/// Runs the operations of an input on a new subject, and checks the accounts.
fn drive<T: Subject>(
    mut input: Input<'_>,
    fault: Fault,
    every: u8,
    make: impl FnOnce(Counting) -> T,
) {
    let alloc = Counting::default();
    let book: Rc<Book> = Rc::clone(&alloc.0);
    ALIVE.set(0);
    FUSE.set(-1);
    if fault == Fault::Refusals && every > 0 {
        book.refuse_every.set(usize::from(every) + 1);
    }
    let mut subject = make(alloc);
    while !input.0.is_empty() {
        if fault == Fault::Panics && every > 0 {
            FUSE.set(i64::from(every));
        }
        let ended = catch_unwind(AssertUnwindSafe(|| subject.operate(&mut input, fault)));
        FUSE.set(-1);
        match ended {
            Ok(()) => {}
            Err(payload) if payload.is::<OnPurpose>() => subject.resume(),
            Err(payload) => resume_unwind(payload),
        }
        assert_eq!(ALIVE.get(), subject.check(), "keys and values alive");
    }
    subject.compare();
    drop(subject);
    assert_eq!(ALIVE.get(), 0, "keys and values alive without a map");
    assert_eq!(book.bytes.get(), 0, "bytes not returned");
    assert_eq!(Rc::strong_count(&book), 1, "allocators not returned");
}

/// Kinds below are `kind % 24`; newer operations have the others.
const OLDER: u8 = 120;

type Map<const BYTES: usize, S> = HashMap<Counted<BYTES>, Counted<BYTES>, S, Counting>;

/// Map and model, and what the next operation has to do with them.
struct Pair<const BYTES: usize, S> {
    map: Map<BYTES, S>,
    model: Model<u16, u16>,
    /// A walk in steps that goes on over many operations.
    sweep: Sweep,
}

impl<const BYTES: usize, S: BuildHasher + Clone> Pair<BYTES, S> {
    fn new(hasher: S, alloc: Counting) -> Self {
        Pair {
            map: HashMap::with_hasher_in(hasher, alloc),
            model: Model::new(),
            sweep: Sweep::new(),
        }
    }
}

impl<const BYTES: usize, S: BuildHasher + Clone> Subject for Pair<BYTES, S> {
    fn operate(&mut self, input: &mut Input<'_>, fault: Fault) {
        let refusing = fault == Fault::Refusals;
        let kind = input.byte();
        if kind >= OLDER {
            return self.operate_newer(kind - OLDER, input, refusing);
        }
        let Pair { map, model, .. } = self;
        match kind % 24 {
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

    fn resume(&mut self) {
        self.map.check_invariants();
        self.model.clear();
        for (key, value) in &self.map {
            let twice = self.model.insert(key.name, value.name);
            assert!(twice.is_none(), "key {} is there twice", key.name);
        }
    }

    fn check(&self) -> i64 {
        self.map.check_invariants();
        assert_eq!(self.map.len(), self.model.len());
        2 * self.map.len() as i64
    }

    fn compare(&self) {
        let mut seen = 0;
        for (key, value) in &self.map {
            assert_eq!(self.model.get(&key.name), Some(&value.name));
            seen += 1;
        }
        assert_eq!(seen, self.model.len(), "entries are lost");
    }
}

fn empty_like<const BYTES: usize, S: Clone>(map: &Map<BYTES, S>) -> Map<BYTES, S> {
    HashMap::with_hasher_in(map.hasher().clone(), map.allocator().clone())
}

/// Whether the entry is in the map now; refused memory leaves it as it was.
fn insert_or_report<const BYTES: usize, S: BuildHasher>(
    map: &mut Map<BYTES, S>,
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
