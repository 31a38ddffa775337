//! Scenarios with integer keys.

use std::hash::BuildHasher;
use std::hint::black_box;

use super::{Heavy, Keys, Outcome, Work, mix};
use crate::contenders::{Contender, Visitor, with_map};
use crate::keys::SplitMix;
use crate::measure::Stopwatch;
use crate::values::BenchValue;

const SEED: u64 = 0x6A75_6467_6573;
/// Look-ups of one round in `lookup` and `lookup-fail`, as hashbrown's benches have.
const LOOKUPS_MIN: u64 = 500;
/// The first absent key.
const ABSENT: u64 = 1 << 31;

impl Keys {
    /// The `i`-th key; those from `1 << 31` on are never put into a map.
    pub(crate) fn at(self, i: u64) -> u64 {
        match self {
            Keys::Serial => i,
            Keys::High => i.swap_bytes(),
            Keys::Random => SplitMix::at(SEED, i),
            // A bijection of 32 bits: equal keys would change what is counted.
            Keys::RandomLow => u64::from(scrambled(i as u32)),
            Keys::RandomHigh => u64::from(scrambled(i as u32)) << 32,
        }
    }
}

/// A bijection of 32-bit numbers without a visible pattern.
fn scrambled(i: u32) -> u32 {
    let mut x = i.wrapping_mul(0x9E37_79B9).wrapping_add(0x7F4A_7C15);
    x ^= x >> 16;
    x = x.wrapping_mul(0x85EB_CA6B);
    x ^= x >> 13;
    x = x.wrapping_mul(0xC2B2_AE35);
    x ^ (x >> 16)
}

/// Runs a scenario with `u64` values, `rounds` times; `None` if there is no map called `map`.
pub(crate) fn run<S: BuildHasher + Clone + 'static>(
    map: &str,
    work: &Work,
    rounds: u32,
    hasher: S,
) -> Option<Outcome> {
    with_map(
        map,
        Run::<S> {
            work,
            rounds,
            hasher,
        },
    )
}

/// The same with values of 160 bytes.
pub(crate) fn run_heavy<S: BuildHasher + Clone + 'static>(
    map: &str,
    work: &Work,
    rounds: u32,
    hasher: S,
) -> Option<Outcome> {
    with_map(
        map,
        RunHeavy(Run::<S> {
            work,
            rounds,
            hasher,
        }),
    )
}

struct Run<'a, S> {
    work: &'a Work,
    rounds: u32,
    hasher: S,
}

struct RunHeavy<'a, S>(Run<'a, S>);

/// Times `rounds` rounds of `round`; `ops` operations each.
fn timed(rounds: u32, ops: u64, mut round: impl FnMut() -> u64) -> Outcome {
    let mut answer = 0;
    let watch = Stopwatch::start();
    for _ in 0..rounds {
        answer = mix(answer, round());
    }
    Outcome {
        elapsed: watch.stop(),
        ops: ops * u64::from(rounds),
        answer,
    }
}

/// As [`timed`], from a new map in each round; making it and reading its content is not timed.
fn timed_from<M: Contender<u64, u64, S>, S>(
    new: impl Fn() -> M,
    rounds: u32,
    ops: u64,
    mut round: impl FnMut(&mut M),
) -> Outcome {
    let mut all = Outcome::default();
    for _ in 0..rounds {
        let mut map = new();
        let watch = Stopwatch::start();
        round(&mut map);
        all.elapsed += watch.stop();
        all.answer = mix(all.answer, content(&map));
    }
    all.ops = ops * u64::from(rounds);
    all
}

impl Outcome {
    fn and(self, answer: u64) -> Outcome {
        Outcome {
            answer: mix(self.answer, answer),
            ..self
        }
    }
}

/// A number that equal maps have in common, whatever their order.
pub(crate) fn content<V: BenchValue, S, M: Contender<u64, V, S>>(map: &M) -> u64 {
    let mut sum = map.len() as u64;
    map.for_each(|key, value| sum = sum.wrapping_add(mix(*key, value.whole_number())));
    sum
}

