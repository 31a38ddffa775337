//! A row of the registry: one map's figures in a fixed number of words.
//!
//! R1. Who observes a map is the only writer of its row. A write makes the sequence word odd, stores, and
//!     makes it even again; a copy taken between two equal even values is consistent.
//! R2. Counters of a row only rise: when its map is dropped they are added to those of the
//!     row's past, in the same write. So sums over all rows never fall, however many maps come and go.
//! R3. The last row is shared by maps that found no free one. It has many writers, so it is
//!     only added to, and its sequence word stays 0.
//!
//! The word numbers below are the format that other processes read (`docs/probe-registry.md`); they
//! change with [`VERSION`](crate::layout::VERSION) only.

use std::sync::atomic::{AtomicU64, Ordering, fence};

/// Words of a row.
pub(crate) const WORDS: usize = 288;

// Head.
pub(crate) const SEQUENCE: usize = 0;
pub(crate) const ID: usize = 1;
pub(crate) const STATE: usize = 2;
pub(crate) const CREATED_NS: usize = 3;
pub(crate) const UPDATED_NS: usize = 4;
/// Line in the upper half, column in the lower.
pub(crate) const LINE_COLUMN: usize = 5;
pub(crate) const ENTRY_BYTES: usize = 6;
pub(crate) const FLAGS: usize = 7;

// Gauges.
pub(crate) const LEN: usize = 8;
pub(crate) const LEN_MAX: usize = 9;
pub(crate) const CAPACITY: usize = 10;
pub(crate) const BUCKETS: usize = 11;
pub(crate) const SLOTS_PER_BUCKET: usize = 12;
pub(crate) const BUCKET_BYTES: usize = 13;
pub(crate) const OVERFLOW_BUCKETS: usize = 14;
pub(crate) const LONGEST_CHAIN: usize = 15;
pub(crate) const BYTES_LIVE: usize = 16;
pub(crate) const BYTES_OLD: usize = 17;
pub(crate) const BYTES_RESERVED: usize = 18;
pub(crate) const BYTES_PEAK: usize = 19;
pub(crate) const STEP_NS_MAX: usize = 20;
/// Maps that this row stands for: 1, or in the shared row how many.
pub(crate) const MAPS: usize = 21;

// Growths.
pub(crate) const GROWTH: usize = 24;
pub(crate) const COMPACTION: usize = 40;
pub(crate) const LAST_GROWTH: usize = 56;
pub(crate) const GROWTHS_END: usize = 72;

/// Words of a growth, counted from [`GROWTH`], [`COMPACTION`] or [`LAST_GROWTH`].
pub(crate) mod growth {
    /// One of the states below in the lowest byte, the kind in the next.
    pub(crate) const STATE: usize = 0;
    pub(crate) const FROM: usize = 1;
    pub(crate) const TO: usize = 2;
    pub(crate) const DONE: usize = 3;
    pub(crate) const STARTED_NS: usize = 4;
    pub(crate) const LEN_AT_START: usize = 5;
    pub(crate) const STEPS: usize = 6;
    pub(crate) const ENTRIES_MOVED: usize = 7;
    pub(crate) const BYTES_MOVED: usize = 8;
    pub(crate) const BYTES_RELEASED: usize = 9;
    pub(crate) const WORK_NS: usize = 10;
    pub(crate) const STEP_NS_MAX: usize = 11;
    pub(crate) const ENDED_NS: usize = 12;
    pub(crate) const LEN_AT_END: usize = 13;
    pub(crate) const WORDS: usize = 16;

    pub(crate) const NONE: u64 = 0;
    pub(crate) const RUNS: u64 = 1;
    /// Complete, but the step that ended it is still being timed.
    pub(crate) const ENDS: u64 = 2;
    pub(crate) const COMPLETE: u64 = 3;
    pub(crate) const GIVEN_UP: u64 = 4;
}

// Counters of the present map, and of those that had the row before it.
pub(crate) const COUNTERS: usize = 72;
pub(crate) const PAST: usize = 152;
pub(crate) const PAST_MAPS: usize = 232;

