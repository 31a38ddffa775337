//! Serialisation: there and back, and inputs that lie about their length.

use serde_core::Deserialize;
use serde_core::de::value::{Error, MapAccessDeserializer, SeqAccessDeserializer};
use serde_core::de::{DeserializeSeed, IntoDeserializer, MapAccess, SeqAccess};
use tidemap::{HashMap, HashSet};

#[test]
fn small_maps_and_sets_come_back() {
    let map: HashMap<String, Vec<u32>> = (0..500).map(|i| (i.to_string(), vec![i; 3])).collect();
    let text = serde_json::to_string(&map).unwrap();
    assert_eq!(serde_json::from_str::<HashMap<_, _>>(&text).unwrap(), map);
    let std: std::collections::HashMap<String, Vec<u32>> = serde_json::from_str(&text).unwrap();
    assert_eq!(std.len(), map.len());

    let set: HashSet<u32> = (0..500).collect();
    let text = serde_json::to_string(&set).unwrap();
    assert_eq!(serde_json::from_str::<HashSet<u32>>(&text).unwrap(), set);
}

#[test]
fn small_a_set_is_read_in_place() {
    let mut set: HashSet<u32> = (0..1_000).collect();
    let capacity = set.capacity();
    let mut input = serde_json::Deserializer::from_str("[1, 2, 2]");
    Deserialize::deserialize_in_place(&mut input, &mut set).unwrap();
    assert_eq!(set, HashSet::from([1, 2]));
    assert_eq!(set.capacity(), capacity);
}

#[test]
fn small_wrong_inputs_are_errors() {
    assert!(serde_json::from_str::<HashMap<u32, u32>>("[1, 2]").is_err());
    assert!(serde_json::from_str::<HashSet<u32>>("{\"1\": 2}").is_err());
    assert!(serde_json::from_str::<HashSet<u32>>("[1, \"two\"]").is_err());
}

/// Announces as many entries as can be, and has three.
struct Liar(u32);

impl<'de> SeqAccess<'de> for Liar {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Error> {
        if self.0 == 3 {
            return Ok(None);
        }
        self.0 += 1;
        seed.deserialize(self.0.into_deserializer()).map(Some)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(usize::MAX)
    }
}

impl<'de> MapAccess<'de> for Liar {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Error> {
        self.next_element_seed(seed)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        seed.deserialize(self.0.into_deserializer())
    }

    fn size_hint(&self) -> Option<usize> {
        Some(usize::MAX)
    }
}

#[test]
fn small_an_announced_length_is_not_believed() {
    let map = HashMap::<u32, u32>::deserialize(MapAccessDeserializer::new(Liar(0))).unwrap();
    assert_eq!(map, HashMap::from([(1, 1), (2, 2), (3, 3)]));
    let set = HashSet::<u32>::deserialize(SeqAccessDeserializer::new(Liar(0))).unwrap();
    assert_eq!(set, HashSet::from([1, 2, 3]));
    for bytes in [
        map.stats().bytes_reserved.max(map.allocation_size()),
        set.allocation_size(),
    ] {
        assert!(bytes <= 1 << 20, "{bytes} bytes for three entries");
    }
}
