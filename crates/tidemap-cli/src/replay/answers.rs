//! What maps answer: counts, digests, and checkpoints that say where two differ.
//!
//! R1. The *running digest* depends on every answer and their order.
//! R2. The *content digest* depends on every key and value at the end, and not
//!     on the order in which a map visits them.

use std::hash::{BuildHasher, Hash};

use serde::{Deserialize, Serialize};
use tidemap_bench::contenders::{Contender, FixedHasher};

use super::schedule::mix;
use super::workload::Cell;

/// Kinds of answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum AnswerKind {
    /// Found, live.
    Hit = 0,
    /// Not found, nothing stored.
    Miss = 1,
    /// Found, but expired; removed.
    Expired = 2,
    /// Stored, the key was absent.
    Inserted = 3,
    /// Stored, the key was present.
    Replaced = 4,
    /// Not found by a fetch, stored.
    Filled = 5,
    /// Found by a fetch, but expired; stored anew.
    Refilled = 6,
    /// Removed.
    Removed = 7,
    /// Nothing to remove.
    Absent = 8,
    /// Changed in place.
    Updated = 9,
    /// Emptied.
    Cleared = 10,
}

impl AnswerKind {
    const COUNT: usize = 11;
    const NAMES: [&str; Self::COUNT] = [
        "hit", "miss", "expired", "inserted", "replaced", "filled", "refilled", "removed",
        "absent", "updated", "cleared",
    ];

    /// The word for answer code `code`.
    pub(crate) fn name(code: u8) -> &'static str {
        Self::NAMES
            .get(usize::from(code))
            .copied()
            .unwrap_or("unknown")
    }
}

/// One answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Answer {
    /// What happened.
    pub kind: AnswerKind,
    /// The value found, replaced or removed; entries for a clear.
    pub value: u64,
}

impl Answer {
    #[inline(always)]
    pub(crate) fn new(kind: AnswerKind, value: u64) -> Self {
        Answer { kind, value }
    }
}

/// Answers so far.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tally {
    counts: [u64; AnswerKind::COUNT],
    digest: u64,
    live: u64,
    live_peak: u64,
}

impl Tally {
    /// Takes in one answer.
    #[inline(always)]
    pub(crate) fn add(&mut self, answer: Answer) {
        let kind = answer.kind as usize;
        self.counts[kind] += 1;
        let word = answer
            .value
            .wrapping_mul(0x9e37_79b9_7f4a_7c15)
            .wrapping_add(kind as u64 + 1);
        self.digest = (self.digest.rotate_left(23) ^ word).wrapping_mul(0xd6e8_feb8_6659_fd93);
        match answer.kind {
            AnswerKind::Inserted | AnswerKind::Filled => {
                self.live += 1;
                self.live_peak = self.live_peak.max(self.live);
            }
            // A map that answers wrongly may remove more than it took in.
            AnswerKind::Removed | AnswerKind::Expired => self.live = self.live.saturating_sub(1),
            AnswerKind::Cleared => self.live = 0,
            _ => {}
        }
    }

    /// The running digest (R1), with the map's own length taken in.
    pub(crate) fn checkpoint(&self, len: usize) -> u64 {
        mix(self.digest ^ mix(len as u64 + 1))
    }

    /// The running digest alone.
    pub(crate) fn digest(&self) -> u64 {
        self.digest
    }

    /// Most entries at a time, by the answers.
    pub(crate) fn live_peak(&self) -> u64 {
        self.live_peak
    }

    /// The counts, under names.
    pub(crate) fn counts(&self) -> Counts {
        let of = |kind: AnswerKind| self.counts[kind as usize];
        Counts {
            hit: of(AnswerKind::Hit),
            miss: of(AnswerKind::Miss),
            expired: of(AnswerKind::Expired),
            inserted: of(AnswerKind::Inserted),
            replaced: of(AnswerKind::Replaced),
            filled: of(AnswerKind::Filled),
            refilled: of(AnswerKind::Refilled),
            removed: of(AnswerKind::Removed),
            absent: of(AnswerKind::Absent),
            updated: of(AnswerKind::Updated),
            cleared: of(AnswerKind::Cleared),
        }
    }
}

