//! Lanes: each contender's maps, and the timed loops over them.
//!
//! A *lane* holds one contender's maps for a key set, one per instance. A
//! *pass* does a workload once over all maps of the lane; a *sample* is some
//! passes. All contenders run the same generic loops.
//!
//! R1. Only the workload is timed: keys are made, maps brought into the state
//!     a workload starts from, and old maps dropped outside the clock.
//! R2. A workload that changes maps starts every pass from maps grown from
//!     empty, except churn, which goes on for all passes of a sample: keys go
//!     out and come back in, so that tombstones and their removal are paid for.
//! R3. Every pass sums up an answer which the caller compares with one computed
//!     from the keys alone. Sums also keep the compiler from dropping work.

use std::hint::black_box;
use std::marker::PhantomData;

use crate::cases::{Expect, Workload};
use crate::contenders::{Contender, FixedHasher, Visitor, with_map};
use crate::keys::{BenchKey, Instance, KeySet, Lookups};
use crate::measure::{Elapsed, Stopwatch};
use crate::values::BenchValue;

/// What a run answered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Answer {
    /// Keys or entries found.
    pub found: u64,
    /// Sum of what was found, wrapping.
    pub sum: u64,
}

impl Answer {
    fn add(&mut self, sum: u64) {
        self.found += 1;
        self.sum = self.sum.wrapping_add(sum);
    }

    fn join(&mut self, other: Answer) {
        self.found += other.found;
        self.sum = self.sum.wrapping_add(other.sum);
    }
}

/// Time and answer of one sample.
#[derive(Debug, Clone, Copy, Default)]
pub struct Sample {
    /// The time of all passes together.
    pub elapsed: Elapsed,
    /// Operations of all passes together.
    pub ops: u64,
    /// The answers of all passes together.
    pub answer: Answer,
}

/// Keys that a batch look-up hands over at a time.
pub const BATCH: usize = 64;

/// The hasher that every contender gets.
#[must_use]
pub fn hasher() -> FixedHasher {
    FixedHasher::with_seed(0x7469_6465)
}

/// The right answer, from the keys alone.
#[must_use]
pub fn expected<K: BenchKey>(
    expect: Expect,
    keys: &KeySet<K>,
    ops_max: usize,
    passes: u32,
) -> Answer {
    let mut once = Answer::default();
    for instance in &keys.instances {
        match expect {
            Expect::Nothing => {}
            Expect::Count => once.found += keys.len as u64,
            Expect::EveryValue => {
                for position in 0..keys.len.min(ops_max) {
                    once.add(K::value(&instance.hits, position));
                }
            }
            Expect::EveryEntry => {
                for (key, &value) in instance.stored.iter().zip(&instance.values) {
                    once.add(entry_sum(key, value));
                }
            }
        }
    }
    Answer {
        found: once.found * u64::from(passes),
        sum: once.sum.wrapping_mul(u64::from(passes)),
    }
}

#[inline]
fn entry_sum<K: BenchKey>(key: &K, value: u64) -> u64 {
    // Mixed, so that a value with the wrong key changes the sum.
    (key.digest() ^ value.rotate_left(32)).wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

/// One contender's maps for a key set.
pub trait Lane<K: BenchKey> {
    /// The contender's name.
    fn name(&self) -> &'static str;
    /// Runs `passes` passes of `workload`, each of at most `ops_max` operations
    /// per map where the workload allows a part.
    fn run(&mut self, workload: Workload, keys: &KeySet<K>, ops_max: usize, passes: u32) -> Sample;
    /// Drops the maps.
    fn clear(&mut self);
}

/// A lane of the contender called `name`; `None` if there is none.
#[must_use]
pub fn lane<K: BenchKey, V: BenchValue>(name: &str) -> Option<Box<dyn Lane<K>>> {
    struct Make<K, V>(PhantomData<(K, V)>);
    impl<K: BenchKey, V: BenchValue> Visitor<K, V, FixedHasher> for Make<K, V> {
        type Output = Box<dyn Lane<K>>;
        fn visit<M: Contender<K, V> + Clone + 'static>(self) -> Self::Output {
            Box::new(MapLane::<M, V> {
                maps: Vec::new(),
                state: State::Stale,
                values: PhantomData,
            })
        }
    }
    with_map(name, Make::<K, V>(PhantomData))
}