fn filled<S, M: Contender<u64, u64, S>>(entries: u64, keys: Keys, hasher: S) -> M {
    let mut map = M::begin(entries as usize, hasher);
    for i in 0..entries {
        map.insert(keys.at(i), i);
    }
    map
}

fn increment<S, M: Contender<u64, u64, S>>(map: &mut M, key: u64) {
    match map.get_mut(&key) {
        Some(count) => *count += 1,
        None => {
            map.insert(key, 1);
        }
    }
}

impl<S: BuildHasher + Clone + 'static> Visitor<u64, Heavy, S> for RunHeavy<'_, S> {
    type Output = Outcome;
    fn visit<M: Contender<u64, Heavy, S> + Clone + 'static>(self) -> Outcome {
        let Work::InsertCleared { entries, keys, .. } = self.0.work else {
            unreachable!("only this work has such values")
        };
        let entries = entries.0 as u64;
        let mut map = M::presized(entries as usize, self.0.hasher);
        timed(self.0.rounds, entries, || {
            map.clear();
            for i in 0..entries {
                map.insert(black_box(keys.at(i)), Heavy::of(i));
            }
            map.len() as u64
        })
        .and(content(&map))
    }
}

impl<S: BuildHasher + Clone + 'static> Visitor<u64, u64, S> for Run<'_, S> {
    type Output = Outcome;
    fn visit<M: Contender<u64, u64, S> + Clone + 'static>(self) -> Outcome {
        let Run {
            work,
            rounds,
            hasher,
        } = self;
        let new = || M::empty(hasher.clone());
        let filled = |entries, keys| filled::<S, M>(entries, keys, hasher.clone());
        match *work {
            Work::FillClearErase { entries } => {
                let n = entries.0 as u64;
                timed(rounds, 3 * n, || fill_clear_erase(new(), n))
            }
            Work::Increment {
                operations,
                distinct_percent,
            } => {
                let n = operations.0 as u64;
                let range = (n * distinct_percent / 100).max(1) as usize;
                timed_from(new, rounds, n, |map| {
                    let mut random = SplitMix::new(SEED);
                    for _ in 0..n {
                        increment(map, random.below(range) as u64);
                    }
                })
            }
            Work::InsertErase { operations, bits } => {
                let (n, mask) = (operations.0 as u64, spread_bits(bits));
                timed_from(new, rounds, 2 * n, |map| {
                    let mut random = SplitMix::new(SEED);
                    for _ in 0..n {
                        increment(map, random.next_u64() & mask);
                        map.remove(&(random.next_u64() & mask));
                    }
                })
            }
            Work::FindGrowing {
                entries,
                operations,
                hit_percent,
                keys,
            } => {
                let sizes = [entries.0 as u64, operations.0 as u64];
                find_growing(new, rounds, sizes, hit_percent, keys)
            }
            Work::IterateChanging { entries } => {
                let n = entries.0 as u64;
                // 1 + 2 + … + n entries on the way up, one less each on the way down.
                timed(rounds, n * n, || iterate_changing(new(), n))
            }
            Work::Copy {
                entries,
                operations,
            } => {
                let n = entries.0 as u64;
                let mut map = filled(n, Keys::Random);
                timed(rounds, n * operations.0 as u64, || {
                    for i in 0..operations.0 as u64 {
                        let mut copy = map.clone();
                        copy.insert(Keys::Random.at(i % n), i);
                        map = copy;
                    }
                    map.len() as u64
                })
                .and(content(&map))
            }
            Work::MakeDrop {
                entries,
                operations,
            } => timed(rounds, operations.0 as u64, || {
                let mut sum = 0;
                for i in 0..operations.0 as u64 {
                    let mut map = black_box(new());
                    for key in 0..entries {
                        map.insert(i + key, i);
                    }
                    sum += black_box(&map).len() as u64;
                }
                sum
            }),
            Work::CopyInOrder { entries } => {
                let n = entries.0 as u64;
                let from = filled(n, Keys::Random);
                timed_from(new, rounds, n, |to| {
                    from.for_each(|key, value| {
                        to.insert(*key, *value);
                    });
                })
            }
            Work::GameOfLife { operations } => life(new, rounds, operations.0 as u64),
            Work::CountParts {
                operations,
                letters,
            } => {
                let genome = genome(operations.0);
                timed_from(new, rounds, operations.0 as u64, |map| {
                    count_parts(map, &genome, letters);
                })
            }
            Work::GrowInsert { entries, keys, .. } => {
                let n = entries.0 as u64;
                let begin = || M::begin(entries.0, hasher.clone());
                timed_from(begin, rounds, n, |map| {
                    for i in 0..n {
                        map.insert(black_box(keys.at(i)), i);
                    }
                })
            }
            Work::Churn { entries, keys, .. } => {
                let n = entries.0 as u64;
                let mut map = filled(n, keys);
                let mut oldest = 0;
                timed(rounds, n, || {
                    for _ in 0..n {
                        map.insert(black_box(keys.at(oldest + n)), oldest);
                        map.remove(black_box(&keys.at(oldest)));
                        oldest += 1;
                    }
                    map.len() as u64
                })
                .and(content(&map))
            }
            Work::Lookup { entries, keys, .. } => {
                let n = entries.0 as u64;
                let wanted: Vec<u64> = (0..n.max(LOOKUPS_MIN)).map(|i| keys.at(i % n)).collect();
                look_up(&filled(n, keys), rounds, &wanted)
            }
            Work::LookupFail { entries, keys, .. } => {
                let n = entries.0 as u64;
                let wanted: Vec<u64> = (0..n.max(LOOKUPS_MIN))
                    .map(|i| keys.at(ABSENT + i))
                    .collect();
                look_up(&filled(n, keys), rounds, &wanted)
            }
            Work::Iterate { entries, keys, .. } => {
                let map = filled(entries.0 as u64, keys);
                timed(rounds, entries.0 as u64, || content(&map))
            }
            Work::Clone { entries } => {
                let map = filled(entries.0 as u64, Keys::Random);
                timed(rounds, entries.0 as u64, || {
                    black_box(map.clone()).len() as u64
                })
            }
            Work::CloneFrom { entries } => {
                let from = filled(entries.0 as u64, Keys::Random);
                let mut to = from.clone();
                timed(rounds, entries.0 as u64, || {
                    black_box(&mut to).clone_from(&from);
                    to.len() as u64
                })
                .and(content(&to))
            }
            Work::RehashInPlace {
                entries,
                operations,
            } => {
                let n = entries.0 as u64;
                let mut map = filled(n, Keys::Serial);
                let mut at = n;
                timed(rounds, operations.0 as u64, || {
                    for _ in 0..operations.0 {
                        map.remove(black_box(&(at - n)));
                        map.insert(black_box(at), at);
                        at += 1;
                    }
                    map.len() as u64
                })
                .and(content(&map))
            }
            Work::WithCapacity { capacity } => timed(rounds, 1, || {
                black_box(M::presized(capacity as usize, hasher.clone())).len() as u64
            }),
            Work::InsertCleared { .. }
            | Work::TextFind { .. }
            | Work::TextInsertErase { .. }
            | Work::Intersection { .. }
            | Work::Union { .. }
            | Work::Difference { .. }
            | Work::Frozen { .. } => unreachable!("done elsewhere"),
        }
    }
}

