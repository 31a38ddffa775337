//! The bench on which claims are decided: a map whose every transition is
//! written down.

use crate::MapError;
use crate::bucket_array::BucketArray;
use crate::event::Event;
use crate::header::Hmap;
use crate::host::{Draw, Host, SplitMix64, mix};
use crate::shape::{MapType, Part, Routine};
use crate::tophash::is_evacuated;

/// How the bench hashes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hashing {
    /// Well.
    Good,
    /// Low bits all zero: everything lands in bucket 0.
    OneBucket,
    /// The key is the hash.
    Identity,
}

/// Hashes, compares, and counts.
#[derive(Debug)]
pub struct Bench {
    hashing: Hashing,
    random: SplitMix64,
    /// Hashes asked for.
    pub hash_calls: u64,
    /// Random numbers drawn.
    pub draws: u64,
}

impl Host<u64> for Bench {
    fn hash(&mut self, key: &u64, seed: u32) -> Result<u64, MapError> {
        self.hash_calls += 1;
        let good = mix(key ^ u64::from(seed).wrapping_mul(0x9E37_79B9_7F4A_7C15));
        Ok(match self.hashing {
            Hashing::Good => good,
            Hashing::OneBucket => good & !0xffff_ffff,
            Hashing::Identity => *key,
        })
    }

    fn equal(&mut self, a: &u64, b: &u64) -> bool {
        a == b
    }

    fn draw(&mut self, _draw: Draw) -> u64 {
        self.draws += 1;
        self.random.next_u64()
    }

    fn string_len(&self, key: &u64) -> usize {
        1 + *key as usize % 20
    }
}

/// A growth that the bench saw start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Started {
    /// The write that started it, counted from 1.
    pub write: u64,
    /// B before.
    pub from_b: u8,
    /// B after.
    pub to_b: u8,
    /// Same-size, else doubling.
    pub same_size: bool,
    /// Entries before that write.
    pub count: usize,
}

/// A map on the bench.
#[derive(Debug)]
pub struct Lab {
    /// The map.
    pub map: Hmap<u64, u64>,
    /// Its surroundings.
    pub bench: Bench,
    /// Writes so far.
    pub writes: u64,
    /// Growths started.
    pub started: Vec<Started>,
    /// The writes at which growths ended.
    pub ended: Vec<u64>,
    /// Chains evacuated by each write, in order.
    pub evacuated: Vec<Vec<usize>>,
    /// Overflow buckets linked: taken from spares, allocated.
    pub linked: (u64, u64),
    /// Events of the last operation.
    pub last: Vec<Event>,
}

/// `map[int]int`.
pub const INT_INT: MapType =
    MapType::new(Part::plain(8), Part::plain(8)).with_routine(Routine::Fast64);
/// `map[string]int`.
pub const STRING_INT: MapType = MapType {
    need_key_update: true,
    ..MapType::new(Part::with_pointers(16), Part::plain(8)).with_routine(Routine::FastStr)
};

impl Lab {
    /// An empty map of this type and hint.
    #[must_use]
    pub fn new(map_type: MapType, hint: i64, hashing: Hashing) -> Self {
        let mut bench = Bench {
            hashing,
            random: SplitMix64::new(1),
            hash_calls: 0,
            draws: 0,
        };
        let mut map = Hmap::make(map_type, hint, &mut bench);
        map.record_events(true);
        Lab {
            map,
            bench,
            writes: 0,
            started: Vec::new(),
            ended: Vec::new(),
            evacuated: Vec::new(),
            linked: (0, 0),
            last: Vec::new(),
        }
    }

    /// A `map[int]int` with keys 0 to `n` - 1 put in, in order.
    #[must_use]
    pub fn filled(n: u64) -> Self {
        Self::filled_as(INT_INT, 0, n)
    }

    /// A map of this type and hint with keys 0 to `n` - 1 put in, in order.
    #[must_use]
    pub fn filled_as(map_type: MapType, hint: i64, n: u64) -> Self {
        let mut lab = Self::new(map_type, hint, Hashing::Good);
        for key in 0..n {
            lab.put(key);
        }
        lab
    }

    /// Assigns a key.
    ///
    /// # Panics
    /// If the model refuses, which a bench never provokes.
    pub fn put(&mut self, key: u64) {
        self.map
            .assign(&key, key, &mut self.bench)
            .expect("nothing misuses the bench");
        self.after_write();
    }