/// What the maps of a lane hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Anything; rebuild before use.
    Stale,
    /// Exactly the stored keys, grown from empty.
    Grown,
}

struct MapLane<M, V> {
    maps: Vec<M>,
    state: State,
    values: PhantomData<V>,
}

impl<K: BenchKey, V: BenchValue, M: Contender<K, V> + Clone> Lane<K> for MapLane<M, V> {
    fn name(&self) -> &'static str {
        M::NAME
    }

    fn clear(&mut self) {
        self.maps = Vec::new();
        self.state = State::Stale;
    }

    fn run(&mut self, workload: Workload, keys: &KeySet<K>, ops_max: usize, passes: u32) -> Sample {
        let part = keys.len.min(ops_max);
        let ops_per_map = match workload {
            Workload::Hit | Workload::DependentHit | Workload::Miss | Workload::Churn => part,
            Workload::Remove | Workload::BatchHit | Workload::BatchMiss => part,
            _ => keys.len,
        };
        if !matches!(workload, Workload::PresizedInsert | Workload::GrowInsert) {
            self.need_grown(keys);
        }
        let mut sample = Sample::default();
        for pass in 0..passes {
            sample.ops += (ops_per_map * keys.instances.len()) as u64;
            let (elapsed, answer) = match workload {
                Workload::PresizedInsert => self.fill(keys, keys.len),
                Workload::GrowInsert => self.fill(keys, 0),
                Workload::Hit => self.look_up(keys, |map, i| hits::<K, V, M>(map, i, part)),
                Workload::DependentHit => {
                    self.look_up(keys, |map, i| follow::<K, V, M>(map, i, part))
                }
                Workload::Miss => self.look_up(keys, |map, i| misses::<K, V, M>(map, i, part)),
                Workload::BatchHit => self.look_up(keys, |map, i| {
                    batches::<K, V, M>(map, &i.hits, part.min(i.hits.count()))
                }),
                Workload::BatchMiss => self.look_up(keys, |map, i| {
                    batches::<K, V, M>(map, &i.misses, part.min(i.misses.count()))
                }),
                Workload::Iterate => self.look_up(keys, |map, _| entries::<K, V, M>(map)),
                Workload::Clone => self.clone_maps(),
                Workload::Drop => self.drop_maps(keys),
                Workload::Churn => self.churn(keys, part, pass),
                Workload::Remove => self.remove(keys, part),
                Workload::Memory | Workload::WorstInsert => {
                    unreachable!("{} runs in a process of its own", workload.as_str())
                }
            };
            sample.elapsed += elapsed;
            sample.answer.join(answer);
        }
        sample
    }
}

impl<M, V: BenchValue> MapLane<M, V> {
    fn need_grown<K: BenchKey>(&mut self, keys: &KeySet<K>)
    where
        M: Contender<K, V>,
    {
        if self.state != State::Grown {
            self.fill(keys, 0);
        }
    }

    /// Fills new maps with room for `room` entries. The answer is read from the
    /// finished maps, outside the clock.
    fn fill<K: BenchKey>(&mut self, keys: &KeySet<K>, room: usize) -> (Elapsed, Answer)
    where
        M: Contender<K, V>,
    {
        self.maps.clear();
        let mut incoming: Vec<Vec<K>> = keys
            .instances
            .iter()
            .map(|instance| instance.stored.clone())
            .collect();
        self.maps.reserve(incoming.len());
        let watch = Stopwatch::start();
        for (incoming, instance) in incoming.iter_mut().zip(&keys.instances) {
            let mut map = if room == 0 {
                M::begin(keys.len, hasher())
            } else {
                M::presized(room, hasher())
            };
            insert_all(&mut map, incoming, &instance.values);
            self.maps.push(map);
        }
        let elapsed = watch.stop();
        self.state = if room == 0 {
            State::Grown
        } else {
            State::Stale
        };
        let mut answer = Answer::default();
        for map in &self.maps {
            answer.join(checked_entries(map));
        }
        (elapsed, answer)
    }

    fn look_up<K: BenchKey>(
        &self,
        keys: &KeySet<K>,
        mut one: impl FnMut(&M, &Instance<K>) -> Answer,
    ) -> (Elapsed, Answer) {
        let mut answer = Answer::default();
        let watch = Stopwatch::start();
        for (map, instance) in self.maps.iter().zip(&keys.instances) {
            answer.join(one(map, instance));
        }
        (watch.stop(), answer)
    }

