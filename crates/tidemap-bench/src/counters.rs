//! Work that maps count themselves, for fixed scenarios: nearly the same on every run and every
//! machine with pages of 4 KiB.
//!
//! Entries and bytes moved, fresh pages, system calls and calls of the allocator, in total and at
//! most by one operation. Only where the allocator places small arrays differs from run to run: it
//! decides which page an entry is on, and so, through the bound on pages, how far a step gets. That
//! is worth a dozen pages and a few entries in a million. `--check` compares with a committed record:
//! a total may rise by [`TOLERANCE`], the most of one operation not at all (fresh pages by one),
//! for that is what the library promises.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::contenders::{Contender, Shrinking, Tidemap, Tuned};
use crate::instructions::{CountError, read_record};
use crate::keys::{KEY_SEED, SplitMix};
use crate::lanes::hasher;
use crate::tail::work_of;
use crate::values::{BenchValue, Wide};

/// How far a total may rise above the record before [`check`] objects.
pub const TOLERANCE: f64 = 0.02;
/// A total may rise by this much in any case.
const SLACK: u64 = 4;
/// A total of fresh pages may rise by this much in any case.
const PAGES_SLACK: u64 = 32;
const PAGES: &str = "fresh-pages";

/// The counters of one scenario.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Count {
    /// Its name.
    pub name: String,
    /// Over all operations.
    pub total: BTreeMap<String, u64>,
    /// At most by one operation.
    pub most: BTreeMap<String, u64>,
}

/// The counters of all scenarios, as they are kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// One for each scenario.
    #[serde(rename = "scenario")]
    pub scenarios: Vec<Count>,
}

/// Name and description of every scenario.
pub const SCENARIOS: [(&str, &str); 8] = [
    ("grow", "a million u64 into an empty map"),
    ("presized", "a million u64 into a map with room for them"),
    ("grow-wide", "200,000 values of 64 bytes into an empty map"),
    ("grow-text", "200,000 strings into an empty map"),
    (
        "reserve",
        "100,000 u64, room reserved for a million, the rest of the million",
    ),
    ("churn", "200,000 u64, each replaced by another three times"),
    ("clear", "500,000 u64, cleared, and filled again"),
    (
        "shrink",
        "500,000 u64, nine in ten removed, by a map that shrinks by itself",
    ),
];

type Numbers = Tidemap<u64, u64>;

fn key(i: u64) -> u64 {
    SplitMix::at(KEY_SEED, i)
}

fn fill(map: &mut impl Contender<u64, u64>, from: u64, to: u64) {
    for i in from..to {
        map.insert(key(i), i);
    }
}

/// Runs the scenario called `name` and returns the map's figures; `None` if there is none.
#[must_use]
pub fn run(name: &str) -> Option<tidemap::Stats> {
    let mut map = Numbers::empty(hasher());
    match name {
        "grow" => fill(&mut map, 0, 1_000_000),
        "presized" => {
            map = Numbers::presized(1_000_000, hasher());
            fill(&mut map, 0, 1_000_000);
        }
        "grow-wide" => {
            let mut map = Tidemap::<u64, Wide>::empty(hasher());
            for i in 0..200_000 {
                map.insert(key(i), Wide::of(i));
            }
            return Some(map.stats());
        }
        "grow-text" => {
            let mut map = Tidemap::<String, u64>::empty(hasher());
            for i in 0..200_000 {
                map.insert(format!("src/{:x}/module.rs", key(i)), i);
            }
            return Some(map.stats());
        }
        "reserve" => {
            fill(&mut map, 0, 100_000);
            map.reserve(900_000);
            fill(&mut map, 100_000, 1_000_000);
        }
        "churn" => {
            fill(&mut map, 0, 200_000);
            for i in 0..600_000 {
                map.remove(&key(i));
                map.insert(key(i + 200_000), i);
            }
        }
        "clear" => {
            fill(&mut map, 0, 500_000);
            map.clear();
            fill(&mut map, 500_000, 1_000_000);
        }
        "shrink" => {
            let mut map = Tuned::<Numbers, Shrinking>::empty(hasher());
            fill(&mut map, 0, 500_000);
            for i in 0..450_000 {
                map.remove(&key(i));
            }
            return map.stats();
        }
        _ => return None,
    }
    Some(map.stats())
}

/// Runs all scenarios. Some seconds without optimisation, less than one with it.
///
/// # Panics
/// Never: the scenarios are those that [`run`] knows, as a test makes sure.
#[must_use]
pub fn count() -> Counts {
    let scenarios = SCENARIOS
        .iter()
        .map(|(name, _)| {
            let stats = run(name).unwrap_or_else(|| panic!("no scenario {name}"));
            let mut count = Count {
                name: (*name).to_owned(),
                ..Count::default()
            };
            for (counter, total, most) in work_of(&stats) {
                count.total.insert(counter.clone(), total);
                count.most.insert(counter, most);
            }
            count
                .total
                .insert("bytes-live".to_owned(), stats.bytes_live as u64);
            count
                .total
                .insert("bytes-released".to_owned(), stats.bytes_released);
            count
        })
        .collect();
    Counts { scenarios }
}

