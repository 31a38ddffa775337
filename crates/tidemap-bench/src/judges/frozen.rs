//! Look-ups in maps that stopped in the middle of a growth.
//!
//! A map that grows in steps is read in every state between two layouts, and without writes stays
//! there. tidemap says how far its growth is; so the length is found at which so much of it is done,
//! and all maps are filled to that length. Maps that grow at once are simply read there.

use std::hint::black_box;

use super::{Keys, Outcome, Work, mix, numbers::content};
use crate::contenders::{Contender, FixedHasher, Tidemap, Visitor};
use crate::keys::SplitMix;
use crate::lanes::hasher;
use crate::measure::Stopwatch;

/// Look-ups of one round.
const LOOKUPS: u64 = 200_000;
/// A growth that is not met before the length has risen by this factor is not waited for.
const LENGTH_FACTOR_MAX: u64 = 4;
const ABSENT: u64 = 1 << 40;

pub(crate) struct Run<'a> {
    pub(crate) work: &'a Work,
    pub(crate) rounds: u32,
    pub(crate) len: u64,
}

/// The first length, from the work's entries on, at which as much of tidemap's growth is done as
/// the work says; `None` if none is met.
#[must_use]
pub fn length(work: &Work) -> Option<u64> {
    let Work::Frozen {
        entries,
        done_percent,
        ..
    } = *work
    else {
        return None;
    };
    let mut map = Tidemap::<u64, u64>::empty(hasher());
    let (from, to) = (entries.0 as u64, entries.0 as u64 * LENGTH_FACTOR_MAX);
    let mut seen_less = false;
    for len in 1..=to {
        map.insert(Keys::Random.at(len - 1), len - 1);
        if len < from {
            continue;
        }
        let done = map
            .growth()
            .map(|growth| growth.done_buckets as u64 * 100 / (growth.from_buckets as u64).max(1));
        match done {
            // Only a growth that is followed from its beginning is met at the right moment.
            Some(done) if done < done_percent => seen_less = true,
            Some(_) if seen_less => return Some(len),
            Some(_) => {}
            None => seen_less = false,
        }
    }
    None
}

impl Visitor<u64, u64, FixedHasher> for Run<'_> {
    type Output = Outcome;
    fn visit<M: Contender<u64, u64> + Clone + 'static>(self) -> Outcome {
        let Work::Frozen { hit, .. } = *self.work else {
            unreachable!("only this work is frozen")
        };
        let mut map = M::begin(self.len as usize, hasher());
        for i in 0..self.len {
            map.insert(Keys::Random.at(i), i);
        }
        let mut random = SplitMix::new(3);
        let wanted: Vec<u64> = (0..LOOKUPS)
            .map(|_| {
                let i = random.below(self.len as usize) as u64;
                Keys::Random.at(if hit { i } else { ABSENT + i })
            })
            .collect();
        let mut sum = 0_u64;
        let watch = Stopwatch::start();
        for _ in 0..self.rounds {
            for key in &wanted {
                sum = sum.wrapping_add(map.get(black_box(key)).map_or(1, |value| value + 2));
            }
        }
        Outcome {
            elapsed: watch.stop(),
            ops: LOOKUPS * u64::from(self.rounds),
            answer: mix(sum, content(&map)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cases::Size;

    fn work(done_percent: u64, hit: bool) -> Work {
        Work::Frozen {
            entries: Size(100_000),
            done_percent,
            hit,
        }
    }

    #[test]
    fn a_growth_is_met_where_it_was_asked_for() {
        let mut lengths = Vec::new();
        for done_percent in [10, 50, 90] {
            let len =
                length(&work(done_percent, true)).expect("tidemap grows in steps at this length");
            let mut map = Tidemap::<u64, u64>::empty(hasher());
            for i in 0..len {
                map.insert(Keys::Random.at(i), i);
            }
            let growth = map.growth().unwrap();
            let done = (growth.done_buckets * 100 / growth.from_buckets) as u64;
            assert!((done_percent..done_percent + 5).contains(&done), "{done}");
            lengths.push(len);
        }
        assert!(lengths.is_sorted(), "{lengths:?}");
    }

    #[test]
    fn frozen_maps_answer_alike() {
        let answer = |map| super::super::run(map, &work(50, false), 1).unwrap().answer;
        for map in ["tidemap", "griddle", "std"] {
            assert_eq!(answer(map), answer("hashbrown"), "{map}");
        }
    }
}