    fn clone_maps<K: BenchKey>(&self) -> (Elapsed, Answer)
    where
        M: Contender<K, V> + Clone,
    {
        let mut copies = Vec::with_capacity(self.maps.len());
        let watch = Stopwatch::start();
        for map in &self.maps {
            copies.push(map.clone());
        }
        let elapsed = watch.stop();
        let mut answer = Answer::default();
        for map in &copies {
            answer.join(checked_entries(map));
        }
        (elapsed, answer)
    }

    fn drop_maps<K: BenchKey>(&mut self, keys: &KeySet<K>) -> (Elapsed, Answer)
    where
        M: Contender<K, V>,
    {
        self.need_grown(keys);
        self.state = State::Stale;
        let answer = Answer {
            found: self.maps.iter().map(|map| map.len() as u64).sum(),
            sum: 0,
        };
        let watch = Stopwatch::start();
        self.maps.clear();
        (watch.stop(), answer)
    }

    fn churn<K: BenchKey>(&mut self, keys: &KeySet<K>, part: usize, pass: u32) -> (Elapsed, Answer)
    where
        M: Contender<K, V>,
    {
        self.state = State::Stale;
        let mut total = (Elapsed::default(), Answer::default());
        for (map, instance) in self.maps.iter_mut().zip(&keys.instances) {
            let (out, back) = if pass.is_multiple_of(2) {
                (&instance.hits, &instance.fresh)
            } else {
                (&instance.fresh, &instance.hits)
            };
            let part = part.min(instance.fresh.count());
            let mut incoming: Vec<(K, u64)> = (0..part)
                .map(|i| (K::own(back.at(i)), K::value(&instance.hits, i)))
                .collect();
            let watch = Stopwatch::start();
            let answer = replace_all::<K, V, M>(map, out, &mut incoming);
            total.0 += watch.stop();
            total.1.join(answer);
        }
        for map in &self.maps {
            assert_eq!(map.len(), keys.len, "{}: churn changed the length", M::NAME);
        }
        total
    }

    fn remove<K: BenchKey>(&mut self, keys: &KeySet<K>, part: usize) -> (Elapsed, Answer)
    where
        M: Contender<K, V>,
    {
        self.need_grown(keys);
        self.state = State::Stale;
        let mut answer = Answer::default();
        let watch = Stopwatch::start();
        for (map, instance) in self.maps.iter_mut().zip(&keys.instances) {
            answer.join(remove_all::<K, V, M>(map, &instance.hits, part));
        }
        let elapsed = watch.stop();
        for map in &self.maps {
            assert_eq!(map.len(), keys.len - part, "{}: entries left", M::NAME);
        }
        (elapsed, answer)
    }
}

#[inline(never)]
fn insert_all<K: BenchKey, V: BenchValue, M: Contender<K, V>>(
    map: &mut M,
    incoming: &mut Vec<K>,
    values: &[u64],
) {
    for (key, &value) in incoming.drain(..).zip(values) {
        black_box(map.insert(black_box(key), V::of(value)));
    }
}

#[inline(never)]
fn hits<K: BenchKey, V: BenchValue, M: Contender<K, V>>(
    map: &M,
    keys: &Instance<K>,
    part: usize,
) -> Answer {
    let mut answer = Answer::default();
    for i in 0..part {
        if let Some(value) = map.get(black_box(keys.hits.at(i))) {
            answer.add(value.number());
        }
    }
    answer
}

#[inline(never)]
fn batches<K: BenchKey, V: BenchValue, M: Contender<K, V>>(
    map: &M,
    keys: &K::Lookups,
    part: usize,
) -> Answer {
    let mut answer = Answer::default();
    for start in (0..part).step_by(BATCH) {
        let batch = (start..part.min(start + BATCH)).map(|i| black_box(keys.at(i)));
        map.get_each(batch, |found| {
            if let Some(value) = found {
                answer.add(value.number());
            }
        });
    }
    answer
}

#[inline(never)]
fn follow<K: BenchKey, V: BenchValue, M: Contender<K, V>>(
    map: &M,
    keys: &Instance<K>,
    part: usize,
) -> Answer {
    let mut answer = Answer::default();
    let Some(mut value) = map.get(keys.hits.at(0)).map(V::number) else {
        return answer;
    };
    answer.add(value);
    for _ in 1..part {
        let Some(next) = map.get(black_box(K::follow(&keys.hits, &value))) else {
            break;
        };
        value = next.number();
        answer.add(value);
    }
    answer
}

