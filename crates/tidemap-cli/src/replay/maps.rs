//! Which maps can be named, and how a name becomes a type.

use std::borrow::Borrow;
use std::fmt;
use std::hash::Hash;

use serde::{Deserialize, Serialize};
use tidemap_bench::contenders::{Contender, FixedHasher, Hashbrown};

/// A map that `--map` can name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum MapName {
    /// Ours.
    Tidemap,
    /// hashbrown's.
    Hashbrown,
    /// The standard library's.
    Std,
    /// griddle's.
    Griddle,
    /// indexmap's.
    Indexmap,
    /// [`Faulty`]: not listed, but documented.
    Faulty,
}

impl MapName {
    const LISTED: [MapName; 5] = [
        MapName::Tidemap,
        MapName::Hashbrown,
        MapName::Std,
        MapName::Griddle,
        MapName::Indexmap,
    ];

    /// The name in arguments and reports.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            MapName::Tidemap => "tidemap",
            MapName::Hashbrown => "hashbrown",
            MapName::Std => "std",
            MapName::Griddle => "griddle",
            MapName::Indexmap => "indexmap",
            MapName::Faulty => "faulty",
        }
    }

    /// The map with this name.
    pub(crate) fn from_name(name: &str) -> Option<MapName> {
        MapName::LISTED
            .into_iter()
            .chain([MapName::Faulty])
            .find(|map| map.as_str() == name)
    }

    /// The names, for messages.
    pub(crate) fn listed() -> String {
        MapName::LISTED.map(MapName::as_str).join(", ")
    }
}

/// One contender of a replay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct MapChoice {
    /// Which map.
    pub name: MapName,
    /// Whether room for every distinct key is reserved before the first operation.
    pub presized: bool,
}

impl fmt::Display for MapChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&if self.presized {
            format!("{}:presized", self.name.as_str())
        } else {
            self.name.as_str().to_owned()
        })
    }
}

/// hashbrown with a defect: the [`Faulty::LOST`]th insertion is lost.
///
/// It exists so that anyone can see the comparison fail:
/// `tidemap replay --map hashbrown,faulty` must end with exit code 1.
pub(crate) struct Faulty<K, V> {
    map: Hashbrown<K, V>,
    inserts: u64,
}

impl<K, V> Faulty<K, V> {
    /// The insertion (counted from 1) that does nothing.
    pub(crate) const LOST: u64 = 100;
}

impl<K: Hash + Eq, V> Contender<K, V> for Faulty<K, V> {
    const NAME: &'static str = "faulty";

    fn empty(hasher: FixedHasher) -> Self {
        Faulty {
            map: Contender::empty(hasher),
            inserts: 0,
        }
    }
    fn presized(capacity: usize, hasher: FixedHasher) -> Self {
        Faulty {
            map: Contender::presized(capacity, hasher),
            inserts: 0,
        }
    }
    fn insert(&mut self, key: K, value: V) -> Option<V> {
        self.inserts += 1;
        if self.inserts == Self::LOST {
            return None;
        }
        self.map.insert(key, value)
    }
    fn get<Q>(&self, key: &Q) -> Option<&V>
    where
        Q: ?Sized + Hash + Eq,
        K: Borrow<Q>,
    {
        self.map.get(key)
    }
    fn get_mut<Q>(&mut self, key: &Q) -> Option<&mut V>
    where
        Q: ?Sized + Hash + Eq,
        K: Borrow<Q>,
    {
        self.map.get_mut(key)
    }
    fn remove<Q>(&mut self, key: &Q) -> Option<V>
    where
        Q: ?Sized + Hash + Eq,
        K: Borrow<Q>,
    {
        self.map.remove(key)
    }
    fn clear(&mut self) {
        self.map.clear();
    }
    fn len(&self) -> usize {
        self.map.len()
    }
    fn for_each(&self, visit: impl FnMut(&K, &V)) {
        Contender::for_each(&self.map, visit);
    }
}
