//! Instructions of one operation, counted by callgrind: the same on every run of a binary.
//!
//! A run prepares a map and works on it, or prepares it only; the difference of the two
//! counts is the work. Time says what an operation costs here and now; this says whether
//! a change made it longer, on a machine of any speed and under any load.

use std::fmt::Write as _;
use std::hint::black_box;
use std::path::Path;
use std::process::Command;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::contenders::{Contender, FixedHasher, Hashbrown, Tidemap};

/// Maps whose instructions are counted.
pub const MAPS: [&str; 2] = ["tidemap", "hashbrown"];

/// Maps whose instructions can be counted: with the feature `probe`, observed ones, too.
pub const KNOWN: &[&str] = if cfg!(feature = "probe") {
    &["tidemap", "hashbrown", "tidemap-observed"]
} else {
    &MAPS
};

/// Entries of the map that is worked on: in the middle between two doublings of either
/// map, and few enough for callgrind.
const ENTRIES: u64 = 10_000;

/// How far a count may rise above the record before [`check`] objects: compilers and
/// C libraries differ a little.
pub const TOLERANCE: f64 = 0.05;

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Operation {
    /// `get` of a key that is there.
    Hit,
    /// `get` of a key that is not.
    Miss,
    /// `insert` of a new key with room for it.
    Insert,
    /// `insert` of a new key from an empty map on, growth included.
    GrowInsert,
    /// `remove` of a key that is there.
    Remove,
    /// `get` of a string that is there.
    StringHit,
    /// `insert` of a new string from an empty map on, growth included.
    StringGrowInsert,
    /// `insert` of a new key into a map with so much room that nothing slow ever happens, no full
    /// bucket either.
    RoomyInsert,
}

impl Operation {
    /// Those of the record.
    pub const ALL: [Operation; 7] = [
        Operation::Hit,
        Operation::Miss,
        Operation::Insert,
        Operation::GrowInsert,
        Operation::Remove,
        Operation::StringHit,
        Operation::StringGrowInsert,
    ];

    /// As on the command line and in records.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Operation::Hit => "hit",
            Operation::Miss => "miss",
            Operation::Insert => "insert",
            Operation::GrowInsert => "grow-insert",
            Operation::Remove => "remove",
            Operation::StringHit => "string-hit",
            Operation::StringGrowInsert => "string-grow-insert",
            Operation::RoomyInsert => "roomy-insert",
        }
    }

    /// The operation of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Operation> {
        let mut all = Self::ALL.into_iter().chain(EXACT);
        all.find(|op| op.name() == name)
    }
}

/// Instructions per operation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Count {
    /// The map.
    pub map: String,
    /// The operation's name.
    pub operation: String,
    /// Instructions per operation, on average.
    pub instructions: f64,
}

/// The counts of one run, as they are kept.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Counts {
    /// One for each map and operation.
    #[serde(rename = "count")]
    pub counts: Vec<Count>,
}

/// Why instructions could not be counted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CountError {
    /// valgrind cannot be started.
    #[error("cannot start valgrind ({0}); install it (Debian: apt-get install valgrind)")]
    Valgrind(std::io::Error),
    /// valgrind ran and said something else.
    #[error("valgrind printed no count: {0}")]
    Output(String),
    /// The record cannot be read.
    #[error("cannot read the record {path}: {why}")]
    Record {
        /// The file.
        path: String,
        /// What is wrong with it.
        why: String,
    },
}

/// Prepares a map for `operation` and works on it so many rounds, at most two (one, but for the
/// [`EXACT`] ones). For the process that callgrind watches.
pub fn run(map: &str, operation: Operation, rounds: usize) {
    #[cfg(feature = "probe")]
    if map == "tidemap-observed" {
        tidemap_probe::observe_all(true);
        return run_on::<Tidemap<u64, u64>, Tidemap<String, u64>>(operation, rounds);
    }
    match map {
        "tidemap" => run_on::<Tidemap<u64, u64>, Tidemap<String, u64>>(operation, rounds),
        _ => run_on::<Hashbrown<u64, u64>, Hashbrown<String, u64>>(operation, rounds),
    }
}

