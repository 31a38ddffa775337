//! Rows stay right whatever is done to a map, keys that collide and hashes that panic included.

use std::cell::Cell;
use std::hash::{BuildHasher, Hash, Hasher};
use std::panic::{AssertUnwindSafe, catch_unwind};

use tidemap::{Budget, DefaultHashBuilder, HashMap, Shrink, Sweep};
use tidemap_probe::GrowthKind;

use super::row;
use super::rows::check;

struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }
}

/// Keys are their hashes, or one of a few: chains, and passes that shorten them.
#[derive(Clone, Copy)]
struct Plain {
    few: Option<u64>,
}

struct PlainHasher {
    hash: u64,
    few: Option<u64>,
}

impl BuildHasher for Plain {
    type Hasher = PlainHasher;

    fn build_hasher(&self) -> PlainHasher {
        PlainHasher {
            hash: 0,
            few: self.few,
        }
    }
}

impl Hasher for PlainHasher {
    fn finish(&self) -> u64 {
        self.few.map_or(self.hash, |few| {
            (self.hash % few).wrapping_mul(0x9e37_79b9_7f4a_7c15)
        })
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes.iter().rev() {
            self.hash = self.hash << 8 | u64::from(*byte);
        }
    }
}

fn play<S: BuildHasher + Clone>(hasher: S, name: &str, seed: u64) -> HashMap<u64, [u64; 3], S> {
    let mut random = Random(seed | 1);
    let mut map = HashMap::builder().hasher(hasher).name(name).build();
    map.set_shrink_policy(Shrink::WhenBelow(0.25));
    let mut sweep = Sweep::new();
    let mut next = 0;
    let mut growing = 0;
    let mut rising = true;
    for turn in 0..4_000 {
        if turn % 700 == 0 {
            rising = !rising || turn == 0;
        }
        match random.below(60) {
            0 => map.reserve(random.below(6_000) as usize),
            1 => {
                map.begin_shrink();
            }
            2 if map.len() > 20 => map.shrink_to_fit(),
            3 | 4 => {
                map.advance(Budget::buckets(random.below(200) as usize));
            }
            5 if random.below(20) == 0 => {
                map.clear();
                map.insert(next, [next; 3]);
            }
            6 => map.retain(|key, _| key % 7 != 0),
            7 => {
                if sweep.is_done() {
                    sweep = Sweep::new();
                }
                map.retain_step(&mut sweep, Budget::buckets(50), |key, _| key % 3 != 0);
            }
            8 => map.reserve_now(random.below(500) as usize),
            _ if rising => {
                for _ in 0..20 {
                    next += 1;
                    map.insert(next, [next; 3]);
                }
            }
            _ => {
                for _ in 0..20 {
                    let key = random.below(next + 1);
                    map.remove(&key);
                }
            }
        }
        growing += u32::from(check(&mut map, name));
    }
    assert!(growing > 200, "seen growing {growing} times");
    map
}

#[test]
fn rows_are_right_with_good_hashes() {
    for seed in [1, 77] {
        let map = play(DefaultHashBuilder::default(), "good-hashes", seed);
        let counters = row("good-hashes").counters;
        assert!(counters.growths.relocating > 0 && counters.growths.shrink > 0);
        assert!(counters.growths_given_up > 0, "turned round: {counters:?}");
        drop(map);
    }
}

#[test]
fn rows_are_right_with_weak_hashes() {
    let map = play(Plain { few: Some(509) }, "weak-hashes", 5);
    let counters = row("weak-hashes").counters;
    assert!(counters.overflows > 100, "{counters:?}");
    drop(map);
}

/// Chain after chain is filled and thinned out, until overflow buckets outnumber main buckets.
#[test]
fn a_same_size_growth_is_seen() {
    let mut map: HashMap<u64, u64, Plain> = HashMap::builder()
        .hasher(Plain { few: None })
        .name("holey")
        .capacity(1_600)
        .build();
    let buckets = map.stats().buckets as u64;
    for home in 0..buckets {
        for i in 0..64 {
            map.insert(home + i * buckets * 4, i);
            check(&mut map, "holey");
        }
        if map.growth().is_some() {
            break;
        }
        for i in (0..64).filter(|i| i % 8 != 0) {
            map.remove(&(home + i * buckets * 4));
        }
    }
    let pass = row("holey").compaction.expect("a same-size growth");
    assert_eq!(pass.kind, GrowthKind::SameSize);
    let mut extra = 0;
    while map.growth().is_some() {
        extra += 1;
        map.insert((extra << 32) + extra % buckets, extra);
        check(&mut map, "holey");
    }
    let row = row("holey");
    assert_eq!(row.counters.growths.same_size, 1);
    let last = row.last_growth.expect("it ended");
    assert!(last.is_complete && last.growth.kind == GrowthKind::SameSize);
    assert!(last.growth.steps > 1 && last.growth.work_ns > 0);
}

/// Keys that collide under the seed they were chosen for.
#[derive(PartialEq, Eq)]
struct Chosen(u64);

impl Hash for Chosen {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&self.0.to_ne_bytes());
        // Half of the shared seed of `DefaultHashBuilder::with_seed`.
        bytes[8..].copy_from_slice(&0x3f84_d5b5_b547_0917_u64.to_ne_bytes());
        state.write(&bytes);
    }
}

#[test]
fn a_reseed_is_a_growth() {
    let mut map: HashMap<Chosen, u64> = HashMap::builder()
        .hasher(DefaultHashBuilder::with_seed(1))
        .name("reseeded")
        .build();
    let mut seen = false;
    for i in 0..3_000 {
        map.insert(Chosen(i), i);
        check(&mut map, "reseeded");
        let growth = row("reseeded").growth;
        seen |= growth.is_some_and(|growth| growth.kind == GrowthKind::Reseed);
    }
    map.finish();
    assert_eq!(map.stats().reseeds, 1);
    assert_eq!(row("reseeded").counters.growths.reseed, 1);
    assert!(seen, "seen while it went on");
}

thread_local! {
    static PANICS_IN: Cell<u64> = const { Cell::new(u64::MAX) };
}

#[derive(PartialEq, Eq)]
struct Touchy(u64);

impl Hash for Touchy {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let left = PANICS_IN.get();
        PANICS_IN.set(left.saturating_sub(1));
        assert!(left > 0, "this hash panics on purpose");
        self.0.hash(state);
    }
}

#[test]
fn hashes_that_panic_leave_rows_that_mend() {
    let mut map: HashMap<Touchy, u64> = HashMap::builder().name("touchy").build();
    let mut random = Random(99);
    let mut panics = 0;
    for i in 0..6_000 {
        PANICS_IN.set(random.below(12));
        panics += u32::from(catch_unwind(AssertUnwindSafe(|| map.insert(Touchy(i), i))).is_err());
        PANICS_IN.set(u64::MAX);
        let row = row("touchy");
        assert!(row.is_consistent);
        assert!(map.len() as u64 <= row.gauges.len_max);
    }
    assert!(panics > 100, "{panics} panics");
    map.finish();
    check(&mut map, "touchy");
}
