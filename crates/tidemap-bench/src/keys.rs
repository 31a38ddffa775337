//! Keys: which, in which order, and with which values.
//!
//! Terms: a *key set* serves one kind of keys at one length. It has one or
//! more *instances*, each the keys of one map; small maps come in several
//! instances so that a sample is not the luck of one placement in the caches.
//!
//! R1. Stored keys, keys asked for in vain and keys brought in by churn are
//!     disjoint, over all instances.
//! R2. Present keys are asked for in an order shuffled against the order of
//!     insertion.
//! R3. The value of a key tells the next key in look-up order: for integers
//!     the value *is* that key; for strings it is the position of that key in
//!     the look-up text, which is read in order and thus costs no cache miss
//!     of its own. Following values is a chain of true dependences either way.
//! R4. Look-up strings live in one text apart from the strings in the map, as
//!     parsed input would.
//!
//! Everything is a function of fixed seeds: two runs use the same keys.

use std::borrow::Borrow;
use std::collections::HashSet;
use std::hash::Hash;
use std::path::{Path, PathBuf};

use crate::cases::KeyKind;

/// A sequence of 64-bit numbers: the splitmix64 generator.
#[derive(Debug, Clone)]
pub struct SplitMix(u64);

const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;
pub(crate) const KEY_SEED: u64 = 0x7469_6465_6D61_7031;
const ORDER_SEED: u64 = 0x7368_7566_666C_6532;
const TEXT_SEED: u64 = 0x7379_6E74_6865_7433;

/// Small maps are multiplied until a key set has about this many keys: their
/// tables then have about a megabyte, more than any first-level cache and less
/// than most second-level ones.
const KEYS_PER_ROTATION: usize = 32 * 1024;
/// The most maps of one key set.
const INSTANCES_MAX: usize = 32;

impl SplitMix {
    /// Starts at `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        SplitMix(seed)
    }

    /// The number after `index` others: a bijection of 64-bit numbers.
    #[must_use]
    pub fn at(seed: u64, index: u64) -> u64 {
        let mut z = seed.wrapping_add(index.wrapping_add(1).wrapping_mul(GOLDEN));
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// The next number.
    pub fn next_u64(&mut self) -> u64 {
        let out = SplitMix::at(self.0, 0);
        self.0 = self.0.wrapping_add(GOLDEN);
        out
    }

    /// A number below `bound`.
    pub fn below(&mut self, bound: usize) -> usize {
        ((u128::from(self.next_u64()) * bound as u128) >> 64) as usize
    }

    /// Puts `items` in random order.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            items.swap(i, self.below(i + 1));
        }
    }
}

/// Keys to look up, kept apart from the keys in the map.
pub trait Lookups<Q: ?Sized> {
    /// The `index`-th key.
    fn at(&self, index: usize) -> &Q;
    /// How many keys.
    fn count(&self) -> usize;
}

/// A key type of the cases.
pub trait BenchKey: Clone + Hash + Eq + Borrow<Self::Query> + 'static {
    /// What look-ups pass.
    type Query: ?Sized + Hash + Eq;
    /// Many of them.
    type Lookups: Lookups<Self::Query>;

    /// The `index`-th key of all.
    fn make(source: &Source, index: u64) -> Self;
    /// A key equal to `query`.
    fn own(query: &Self::Query) -> Self;
    /// Gathers look-ups.
    fn gather(keys: impl Iterator<Item = Self>) -> Self::Lookups;
    /// By R3, the value of the key at `position` in look-up order.
    fn value(lookups: &Self::Lookups, position: usize) -> u64;
    /// By R3, the key that `value` leads to.
    fn follow<'a>(lookups: &'a Self::Lookups, value: &'a u64) -> &'a Self::Query;
    /// A number that reads the entry but not what it points to.
    fn digest(&self) -> u64;
}

impl Lookups<u64> for Vec<u64> {
    #[inline]
    fn at(&self, index: usize) -> &u64 {
        &self[index]
    }
    fn count(&self) -> usize {
        self.len()
    }
}

impl BenchKey for u64 {
    type Query = u64;
    type Lookups = Vec<u64>;

