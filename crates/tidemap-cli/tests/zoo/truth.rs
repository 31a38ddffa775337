//! The truth file of a zoo, and the comparison of a listing with it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::Deserialize;
use tidemap_inspect::model::{GrowthKind, MapRow, Proof, RootKind, Snapshot};

/// What a zoo says of itself.
#[derive(Debug, Deserialize)]
pub(crate) struct Truth {
    /// Release that built it.
    pub(crate) go: String,
    /// Its maps.
    pub(crate) maps: Vec<Animal>,
    decoys: Vec<String>,
}

/// One map of a truth file.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Animal {
    pub(crate) name: String,
    #[serde(rename = "type")]
    pub(crate) kind: String,
    address: String,
    pub(crate) low: u64,
    pub(crate) high: u64,
    design: String,
    b: u64,
    tables: u64,
    slots: i64,
    overflow: u64,
    tombstones: u64,
    growth: String,
    old_buckets: u64,
    nevacuate: u64,
    evacuated: u64,
    pub(crate) reach: String,
    path: String,
    listed: String,
}

impl Truth {
    pub(crate) fn read(path: &Path) -> Truth {
        let text = std::fs::read(path).expect("a truth file");
        serde_json::from_slice(&text).expect("a truth file")
    }
}

pub(crate) fn address(text: &str) -> u64 {
    u64::from_str_radix(text.trim_start_matches("0x"), 16).expect("an address")
}

impl Animal {
    pub(crate) fn address(&self) -> u64 {
        address(&self.address)
    }

    /// Type known and right; `None`: one of several candidates, this one among them.
    fn type_right(&self, row: &MapRow) -> Option<bool> {
        match &row.map_type.name {
            Some(name) => Some(*name == self.kind),
            None if row.map_type.candidates.is_empty() => None,
            None if row.map_type.candidates.contains(&self.kind) => None,
            None => Some(false),
        }
    }

    fn growth_right(&self, row: &MapRow) -> bool {
        let kind = match &row.growth {
            None => "none",
            Some(growth) if growth.kind == GrowthKind::Doubling => "double",
            Some(_) => "same-size",
        };
        let progress = row.growth.map_or((0, 0, 0), |growth| {
            (growth.old_buckets, growth.nevacuate, growth.evacuated)
        });
        self.growth == "any"
            || (kind == self.growth
                && progress == (self.old_buckets, self.nevacuate, self.evacuated))
    }

    fn geometry_right(&self, row: &MapRow) -> bool {
        if self.growth == "any" || self.slots < 0 {
            return true;
        }
        let same = match (&row.classic, &row.swiss, self.design.as_str()) {
            (Some(classic), None, "classic") => {
                (u64::from(classic.b), classic.overflow) == (self.b, self.overflow)
            }
            (None, Some(swiss), "swiss") => {
                // A map of one bare group has no table.
                let tables = if swiss.directory == 0 {
                    0
                } else {
                    swiss.tables
                };
                (u64::from(swiss.global_depth), tables, swiss.tombstones)
                    == (self.b, self.tables, self.tombstones)
            }
            _ => false,
        };
        same && row.slots == self.slots as u64
    }
}

/// A map that no truth file knows: the runtime's and the library's own.
pub(crate) type Stranger = (u64, BTreeSet<String>);

/// The figures of one line of the table.
#[derive(Debug, Default)]
pub(crate) struct Score {
    /// Heap maps that exist.
    pub(crate) heap: usize,
    pub(crate) found: usize,
    pub(crate) count_right: usize,
    pub(crate) type_right: usize,
    pub(crate) type_candidates: usize,
    pub(crate) type_wrong: usize,
    pub(crate) growth_right: usize,
    pub(crate) geometry_right: usize,
    pub(crate) path_asked: usize,
    pub(crate) path_right: usize,
    pub(crate) decoys: usize,
    pub(crate) decoys_listed: usize,
    pub(crate) stack_headers: usize,
    pub(crate) stack_headers_found: usize,
    pub(crate) garbage: usize,
    pub(crate) garbage_unreachable: usize,
    pub(crate) alive_called_unreachable: usize,
    pub(crate) strangers: Vec<Stranger>,
    /// The first few faults, in words.
    pub(crate) faults: Vec<String>,
}

