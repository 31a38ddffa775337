//! The report: every figure of a comparison, as the table, the JSON and the
//! record show it.

use serde::Serialize;

use crate::cases::{Case, KeyKind, Size};
use crate::limits::Limits;
use crate::machine::Machine;
use crate::stats::Summary;

/// The result of a comparison, as `--json` prints it.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// Name and version of this structure.
    pub schema: &'static str,
    /// Who measured.
    pub machine: Machine,
    /// Whether this was a quick run.
    pub quick: bool,
    /// The map that targets are about.
    pub subject: String,
    /// The map that ratios are taken against.
    pub baseline: &'static str,
    /// What the keys were.
    pub keys: Vec<KeysNote>,
    /// The figures.
    pub cells: Vec<Cell>,
    /// Physical limits measured in the same run.
    pub limits: Vec<Limit>,
    /// Runs whose answer was wrong; right is none.
    pub differences: Vec<Difference>,
    /// Anything that weakens the figures.
    pub warnings: Vec<String>,
    /// How long it took.
    pub seconds: f64,
}

/// What the keys of one kind were.
#[derive(Debug, Clone, Serialize)]
pub struct KeysNote {
    /// The kind.
    pub kind: KeyKind,
    /// Their origin in words.
    pub origin: String,
    /// Whether they were made up for want of a file.
    pub synthetic: bool,
}

/// One metric of one map at one length.
#[derive(Debug, Clone, Serialize)]
pub struct Cell {
    /// The case it belongs to.
    pub case: String,
    /// The kind of keys.
    pub keys: KeyKind,
    /// What was measured.
    pub metric: &'static str,
    /// Its unit.
    pub unit: Unit,
    /// The length of the maps.
    pub size: Size,
    /// The contender or control.
    pub map: String,
    /// One figure per repetition.
    pub samples: Vec<f64>,
    /// The same by wall time, for metrics counted in processor time.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub wall_samples: Vec<f64>,
    /// Median and range of the samples.
    pub summary: Option<Summary>,
    /// Median and range by wall time, for metrics counted in processor time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wall_summary: Option<Summary>,
    /// Median and range of the ratios to the baseline within a repetition.
    pub ratio: Option<Summary>,
    /// What the hardware allows at best, ns per operation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit_ns: Option<f64>,
    /// Which limit that is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<&'static str>,
    /// What the subject wants to hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<Aim>,
    /// Whether it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Verdict>,
}

/// A unit of measurement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unit {
    /// Nanoseconds per operation or entry.
    NsPerOp,
    /// Nanoseconds.
    Ns,
    /// Bytes.
    Bytes,
    /// Bytes per entry.
    BytesPerEntry,
    /// A count.
    Count,
}

impl Unit {
    /// The word used in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Unit::NsPerOp => "ns/op",
            Unit::Ns => "ns",
            Unit::Bytes => "bytes",
            Unit::BytesPerEntry => "bytes/entry",
            Unit::Count => "count",
        }
    }
}

/// The two aims of a target.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Aim {
    /// Today's.
    pub now: f64,
    /// The next.
    pub later: f64,
}

/// Whether a median ratio holds its target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// The median is not above the aim of today.
    pub meets: bool,
    /// The range of ratios reaches across the aim, or the aim is missed where the
    /// loop without a map was as slow: other runs could decide otherwise.
    pub unsure: bool,
}

impl Verdict {
    /// Judges a ratio.
    pub(crate) fn of(ratio: &Summary, aim: Aim) -> Verdict {
        Verdict {
            meets: ratio.median <= aim.now,
            unsure: ratio.min <= aim.now && aim.now < ratio.max,
        }
    }

    /// The word in tables: `meets` or `misses`, with `?` if unsure.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match (self.meets, self.unsure) {
            (true, false) => "meets",
            (true, true) => "meets?",
            (false, false) => "misses",
            (false, true) => "misses?",
        }
    }
}

/// Limits of the hardware beside the maps of one kind and length.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Limit {
    /// The kind of keys.
    pub keys: KeyKind,
    /// The length of the maps.
    pub size: Size,
    /// Bytes of hashbrown's tables at that length, of all maps that take turns.
    pub table_bytes: usize,
    /// Part of that table's slots that are in use.
    pub table_load: f64,
    /// Bytes of a key and a value.
    pub entry_bytes: usize,
    /// What memory allows over so many bytes.
    pub memory: Limits,
}

/// A run that gave a wrong answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The case.
    pub case: String,
    /// The length of the maps.
    pub size: Size,
    /// The contender.
    pub map: String,
    /// What the keys say.
    pub expected: String,
    /// What the map said.
    pub answered: String,
}

impl Cell {
    /// The median as a multiple of what the hardware allows.
    #[must_use]
    pub fn times_limit(&self) -> Option<f64> {
        Some(self.summary?.median / self.limit_ns?)
    }

    /// An empty cell.
    pub(crate) fn new(
        case: &Case,
        metric: &'static str,
        unit: Unit,
        size: Size,
        map: &str,
    ) -> Cell {
        Cell {
            case: case.name.clone(),
            keys: case.keys,
            metric,
            unit,
            size,
            map: map.to_owned(),
            samples: Vec::new(),
            wall_samples: Vec::new(),
            summary: None,
            wall_summary: None,
            ratio: None,
            limit_ns: None,
            limit: None,
            target: None,
            verdict: None,
        }
    }
}