    #[inline]
    fn make(_: &Source, index: u64) -> u64 {
        SplitMix::at(KEY_SEED, index)
    }
    fn own(query: &u64) -> u64 {
        *query
    }
    fn gather(keys: impl Iterator<Item = u64>) -> Vec<u64> {
        keys.collect()
    }
    fn value(lookups: &Vec<u64>, position: usize) -> u64 {
        lookups[(position + 1) % lookups.len()]
    }
    #[inline]
    fn follow<'a>(_: &'a Vec<u64>, value: &'a u64) -> &'a u64 {
        value
    }
    #[inline]
    fn digest(&self) -> u64 {
        *self
    }
}

/// Many strings in one text.
#[derive(Debug, Default)]
pub struct TextLookups {
    text: String,
    ends: Vec<usize>,
}

impl Lookups<str> for TextLookups {
    #[inline]
    fn at(&self, index: usize) -> &str {
        let start = if index == 0 { 0 } else { self.ends[index - 1] };
        &self.text[start..self.ends[index]]
    }
    fn count(&self) -> usize {
        self.ends.len()
    }
}

impl BenchKey for String {
    type Query = str;
    type Lookups = TextLookups;

    fn make(source: &Source, index: u64) -> String {
        let base = &source.lines[(index % source.lines.len() as u64) as usize];
        match index / source.lines.len() as u64 {
            0 => String::from(&**base),
            copy => format!("{base}~{copy}"),
        }
    }
    fn own(query: &str) -> String {
        query.to_owned()
    }
    fn gather(keys: impl Iterator<Item = String>) -> TextLookups {
        let mut all = TextLookups::default();
        for key in keys {
            all.text.push_str(&key);
            all.ends.push(all.text.len());
        }
        all
    }
    fn value(lookups: &TextLookups, position: usize) -> u64 {
        ((position + 1) % lookups.count()) as u64
    }
    #[inline]
    fn follow<'a>(lookups: &'a TextLookups, value: &'a u64) -> &'a str {
        lookups.at(*value as usize)
    }
    #[inline]
    fn digest(&self) -> u64 {
        self.len() as u64
    }
}

/// How many maps of `len` entries a key set serves.
#[must_use]
pub fn instances_of(len: usize) -> usize {
    (KEYS_PER_ROTATION / len).clamp(1, INSTANCES_MAX)
}

/// The keys of one map.
pub struct Instance<K: BenchKey> {
    /// Keys in order of insertion.
    pub stored: Vec<K>,
    /// Their values.
    pub values: Vec<u64>,
    /// The same keys in look-up order.
    pub hits: K::Lookups,
    /// Absent keys.
    pub misses: K::Lookups,
    /// Absent keys that churn brings in.
    pub fresh: K::Lookups,
}

/// The keys of one case at one length.
pub struct KeySet<K: BenchKey> {
    /// Keys per map.
    pub len: usize,
    /// One for each map.
    pub instances: Vec<Instance<K>>,
}

impl<K: BenchKey> KeySet<K> {
    /// Builds keys for maps of `len` entries, with at most `misses` absent keys
    /// and `fresh` keys for churn.
    #[must_use]
    pub fn new(source: &Source, len: usize, misses: usize, fresh: usize) -> Self {
        let instances = instances_of(len);
        let (misses, fresh) = (misses.min(len), fresh.min(len));
        let (misses_at, fresh_at) = (instances * len, instances * (len + misses));
        let keys = |start: usize, count: usize| {
            (start..start + count).map(move |index| K::make(source, index as u64))
        };
        let mut order_of = SplitMix::new(ORDER_SEED);
        let instances = (0..instances)
            .map(|instance| {
                let stored: Vec<K> = keys(instance * len, len).collect();
                let mut order: Vec<u32> =
                    (0..u32::try_from(len).expect("below 2^32 keys")).collect();
                order_of.shuffle(&mut order);
                let hits = K::gather(order.iter().map(|&i| stored[i as usize].clone()));
                let mut values = vec![0; len];
                for (position, &i) in order.iter().enumerate() {
                    values[i as usize] = K::value(&hits, position);
                }
                Instance {
                    stored,
                    values,
                    hits,
                    misses: K::gather(keys(misses_at + instance * misses, misses)),
                    fresh: K::gather(keys(fresh_at + instance * fresh, fresh)),
                }
            })
            .collect();
        KeySet { len, instances }
    }
}

/// Where keys come from: a list of lines for strings, nothing for integers.
#[derive(Debug, Clone)]
pub struct Source {
    /// The kind of keys.
    pub kind: KeyKind,
    /// What the keys are, for reports; says `synthetic` if they are.
    pub origin: String,
    /// Whether the keys were made up for want of a file.
    pub synthetic: bool,
    lines: Vec<Box<str>>,
}

