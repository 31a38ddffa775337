//! Short sequences of operations that shrink to a minimal failing case; sets; and hashers that
//! break the rules.

use std::cell::Cell;
use std::collections::{HashMap as Model, HashSet as ModelSet};
use std::hash::{BuildHasher, Hash, Hasher};

use proptest::prelude::*;
use tidemap::{Budget, Entry, HashMap, HashSet, Shrink};

use crate::support::{Bent, Quality, Random};

#[derive(Debug, Clone)]
enum Op {
    Insert(u16, u32),
    Get(u16),
    GetMut(u16, u32),
    Remove(u16),
    RemoveEntry(u16),
    OrInsert(u16, u32),
    EntryRemove(u16),
    TryInsert(u16, u32),
    Extend(u16, u16),
    Reserve(u16),
    Retain(u16),
    Clear,
    Clone,
    Drain(u16),
    Finish,
    BeginShrink(u16),
    ShrinkTo(u16),
    Policy(u8),
    Advance(u8),
}

fn op() -> impl Strategy<Value = Op> {
    let key = || 0u16..80;
    prop_oneof![
        8 => (key(), any::<u32>()).prop_map(|(k, v)| Op::Insert(k, v)),
        2 => key().prop_map(Op::Get),
        2 => (key(), any::<u32>()).prop_map(|(k, v)| Op::GetMut(k, v)),
        4 => key().prop_map(Op::Remove),
        2 => key().prop_map(Op::RemoveEntry),
        3 => (key(), any::<u32>()).prop_map(|(k, v)| Op::OrInsert(k, v)),
        2 => key().prop_map(Op::EntryRemove),
        2 => (key(), any::<u32>()).prop_map(|(k, v)| Op::TryInsert(k, v)),
        2 => (0u16..400, 0u16..150).prop_map(|(k, n)| Op::Extend(k, n)),
        1 => (0u16..300).prop_map(Op::Reserve),
        1 => (1u16..9).prop_map(Op::Retain),
        1 => Just(Op::Clear),
        1 => Just(Op::Clone),
        1 => (0u16..30).prop_map(Op::Drain),
        1 => Just(Op::Finish),
        2 => (0u16..200).prop_map(Op::BeginShrink),
        1 => (0u16..200).prop_map(Op::ShrinkTo),
        1 => (0u8..50).prop_map(Op::Policy),
        1 => (0u8..50).prop_map(Op::Advance),
    ]
}

fn quality() -> impl Strategy<Value = Quality> {
    prop_oneof![
        Just(Quality::Good),
        Just(Quality::One),
        Just(Quality::Few(3)),
        Just(Quality::Low(2)),
        Just(Quality::High(3)),
        Just(Quality::Identity),
    ]
}

type Padded<const WORDS: usize> = (u32, [u64; WORDS]);