/// `bits` bits spread over a word, the highest and the lowest among them.
fn spread_bits(bits: u32) -> u64 {
    let last = u64::from(bits.max(2) - 1);
    (0..u64::from(bits)).fold(0, |mask, i| mask | 1 << (i * 63 / last))
}

fn look_up<S, M: Contender<u64, u64, S>>(map: &M, rounds: u32, wanted: &[u64]) -> Outcome {
    timed(rounds, wanted.len() as u64, || {
        let mut sum = 0_u64;
        for key in wanted {
            if let Some(value) = map.get(black_box(key)) {
                sum = sum.wrapping_add(value + 1);
            }
        }
        sum
    })
}

fn fill_clear_erase<S, M: Contender<u64, u64, S>>(mut map: M, n: u64) -> u64 {
    for i in 0..n {
        map.insert(Keys::Random.at(i), i);
    }
    let first = map.len() as u64;
    map.clear();
    for i in n..2 * n {
        map.insert(Keys::Random.at(i), i);
    }
    let second = map.len() as u64;
    let mut sum = 0_u64;
    for i in n..2 * n {
        sum = sum.wrapping_add(map.remove(&Keys::Random.at(i)).unwrap_or(0));
    }
    mix(mix(first, second), mix(sum, map.len() as u64))
}