/// Words of the counters, counted from [`COUNTERS`] or [`PAST`].
pub(crate) mod counter {
    /// One for each kind of growth, in the order of `GrowthKind::ALL`.
    pub(crate) const FINISHED: usize = 0;
    pub(crate) const BEGUN: usize = 5;
    pub(crate) const GIVEN_UP: usize = 6;
    pub(crate) const REFUSED: usize = 7;
    pub(crate) const STEPS: usize = 8;
    pub(crate) const GROWTH_NS: usize = 9;
    pub(crate) const ENTRIES_MOVED: usize = 10;
    pub(crate) const BYTES_MOVED: usize = 11;
    pub(crate) const BYTES_RELEASED: usize = 12;
    pub(crate) const OVERFLOWS: usize = 13;
    pub(crate) const CLEARS: usize = 14;
    pub(crate) const HISTOGRAM: usize = 15;
    pub(crate) const WORDS: usize = 80;
}

// Texts: UTF-8, padded with zeros.
pub(crate) const NAME: Text = Text(240, 8);
pub(crate) const KEY_TYPE: Text = Text(248, 8);
pub(crate) const VALUE_TYPE: Text = Text(256, 8);
pub(crate) const FILE: Text = Text(264, 16);

// States of a row.
pub(crate) const FREE: u64 = 0;
pub(crate) const LIVE: u64 = 1;
pub(crate) const SHARED: u64 = 2;

/// Where a text lies: first word, number of words.
#[derive(Clone, Copy)]
pub(crate) struct Text(usize, usize);

impl Text {
    /// The bytes that fit.
    pub(crate) const fn bytes_max(self) -> usize {
        self.1 * 8
    }

    pub(crate) fn words(self) -> std::ops::Range<usize> {
        self.0..self.0 + self.1
    }
}

/// A copy of a row.
pub(crate) type Words = [u64; WORDS];

/// See the file's head.
#[repr(C, align(64))]
pub(crate) struct Row {
    words: [AtomicU64; WORDS],
}

/// Tries before a copy is taken as it is.
const TRIES: usize = 64;

impl Row {
    /// A row that no map ever had.
    pub(crate) const fn empty() -> Row {
        Row {
            words: [const { AtomicU64::new(0) }; WORDS],
        }
    }

    /// One word. Relaxed: a hint, or the owner's own.
    pub(crate) fn get(&self, word: usize) -> u64 {
        self.words[word].load(Ordering::Relaxed)
    }

    /// Adds to one word of the shared row (R3). Relaxed: figures, nothing hangs on their order.
    pub(crate) fn add_shared(&self, word: usize, n: u64) {
        self.words[word].fetch_add(n, Ordering::Relaxed);
    }

    /// Raises one word of the shared row.
    pub(crate) fn max_shared(&self, word: usize, n: u64) {
        self.words[word].fetch_max(n, Ordering::Relaxed);
    }

    /// Stores one word of the shared row.
    pub(crate) fn set_shared(&self, word: usize, n: u64) {
        self.words[word].store(n, Ordering::Relaxed);
    }

    /// Begins a write (R1); dropping the writer ends it.
    pub(crate) fn write(&self) -> Writer<'_> {
        // Relaxed: only the owner writes it. An odd value is left by nobody, and healed here.
        let sequence = self.words[SEQUENCE].load(Ordering::Relaxed) | 1;
        self.words[SEQUENCE].store(sequence, Ordering::Relaxed);
        // Pairs with the fence in `copy`: who sees a word of this write sees the odd value.
        fence(Ordering::Release);
        Writer {
            row: self,
            sequence,
        }
    }

    /// A copy of all words, and whether it is consistent. Waits for nobody: a writer that was
    /// interrupted for long leaves an inconsistent copy.
    pub(crate) fn copy(&self, into: &mut Words) -> bool {
        for turn in 0..TRIES {
            // Acquire: pairs with the Release store that ends a write.
            let before = self.words[SEQUENCE].load(Ordering::Acquire);
            for (to, from) in into.iter_mut().zip(&self.words) {
                *to = from.load(Ordering::Relaxed);
            }
            // Pairs with the fence in `write`.
            fence(Ordering::Acquire);
            let after = self.words[SEQUENCE].load(Ordering::Relaxed);
            if before == after && before & 1 == 0 {
                into[SEQUENCE] = before;
                return true;
            }
            if turn > TRIES / 2 {
                std::thread::yield_now();
            } else {
                std::hint::spin_loop();
            }
        }
        false
    }
}