#[inline(never)]
fn misses<K: BenchKey, V: BenchValue, M: Contender<K, V>>(
    map: &M,
    keys: &Instance<K>,
    part: usize,
) -> Answer {
    let mut answer = Answer::default();
    for i in 0..part.min(keys.misses.count()) {
        if let Some(value) = map.get(black_box(keys.misses.at(i))) {
            answer.add(value.number());
        }
    }
    answer
}

#[inline(never)]
fn entries<K: BenchKey, V: BenchValue, M: Contender<K, V>>(map: &M) -> Answer {
    let mut answer = Answer::default();
    map.for_each(|key, value| answer.add(entry_sum(key, value.whole_number())));
    answer
}

/// As [`entries`], and compares the count with the length.
fn checked_entries<K: BenchKey, V: BenchValue, M: Contender<K, V>>(map: &M) -> Answer {
    let answer = entries::<K, V, M>(map);
    assert_eq!(
        answer.found,
        map.len() as u64,
        "{}: len() and iteration differ",
        M::NAME
    );
    answer
}

#[inline(never)]
fn replace_all<K: BenchKey, V: BenchValue, M: Contender<K, V>>(
    map: &mut M,
    out: &K::Lookups,
    incoming: &mut Vec<(K, u64)>,
) -> Answer {
    let mut answer = Answer::default();
    for (i, (key, value)) in incoming.drain(..).enumerate() {
        if let Some(old) = map.remove(black_box(out.at(i))) {
            answer.add(old.number());
        }
        black_box(map.insert(black_box(key), V::of(value)));
    }
    answer
}

#[inline(never)]
fn remove_all<K: BenchKey, V: BenchValue, M: Contender<K, V>>(
    map: &mut M,
    keys: &K::Lookups,
    part: usize,
) -> Answer {
    let mut answer = Answer::default();
    for i in 0..part {
        if let Some(value) = map.remove(black_box(keys.at(i))) {
            answer.add(value.number());
        }
    }
    answer
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cases::Case;
    use crate::cases::KeyKind;
    use crate::contenders::MAP_NAMES;
    use crate::keys::Source;
    use crate::values::Wide;

    fn check_all<K: BenchKey, V: BenchValue>(source: &Source) {
        let cases = Case::embedded();
        for (len, ops_max) in [
            (1, 1),
            (2, 9),
            (100, 50),
            (100, usize::MAX),
            (5000, usize::MAX),
        ] {
            for case in cases.iter().filter(|case| case.keys == source.kind) {
                if case.workload.needs_process() {
                    continue; // see growth.rs
                }
                let keys = KeySet::<K>::new(source, len, ops_max, ops_max);
                let want = expected(case.expect, &keys, ops_max, 3);
                for map in MAP_NAMES {
                    let sample = lane::<K, V>(map)
                        .unwrap()
                        .run(case.workload, &keys, ops_max, 3);
                    assert_eq!(sample.answer, want, "{} of {map} at {len}", case.name);
                    assert!(sample.ops > 0);
                }
            }
        }
    }

    #[test]
    fn every_case_gives_its_answer_on_every_map_integers() {
        check_all::<u64, u64>(&Source::integers(KeyKind::U64));
        check_all::<u64, Wide>(&Source::integers(KeyKind::Wide));
    }

    #[test]
    fn every_case_gives_its_answer_on_every_map_strings() {
        check_all::<String, u64>(&Source::made_up(KeyKind::Words, 7000));
        check_all::<String, u64>(&Source::made_up(KeyKind::Paths, 9000));
    }

    #[test]
    fn a_wrong_answer_is_noticed() {
        let keys = KeySet::<u64>::new(&Source::integers(KeyKind::U64), 100, 100, 100);
        let right = expected(Expect::EveryEntry, &keys, usize::MAX, 1);
        let mut wrong = keys;
        wrong.instances[0].values.swap(3, 4);
        let other = expected(Expect::EveryEntry, &wrong, usize::MAX, 1);
        assert_eq!(right.found, other.found);
        assert_ne!(right.sum, other.sum, "two swapped values change the sum");
    }
}