/// Four inserts, then look-ups of which `hit_percent` find something, until the map is full; all
/// over again until there were enough look-ups.
fn find_growing<S, M: Contender<u64, u64, S>>(
    new: impl Fn() -> M,
    rounds: u32,
    [entries, operations]: [u64; 2],
    hit_percent: u64,
    keys: Keys,
) -> Outcome {
    const INSERTS: u64 = 4;
    // A large map gets few look-ups at each length, a small one is filled many times.
    let per_step = (operations * INSERTS / entries).clamp(1, 1000);
    let steps = (operations / per_step).max(1);
    timed(rounds, steps * (INSERTS + per_step), || {
        let (mut map, mut random, mut len, mut sum) = (new(), SplitMix::new(SEED), 0, 0_u64);
        for _ in 0..steps {
            if len + INSERTS > entries {
                (map, len) = (new(), 0);
            }
            for _ in 0..INSERTS {
                map.insert(keys.at(len), len);
                len += 1;
            }
            for _ in 0..per_step {
                let i = random.below(len as usize) as u64;
                let hit = random.below(100) < hit_percent as usize;
                let key = keys.at(if hit { i } else { ABSENT + i });
                sum = sum.wrapping_add(map.get(&key).map_or(1, |value| value + 2));
            }
        }
        sum
    })
}

fn iterate_changing<S, M: Contender<u64, u64, S>>(mut map: M, n: u64) -> u64 {
    let mut sum = 0_u64;
    for i in 0..n {
        map.insert(Keys::Random.at(i), i);
        map.for_each(|_, value| sum = sum.wrapping_add(*value));
    }
    for i in 0..n {
        map.remove(&Keys::Random.at(i));
        map.for_each(|_, value| sum = sum.wrapping_add(*value));
    }
    sum
}

/// One step along the rows of the game of life.
const ROW: u64 = 1 << 32;

/// A cell's number: its column and row, each offset into the middle of 32 bits.
fn cell(x: i32, y: i32) -> u64 {
    let half = |n: i32| u64::from(n.cast_unsigned() ^ 0x8000_0000);
    (half(x) * ROW) | half(y)
}

fn neighbours(of: u64) -> [u64; 8] {
    let (left, right) = (of.wrapping_sub(ROW), of.wrapping_add(ROW));
    let around = |cell: u64| [cell.wrapping_sub(1), cell.wrapping_add(1)];
    let ([a, b], [c, d], [e, f]) = (around(left), around(of), around(right));
    [a, left, b, c, d, e, right, f]
}