fn check<const WORDS: usize>(quality: Quality, ops: &[Op]) {
    let padded = |value: u32| (value, [u64::from(value); WORDS]);
    let mut map: HashMap<u64, Padded<WORDS>, Bent> = HashMap::with_hasher(Bent(quality));
    let mut model: Model<u64, Padded<WORDS>> = Model::new();
    for op in ops {
        match *op {
            Op::Insert(key, value) => {
                let (key, value) = (u64::from(key), padded(value));
                assert_eq!(map.insert(key, value), model.insert(key, value));
            }
            Op::Get(key) => assert_eq!(map.get(&u64::from(key)), model.get(&u64::from(key))),
            Op::GetMut(key, value) => {
                let (mine, theirs) = (map.get_mut(&u64::from(key)), model.get_mut(&u64::from(key)));
                assert_eq!(mine, theirs);
                if let (Some(mine), Some(theirs)) = (mine, theirs) {
                    (*mine, *theirs) = (padded(value), padded(value));
                }
            }
            Op::Remove(key) => {
                assert_eq!(map.remove(&u64::from(key)), model.remove(&u64::from(key)))
            }
            Op::RemoveEntry(key) => {
                assert_eq!(
                    map.remove_entry(&u64::from(key)),
                    model.remove_entry(&u64::from(key))
                );
            }
            Op::OrInsert(key, value) => {
                let mine = *map.entry(key.into()).or_insert(padded(value));
                assert_eq!(mine, *model.entry(key.into()).or_insert(padded(value)));
            }
            Op::EntryRemove(key) => {
                let mine = match map.entry(key.into()) {
                    Entry::Occupied(entry) => Some(entry.remove()),
                    Entry::Vacant(_) => None,
                };
                assert_eq!(mine, model.remove(&u64::from(key)));
            }
            Op::TryInsert(key, value) => {
                let there = model.contains_key(&u64::from(key));
                let result = map
                    .try_insert(u64::from(key), padded(value))
                    .map(|new| *new);
                assert_eq!(result.ok(), (!there).then(|| padded(value)));
                model.entry(key.into()).or_insert(padded(value));
            }
            Op::Extend(from, many) => {
                let new = (from..from + many).map(|key| (u64::from(key), padded(key.into())));
                map.extend(new.clone());
                model.extend(new);
            }
            Op::Reserve(more) => {
                map.reserve(more.into());
                assert!(map.capacity() >= map.len() + usize::from(more));
            }
            Op::Retain(part) => {
                map.retain(|key, _| key % u64::from(part) != 0);
                model.retain(|key, _| key % u64::from(part) != 0);
            }
            Op::Clear => {
                map.clear();
                model.clear();
            }
            Op::Clone => {
                let copy = map.clone();
                assert!(copy == map);
                map = copy;
            }
            Op::Drain(taken) => {
                for (key, value) in map.drain().take(taken.into()) {
                    assert_eq!(model.remove(&key), Some(value));
                }
                model.clear();
            }
            Op::Finish => {
                map.finish();
                assert_eq!(map.growth(), None);
            }
            Op::BeginShrink(least) => {
                map.begin_shrink_to(least.into());
            }
            Op::ShrinkTo(least) => {
                let before = map.capacity();
                map.shrink_to(least.into());
                assert!(map.capacity() >= map.len().max(before.min(least.into())));
            }
            Op::Policy(part) => map.set_shrink_policy(Shrink::WhenBelow(f32::from(part) / 100.0)),
            Op::Advance(budget) => {
                map.advance(Budget::buckets(budget.into()));
            }
        }
        map.check_invariants();
        assert_eq!(map.len(), model.len());
        let mut mine: Vec<_> = map.iter().collect();
        let mut theirs: Vec<_> = model.iter().collect();
        mine.sort();
        theirs.sort();
        assert_eq!(mine, theirs);
        assert!(model.iter().all(|(key, value)| map.get(key) == Some(value)));
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: if cfg!(miri) { 4 } else { 300 },
        // Under Miri there is no file system to keep failures in.
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn small_sequences_of_short_entries(
        quality in quality(),
        ops in prop::collection::vec(op(), 0..if cfg!(miri) { 12 } else { 60 }),
    ) {
        check::<0>(quality, &ops);
    }

    #[test]
    fn sequences_of_long_entries(
        quality in quality(),
        ops in prop::collection::vec(op(), 0..if cfg!(miri) { 6 } else { 60 }),
    ) {
        check::<100>(quality, &ops);
    }
}

#[test]
fn small_sets_do_what_std_sets_do() {
    for quality in [Quality::Good, Quality::Low(3), Quality::Few(9)] {
        let mut random = Random(11);
        let mut set: HashSet<u64, Bent> = HashSet::with_hasher(Bent(quality));
        let mut model = ModelSet::new();
        for step in 0..if cfg!(miri) { 200 } else { 20_000 } {
            let element = random.below(700);
            match random.below(60) {
                0..25 => assert_eq!(set.insert(element), model.insert(element)),
                25..40 => assert_eq!(set.remove(&element), model.remove(&element)),
                40..45 => assert_eq!(set.take(&element), model.take(&element)),
                45..50 => assert_eq!(set.get(&element), model.get(&element)),
                50..55 => assert_eq!(set.replace(element), model.replace(element)),
                55..58 => assert_eq!(set.contains(&element), model.contains(&element)),
                58 => {
                    let copy = set.clone();
                    assert!(copy == set);
                    set = copy;
                }
                _ if random.below(9) > 0 => set.reserve(30),
                _ if random.below(2) > 0 => {
                    set.retain(|element| element % 3 > 0);
                    model.retain(|element| element % 3 > 0);
                }
                _ => {
                    let all = model.len();
                    assert_eq!(set.drain().filter(|e| model.remove(e)).count(), all);
                }
            }
            assert_eq!(set.len(), model.len());
            if step % 50 == 0 {
                set.check_invariants();
                assert!(set.iter().all(|element| model.contains(element)));
                assert_eq!(set.iter().len(), model.len());
            }
        }
        let mut mine: Vec<_> = set.into_iter().collect();
        let mut theirs: Vec<_> = model.into_iter().collect();
        mine.sort_unstable();
        theirs.sort_unstable();
        assert_eq!(mine, theirs);
    }
}

/// Hashes differently each time it is asked, and so does its key's equality.
struct Fickle(Cell<u64>);

struct FickleHasher(u64);

impl BuildHasher for Fickle {
    type Hasher = FickleHasher;

    fn build_hasher(&self) -> FickleHasher {
        self.0.set(
            self.0
                .get()
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1),
        );
        FickleHasher(self.0.get())
    }
}