/// Why a key file cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SourceError {
    /// It cannot be read or decompressed.
    #[error("cannot read the key file {path}: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is not text.
    #[error("{path}:{line}: not UTF-8; expected one key per line, plain or zstd")]
    NotText {
        /// The file.
        path: PathBuf,
        /// The first bad line.
        line: usize,
    },
    /// It has too few keys to be a sample of anything.
    #[error("{path}: {found} distinct lines; expected one key per line and at least {KEYS_MIN}")]
    TooFew {
        /// The file.
        path: PathBuf,
        /// Distinct lines.
        found: usize,
    },
}

/// Fewer distinct keys than this are refused.
const KEYS_MIN: usize = 100;
/// How many synthetic words or paths there are: as many as in the real lists.
const SYNTHETIC_WORDS: usize = 611_755;
const SYNTHETIC_PATHS: usize = 254_024;

impl Source {
    /// The source of integer keys.
    #[must_use]
    pub fn integers(kind: KeyKind) -> Source {
        Source {
            kind,
            origin: "random 64-bit integers (splitmix64, fixed seed)".to_owned(),
            synthetic: false,
            lines: Vec::new(),
        }
    }

    /// The distinct lines of a file, plain or zstd, in an order shuffled with a
    /// fixed seed, so that a part of them is a fair sample.
    ///
    /// # Errors
    /// [`SourceError`] for a file that cannot be read, is not text or is too short.
    pub fn read(kind: KeyKind, path: &Path) -> Result<Source, SourceError> {
        let unreadable = |source| SourceError::Unreadable {
            path: path.to_owned(),
            source,
        };
        let mut bytes = std::fs::read(path).map_err(unreadable)?;
        if bytes.starts_with(&[0x28, 0xB5, 0x2F, 0xFD]) {
            bytes = zstd::decode_all(&bytes[..]).map_err(unreadable)?;
        }
        let text = String::from_utf8(bytes).map_err(|e| SourceError::NotText {
            path: path.to_owned(),
            line: 1 + e.as_bytes()[..e.utf8_error().valid_up_to()]
                .iter()
                .filter(|&&byte| byte == b'\n')
                .count(),
        })?;
        let mut seen = HashSet::new();
        let mut lines: Vec<Box<str>> = text
            .lines()
            .filter(|line| !line.is_empty() && seen.insert(*line))
            .map(Box::from)
            .collect();
        if lines.len() < KEYS_MIN {
            return Err(SourceError::TooFew {
                path: path.to_owned(),
                found: lines.len(),
            });
        }
        SplitMix::new(TEXT_SEED).shuffle(&mut lines);
        let file = path
            .file_name()
            .unwrap_or(path.as_os_str())
            .to_string_lossy();
        Ok(Source {
            kind,
            origin: format!("{} distinct lines of {file}", lines.len()),
            synthetic: false,
            lines,
        })
    }

    /// Made-up strings whose lengths are spread as in the real lists.
    ///
    /// # Panics
    /// For integer keys, which need no strings.
    #[must_use]
    pub fn synthetic(kind: KeyKind) -> Source {
        match kind {
            KeyKind::U64 | KeyKind::Wide => panic!("integer keys are never synthetic strings"),
            KeyKind::Words => Source::made_up(kind, SYNTHETIC_WORDS),
            KeyKind::Paths => Source::made_up(kind, SYNTHETIC_PATHS),
        }
    }

    /// `count` made-up strings.
    pub(crate) fn made_up(kind: KeyKind, count: usize) -> Source {
        let what = kind.as_str();
        let mut random = SplitMix::new(TEXT_SEED);
        let mut seen = HashSet::new();
        let mut lines = Vec::with_capacity(count);
        while lines.len() < count {
            let line: Box<str> = match kind {
                KeyKind::Paths => synthetic_path(&mut random).into(),
                _ => synthetic_word(&mut random).into(),
            };
            if seen.insert(line.clone()) {
                lines.push(line);
            }
        }
        Source {
            kind,
            origin: format!("{count} synthetic {what} (no real list was found)"),
            synthetic: true,
            lines,
        }
    }

    /// Distinct strings before copies with a suffix begin.
    #[must_use]
    pub fn distinct(&self) -> usize {
        self.lines.len()
    }
}

