//! Where std's types are covariant: a longer life may stand in for a shorter one.

use super::{HashMap, HashSet, RandomState, hash_map, hash_set};

type Long = &'static str;

macro_rules! covariant {
    ($($name:ident: $long:ty => $short:ty;)*) => {$(
        #[allow(dead_code)]
        fn $name<'a, 'short>(long: $long, _: &'a &'short str) -> $short {
            long
        }
    )*};
}

covariant! {
    map_keys: HashMap<Long, u8> => HashMap<&'short str, u8>;
    map_values: HashMap<u8, Long> => HashMap<u8, &'short str>;
    map_iter: hash_map::Iter<'a, Long, Long> => hash_map::Iter<'a, &'short str, &'short str>;
    map_keys_iter: hash_map::Keys<'a, Long, Long> => hash_map::Keys<'a, &'short str, &'short str>;
    map_values_iter: hash_map::Values<'a, Long, Long> => hash_map::Values<'a, &'short str, &'short str>;
    map_into_iter: hash_map::IntoIter<Long, Long> => hash_map::IntoIter<&'short str, &'short str>;
    map_into_keys: hash_map::IntoKeys<Long, Long> => hash_map::IntoKeys<&'short str, &'short str>;
    map_drain: hash_map::Drain<'static, Long, Long> => hash_map::Drain<'short, &'short str, &'short str>;
    set: HashSet<Long> => HashSet<&'short str>;
    set_iter: hash_set::Iter<'a, Long> => hash_set::Iter<'a, &'short str>;
    set_into_iter: hash_set::IntoIter<Long> => hash_set::IntoIter<&'short str>;
    set_drain: hash_set::Drain<'static, Long> => hash_set::Drain<'short, &'short str>;
    set_union: hash_set::Union<'a, Long, RandomState> => hash_set::Union<'a, &'short str, RandomState>;
    set_difference: hash_set::Difference<'a, Long, RandomState> => hash_set::Difference<'a, &'short str, RandomState>;
}

#[test]
fn look_ups_take_what_keys_borrow_as() {
    use std::sync::Arc;

    let word = "ebb".to_owned();
    let mut map: HashMap<String, u8> = HashMap::from([(word.clone(), 1)]);
    assert_eq!((map.get("ebb"), map.get(&word)), (Some(&1), Some(&1)));
    assert_eq!(map.remove::<str>("ebb"), Some(1));
    let map: HashMap<Arc<str>, u8> = HashMap::from([("ebb".into(), 1)]);
    assert!(map.contains_key("ebb"));
    let map: HashMap<Vec<u8>, u8> = HashMap::from([(vec![1, 2], 1)]);
    assert_eq!(
        (map.get([1, 2].as_slice()), map[&[1, 2][..]]),
        (Some(&1), 1)
    );
    let set: HashSet<Box<str>> = HashSet::from(["ebb".into()]);
    assert!(set.contains("ebb") && !set.contains("flood"));
}