    /// Deletes a key; says whether it was there.
    ///
    /// # Panics
    /// As for [`Lab::put`].
    pub fn delete(&mut self, key: u64) -> bool {
        let had = self
            .map
            .delete(&key, &mut self.bench)
            .expect("nothing misuses the bench");
        self.after_write();
        had.is_some()
    }

    /// Looks a key up.
    ///
    /// # Panics
    /// As for [`Lab::put`].
    pub fn has(&mut self, key: u64) -> bool {
        self.map
            .find(&key, &mut self.bench)
            .expect("nothing misuses the bench")
            .is_some()
    }

    /// Ranges over the whole map; returns the keys in order of appearance.
    ///
    /// # Panics
    /// As for [`Lab::put`].
    pub fn range(&mut self) -> Vec<u64> {
        let mut iter = self.map.iter_start(&mut self.bench);
        let mut keys = Vec::new();
        while let Some(at) = self
            .map
            .iter_next(&mut iter, &mut self.bench)
            .expect("nothing misuses the bench")
        {
            keys.extend(self.map.key(at));
        }
        keys
    }

    /// Clears the map.
    ///
    /// # Panics
    /// As for [`Lab::put`].
    pub fn clear(&mut self) {
        self.map
            .clear(&mut self.bench)
            .expect("nothing misuses the bench");
        self.after_write();
    }

    /// Updates existing keys until no growth is going on; returns how many.
    pub fn finish_growth(&mut self) -> u64 {
        let from = self.writes;
        let keys = self.map.len() as u64;
        let mut key = 0;
        while self.map.is_growing() {
            self.put(key % keys);
            key += 1;
        }
        self.writes - from
    }

    fn after_write(&mut self) {
        self.writes += 1;
        self.last = self.map.take_events();
        let mut chains = Vec::new();
        for event in &self.last {
            match *event {
                Event::GrowthStarted {
                    same_size,
                    from_b,
                    to_b,
                    count,
                } => {
                    let write = self.writes;
                    self.started.push(Started {
                        write,
                        from_b,
                        to_b,
                        same_size,
                        count,
                    });
                }
                Event::OldBucketsDropped => self.ended.push(self.writes),
                Event::Evacuated { old_bucket, .. } => chains.push(old_bucket),
                Event::OverflowLinked { spare: true, .. } => self.linked.0 += 1,
                Event::OverflowLinked { spare: false, .. } => self.linked.1 += 1,
                _ => {}
            }
        }
        self.evacuated.push(chains);
    }

    /// The writes at which growths started.
    #[must_use]
    pub fn moments(&self) -> Vec<u64> {
        self.started.iter().map(|s| s.write).collect()
    }

    /// Buckets of the longest chain.
    #[must_use]
    pub fn longest_chain(&self) -> usize {
        let chains = |a: &BucketArray<u64, u64>| (0..a.main()).map(|i| a.chain(i).count()).max();
        self.map.buckets().and_then(chains).unwrap_or(0)
    }

    /// Old chains evacuated so far in the growth that is going on.
    #[must_use]
    pub fn old_evacuated(&self) -> usize {
        self.map.old_buckets().map_or(0, |old| {
            (0..old.main())
                .filter(|&i| is_evacuated(old.bucket(i).tophash[0]))
                .count()
        })
    }

    /// The tophash bytes of bucket 0.
    #[must_use]
    pub fn first_tophash(&self) -> Vec<u8> {
        self.map
            .buckets()
            .map(|a| a.bucket(0).tophash.to_vec())
            .unwrap_or_default()
    }

    /// First in, first out: `live` entries, `steps` times a new key for the
    /// oldest one. Returns the steps at which growths started.
    pub fn churn(&mut self, live: u64, steps: u64) -> Vec<(u64, bool)> {
        let mut grown = Vec::new();
        for step in 0..live + steps {
            let before = self.started.len();
            self.put(step);
            if step >= live {
                self.delete(step - live);
                if self.started.len() > before {
                    grown.push((step - live, self.started[before].same_size));
                }
            }
        }
        grown
    }
}

/// A list of numbers as text.
#[must_use]
pub fn list(numbers: &[u64]) -> String {
    numbers
        .iter()
        .map(u64::to_string)
        .collect::<Vec<_>>()
        .join(" ")
}