fn life<S, M: Contender<u64, u64, S>>(
    new: impl Fn() -> M,
    rounds: u32,
    generations: u64,
) -> Outcome {
    let mut total = Outcome::default();
    for _ in 0..rounds {
        let mut alive = new();
        // The R-pentomino lives for 1103 generations; some noise far away lives, too.
        for (x, y) in [(1, 0), (2, 0), (0, 1), (1, 1), (1, 2)] {
            alive.insert(cell(x, y), 1);
        }
        let mut random = SplitMix::new(SEED);
        for _ in 0..600 {
            let (x, y) = (random.below(60) as i32, random.below(60) as i32);
            alive.insert(cell(x + 1000, y + 1000), 1);
        }
        let watch = Stopwatch::start();
        for _ in 0..generations {
            total.ops += 8 * alive.len() as u64;
            alive = next_generation(&alive, &new);
        }
        total.elapsed += watch.stop();
        total.answer = mix(total.answer, content(&alive));
    }
    total.ops = total.ops.max(1);
    total
}

fn next_generation<S, M: Contender<u64, u64, S>>(alive: &M, new: impl Fn() -> M) -> M {
    let mut counts = new();
    alive.for_each(|key, _| {
        for cell in neighbours(*key) {
            increment(&mut counts, cell);
        }
    });
    let mut next = new();
    counts.for_each(|key, count| {
        if *count == 3 || (*count == 2 && alive.get(key).is_some()) {
            next.insert(*key, 1);
        }
    });
    next
}

/// Letters 0 to 3, not evenly frequent.
fn genome(len: usize) -> Vec<u8> {
    let mut random = SplitMix::new(SEED);
    (0..len)
        .map(|_| match random.below(100) {
            0..30 => 0,
            30..50 => 1,
            50..70 => 2,
            _ => 3,
        })
        .collect()
}

fn count_parts<S, M: Contender<u64, u64, S>>(map: &mut M, genome: &[u8], letters: u32) {
    let mask = u64::MAX >> (64 - 2 * letters.clamp(1, 31));
    let mut part = 0;
    for (i, letter) in genome.iter().enumerate() {
        part = (part << 2 | u64::from(*letter)) & mask;
        if i + 1 >= letters as usize {
            increment(map, part);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contenders::{FixedHasher, Hashbrown};

    fn new() -> Hashbrown<u64, u64> {
        Hashbrown::with_hasher(FixedHasher::with_seed(1))
    }

    #[test]
    fn keys_are_distinct_and_absent_ones_absent() {
        for keys in [
            Keys::Serial,
            Keys::High,
            Keys::Random,
            Keys::RandomLow,
            Keys::RandomHigh,
        ] {
            let mut seen = std::collections::HashSet::new();
            for i in 0..5000 {
                assert!(
                    seen.insert(keys.at(i)) && seen.insert(keys.at(ABSENT + i)),
                    "{keys:?}"
                );
            }
        }
        assert_eq!(spread_bits(4).count_ones(), 4);
        assert_eq!(spread_bits(2), 1 << 63 | 1);
    }

    #[test]
    fn answers_are_the_right_ones() {
        let mut map = new();
        count_parts(&mut map, &[0, 1, 0, 1, 0], 2);
        assert_eq!(
            (map[&1], map[&4], map.len()),
            (2, 2, 2),
            "01 twice, 10 twice"
        );
        // Four keys that are cleared, four that are erased one by one, nothing left.
        assert_eq!(
            fill_clear_erase(new(), 4),
            mix(mix(4, 4), mix(4 + 5 + 6 + 7, 0))
        );
        // 0 and 0 + 1 on the way up, 1 and nothing on the way down.
        assert_eq!(iterate_changing(new(), 2), 2);
    }

    #[test]
    fn a_blinker_turns_and_turns_back() {
        let mut alive = new();
        for y in [-1, 0, 1] {
            alive.insert(cell(5, y), 1);
        }
        let turned = next_generation(&alive, new);
        let mut row: Vec<u64> = turned.keys().copied().collect();
        row.sort_unstable();
        assert_eq!(row, [cell(4, 0), cell(5, 0), cell(6, 0)]);
        assert_eq!(next_generation(&turned, new), alive);
    }
}