fn run_on<N, T>(operation: Operation, rounds: usize)
where
    N: Contender<u64, u64>,
    T: Contender<String, u64>,
{
    let hasher = FixedHasher::with_seed(7);
    let keys: Vec<u64> = (0..2 * ENTRIES).map(spread).collect();
    let (present, absent) = keys.split_at(ENTRIES as usize);
    let work = if rounds == 0 { &[][..] } else { present };
    match operation {
        Operation::Hit => {
            let map: N = filled(present, hasher);
            for _ in 0..black_box(rounds) {
                look_up(&map, present);
            }
        }
        Operation::Miss => {
            let map: N = filled(present, hasher);
            for _ in 0..black_box(rounds) {
                look_up(&map, absent);
            }
        }
        Operation::Insert => {
            let mut map = N::presized(ENTRIES as usize, hasher);
            insert(&mut map, work);
        }
        Operation::RoomyInsert => {
            let room = 8 * ENTRIES as usize;
            let mut maps = [(); 2].map(|()| N::presized(room, hasher.clone()));
            for map in maps.iter_mut().take(black_box(rounds)) {
                insert(map, present);
            }
        }
        Operation::GrowInsert => {
            let mut map = N::empty(hasher);
            for key in work {
                black_box(map.insert(black_box(*key), 1));
            }
        }
        Operation::Remove => {
            let mut map: N = filled(present, hasher);
            for key in work {
                black_box(map.remove(black_box(key)));
            }
        }
        Operation::StringHit => {
            let mut map = T::empty(hasher);
            let names: Vec<String> = present.iter().map(|key| name(*key)).collect();
            for name in &names {
                map.insert(name.clone(), 1);
            }
            let work = if rounds == 0 { &[][..] } else { &names };
            for name in work {
                black_box(map.get(black_box(name)));
            }
        }
        Operation::StringGrowInsert => {
            let mut map = T::empty(hasher);
            let mut names: Vec<String> = present.iter().map(|key| name(*key)).collect();
            let work = if rounds == 0 { 0 } else { names.len() };
            for name in names.drain(..work) {
                black_box(map.insert(black_box(name), 1));
            }
        }
    }
}

// In functions of their own, so that the code of the loops does not depend on what surrounds them.

#[inline(never)]
fn look_up<N: Contender<u64, u64>>(map: &N, keys: &[u64]) {
    for key in keys {
        black_box(map.get(black_box(key)));
    }
}

#[inline(never)]
fn insert<N: Contender<u64, u64>>(map: &mut N, keys: &[u64]) {
    for key in keys {
        black_box(map.insert(black_box(*key), 1));
    }
}

fn filled<N: Contender<u64, u64>>(keys: &[u64], hasher: FixedHasher) -> N {
    let mut map = N::empty(hasher);
    for key in keys {
        map.insert(*key, 1);
    }
    map
}