/// What a check found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Findings {
    /// What is more than the record allows, or missing from it.
    pub complaints: Vec<String>,
    /// What is so much less that a new record is worth it.
    pub remarks: Vec<String>,
}

/// Compares with a record.
#[must_use]
pub fn check(counts: &Counts, record: &Counts) -> Findings {
    let mut findings = Findings::default();
    for count in &counts.scenarios {
        let Some(before) = record
            .scenarios
            .iter()
            .find(|other| other.name == count.name)
        else {
            findings
                .complaints
                .push(format!("{}: not in the record", count.name));
            continue;
        };
        for (counter, &now) in &count.total {
            let what = format!("{}: {counter} in total", count.name);
            findings.note(&what, now, before.total.get(counter), |before| {
                let slack = if counter == PAGES { PAGES_SLACK } else { SLACK };
                before + slack + (before as f64 * TOLERANCE) as u64
            });
        }
        for (counter, &now) in &count.most {
            let what = format!("{}: {counter} of one operation", count.name);
            findings.note(&what, now, before.most.get(counter), |before| {
                before + u64::from(counter == PAGES)
            });
        }
    }
    findings
}

impl Findings {
    fn note(&mut self, what: &str, now: u64, before: Option<&u64>, allowed: impl Fn(u64) -> u64) {
        match before {
            None => self.complaints.push(format!("{what}: not in the record")),
            // Giving back more is no fault.
            Some(&before) if now > allowed(before) && !what.contains("bytes-released") => self
                .complaints
                .push(format!("{what}: {now}, {before} in the record")),
            Some(&before) if allowed(now) < before => self
                .remarks
                .push(format!("{what}: {now}, {before} in the record")),
            Some(_) => {}
        }
    }
}

/// The counters as a table.
#[must_use]
pub fn table(counts: &Counts) -> String {
    let mut out =
        String::from("Work counted by tidemap itself: in total / at most by one operation.\n");
    for count in &counts.scenarios {
        let about = SCENARIOS.iter().find(|(name, _)| *name == count.name);
        let about = about.map_or("", |(_, about)| about);
        let _ = writeln!(out, "\n{}: {about}", count.name);
        for (counter, total) in &count.total {
            let most = count.most.get(counter);
            let most = most.map_or(String::new(), |most| format!(" / {most}"));
            let _ = writeln!(out, "  {counter:<16} {total:>12}{most}");
        }
    }
    out
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
        let mut out = String::from(
            "# Work of fixed scenarios (tidemap-bench counters --write), Linux, pages of 4 KiB; CI compares.\n",
        );
        for count in &self.scenarios {
            let _ = write!(out, "\n[[scenario]]\nname = \"{}\"\n", count.name);
            for (part, counters) in [("total", &count.total), ("most", &count.most)] {
                let _ = writeln!(out, "[scenario.{part}]");
                for (counter, value) in counters {
                    let _ = writeln!(out, "{counter} = {value}");
                }
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scenarios_count_something_and_repeat() {
        let counts = count();
        assert_eq!(counts.scenarios.len(), SCENARIOS.len());
        assert_eq!(check(&count(), &counts), Findings::default());
        let total = |scenario: usize, counter: &str| counts.scenarios[scenario].total[counter];
        assert!(total(0, "entries-moved") > 100_000);
        // With room for all, only buckets that overflow move an entry.
        assert!(total(1, "entries-moved") * 100 < total(0, "entries-moved"));
        assert!(total(7, "bytes-released") > 1 << 20);
        assert!(run("fly").is_none());
        let text = table(&counts);
        assert!(
            text.contains("\ngrow: a million") && text.contains("entries-moved"),
            "{text}"
        );
        assert_eq!(toml::from_str::<Counts>(&counts.to_toml()).unwrap(), counts);
    }

    #[test]
    fn totals_have_a_tolerance_and_single_operations_none() {
        let counts = |total: u64, most: u64| Counts {
            scenarios: vec![Count {
                name: "grow".to_owned(),
                total: [("entries-moved".to_owned(), total)].into(),
                most: [("entries-moved".to_owned(), most)].into(),
            }],
        };
        let record = counts(1000, 30);
        let check = |total, most| check(&counts(total, most), &record);
        assert_eq!(check(1024, 30), Findings::default());
        assert_eq!(check(1025, 30).complaints.len(), 1);
        assert_eq!(check(1000, 31).complaints.len(), 1);
        assert_eq!(check(900, 20).remarks.len(), 2);
        let missing = super::check(&counts(1, 1), &Counts::default());
        assert_eq!(missing.complaints, ["grow: not in the record"]);
    }
}