/// A write that is going on.
pub(crate) struct Writer<'a> {
    row: &'a Row,
    sequence: u64,
}

impl Writer<'_> {
    pub(crate) fn get(&self, word: usize) -> u64 {
        self.row.get(word)
    }

    pub(crate) fn set(&mut self, word: usize, value: u64) {
        self.row.words[word].store(value, Ordering::Relaxed);
    }

    pub(crate) fn add(&mut self, word: usize, n: u64) {
        self.set(word, self.get(word).wrapping_add(n));
    }

    pub(crate) fn max(&mut self, word: usize, n: u64) {
        if n > self.get(word) {
            self.set(word, n);
        }
    }

    /// Stores a text; of one that is too long the beginning is cut off.
    pub(crate) fn set_text(&mut self, text: Text, value: &str) {
        let fit = tail(value, text.bytes_max()).as_bytes();
        let mut bytes = fit.iter().copied();
        for word in text.words() {
            let mut chunk = [0; 8];
            for byte in &mut chunk {
                *byte = bytes.next().unwrap_or(0);
            }
            self.set(word, u64::from_ne_bytes(chunk));
        }
    }
}

impl Drop for Writer<'_> {
    fn drop(&mut self) {
        // Release: publishes the words; pairs with the Acquire load in `copy`.
        self.row.words[SEQUENCE].store(self.sequence.wrapping_add(1), Ordering::Release);
    }
}

/// The end of a text, at most `bytes` of it: of paths and type names that says most.
fn tail(text: &str, bytes: usize) -> &str {
    let mut from = text.len().saturating_sub(bytes);
    while !text.is_char_boundary(from) {
        from += 1;
    }
    &text[from..]
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicBool;

    #[test]
    fn the_parts_of_a_row_do_not_overlap() {
        let texts = [NAME, KEY_TYPE, VALUE_TYPE, FILE];
        let mut at = PAST_MAPS + 8;
        for text in texts {
            assert_eq!(text.words().start, at);
            at = text.words().end;
        }
        assert!(at <= WORDS);
        assert_eq!(GROWTH + growth::WORDS, COMPACTION);
        assert_eq!(COMPACTION + growth::WORDS, LAST_GROWTH);
        assert_eq!(LAST_GROWTH + growth::WORDS, GROWTHS_END);
        assert_eq!(COUNTERS + counter::WORDS, PAST);
        assert_eq!(PAST + counter::WORDS, PAST_MAPS);
        const { assert!(MAPS < GROWTH) };
        const { assert!(counter::HISTOGRAM + crate::histogram::CELLS <= counter::WORDS) };
        assert_eq!(size_of::<Row>(), WORDS * 8);
    }

    #[test]
    fn long_texts_keep_their_end() {
        assert_eq!(tail("alloc::string::String", 6), "String");
        assert_eq!(tail("ab", 6), "ab");
        assert_eq!(tail("aé", 1), "");
    }

    /// Two words are always written alike; no consistent copy may show them different.
    #[test]
    fn copies_are_whole() {
        static ROW: Row = Row::empty();
        static STOP: AtomicBool = AtomicBool::new(false);
        let writer = std::thread::spawn(|| {
            let mut n = 0;
            while !STOP.load(Ordering::Relaxed) {
                n += 1;
                let mut row = ROW.write();
                row.set(LEN, n);
                row.set(WORDS - 1, n);
            }
            n
        });
        let mut words = [0; WORDS];
        let mut whole = 0;
        while whole < 20_000 || words[LEN] < 1_000 {
            if ROW.copy(&mut words) {
                assert_eq!(words[LEN], words[WORDS - 1]);
                whole += 1;
            }
        }
        STOP.store(true, Ordering::Relaxed);
        assert!(writer.join().expect("the writer") >= 1_000);
    }

    #[test]
    fn a_writer_that_never_ends_is_not_waited_for() {
        let row = Row::empty();
        std::mem::forget(row.write());
        let mut words = [0; WORDS];
        assert!(!row.copy(&mut words));
        drop(row.write());
        assert!(row.copy(&mut words), "the next write heals it");
    }
}
