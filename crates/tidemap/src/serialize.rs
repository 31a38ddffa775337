//! Serialisation with serde (feature `serde`): a map as a map, a set as a sequence.
//!
//! A length that the input announces is believed only so far: at most [`PREALLOCATE_BYTES_MAX`]
//! are asked for before the first entry has been read, so an input that lies cannot
//! make a program run out of memory. From there on memory follows the entries.

use core::fmt;
use core::hash::{BuildHasher, Hash};
use core::marker::PhantomData;

use serde_core::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_core::ser::{Serialize, Serializer};

use crate::alloc::Allocator;
use crate::map::HashMap;
use crate::set::HashSet;

/// Bytes of entries that an announced length may reserve.
const PREALLOCATE_BYTES_MAX: usize = 64 << 10;

/// How many entries of type `T` to make room for.
fn cautious<T>(announced: Option<usize>) -> usize {
    let most = PREALLOCATE_BYTES_MAX / size_of::<T>().max(1);
    announced.unwrap_or(0).min(most)
}

impl<K, V, S, A> Serialize for HashMap<K, V, S, A>
where
    K: Serialize,
    V: Serialize,
    A: Allocator + Clone,
{
    fn serialize<Z: Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
        serializer.collect_map(self)
    }
}

impl<T, S, A> Serialize for HashSet<T, S, A>
where
    T: Serialize,
    A: Allocator + Clone,
{
    fn serialize<Z: Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
        serializer.collect_seq(self)
    }
}

impl<'de, K, V, S, A> Deserialize<'de> for HashMap<K, V, S, A>
where
    K: Deserialize<'de> + Eq + Hash,
    V: Deserialize<'de>,
    S: BuildHasher + Default,
    A: Allocator + Clone + Default,
{
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries<K, V, S, A>(PhantomData<(K, V, S, A)>);

        impl<'de, K, V, S, A> Visitor<'de> for Entries<K, V, S, A>
        where
            K: Deserialize<'de> + Eq + Hash,
            V: Deserialize<'de>,
            S: BuildHasher + Default,
            A: Allocator + Clone + Default,
        {
            type Value = HashMap<K, V, S, A>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut entries: M) -> Result<Self::Value, M::Error> {
                let mut map = HashMap::default();
                map.reserve(cautious::<(K, V)>(entries.size_hint()));
                while let Some((key, value)) = entries.next_entry()? {
                    map.insert(key, value);
                }
                Ok(map)
            }
        }

        deserializer.deserialize_map(Entries(PhantomData))
    }
}

/// Reads elements into a set.
struct Elements<'s, T, S, A: Allocator + Clone>(&'s mut HashSet<T, S, A>);

impl<'de, T, S, A> Visitor<'de> for Elements<'_, T, S, A>
where
    T: Deserialize<'de> + Eq + Hash,
    S: BuildHasher,
    A: Allocator + Clone,
{
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a sequence")
    }

    fn visit_seq<Q: SeqAccess<'de>>(self, mut elements: Q) -> Result<(), Q::Error> {
        self.0.reserve(cautious::<T>(elements.size_hint()));
        while let Some(element) = elements.next_element()? {
            self.0.insert(element);
        }
        Ok(())
    }
}

impl<'de, T, S, A> Deserialize<'de> for HashSet<T, S, A>
where
    T: Deserialize<'de> + Eq + Hash,
    S: BuildHasher + Default,
    A: Allocator + Clone + Default,
{
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut set = HashSet::default();
        deserializer.deserialize_seq(Elements(&mut set))?;
        Ok(set)
    }

    /// Keeps the set's memory and hasher. After an error the set has the elements read so far.
    fn deserialize_in_place<D: Deserializer<'de>>(
        deserializer: D,
        place: &mut Self,
    ) -> Result<(), D::Error> {
        place.clear();
        deserializer.deserialize_seq(Elements(place))
    }
}