/// A word of about 10 letters, most of them between 5 and 16.
fn synthetic_word(random: &mut SplitMix) -> String {
    let len = 3 + random.below(6) + random.below(6) + random.below(6);
    (0..len)
        .map(|i| {
            let letters = if i % 2 == 0 {
                "bcdfghklmnprstvz"
            } else {
                "aeiouaeio"
            };
            char::from(letters.as_bytes()[random.below(letters.len())])
        })
        .collect()
}

/// A path of about 100 bytes whose first parts are shared with many others.
fn synthetic_path(random: &mut SplitMix) -> String {
    let mut path = String::new();
    let mut parent = random.below(40) as u64;
    for _ in 0..4 + random.below(9) {
        // A directory's name is a function of its parent and a small choice.
        parent = SplitMix::at(parent, random.below(6) as u64);
        path.push_str(&synthetic_word(&mut SplitMix::new(parent)));
        path.push('/');
    }
    path.push_str(&synthetic_word(random));
    path.push_str(if random.below(3) == 0 { ".h" } else { ".txt" });
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_disjoint<K: BenchKey + std::fmt::Debug>(source: &Source, len: usize) {
        let set = KeySet::<K>::new(source, len, len, len);
        let mut seen = HashSet::new();
        for instance in &set.instances {
            assert_eq!(instance.stored.len(), len);
            for key in &instance.stored {
                assert!(seen.insert(key.clone()), "{key:?} occurs twice");
            }
            for lookups in [&instance.misses, &instance.fresh] {
                for i in 0..lookups.count() {
                    assert!(seen.insert(K::own(lookups.at(i))), "not absent (R1)");
                }
            }
            // R3: following the values visits every key once.
            let of: std::collections::HashMap<&K, u64> = instance
                .stored
                .iter()
                .zip(instance.values.iter().copied())
                .collect();
            let mut visited = HashSet::new();
            let mut key = K::own(instance.hits.at(0));
            for _ in 0..len {
                assert!(
                    visited.insert(key.clone()),
                    "the chain is shorter than the map (R3)"
                );
                key = K::own(K::follow(&instance.hits, &of[&key]));
            }
            assert!(
                key == K::own(instance.hits.at(0)),
                "the chain is not a cycle (R3)"
            );
        }
    }

    #[test]
    fn keys_are_disjoint_and_values_chain() {
        for len in [1, 2, 7, 1000] {
            check_disjoint::<u64>(&Source::integers(KeyKind::U64), len);
        }
        let source = Source {
            lines: (0..150).map(|i| format!("w{i}").into()).collect(),
            ..Source::integers(KeyKind::U64)
        };
        for len in [1, 149, 200] {
            check_disjoint::<String>(&source, len);
        }
    }

    #[test]
    fn synthetic_lists_resemble_the_real_ones() {
        let mean = |source: &Source| {
            source.lines.iter().map(|line| line.len()).sum::<usize>() / source.lines.len()
        };
        let words = Source::synthetic(KeyKind::Words);
        assert_eq!((mean(&words), words.distinct()), (10, SYNTHETIC_WORDS));
        let paths = Source::synthetic(KeyKind::Paths);
        assert!(
            (85..=110).contains(&mean(&paths)),
            "mean length {}",
            mean(&paths)
        );
        assert!(words.origin.contains("synthetic") && words.synthetic);
    }

    #[test]
    fn bad_key_files() {
        let folder =
            std::env::temp_dir().join(format!("tidemap-bench-keys-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let file = folder.join("list");
        let read = |bytes: &[u8]| {
            std::fs::write(&file, bytes).unwrap();
            Source::read(KeyKind::Words, &file).map_err(|e| e.to_string())
        };
        assert!(
            read(b"one\ntwo\n")
                .unwrap_err()
                .contains("2 distinct lines")
        );
        assert!(
            read(b"one\n\xFF\n")
                .unwrap_err()
                .contains("list:2: not UTF-8")
        );
        assert!(
            read(&[0x28, 0xB5, 0x2F, 0xFD, 9, 9])
                .unwrap_err()
                .contains("cannot read")
        );
        let many: String = (0..300).map(|i| format!("line {}\n", i % 150)).collect();
        assert_eq!(read(many.as_bytes()).unwrap().distinct(), 150);
        let packed = zstd::encode_all(many.as_bytes(), 1).unwrap();
        assert_eq!(read(&packed).unwrap().distinct(), 150);
        assert!(
            Source::read(KeyKind::Words, &folder)
                .unwrap_err()
                .to_string()
                .contains("cannot")
        );
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
