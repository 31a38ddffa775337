//! Random operations against `std`: every answer, then both maps whole.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::{BuildHasherDefault, DefaultHasher};

use tidemap_go::event::{Event, Side};
use tidemap_go::host::SplitMix64;
use tidemap_go::shape::{MapType, Part, Routine};
use tidemap_go::{GoMap, MapError};

type FixedHasher = BuildHasherDefault<DefaultHasher>;

fn types() -> Vec<MapType> {
    let word = Part::plain(8);
    let string = Part::with_pointers(16);
    let big = Part::plain(200);
    vec![
        MapType::new(word, word),
        MapType::new(word, word).with_routine(Routine::Fast64),
        MapType::new(word, word).with_routine(Routine::Fast32),
        MapType::new(string, word),
        MapType::new(string, string).with_routine(Routine::FastStr),
        MapType::new(big, word),
        MapType::new(word, big),
    ]
}

/// What a run must have met for the test to mean anything.
#[derive(Default, Debug)]
struct Met {
    insert_new: u32,
    update: u32,
    remove_hit: u32,
    remove_miss: u32,
    get_hit_while_growing: u32,
    clear: u32,
    whole_iterations: u32,
}

fn run(map_type: MapType, hint: i64, seed: u64, keys: u64, met: &mut Met) {
    let mut random = SplitMix64::new(seed);
    let hasher = FixedHasher::default();
    let mut model = GoMap::<u64, u64, FixedHasher>::with_parts(map_type, hint, seed, hasher);
    let mut std = HashMap::new();
    for step in 0..4000u64 {
        let phase = step / 500 % 4;
        let key = random.below(keys);
        match (phase, random.below(100)) {
            (_, 0) if phase == 3 => {
                met.clear += u32::from(!std.is_empty());
                model.clear().unwrap();
                std.clear();
            }
            (0, 0..80) | (1, 0..45) | (2, 0..20) | (3, 0..60) => {
                let old = std.insert(key, step);
                assert_eq!(model.insert(key, step), Ok(old));
                if old.is_some() {
                    met.update += 1
                } else {
                    met.insert_new += 1
                }
            }
            (0, 80..90) | (1, 45..90) | (2, 20..90) | (3, 60..70) => {
                let old = std.remove(&key);
                assert_eq!(model.remove(&key), Ok(old));
                if old.is_some() {
                    met.remove_hit += 1
                } else {
                    met.remove_miss += 1
                }
            }
            (_, 99) => {
                let mut iter = model.iter_start();
                let mut seen = BTreeMap::new();
                while let Some((k, v)) = model.iter_next(&mut iter).unwrap() {
                    assert_eq!(seen.insert(k, v), None, "{k} came twice");
                }
                assert_eq!(seen, std.clone().into_iter().collect(), "step {step}");
                met.whole_iterations += 1;
            }
            _ => {
                let expected = std.get(&key);
                assert_eq!(model.get(&key), Ok(expected));
                if expected.is_some() && model.hmap().is_growing() {
                    met.get_hit_while_growing += 1;
                }
            }
        }
        assert_eq!(model.len(), std.len());
        model
            .check_invariants()
            .unwrap_or_else(|e| panic!("step {step}, seed {seed}: {e}"));
    }
    for key in 0..keys {
        assert_eq!(model.get(&key), Ok(std.get(&key)));
    }
}

#[test]
fn random_operations_agree_with_std() {
    let mut met = Met::default();
    for (number, map_type) in types().into_iter().enumerate() {
        run(map_type, 0, 40 + number as u64, 300, &mut met);
        run(map_type, 100, 80 + number as u64, 20, &mut met);
    }
    println!("{met:?}");
    let Met {
        insert_new,
        update,
        remove_hit,
        remove_miss,
        get_hit_while_growing,
        clear,
        ..
    } = met;
    for n in [
        insert_new,
        update,
        remove_hit,
        remove_miss,
        get_hit_while_growing,
        clear,
    ] {
        assert!(n > 5, "{met:?}");
    }
    assert!(met.whole_iterations > 5, "{met:?}");
}

/// Many deletes and inserts at a steady size pile up overflow buckets.
#[test]
fn steady_churn_grows_to_the_same_size() {
    let map_type = MapType::new(Part::plain(8), Part::plain(8));
    let mut model =
        GoMap::<u64, u64, FixedHasher>::with_parts(map_type, 0, 5, FixedHasher::default());
    let mut same_size = 0;
    for key in 0..6000u64 {
        let before = model.hmap().is_same_size_growth();
        model.insert(key, key).unwrap();
        same_size += u32::from(!before && model.hmap().is_same_size_growth());
        if key >= 50 {
            assert_eq!(model.remove(&(key - 50)), Ok(Some(key - 50)));
        }
        model.check_invariants().unwrap();
    }
    assert!(same_size >= 3, "{same_size}");
    assert_eq!(model.hmap().header().b, 3, "the map never doubled for it");
}

