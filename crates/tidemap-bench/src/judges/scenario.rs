//! Scenarios as data.

use serde::{Deserialize, Serialize};

use crate::cases::{CaseError, Size, embedded, select};

const FILE: (&str, &str) = (
    "judges.toml",
    include_str!("../../../../bench/cases/judges.toml"),
);

/// Whose scenario it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Judge {
    /// martinus/map_benchmark.
    MapBenchmark,
    /// The benches in hashbrown's repository.
    Hashbrown,
    /// Ours.
    Ours,
}

/// What keys look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Keys {
    /// 0, 1, 2 …
    Serial,
    /// The same with their bytes swapped: low bits that never change.
    High,
    /// Random in all bits.
    Random,
    /// Random in the low 32 bits, the others 0.
    RandomLow,
    /// Random in the high 32 bits, the others 0.
    RandomHigh,
}

/// What is done. Sizes in the data are the judge's own.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(tag = "do", rename_all = "kebab-case", deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields say what they are")]
pub enum Work {
    /// Insert random keys, clear, insert again, erase each, drop.
    FillClearErase { entries: Size },
    /// Increment counters whose keys are drawn from a part of the operations' number.
    Increment {
        operations: Size,
        distinct_percent: u64,
    },
    /// Increment one random key of so many bits, erase another.
    InsertErase { operations: Size, bits: u32 },
    /// Look-ups between the inserts of a map that grows.
    FindGrowing {
        entries: Size,
        operations: Size,
        hit_percent: u64,
        keys: Keys,
    },
    /// Visit all entries after each insert, then after each removal.
    IterateChanging { entries: Size },
    /// Clone a map, change the copy, and let it take the map's place.
    Copy { entries: Size, operations: Size },
    /// Make a map with so many entries, and drop it.
    MakeDrop { entries: u64, operations: Size },
    /// Copy a map entry by entry, in its own order, into an empty one.
    CopyInOrder { entries: Size },
    /// Generations of Conway's game of life, from the R-pentomino and a field of noise.
    GameOfLife { operations: Size },
    /// Count the parts of so many letters of a made-up genome.
    CountParts { operations: Size, letters: u32 },
    /// Insert into a cleared map with room, values of 160 bytes that have a destructor.
    InsertCleared {
        entries: Size,
        keys: Keys,
        #[serde(default)]
        sip: bool,
    },
    /// Insert into an empty map without room.
    GrowInsert {
        entries: Size,
        keys: Keys,
        #[serde(default)]
        sip: bool,
    },
    /// Replace keys at constant length, one after the other.
    Churn {
        entries: Size,
        keys: Keys,
        #[serde(default)]
        sip: bool,
    },
    /// Look up present keys.
    Lookup {
        entries: Size,
        keys: Keys,
        #[serde(default)]
        sip: bool,
    },
    /// Look up absent keys.
    LookupFail {
        entries: Size,
        keys: Keys,
        #[serde(default)]
        sip: bool,
    },
    /// Visit every entry.
    Iterate {
        entries: Size,
        keys: Keys,
        #[serde(default)]
        sip: bool,
    },
    /// Clone.
    Clone { entries: Size },
    /// `clone_from` into a map of the same size.
    CloneFrom { entries: Size },
    /// Churn that fills a map with tombstones at constant capacity.
    RehashInPlace { entries: Size, operations: Size },
    /// Make a map with room, and drop it.
    WithCapacity { capacity: u64 },
    /// Strings that share all but their last bytes, looked up while the map grows.
    TextFind {
        entries: Size,
        operations: Size,
        bytes: usize,
        hit_percent: u64,
    },
    /// Increment one random string, erase another.
    TextInsertErase {
        operations: Size,
        bytes: usize,
        bits: u32,
    },
    /// What two sets of strings have in common.
    Intersection { entries: Size, bytes: usize },
    /// What two sets of strings have together.
    Union { entries: Size, bytes: usize },
    /// What one set of strings has and another has not.
    Difference { entries: Size, bytes: usize },
    /// Look-ups in a map that stopped when so much of its growth was done.
    Frozen {
        entries: Size,
        done_percent: u64,
        hit: bool,
    },
}