/// Answers by kind; see [`AnswerKind`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Counts {
    pub hit: u64,
    pub miss: u64,
    pub expired: u64,
    pub inserted: u64,
    pub replaced: u64,
    pub filled: u64,
    pub refilled: u64,
    pub removed: u64,
    pub absent: u64,
    pub updated: u64,
    pub cleared: u64,
}

impl Counts {
    /// Kinds that occurred, in a fixed order, with their counts.
    pub(crate) fn occurred(&self) -> Vec<(&'static str, u64)> {
        [
            ("hit", self.hit),
            ("missed", self.miss),
            ("expired", self.expired),
            ("inserted", self.inserted),
            ("replaced", self.replaced),
            ("filled after a miss", self.filled),
            ("refilled after expiry", self.refilled),
            ("removed", self.removed),
            ("absent when removed", self.absent),
            ("updated", self.updated),
            ("cleared", self.cleared),
        ]
        .into_iter()
        .filter(|&(_, count)| count > 0)
        .collect()
    }
}

/// What a map holds at the end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Content {
    /// Entries, as the map says.
    pub len: u64,
    /// Entries, as visited.
    pub visited: u64,
    /// Entries that have not expired at the time of the last operation.
    pub unexpired: u64,
    /// Sum of all values (wrapping), as decimal text.
    pub value_sum: String,
    /// Content digest (R2), hexadecimal.
    pub digest: String,
}

/// Visits everything in `map`.
pub(crate) fn content<C, K, V>(map: &C, now_us: u64) -> Content
where
    C: Contender<K, V>,
    K: Hash + Eq,
    V: Cell,
{
    // Seeds of its own: the digest must not share weaknesses with the maps' hasher.
    let hasher = FixedHasher::with_seed(0x7469_6465_6d61_7021);
    let (mut visited, mut unexpired, mut sum) = (0u64, 0u64, 0u64);
    let (mut low, mut high) = (0u64, 0u64);
    map.for_each(|key, cell| {
        visited += 1;
        unexpired += u64::from(now_us < cell.expiry_us());
        sum = sum.wrapping_add(cell.value());
        let entry =
            mix(hasher.hash_one(key) ^ mix(cell.value() ^ cell.expiry_us().rotate_left(32)));
        low = low.wrapping_add(entry);
        high = high.wrapping_add(mix(entry ^ 0xa076_1d64_78bd_642f));
    });
    Content {
        len: map.len() as u64,
        visited,
        unexpired,
        value_sum: sum.to_string(),
        digest: format!("{high:016x}{low:016x}"),
    }
}

#[cfg(test)]
mod tests {
    use tidemap_bench::contenders::{Hashbrown, Std};

    use super::*;

    #[test]
    fn the_running_digest_sees_kind_value_and_order() {
        let digest = |answers: &[(AnswerKind, u64)]| {
            let mut tally = Tally::default();
            answers
                .iter()
                .for_each(|&(kind, value)| tally.add(Answer::new(kind, value)));
            tally.digest()
        };
        let base = digest(&[(AnswerKind::Hit, 1), (AnswerKind::Miss, 0)]);
        assert_ne!(base, digest(&[(AnswerKind::Miss, 0), (AnswerKind::Hit, 1)]));
        assert_ne!(base, digest(&[(AnswerKind::Hit, 2), (AnswerKind::Miss, 0)]));
        assert_ne!(
            base,
            digest(&[(AnswerKind::Replaced, 1), (AnswerKind::Miss, 0)])
        );
        assert_eq!(base, digest(&[(AnswerKind::Hit, 1), (AnswerKind::Miss, 0)]));
    }

    #[test]
    fn the_content_digest_ignores_order_and_map() {
        let mut a = Hashbrown::<u64, u64>::empty(FixedHasher::with_seed(1));
        let mut b = Std::<u64, u64>::empty(FixedHasher::with_seed(2));
        for key in 0..1000 {
            a.insert(key, key * 2);
            b.insert(999 - key, (999 - key) * 2);
        }
        assert_eq!(content(&a, 0), content(&b, 0));
        b.insert(7, 15);
        assert_ne!(content(&a, 0).digest, content(&b, 0).digest);
    }

    #[test]
    fn a_checkpoint_sees_the_length() {
        let tally = Tally::default();
        assert_ne!(tally.checkpoint(1), tally.checkpoint(2));
    }
}
