//! The index: keys and values in memory, behind one lock that readers share.
//!
//! The same service runs on either map, with the same hasher, so that nothing but the map differs. Bulk writes let go of
//! the lock after every [`LOCK_ENTRIES`] entries: whoever waits for it waits for the map, not for the size of a batch.

use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::{Duration, Instant};

use tidemap::{DefaultHashBuilder, Shrink};

/// Entries written under one hold of the lock.
pub const LOCK_ENTRIES: usize = 64;
/// What the observed map is called in figures and on the page.
pub const MAP_NAME: &str = "index";

/// The map that holds the entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum MapKind {
    /// Grows in small steps, and is observed.
    Tidemap,
    /// Grows in one go.
    Hashbrown,
}

impl MapKind {
    /// The word of the command line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            MapKind::Tidemap => "tidemap",
            MapKind::Hashbrown => "hashbrown",
        }
    }
}

/// A key.
pub type Key = Box<str>;
/// A value.
pub type Value = Box<[u8]>;

/// A growth that one insertion did alone, as this service saw it from outside.
#[derive(Debug, Clone, Copy)]
pub struct BlockingGrowth {
    /// When the insertion began.
    pub begun: Instant,
    /// How long it took, the lock being held.
    pub took: Duration,
    /// Entries that fitted before.
    pub from_capacity: usize,
    /// Entries that fit now.
    pub to_capacity: usize,
    /// Entries, with the new one.
    pub entries: usize,
    /// Bytes of the table before, which were held until the end.
    pub from_bytes: usize,
    /// Bytes of the new table.
    pub to_bytes: usize,
}

/// What a write did.
#[derive(Debug, Default)]
pub struct Written {
    /// Keys that were not there.
    pub created: usize,
    /// Keys that got another value.
    pub replaced: usize,
    /// Keys that were taken out.
    pub removed: usize,
    /// How long the lock was held, each time.
    pub holds: Vec<Duration>,
    /// Growths that the other map did on the way.
    pub growths: Vec<BlockingGrowth>,
}

enum Entries {
    Tidemap(tidemap::HashMap<Key, Value>),
    Hashbrown(hashbrown::HashMap<Key, Value, DefaultHashBuilder>),
}

/// Keys and values; see the module.
pub struct Index {
    kind: MapKind,
    entries: RwLock<Entries>,
}

impl std::fmt::Debug for Index {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Index")
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

impl Index {
    /// An empty index. `shrink_below` is the load below which a tidemap gives memory back; the other
    /// map knows no such thing.
    #[must_use]
    pub fn new(kind: MapKind, shrink_below: Option<f32>) -> Index {
        let entries = match kind {
            MapKind::Tidemap => {
                let mut builder = tidemap::HashMap::builder().name(MAP_NAME);
                if let Some(part) = shrink_below {
                    builder = builder.shrink_policy(Shrink::WhenBelow(part));
                }
                Entries::Tidemap(builder.build())
            }
            MapKind::Hashbrown => Entries::Hashbrown(hashbrown::HashMap::default()),
        };
        Index {
            kind,
            entries: RwLock::new(entries),
        }
    }

    /// Which map it is.
    #[must_use]
    pub fn kind(&self) -> MapKind {
        self.kind
    }

    // A panic under the lock leaves a map that is whole: neither map tears when an operation unwinds.
    fn read(&self) -> RwLockReadGuard<'_, Entries> {
        self.entries.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Entries> {
        self.entries.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Number of entries.
    #[must_use]
    pub fn len(&self) -> usize {
        match &*self.read() {
            Entries::Tidemap(map) => map.len(),
            Entries::Hashbrown(map) => map.len(),
        }
    }

    /// Whether it has none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Entries that fit before the next growth begins.
    #[must_use]
    pub fn capacity(&self) -> usize {
        match &*self.read() {
            Entries::Tidemap(map) => map.capacity(),
            Entries::Hashbrown(map) => map.capacity(),
        }
    }

    /// A copy of the value.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<Value> {
        match &*self.read() {
            Entries::Tidemap(map) => map.get(key).cloned(),
            Entries::Hashbrown(map) => map.get(key).cloned(),
        }
    }