/// One scenario.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// Its unique name.
    pub name: String,
    /// Whose.
    pub judge: Judge,
    /// What is done.
    pub work: Work,
    /// Whether `--scale` applies to the entries, too, where the judge's number is large.
    #[serde(default)]
    pub scale_entries: bool,
}

impl Scenario {
    /// The scenarios that are compiled in.
    ///
    /// # Panics
    /// If the file is malformed, which a test excludes.
    #[must_use]
    pub fn embedded() -> Vec<Scenario> {
        embedded(FILE, "scenario")
    }

    /// Those whose name contains one of `wanted`; all if it is empty.
    ///
    /// # Errors
    /// [`CaseError::Unknown`] if a part of a name fits none.
    pub fn select(all: Vec<Scenario>, wanted: &[String]) -> Result<Vec<Scenario>, CaseError> {
        let fits = |scenario: &Scenario, part: &str| scenario.name.contains(part);
        select(all, wanted, |scenario| &scenario.name, fits)
    }

    /// The same with its sizes multiplied by `scale`: operations always, entries where the
    /// data says so.
    #[must_use]
    pub fn scaled(&self, scale: f64) -> Scenario {
        let times = |size: &mut Size| {
            size.0 = ((size.0 as f64 * scale) as usize).max(1);
        };
        let mut scenario = self.clone();
        match &mut scenario.work {
            Work::Increment { operations, .. }
            | Work::InsertErase { operations, .. }
            | Work::FindGrowing { operations, .. }
            | Work::Copy { operations, .. }
            | Work::MakeDrop { operations, .. }
            | Work::GameOfLife { operations }
            | Work::CountParts { operations, .. }
            | Work::TextFind { operations, .. }
            | Work::RehashInPlace { operations, .. }
            | Work::TextInsertErase { operations, .. } => times(operations),
            _ => {}
        }
        if scenario.scale_entries {
            match &mut scenario.work {
                Work::FillClearErase { entries }
                | Work::CopyInOrder { entries }
                | Work::IterateChanging { entries } => times(entries),
                _ => {}
            }
        }
        scenario
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_selection_is_by_part() {
        let all = Scenario::embedded();
        let mut names: Vec<&str> = all.iter().map(|s| s.name.as_str()).collect();
        names.sort_unstable();
        let count = names.len();
        names.dedup();
        assert_eq!(names.len(), count);
        assert!(count > 100, "{count}");
        let select = |part: &str| Scenario::select(Scenario::embedded(), &[part.to_owned()]);
        assert_eq!(select("frozen").unwrap().len(), 6);
        let error = select("fly").unwrap_err().to_string();
        assert!(error.starts_with("unknown case `fly`; known: "), "{error}");
    }

    #[test]
    fn a_scale_leaves_small_maps_as_they_are() {
        let all = Scenario::embedded();
        let of = |name: &str| all.iter().find(|s| s.name == name).unwrap().scaled(0.01);
        let Work::FindGrowing {
            entries,
            operations,
            ..
        } = of("find-2k-hit50-low").work
        else {
            panic!("another kind of scenario")
        };
        assert_eq!((entries.0, operations.0), (2000, 1_000_000));
        let Work::FillClearErase { entries } = of("fill-clear-erase").work else {
            panic!("another kind of scenario")
        };
        assert_eq!(entries.0, 1_000_000);
    }

    #[test]
    fn entries_that_the_data_scales_are_ones_that_can_be() {
        for scenario in Scenario::embedded().iter().filter(|s| s.scale_entries) {
            assert_ne!(scenario.scaled(0.1), *scenario, "{}", scenario.name);
        }
    }
}
