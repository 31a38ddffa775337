//! Maps with an allocator of the user's: everything comes from it, and all goes back.

use std::alloc::Layout;
use std::cell::Cell;
use std::ptr::NonNull;
use std::rc::Rc;

use allocator_api2::alloc::{AllocError, Allocator, Global};
use tidemap::{DefaultHashBuilder, HashMap, HashSet, TryReserveError};

/// What an allocator and its clones have given and been asked.
#[derive(Default)]
pub(crate) struct Book {
    pub(crate) bytes: Cell<usize>,
    pub(crate) blocks: Cell<usize>,
    requests: Cell<usize>,
    refuse_from: Cell<Option<usize>>,
}

/// Counts, and can refuse. Not `Copy`, so that clones that are not dropped show.
#[derive(Clone, Default)]
pub(crate) struct Counting(pub(crate) Rc<Book>);

// SAFETY: memory comes from the global allocator, whichever clone is asked.
unsafe impl Allocator for Counting {
    fn allocate(&self, layout: Layout) -> Result<NonNull<[u8]>, AllocError> {
        let book = &self.0;
        book.requests.set(book.requests.get() + 1);
        if book
            .refuse_from
            .get()
            .is_some_and(|n| book.requests.get() > n)
        {
            return Err(AllocError);
        }
        let memory = Global.allocate(layout)?;
        book.bytes.set(book.bytes.get() + layout.size());
        book.blocks.set(book.blocks.get() + 1);
        Ok(memory)
    }

    unsafe fn deallocate(&self, memory: NonNull<u8>, layout: Layout) {
        let book = &self.0;
        book.bytes.set(book.bytes.get() - layout.size());
        book.blocks.set(book.blocks.get() - 1);
        // SAFETY: by the caller's promise it came from `allocate`.
        unsafe { Global.deallocate(memory, layout) };
    }
}

type Map<K, V> = HashMap<K, V, DefaultHashBuilder, Counting>;

const MANY: u64 = if cfg!(miri) { 200 } else { 50_000 };

#[test]
fn all_memory_comes_from_the_allocator_and_returns() {
    let alloc = Counting::default();
    let book = Rc::clone(&alloc.0);
    let mut map: Map<u64, String> = HashMap::new_in(alloc);
    assert_eq!(book.requests.get(), 0, "an empty map asks for nothing");
    for i in 0..MANY {
        map.insert(i, i.to_string());
        if i % 64 == 0 {
            let stats = map.stats();
            // Bookkeeping of growths is counted, too; nothing is reserved elsewhere.
            assert_eq!(stats.bytes_live + stats.bytes_old, book.bytes.get());
            assert_eq!(stats.bytes_reserved, 0);
        }
    }
    let copy = map.clone();
    assert!(copy == map);
    for i in 0..MANY {
        assert_eq!(map.remove(&i), Some(i.to_string()));
    }
    let mut drained = copy;
    assert_eq!(drained.drain().count(), MANY as usize);
    drop(drained);
    assert_eq!(map.into_iter().count(), 0);
    assert_eq!((book.bytes.get(), book.blocks.get()), (0, 0));
    assert_eq!(
        Rc::strong_count(&book),
        1,
        "a clone of the allocator is leaked"
    );
}

#[test]
fn a_refusing_allocator_leaves_the_map_intact() {
    for refuse_from in 0..12 {
        let alloc = Counting::default();
        let book = Rc::clone(&alloc.0);
        book.refuse_from.set(Some(refuse_from));
        let mut map: Map<u64, u64> = HashMap::new_in(alloc);
        let mut held = 0;
        for i in 0..2_000 {
            match map.try_insert(i, i) {
                Ok(_) => held += 1,
                Err(tidemap::TryInsertError::OutOfMemory { error, .. }) => {
                    assert!(matches!(error, TryReserveError::AllocError { .. }));
                }
                Err(_) => unreachable!("keys are new"),
            }
        }
        map.check_invariants();
        assert_eq!(map.len(), held);
        drop(map);
        assert_eq!((book.bytes.get(), book.blocks.get()), (0, 0));
        assert_eq!(Rc::strong_count(&book), 1);
    }
}

#[test]
fn sets_and_borrowed_allocators() {
    let alloc = Counting::default();
    {
        let mut set: HashSet<u32, DefaultHashBuilder, &Counting> =
            HashSet::with_capacity_in(100, &alloc);
        let bytes = alloc.0.bytes.get();
        assert!(bytes >= 100 * size_of::<u32>());
        for i in 0..100 {
            assert!(set.insert(i));
        }
        // The array was there already; overflow buckets are small.
        assert_eq!(set.stats().growth, None);
        assert!(alloc.0.bytes.get() < 2 * bytes);
        assert_eq!(set.into_iter().count(), 100);
    }
    assert_eq!(alloc.0.bytes.get(), 0);
}