/// What Go promises of a loop that changes its map.
#[test]
fn iteration_promises_hold_under_mutation() {
    for seed in 0..60 {
        let mut random = SplitMix64::new(seed);
        let mut map = GoMap::<u64, u64>::with_seed(seed);
        let start = random.below(120);
        for key in 0..start {
            map.insert(key, 0).unwrap();
        }
        let stable: HashSet<u64> = (0..start).filter(|k| k % 3 == 0).collect();
        let mut removed = HashSet::new();
        let mut seen = HashSet::new();
        let mut iter = map.iter_start();
        while let Some((key, _)) = map.iter_next(&mut iter).unwrap() {
            assert!(seen.insert(key), "seed {seed}: {key} came twice");
            assert!(
                !removed.contains(&key),
                "seed {seed}: {key} came after its removal"
            );
            for _ in 0..random.below(4) {
                map.insert(1000 + random.below(400), 1).unwrap();
            }
            if start > 0 {
                let victim = random.below(start);
                if !stable.contains(&victim) && !seen.contains(&victim) {
                    map.remove(&victim).unwrap();
                    removed.insert(victim);
                }
            }
        }
        assert!(stable.is_subset(&seen), "seed {seed}: an entry was missed");
    }
}

/// A float key with Go's equality: NaN differs from itself, -0 equals +0.
#[derive(Clone, Copy, Debug)]
struct Float(f64);

impl PartialEq for Float {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl std::hash::Hash for Float {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        let zero_free = if self.0 == 0.0 { 0.0 } else { self.0 };
        zero_free.to_bits().hash(state);
    }
}

#[test]
fn nan_keys_pile_up_and_only_clear_removes_them() {
    let floats = MapType {
        reflexive: false,
        need_key_update: true,
        ..MapType::new(Part::plain(8), Part::plain(8))
    };
    let mut map =
        GoMap::<Float, u32, FixedHasher>::with_parts(floats, 0, 9, FixedHasher::default());
    for i in 0..100 {
        map.insert(Float(f64::NAN), i).unwrap();
        map.insert(Float(f64::from(i % 7)), i).unwrap();
    }
    assert_eq!(map.len(), 107);
    assert_eq!(map.get(&Float(f64::NAN)), Ok(None));
    assert_eq!(map.remove(&Float(f64::NAN)), Ok(None));
    let mut iter = map.iter_start();
    let mut nans = HashSet::new();
    while let Some((key, value)) = map.iter_next(&mut iter).unwrap() {
        if key.0.is_nan() {
            assert!(nans.insert(value));
        }
    }
    assert_eq!(nans.len(), 100);
    map.clear().unwrap();
    assert!(map.is_empty());
    // An update overwrites the key: -0 replaces +0.
    map.insert(Float(0.0), 1).unwrap();
    assert_eq!(map.insert(Float(-0.0), 2), Ok(Some(1)));
    let mut iter = map.iter_start();
    let (key, _) = map.iter_next(&mut iter).unwrap().unwrap();
    assert!(key.0.is_sign_negative());
}

#[test]
fn the_nil_map_reads_as_empty_and_refuses_writes() {
    use tidemap_go::Hmap;
    use tidemap_go::host::{Draw, Host};
    struct Plain;
    impl Host<u64> for Plain {
        fn hash(&mut self, key: &u64, _seed: u32) -> Result<u64, MapError> {
            if *key == 13 {
                return Err(MapError::Unhashable {
                    type_name: "[]int".into(),
                });
            }
            Ok(*key)
        }
        fn equal(&mut self, a: &u64, b: &u64) -> bool {
            a == b
        }
        fn draw(&mut self, _draw: Draw) -> u64 {
            panic!("the nil map draws nothing")
        }
        fn check_hashable(&mut self, key: &u64) -> Result<(), MapError> {
            self.hash(key, 0).map(drop)
        }
    }
    let mut nil = Hmap::<u64, u64>::nil(MapType::new(Part::plain(8), Part::plain(8)));
    assert_eq!(nil.assign(&1, 1, &mut Plain), Err(MapError::NilMap));
    assert_eq!(nil.find(&1, &mut Plain), Ok(None));
    assert_eq!(nil.delete(&1, &mut Plain), Ok(None));
    assert_eq!(nil.clear(&mut Plain), Ok(()));
    // An unhashable key is found out even by the nil map.
    assert!(matches!(
        nil.find(&13, &mut Plain),
        Err(MapError::Unhashable { .. })
    ));
    assert!(matches!(
        nil.delete(&13, &mut Plain),
        Err(MapError::Unhashable { .. })
    ));
    let mut iter = nil.iter_start(&mut Plain);
    assert!(iter.is_exhausted_at_birth());
    assert_eq!(nil.iter_next(&mut iter, &mut Plain), Ok(None));
}

