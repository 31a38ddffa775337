//! Scenarios with string keys.

use std::hint::black_box;

use super::{Outcome, Work, mix};
use crate::contenders::{Contender, FixedHasher, Visitor};
use crate::keys::SplitMix;
use crate::lanes::hasher;
use crate::measure::Stopwatch;

const SEED: u64 = 0x7465_7874;

pub(crate) struct Run<'a> {
    pub(crate) work: &'a Work,
    pub(crate) rounds: u32,
}

/// A string of `bytes` bytes that differs from others in its last seven only.
fn text(number: u64, bytes: usize) -> String {
    let mut text = String::with_capacity(bytes);
    write(&mut text, number, bytes);
    text
}

/// Makes `text` the string of `number`, without new memory if it has enough.
fn write(text: &mut String, number: u64, bytes: usize) {
    const ALPHABET: &[u8; 64] = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ+-";
    text.clear();
    let digits = bytes.min(7);
    for _ in digits..bytes {
        text.push('x');
    }
    for i in 0..digits {
        let digit = (number >> (6 * (digits - 1 - i))) & 63;
        text.push(char::from(ALPHABET[digit as usize]));
    }
}

fn content<M: Contender<String, u64>>(map: &M) -> u64 {
    let mut sum = map.len() as u64;
    map.for_each(|key, value| {
        let key = key.bytes().fold(0, |hash, byte| mix(hash, u64::from(byte)));
        sum = sum.wrapping_add(mix(key, *value));
    });
    sum
}

impl Visitor<String, u64, FixedHasher> for Run<'_> {
    type Output = Outcome;
    fn visit<M: Contender<String, u64> + Clone + 'static>(self) -> Outcome {
        let mut total = Outcome::default();
        for _ in 0..self.rounds {
            let one = match *self.work {
                Work::TextFind {
                    entries,
                    operations,
                    bytes,
                    hit_percent,
                } => find::<M>([entries.0 as u64, operations.0 as u64], bytes, hit_percent),
                Work::TextInsertErase {
                    operations,
                    bytes,
                    bits,
                } => insert_erase::<M>(operations.0 as u64, bytes, bits),
                Work::Intersection { entries, bytes } => {
                    two_sets::<M>(entries.0 as u64, bytes, Keep::Both)
                }
                Work::Union { entries, bytes } => {
                    two_sets::<M>(entries.0 as u64, bytes, Keep::Either)
                }
                Work::Difference { entries, bytes } => {
                    two_sets::<M>(entries.0 as u64, bytes, Keep::First)
                }
                _ => unreachable!("done elsewhere"),
            };
            total.elapsed += one.elapsed;
            total.ops += one.ops;
            total.answer = mix(total.answer, one.answer);
        }
        total
    }
}

fn find<M: Contender<String, u64>>(
    [entries, operations]: [u64; 2],
    bytes: usize,
    hit_percent: u64,
) -> Outcome {
    const INSERTS: u64 = 4;
    let per_step = (operations * INSERTS / entries).clamp(1, 1000);
    let steps = (operations / per_step).max(1);
    let (mut map, mut random, mut len) = (M::empty(hasher()), SplitMix::new(SEED), 0);
    let (mut sum, mut wanted) = (0_u64, String::with_capacity(bytes));
    let watch = Stopwatch::start();
    for _ in 0..steps {
        if len + INSERTS > entries {
            (map, len) = (M::empty(hasher()), 0);
        }
        for _ in 0..INSERTS {
            map.insert(text(2 * len, bytes), len);
            len += 1;
        }
        for _ in 0..per_step {
            let i = random.below(len as usize) as u64;
            // Odd numbers are in no map.
            let miss = u64::from(random.below(100) >= hit_percent as usize);
            write(&mut wanted, 2 * i + miss, bytes);
            sum = sum.wrapping_add(map.get(wanted.as_str()).map_or(1, |value| value + 2));
        }
    }
    Outcome {
        elapsed: watch.stop(),
        ops: steps * (INSERTS + per_step),
        answer: mix(sum, content(&map)),
    }
}

fn insert_erase<M: Contender<String, u64>>(operations: u64, bytes: usize, bits: u32) -> Outcome {
    let mut map = M::empty(hasher());
    let mut random = SplitMix::new(SEED);
    let mut wanted = String::with_capacity(bytes);
    let range = 1_usize << bits;
    let watch = Stopwatch::start();
    for _ in 0..operations {
        write(&mut wanted, random.below(range) as u64, bytes);
        match map.get_mut(wanted.as_str()) {
            Some(count) => *count += 1,
            None => {
                map.insert(wanted.clone(), 1);
            }
        }
        write(&mut wanted, random.below(range) as u64, bytes);
        map.remove(wanted.as_str());
    }
    Outcome {
        elapsed: watch.stop(),
        ops: 2 * operations,
        answer: content(&map),
    }
}

/// What an operator of two sets keeps.
#[derive(Clone, Copy)]
enum Keep {
    Both,
    Either,
    First,
}

/// Two sets of `entries` strings with half of them in common; the operator makes a third.
fn two_sets<M: Contender<String, u64>>(entries: u64, bytes: usize, keep: Keep) -> Outcome {
    let set = |from: u64| {
        let mut set = M::empty(hasher());
        for i in from..from + entries {
            set.insert(text(i, bytes), 0);
        }
        set
    };
    let (one, other) = (set(0), set(entries / 2));
    let mut result = M::empty(hasher());
    let watch = Stopwatch::start();
    one.for_each(|key, _| {
        let kept = match keep {
            Keep::Both => other.get(key.as_str()).is_some(),
            Keep::Either => true,
            Keep::First => other.get(key.as_str()).is_none(),
        };
        if kept {
            result.insert(key.clone(), 0);
        }
    });
    if let Keep::Either = keep {
        other.for_each(|key, _| {
            if one.get(key.as_str()).is_none() {
                result.insert(key.clone(), 0);
            }
        });
    }
    black_box(&result);
    Outcome {
        elapsed: watch.stop(),
        ops: entries,
        answer: content(&result),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contenders::Std;

    #[test]
    fn texts_have_their_length_and_differ_at_the_end() {
        for bytes in [7, 8, 13, 100] {
            let (a, b) = (text(5, bytes), text(6, bytes));
            assert_eq!((a.len(), b.len()), (bytes, bytes));
            assert_eq!(a[..bytes - 1], b[..bytes - 1]);
            assert_ne!(a, b);
        }
        let distinct: std::collections::HashSet<String> = (0..5000).map(|i| text(i, 7)).collect();
        assert_eq!(distinct.len(), 5000);
    }

    #[test]
    fn operators_keep_what_they_should() {
        for (keep, range) in [
            (Keep::Both, 5..10),
            (Keep::Either, 0..15),
            (Keep::First, 0..5),
        ] {
            let answer = two_sets::<Std<String, u64>>(10, 13, keep).answer;
            let mut right = Std::<String, u64>::empty(hasher());
            for i in range {
                right.insert(text(i, 13), 0);
            }
            assert_eq!(answer, content(&right));
        }
    }
}
