//! Kept bits: a map of strings grows without hashing them again, but for one doubling in eight.

use std::cell::Cell;
use std::hash::{Hash, Hasher};

use tidemap::HashMap;

use crate::support::{Bent, Quality, STRESS};

thread_local! {
    static HASHES: Cell<u64> = const { Cell::new(0) };
}

/// A string that counts how often it is hashed.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Text(String);

impl Text {
    fn new(name: u64) -> Text {
        Text(format!("text number {name}"))
    }
}

impl Hash for Text {
    fn hash<H: Hasher>(&self, state: &mut H) {
        HASHES.set(HASHES.get() + 1);
        self.0.hash(state);
    }
}

fn hashes(act: impl FnOnce()) -> u64 {
    HASHES.set(0);
    act();
    HASHES.get()
}

/// Hashes that a map takes to grow to `entries`, beyond one for each insertion.
fn extra_hashes<V: Clone>(quality: Quality, entries: u64, value: &V) -> u64 {
    let mut map: HashMap<Text, V, Bent> = HashMap::with_hasher(Bent(quality));
    let all = hashes(|| {
        for name in 0..entries {
            map.insert(Text::new(name), value.clone());
        }
        map.finish();
    });
    map.check_invariants();
    assert!((0..entries).all(|name| map.contains_key(&Text::new(name))));
    all - entries
}

#[test]
fn strings_are_hashed_again_by_one_doubling_in_eight() {
    if cfg!(miri) {
        return;
    }
    let entries = 40_000;
    let extra = extra_hashes(Quality::Good, entries, &7u64);
    // Up to the doubling that makes 256 buckets of fifteen slots, and no later one. Small steps
    // stop inside chains, and hash what is left of them again.
    let most = if STRESS { 3 * 256 * 15 } else { 256 * 15 };
    assert!(extra > 1_000 && extra < most, "{extra} extra hashes");
    let extra = extra_hashes(Quality::Good, entries, &String::new());
    assert!(extra > 1_000 && extra < most, "{extra} extra hashes");
    let extra = extra_hashes(Quality::Good, entries, &());
    assert!(extra > 1_000 && extra < most, "{extra} extra hashes");
}

/// Chains, whose entries carry their bits through every kind of move.
#[test]
fn small_kept_bits_of_colliding_strings() {
    let entries = if cfg!(miri) { 150 } else { 3_000 };
    for quality in [Quality::Low(4), Quality::Few(40), Quality::High(8)] {
        let mut map: HashMap<Text, u64, Bent> = HashMap::with_hasher(Bent(quality));
        for name in 0..entries {
            map.insert(Text::new(name), name);
            if name % 3 == 0 {
                map.remove(&Text::new(name / 2));
            }
            if name == entries / 2 {
                // Many ways at once.
                map.reserve(4 * entries as usize);
            }
            if name % 64 == 0 {
                map.check_invariants();
                map.clone().check_invariants();
            }
        }
        map.finish();
        map.check_invariants();
    }
}

/// A single bucket with holes is replaced by a shorter one, whose growth then reads the bits.
#[test]
fn small_kept_bits_survive_the_shrink_of_a_single_bucket() {
    for gone in 0..12 {
        let mut map: HashMap<Text, u64, Bent> = HashMap::with_hasher(Bent(Quality::Good));
        map.extend((0..12).map(|name| (Text::new(name), name)));
        map.retain(|_, name| *name > gone || *name % 5 == 1);
        map.shrink_to_fit();
        map.check_invariants();
        let left: Vec<Text> = map.keys().cloned().collect();
        map.extend((100..if cfg!(miri) { 140 } else { 400 }).map(|name| (Text::new(name), name)));
        map.check_invariants();
        assert!(left.iter().all(|key| map.contains_key(key)), "{gone}");
    }
}