impl Hasher for FickleHasher {
    fn write(&mut self, _: &[u8]) {}

    fn finish(&self) -> u64 {
        // Few homes, so that there are chains; sometimes stable.
        if self.0 >> 62 == 0 {
            (5 << 56) | 3
        } else {
            self.0 & 0xff00_0000_0000_003f
        }
    }
}

thread_local! {
    static WHIMS: Cell<u64> = const { Cell::new(1) };
}

#[derive(Debug, Clone)]
struct Moody(String);

impl Hash for Moody {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl PartialEq for Moody {
    fn eq(&self, other: &Self) -> bool {
        WHIMS.set(
            WHIMS
                .get()
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(9),
        );
        if WHIMS.get() >> 61 == 0 {
            self.0 != other.0
        } else {
            self.0 == other.0
        }
    }
}

impl Eq for Moody {}

/// Answers may be wrong then, but memory stays sound and entries are counted right.
#[test]
fn small_hashers_and_keys_that_change_their_minds() {
    for seed in 0..if cfg!(miri) { 2 } else { 30 } {
        let mut map: HashMap<Moody, String, Fickle> = HashMap::with_hasher(Fickle(Cell::new(seed)));
        let mut random = Random(seed | 1);
        for _ in 0..if cfg!(miri) { 150 } else { 3_000 } {
            let number = random.below(500);
            let (key, value) = (Moody(number.to_string()), number.to_string());
            let len = map.len();
            match random.below(12) {
                0..7 => {
                    let old = map.insert(key, value);
                    assert_eq!(map.len(), len + usize::from(old.is_none()));
                }
                7 => {
                    let gone = map.remove(&key);
                    assert_eq!(map.len(), len - usize::from(gone.is_some()));
                }
                8 => drop(map.get(&key).cloned()),
                9 => {
                    if let Some(old) = map.get_mut(&key) {
                        old.push('!');
                    }
                }
                10 => {
                    map.entry(key).or_insert(value).push('?');
                }
                _ => match random.below(30) {
                    0 => map.reserve(600),
                    1 => map = cloned(&map),
                    2 => map.retain(|key, _| key.0.len() > 1),
                    3 => map.finish(),
                    4 => drop(map.drain().take(20).collect::<Vec<_>>()),
                    _ => {}
                },
            }
            // Reads every string that the map holds.
            assert!(map.iter().all(|(key, value)| key.0.len() + value.len() > 1));
            assert_eq!(map.iter().count(), map.len());
        }
        let len = map.len();
        assert_eq!(
            map.into_iter().filter(|(key, _)| !key.0.is_empty()).count(),
            len
        );
    }
}

/// A copy whose hasher is as fickle.
fn cloned(map: &HashMap<Moody, String, Fickle>) -> HashMap<Moody, String, Fickle> {
    let mut copy = HashMap::with_hasher(Fickle(Cell::new(map.len() as u64)));
    copy.extend(map.iter().map(|(key, value)| (key.clone(), value.clone())));
    copy
}