/// Distinct keys without a pattern.
fn spread(i: u64) -> u64 {
    (i + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

fn name(key: u64) -> String {
    format!("src/{:x}/module.rs", key)
}

/// Counts every operation on `maps`; `progress` is told what comes next.
///
/// # Errors
/// When valgrind is missing or fails.
pub fn count(
    program: &Path,
    maps: &[String],
    mut progress: impl FnMut(&str),
) -> Result<Counts, CountError> {
    let mut counts = Counts::default();
    for operation in Operation::ALL {
        for map in maps {
            progress(&format!("{map} {}", operation.name()));
            let whole = watched(program, map, operation, 1)?;
            let prepared = watched(program, map, operation, 0)?;
            let work = whole.saturating_sub(prepared);
            counts.counts.push(Count {
                map: map.clone(),
                operation: operation.name().to_owned(),
                // A tenth of an instruction is the finest that is of interest.
                instructions: (work as f64 / ENTRIES as f64 * 10.0).round() / 10.0,
            });
        }
    }
    Ok(counts)
}

/// Operations of which single instructions can be counted.
pub const EXACT: [Operation; 3] = [Operation::Hit, Operation::Miss, Operation::RoomyInsert];

/// Instructions of all [`EXACT`] operations together, to the last one: of two rounds less those of one, so that
/// what a process does before and after is the same in both. For comparing builds: what differs by a
/// single instruction in ten thousand operations shows.
///
/// # Errors
/// When valgrind is missing or fails.
pub fn count_exactly(
    program: &Path,
    maps: &[String],
    mut progress: impl FnMut(&str),
) -> Result<Vec<(String, Operation, u64)>, CountError> {
    let mut counts = Vec::new();
    for operation in EXACT {
        for map in maps {
            progress(&format!("{map} {}", operation.name()));
            let two = watched(program, map, operation, 2)?;
            let one = watched(program, map, operation, 1)?;
            counts.push((map.clone(), operation, two.saturating_sub(one)));
        }
    }
    Ok(counts)
}

/// Instructions of a whole process.
fn watched(
    program: &Path,
    map: &str,
    operation: Operation,
    rounds: usize,
) -> Result<u64, CountError> {
    let mut command = Command::new("valgrind");
    command
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(program)
        .args(["instructions-one", "--map", map])
        .args(["--operation", operation.name()])
        .args(["--rounds", &rounds.to_string()]);
    let output = command.output().map_err(CountError::Valgrind)?;
    let text = String::from_utf8_lossy(&output.stderr);
    let collected = text
        .lines()
        .find_map(|line| line.split_once("Collected :"))
        .and_then(|(_, number)| number.trim().parse().ok());
    match collected {
        Some(collected) if output.status.success() => Ok(collected),
        _ => Err(CountError::Output(text.trim().to_owned())),
    }
}

/// The counts as a table.
#[must_use]
pub fn table(counts: &Counts, record: Option<&Counts>) -> String {
    let mut text = format!(
        "Instructions per operation, counted by callgrind, {ENTRIES} entries, one hasher.\n\n"
    );
    let _ = writeln!(
        text,
        "{:<20} {:<10} {:>12}  record",
        "operation", "map", "instructions"
    );
    for count in &counts.counts {
        let before = record.and_then(|record| recorded(record, count));
        let change = match before {
            Some(before) => {
                let percent = (count.instructions / before - 1.0) * 100.0;
                format!("{before:.1} ({percent:+.1} %)")
            }
            None => String::new(),
        };
        let _ = writeln!(
            text,
            "{:<20} {:<10} {:>12.1}  {change}",
            count.operation, count.map, count.instructions
        );
    }
    text
}

fn recorded(record: &Counts, like: &Count) -> Option<f64> {
    let found = record
        .counts
        .iter()
        .find(|count| count.map == like.map && count.operation == like.operation)?;
    Some(found.instructions)
}

/// What is worse than the record by more than [`TOLERANCE`], and what the record lacks.
#[must_use]
pub fn check(counts: &Counts, record: &Counts) -> Vec<String> {
    let mut complaints = Vec::new();
    for count in &counts.counts {
        let what = format!("{} of {}", count.operation, count.map);
        match recorded(record, count) {
            Some(before) if count.instructions > before * (1.0 + TOLERANCE) + 0.5 => {
                complaints.push(format!(
                    "{what}: {:.1} instructions, {before:.1} in the record",
                    count.instructions
                ));
            }
            Some(_) => {}
            None => complaints.push(format!("{what}: not in the record")),
        }
    }
    complaints
}

/// Reads a record of counts.
pub(crate) fn read_record<T: DeserializeOwned>(path: &Path) -> Result<T, CountError> {
    let bad = |why: String| CountError::Record {
        path: path.display().to_string(),
        why,
    };
    let text = std::fs::read_to_string(path).map_err(|error| bad(error.to_string()))?;
    toml::from_str(&text).map_err(|error| bad(error.to_string()))
}

impl Counts {
    /// Reads a record.
    ///
    /// # Errors
    /// When the file cannot be read or is no record.
    pub fn read(path: &Path) -> Result<Counts, CountError> {
        read_record(path)
    }

    /// The text of a record.
    #[must_use]
    pub fn to_toml(&self) -> String {
        let mut text = String::from(
            "# Instructions per operation (tidemap-bench instructions --write); CI compares.\n",
        );
        for count in &self.counts {
            let _ = write!(
                text,
                "\n[[count]]\nmap = \"{}\"\noperation = \"{}\"\ninstructions = {:.1}\n",
                count.map, count.operation, count.instructions
            );
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(instructions: f64) -> Counts {
        Counts {
            counts: vec![Count {
                map: "tidemap".into(),
                operation: "hit".into(),
                instructions,
            }],
        }
    }

    #[test]
    fn a_record_is_read_as_it_was_written() {
        let before = counts(31.5);
        assert_eq!(toml::from_str::<Counts>(&before.to_toml()).unwrap(), before);
    }

    #[test]
    fn only_what_became_worse_is_objected_to() {
        let record = counts(40.0);
        assert!(check(&counts(41.0), &record).is_empty());
        assert!(check(&counts(20.0), &record).is_empty());
        assert_eq!(check(&counts(44.0), &record).len(), 1);
        assert_eq!(check(&counts(40.0), &Counts::default()).len(), 1);
    }

    #[test]
    fn every_operation_runs_on_every_map() {
        for operation in Operation::ALL.into_iter().chain(EXACT) {
            assert_eq!(Operation::from_name(operation.name()), Some(operation));
            for map in KNOWN {
                run(map, operation, 1);
            }
        }
    }
}