#[test]
fn misuse_is_a_value() {
    let mut map = GoMap::<u64, u64>::with_seed(1);
    map.insert(1, 1).unwrap();
    let mut iter = map.iter_start();
    map.hmap_mut().set_foreign_write(true);
    assert_eq!(map.get(&1), Err(MapError::ConcurrentReadWrite));
    assert_eq!(map.insert(1, 2), Err(MapError::ConcurrentWrites));
    assert_eq!(map.remove(&1), Err(MapError::ConcurrentWrites));
    assert_eq!(map.clear(), Err(MapError::ConcurrentWrites));
    assert_eq!(map.iter_next(&mut iter), Err(MapError::ConcurrentIteration));
    assert_eq!(map.len(), 1, "len is not guarded");
    map.hmap_mut().set_foreign_write(false);
    map.remove(&1).unwrap();
    map.hmap_mut().set_foreign_write(true);
    // An empty map answers before it looks at the flag.
    assert_eq!(map.get(&1), Ok(None));
    assert_eq!(map.remove(&1), Ok(None));
    assert_eq!(map.clear(), Ok(()));
}

/// The old array: reachable, unreachable, condemned, reusable.
#[test]
fn an_old_array_outlives_its_growth() {
    let mut map = GoMap::<u64, u64>::with_seed(3);
    for key in 0..105 {
        map.insert(key, key).unwrap();
    }
    assert!(map.hmap().is_growing());
    let while_growing = map.hmap_mut().memory();
    // Reads and collections move nothing: the old array stays reachable.
    for key in 0..105 {
        assert_eq!(map.get(&key), Ok(Some(&key)));
    }
    map.hmap_mut().collect().unwrap();
    assert_eq!(map.hmap_mut().memory().live_bytes, while_growing.live_bytes);
    // Updates finish the growth; now the array is garbage, not yet free.
    let mut key = 0;
    while map.hmap().is_growing() {
        map.insert(key % 105, 0).unwrap();
        key += 1;
    }
    let finished = map.hmap_mut().memory();
    assert!(finished.garbage_bytes >= 2688, "{finished:?}");
    map.hmap_mut().collect().unwrap();
    let collected = map.hmap_mut().memory();
    assert_eq!(collected.garbage_bytes, 0);
    assert_eq!(
        collected.freed_bytes,
        finished.freed_bytes + finished.garbage_bytes
    );
}

/// An iterator keeps the array it walks, and Go's collector knows.
#[test]
fn an_iterator_keeps_its_snapshot() {
    let mut map = GoMap::<u64, u64>::with_seed(3);
    for key in 0..100 {
        map.insert(key, key).unwrap();
    }
    let mut iter = map.iter_start();
    for key in 100..160 {
        map.insert(key, key).unwrap();
    }
    assert!(!map.hmap().is_growing(), "the doubling at 105 has ended");
    map.hmap_mut().collect().unwrap();
    let held = map.hmap_mut().memory();
    let mut seen = 0;
    while let Some((key, _)) = map.iter_next(&mut iter).unwrap() {
        seen += u32::from(key < 100);
    }
    assert_eq!(seen, 100);
    drop(iter);
    map.hmap_mut().collect().unwrap();
    let free = map.hmap_mut().memory();
    assert!(
        held.live_bytes >= free.live_bytes + 2688,
        "{held:?} {free:?}"
    );
}

/// Pointerful buckets are zeroed as they are evacuated, unless iterated.
#[test]
fn copies_left_behind_hold_values_as_in_go() {
    use std::rc::Rc;
    let pointerful = MapType::new(Part::plain(8), Part::with_pointers(8));
    for iterated in [false, true] {
        let mut map =
            GoMap::<u64, Rc<()>, FixedHasher>::with_parts(pointerful, 0, 2, FixedHasher::default());
        let value = Rc::new(());
        for key in 0..26 {
            map.insert(key, Rc::clone(&value)).unwrap();
        }
        if iterated {
            let mut iter = map.iter_start();
            while map.iter_next(&mut iter).unwrap().is_some() {}
        }
        map.hmap_mut().record_events(true);
        map.insert(26, Rc::clone(&value)).unwrap(); // doubles, evacuates one or two of four
        let (mut from_main, mut from_overflow) = (0, 0);
        for event in map.take_events() {
            if let Event::Cell {
                side: Side::Old,
                bucket,
                to: 2 | 3,
                ..
            } = event
            {
                if bucket < 4 {
                    from_main += 1
                } else {
                    from_overflow += 1
                }
            }
        }
        assert!(map.hmap().is_growing());
        let copies = Rc::strong_count(&value) - 1 - map.len();
        // Overflow buckets are not zeroed, only unlinked.
        let expected = from_overflow + if iterated { from_main } else { 0 };
        assert!(from_main > 0 && from_overflow > 0);
        assert_eq!(copies, expected, "iterated {iterated}");
    }
}