    /// Stores all pairs, later ones over earlier ones.
    pub fn put(&self, pairs: Vec<(Key, Value)>) -> Written {
        let mut written = Written::default();
        let mut pairs = pairs.into_iter();
        let mut replaced = Vec::new();
        while pairs.len() > 0 {
            let mut entries = self.write();
            let held = Instant::now();
            for (key, value) in pairs.by_ref().take(LOCK_ENTRIES) {
                let old = match &mut *entries {
                    Entries::Tidemap(map) => map.insert(key, value),
                    Entries::Hashbrown(map) => insert_watched(map, key, value, &mut written),
                };
                match old {
                    None => written.created += 1,
                    Some(old) => replaced.push(old),
                }
            }
            written.holds.push(held.elapsed());
            drop(entries);
            written.replaced += replaced.len();
            // What values owned is given back outside the lock.
            replaced.clear();
        }
        written
    }

    /// Takes the keys out.
    pub fn remove(&self, keys: &[&str]) -> Written {
        let mut written = Written::default();
        let mut removed = Vec::new();
        for keys in keys.chunks(LOCK_ENTRIES) {
            let mut entries = self.write();
            let held = Instant::now();
            for key in keys {
                removed.extend(match &mut *entries {
                    Entries::Tidemap(map) => map.remove_entry(*key),
                    Entries::Hashbrown(map) => map.remove_entry(*key),
                });
            }
            written.holds.push(held.elapsed());
            drop(entries);
            written.removed += removed.len();
            removed.clear();
        }
        written
    }
}

/// An insertion into the map that nobody observes. It is full exactly when no room is left, and
/// only then a clock is read.
fn insert_watched(
    map: &mut hashbrown::HashMap<Key, Value, DefaultHashBuilder>,
    key: Key,
    value: Value,
    written: &mut Written,
) -> Option<Value> {
    let from_capacity = map.capacity();
    if map.len() < from_capacity {
        return map.insert(key, value);
    }
    let (from_bytes, begun) = (map.allocation_size(), Instant::now());
    let old = map.insert(key, value);
    if map.capacity() != from_capacity {
        written.growths.push(BlockingGrowth {
            begun,
            took: begun.elapsed(),
            from_capacity,
            to_capacity: map.capacity(),
            entries: map.len(),
            from_bytes,
            to_bytes: map.allocation_size(),
        });
    }
    old
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(names: std::ops::Range<usize>) -> Vec<(Key, Value)> {
        let pair = |n: usize| (format!("key {n}").into(), n.to_le_bytes().into());
        names.map(pair).collect()
    }

    #[test]
    fn both_maps_answer_alike() {
        for kind in [MapKind::Tidemap, MapKind::Hashbrown] {
            let index = Index::new(kind, Some(0.25));
            let written = index.put(pairs(0..1000));
            assert_eq!((written.created, written.replaced), (1000, 0));
            assert_eq!(written.holds.len(), 1000_usize.div_ceil(LOCK_ENTRIES));
            let written = index.put(pairs(900..1100));
            assert_eq!((written.created, written.replaced), (100, 100));
            assert_eq!(
                index.get("key 7").as_deref(),
                Some(&7_usize.to_le_bytes()[..])
            );
            assert_eq!(index.get("key 1100"), None);
            let written = index.remove(&["key 7", "key 8", "nobody"]);
            assert_eq!((written.removed, index.len()), (2, 1098));
            assert_eq!(index.get("key 7"), None);
            assert!(index.capacity() >= index.len());
        }
    }

    #[test]
    fn growths_of_the_other_map_are_seen() {
        let index = Index::new(MapKind::Hashbrown, None);
        let growths = index.put(pairs(0..1000)).growths;
        // 0, 3, 7, 14, 28, … 1792.
        assert!(growths.len() > 8, "{growths:?}");
        let last = growths.last().expect("grown");
        assert_eq!(last.to_capacity, index.capacity());
        assert!(last.from_bytes < last.to_bytes && last.entries == last.from_capacity + 1);
        let tidemap = Index::new(MapKind::Tidemap, None);
        assert!(tidemap.put(pairs(0..1000)).growths.is_empty());
    }
}
