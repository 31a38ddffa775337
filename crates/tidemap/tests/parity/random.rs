//! The same random calls on std and on tidemap: same answers, same contents.

use std::collections::{HashMap as StdMap, HashSet as StdSet, hash_map as std_entry};

use proptest::prelude::*;
use tidemap::{HashMap, HashSet, hash_map as entry};

#[derive(Debug, Clone)]
enum Call {
    Insert(u8, u32),
    Remove(u8),
    RemoveEntry(u8),
    Get(u8),
    GetMut(u8, u32),
    Disjoint(u8, u8),
    OrInsert(u8, u32),
    Modify(u8, u32),
    EntryRemove(u8),
    EntryInsert(u8, u32),
    Retain(u32),
    Extend(Vec<(u8, u32)>),
    Values(u32),
    Drain,
    Clear,
    Reserve(u8),
    Clone,
}

fn calls() -> impl Strategy<Value = Vec<Call>> {
    let key = 0..60_u8;
    let value = 0..1_000_u32;
    let call = prop_oneof![
        8 => (key.clone(), value.clone()).prop_map(|(k, v)| Call::Insert(k, v)),
        3 => key.clone().prop_map(Call::Remove),
        1 => key.clone().prop_map(Call::RemoveEntry),
        2 => key.clone().prop_map(Call::Get),
        2 => (key.clone(), value.clone()).prop_map(|(k, v)| Call::GetMut(k, v)),
        1 => (key.clone(), key.clone()).prop_map(|(a, b)| Call::Disjoint(a, b)),
        2 => (key.clone(), value.clone()).prop_map(|(k, v)| Call::OrInsert(k, v)),
        2 => (key.clone(), value.clone()).prop_map(|(k, v)| Call::Modify(k, v)),
        1 => key.clone().prop_map(Call::EntryRemove),
        1 => (key.clone(), value.clone()).prop_map(|(k, v)| Call::EntryInsert(k, v)),
        1 => (2..5_u32).prop_map(Call::Retain),
        1 => prop::collection::vec((key, value.clone()), 0..80).prop_map(Call::Extend),
        1 => value.prop_map(Call::Values),
        1 => Just(Call::Drain),
        1 => Just(Call::Clear),
        1 => (0..200_u8).prop_map(Call::Reserve),
        1 => Just(Call::Clone),
    ];
    prop::collection::vec(call, 0..120)
}

fn sorted<T: Ord>(items: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut items: Vec<T> = items.into_iter().collect();
    items.sort();
    items
}

/// One call on one side, its answer as text.
macro_rules! answer {
    ($map:expr, $entry:ident, $call:expr) => {
        match $call.clone() {
            Call::Insert(k, v) => format!("{:?}", $map.insert(k, v)),
            Call::Remove(k) => format!("{:?}", $map.remove(&k)),
            Call::RemoveEntry(k) => format!("{:?}", $map.remove_entry(&k)),
            Call::Get(k) => format!(
                "{:?} {:?} {}",
                $map.get(&k),
                $map.get_key_value(&k),
                $map.contains_key(&k)
            ),
            Call::GetMut(k, v) => {
                format!("{:?}", $map.get_mut(&k).map(|x| std::mem::replace(x, v)))
            }
            Call::Disjoint(a, b) if a == b => String::new(),
            Call::Disjoint(a, b) => match $map.get_disjoint_mut([&a, &b]) {
                [Some(a), Some(b)] => {
                    std::mem::swap(a, b);
                    format!("{a} {b}")
                }
                other => format!("{other:?}"),
            },
            Call::OrInsert(k, v) => format!("{:?}", $map.entry(k).or_insert(v)),
            Call::Modify(k, v) => {
                format!("{:?}", $map.entry(k).and_modify(|x| *x ^= v).or_default())
            }
            Call::EntryRemove(k) => match $map.entry(k) {
                $entry::Entry::Occupied(entry) => format!("{:?}", entry.remove_entry()),
                $entry::Entry::Vacant(entry) => format!("{:?}", entry.into_key()),
            },
            Call::EntryInsert(k, v) => format!("{:?}", $map.entry(k).insert_entry(v).get()),
            Call::Retain(n) => {
                $map.retain(|_, v| {
                    *v += 1;
                    *v % n != 0
                });
                String::new()
            }
            Call::Extend(pairs) => {
                $map.extend(pairs);
                String::new()
            }
            Call::Values(v) => {
                $map.values_mut().for_each(|x| *x = x.wrapping_add(v));
                $map.iter_mut().for_each(|(k, x)| *x ^= u32::from(*k));
                format!("{:?} {:?}", sorted($map.keys()), sorted($map.values()))
            }
            Call::Drain => {
                let all = sorted($map.drain().take(20)).len();
                format!("{all} {}", $map.len())
            }
            Call::Clear => {
                $map.clear();
                String::new()
            }
            Call::Reserve(n) => {
                $map.reserve(n.into());
                assert!($map.capacity() >= $map.len() + usize::from(n));
                String::new()
            }
            Call::Clone => {
                let copy = $map.clone();
                let same = copy == $map;
                $map = copy;
                format!("{same}")
            }
        }
    };
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: if cfg!(miri) { 4 } else { 256 },
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn maps_answer_as_std_s(calls in calls()) {
        let mut theirs: StdMap<u8, u32> = StdMap::new();
        let mut ours: HashMap<u8, u32> = HashMap::new();
        for call in &calls {
            let expected = answer!(theirs, std_entry, call);
            let answer = answer!(ours, entry, call);
            prop_assert_eq!(answer, expected, "{:?}", call);
            prop_assert_eq!(sorted(&ours), sorted(&theirs), "{:?}", call);
            prop_assert_eq!(ours.len(), theirs.len());
        }
        ours.check_invariants();
        prop_assert_eq!(sorted(ours), sorted(theirs));
    }

    #[test]
    fn sets_combine_as_std_s(a in prop::collection::vec(0..80_u8, 0..120),
                             b in prop::collection::vec(0..80_u8, 0..120)) {
        let (x, y): (StdSet<u8>, StdSet<u8>) =
            (a.iter().copied().collect(), b.iter().copied().collect());
        let (u, v): (HashSet<u8>, HashSet<u8>) = (a.into_iter().collect(), b.into_iter().collect());
        prop_assert_eq!(sorted(u.union(&v)), sorted(x.union(&y)));
        prop_assert_eq!(sorted(u.difference(&v)), sorted(x.difference(&y)));
        prop_assert_eq!(sorted(u.intersection(&v)), sorted(x.intersection(&y)));
        prop_assert_eq!(sorted(u.symmetric_difference(&v)), sorted(x.symmetric_difference(&y)));
        prop_assert_eq!(u.is_subset(&v), x.is_subset(&y));
        prop_assert_eq!(u.is_superset(&v), x.is_superset(&y));
        prop_assert_eq!(u.is_disjoint(&v), x.is_disjoint(&y));
        prop_assert_eq!(u == v, x == y);
        for (lazy, now) in [(&u | &v, &x | &y), (&u & &v, &x & &y), (&u ^ &v, &x ^ &y), (&u - &v, &x - &y)] {
            prop_assert_eq!(sorted(lazy), sorted(now));
        }
        let (mut or, mut and, mut xor, mut sub) = (u.clone(), u.clone(), u.clone(), u.clone());
        or |= &v;
        and &= &v;
        xor ^= &v;
        sub -= &v;
        prop_assert_eq!(or, &u | &v);
        prop_assert_eq!(and, &u & &v);
        prop_assert_eq!(xor, &u ^ &v);
        prop_assert_eq!(sub, &u - &v);
    }
}
