//! The noise floor: the same loop around no map at all.
//!
//! What the loop without a map suffers, the machine does: interrupts, other
//! processes, a hypervisor. A maximum below or near the floor says nothing about
//! a map.
//!
//! One kind of noise can be told apart: Linux says how long a thread that wanted
//! to run had to wait for a processor ([`waited_ns`]).

use std::borrow::Borrow;
use std::hash::{BuildHasher, Hash};
use std::hint::black_box;
use std::marker::PhantomData;

use tidemap_bench::contenders::{Contender, FixedHasher};

/// How long this thread has waited for a processor in total; `None` where the
/// system does not tell. Reads a file: some microseconds.
pub(crate) fn waited_ns() -> Option<u64> {
    if !cfg!(target_os = "linux") {
        return None;
    }
    // Time on a processor, time waiting for one, number of turns.
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split_ascii_whitespace().nth(1)?.parse().ok()
}

/// Hashes every key, holds nothing, finds nothing.
pub(crate) struct NoMap<K, V> {
    hasher: FixedHasher,
    entry: PhantomData<(K, V)>,
}

impl<K: Hash + Eq, V> Contender<K, V> for NoMap<K, V> {
    const NAME: &'static str = "no map";

    fn empty(hasher: FixedHasher) -> Self {
        NoMap {
            hasher,
            entry: PhantomData,
        }
    }
    fn presized(_: usize, hasher: FixedHasher) -> Self {
        Self::empty(hasher)
    }
    #[inline]
    fn insert(&mut self, key: K, value: V) -> Option<V> {
        black_box(self.hasher.hash_one(&key));
        black_box(value);
        None
    }
    #[inline]
    fn get<Q>(&self, key: &Q) -> Option<&V>
    where
        Q: ?Sized + Hash + Eq,
        K: Borrow<Q>,
    {
        black_box(self.hasher.hash_one(key));
        None
    }
    #[inline]
    fn get_mut<Q>(&mut self, key: &Q) -> Option<&mut V>
    where
        Q: ?Sized + Hash + Eq,
        K: Borrow<Q>,
    {
        black_box(self.hasher.hash_one(key));
        None
    }
    #[inline]
    fn remove<Q>(&mut self, key: &Q) -> Option<V>
    where
        Q: ?Sized + Hash + Eq,
        K: Borrow<Q>,
    {
        black_box(self.hasher.hash_one(key));
        None
    }
    fn clear(&mut self) {}
    fn len(&self) -> usize {
        0
    }
    fn for_each(&self, _: impl FnMut(&K, &V)) {}
}
