//! Skeleton.
#![allow(missing_docs, unused_variables, clippy::all)]
pub mod stats;
pub use equivalent::Equivalent;
pub use stats::*;
use std::hash::{BuildHasher, Hash};
pub type DefaultHashBuilder = foldhash::fast::RandomState;
pub struct HashMap<K, V, S = DefaultHashBuilder>(std::marker::PhantomData<(K, V, S)>);
impl<K, V> HashMap<K, V> {
    pub fn new() -> Self {
        todo!()
    }
    pub fn with_capacity(n: usize) -> Self {
        todo!()
    }
}
impl<K, V, S> HashMap<K, V, S> {
    pub fn with_hasher(s: S) -> Self {
        todo!()
    }
    pub fn with_capacity_and_hasher(n: usize, s: S) -> Self {
        todo!()
    }
    pub fn len(&self) -> usize {
        todo!()
    }
    pub fn stats(&self) -> Stats {
        todo!()
    }
    pub fn growth(&self) -> Option<Growth> {
        todo!()
    }
    pub fn growths_started(&self) -> u64 {
        todo!()
    }
    pub fn growth_log(&self) -> &[Growth] {
        todo!()
    }
    pub fn iter(&self) -> Box<dyn Iterator<Item = (&K, &V)> + '_> {
        todo!()
    }
    pub fn clear(&mut self) {
        todo!()
    }
}
impl<K: Eq + Hash, V, S: BuildHasher> HashMap<K, V, S> {
    pub fn insert(&mut self, k: K, v: V) -> Option<V> {
        todo!()
    }
    pub fn get<Q: ?Sized + Hash + Equivalent<K>>(&self, k: &Q) -> Option<&V> {
        todo!()
    }
    pub fn get_mut<Q: ?Sized + Hash + Equivalent<K>>(&mut self, k: &Q) -> Option<&mut V> {
        todo!()
    }
    pub fn remove<Q: ?Sized + Hash + Equivalent<K>>(&mut self, k: &Q) -> Option<V> {
        todo!()
    }
}
impl<K: Clone, V: Clone, S: Clone> Clone for HashMap<K, V, S> {
    fn clone(&self) -> Self {
        todo!()
    }
}