impl Score {
    pub(crate) fn of(truth: &Truth, snapshot: &Snapshot) -> Score {
        let rows: BTreeMap<u64, &MapRow> =
            snapshot.maps.iter().map(|row| (row.address, row)).collect();
        let mut score = Score::default();
        let mut known = BTreeSet::new();
        for animal in &truth.maps {
            known.insert(animal.address());
            let row = rows.get(&animal.address()).copied();
            match animal.listed.as_str() {
                "yes" => score.judge(animal, row),
                _ => score.judge_optional(animal, row),
            }
        }
        score.decoys = truth.decoys.len();
        for decoy in &truth.decoys {
            known.insert(address(decoy));
            if let Some(row) = rows.get(&address(decoy)) {
                score.decoys_listed += 1;
                score.fault(format!("decoy {decoy} listed: {row:?}"));
            }
        }
        for row in &snapshot.maps {
            if !known.contains(&row.address) && !row.unreachable {
                let mut types: BTreeSet<String> = row.map_type.candidates.iter().cloned().collect();
                types.extend(row.map_type.name.clone());
                if row.reached.path.starts_with("main.") {
                    score.fault(format!("no such map: {row:?}"));
                }
                score.strangers.push((row.count, types));
            }
        }
        score
    }

    fn fault(&mut self, text: String) {
        if self.faults.len() < 12 {
            self.faults.push(text);
        }
    }

    fn judge(&mut self, animal: &Animal, row: Option<&MapRow>) {
        self.heap += 1;
        let Some(row) = row else {
            self.fault(format!("not found: {animal:?}"));
            return;
        };
        self.found += 1;
        let racy = row.proof == Proof::Racy && animal.growth == "any";
        if (animal.low..=animal.high).contains(&row.count) && (racy || row.counted == row.count) {
            self.count_right += 1;
        } else {
            self.fault(format!("count: {animal:?} {row:?}"));
        }
        match animal.type_right(row) {
            Some(true) => self.type_right += 1,
            None => self.type_candidates += 1,
            Some(false) => {
                self.type_wrong += 1;
                self.fault(format!("type: {animal:?} {:?}", row.map_type));
            }
        }
        if animal.growth_right(row) {
            self.growth_right += 1;
        } else {
            self.fault(format!("growth: {animal:?} {row:?}"));
        }
        if animal.geometry_right(row) {
            self.geometry_right += 1;
        } else {
            self.fault(format!("geometry: {animal:?} {row:?}"));
        }
        if !animal.path.is_empty() {
            self.path_asked += 1;
            if row.reached.root == RootKind::Global && row.reached.path.contains(&animal.path) {
                self.path_right += 1;
            }
        }
        if row.unreachable {
            self.alive_called_unreachable += 1;
            self.fault(format!("called unreachable: {animal:?} {:?}", row.reached));
        }
    }

    fn judge_optional(&mut self, animal: &Animal, row: Option<&MapRow>) {
        match animal.reach.as_str() {
            "stack" => {
                self.stack_headers += 1;
                self.stack_headers_found += usize::from(row.is_some());
            }
            _ => {
                self.garbage += 1;
                self.garbage_unreachable += usize::from(row.is_none_or(|row| row.unreachable));
            }
        }
        if let Some(row) = row
            && (row.count != animal.low || animal.type_right(row) == Some(false))
        {
            self.fault(format!("listed wrongly: {animal:?} {row:?}"));
        }
    }

    /// Titles over [`line`](Self::line).
    pub(crate) const TITLE: &'static str = "build                        maps found count type cand. wrong growth geom. path        decoys stack garbage others";

    pub(crate) fn line(&self, name: &str) -> String {
        format!(
            "{name:<28} {:>4} {:>5} {:>5} {:>4} {:>5} {:>5} {:>6} {:>5} {:>5}/{:<5} {:>1}/{:<4} {:>2}/{:<2} {:>3}/{:<3} {:>6}",
            self.heap,
            self.found,
            self.count_right,
            self.type_right,
            self.type_candidates,
            self.type_wrong,
            self.growth_right,
            self.geometry_right,
            self.path_right,
            self.path_asked,
            self.decoys_listed,
            self.decoys,
            self.stack_headers_found,
            self.stack_headers,
            self.garbage_unreachable,
            self.garbage,
            self.strangers.len(),
        )
    }

    /// Whether every promise is held: all maps found, no false one, no wrong
    /// type, every count, growth state and geometry right.
    pub(crate) fn holds(&self) -> bool {
        self.heap > 0
            && self.found == self.heap
            && self.count_right == self.heap
            && self.type_wrong == 0
            && self.growth_right == self.heap
            && self.geometry_right == self.heap
            && self.decoys_listed == 0
            && self.alive_called_unreachable == 0
            && self.faults.is_empty()
    }
}
