//! Cases and targets: what is measured, as data.
//!
//! A *case* names a workload, the kind of keys, the sizes, the maps, how often
//! to repeat, and the answer that every run of every map must give. A *target*
//! is a ratio to hashbrown that tidemap wants to hold. Both are TOML files in
//! `bench/cases`, compiled in; `bench/README.md` documents every field.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::contenders::MAP_NAMES;

/// The only version of the case and target files that is understood.
const SCHEMA: u32 = 1;

const EMBEDDED_CASES: [(&str, &str); 5] = [
    ("u64.toml", include_str!("../../../bench/cases/u64.toml")),
    ("wide.toml", include_str!("../../../bench/cases/wide.toml")),
    (
        "words.toml",
        include_str!("../../../bench/cases/words.toml"),
    ),
    (
        "paths.toml",
        include_str!("../../../bench/cases/paths.toml"),
    ),
    (
        "growth.toml",
        include_str!("../../../bench/cases/growth.toml"),
    ),
];
const EMBEDDED_TARGETS: (&str, &str) = (
    "targets.toml",
    include_str!("../../../bench/cases/targets.toml"),
);

/// What can be wrong with a case, a target or a request for one.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CaseError {
    /// A file could not be read.
    #[error("cannot read {path}: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file is not valid TOML, or has an unknown or missing field.
    #[error("{file}: {message}")]
    Malformed {
        /// The file.
        file: String,
        /// The parser's words, with line and column.
        message: String,
    },
    /// A file of another version.
    #[error("{file}: schema {found} is unknown; this program reads schema {SCHEMA}")]
    Schema {
        /// The file.
        file: String,
        /// The version found.
        found: u32,
    },
    /// A case contradicts itself.
    #[error("{file}: case `{case}`: {problem}")]
    Invalid {
        /// The file.
        file: String,
        /// The case.
        case: String,
        /// What is wrong and what would be right.
        problem: String,
    },
    /// No case has that name, workload or kind of keys.
    #[error("unknown case `{name}`; known: {known}")]
    Unknown {
        /// What was asked for.
        name: String,
        /// What there is.
        known: String,
    },
    /// No map has that name.
    #[error("unknown map `{name}`; known: {}", MAP_NAMES.join(", "))]
    UnknownMap {
        /// What was asked for.
        name: String,
    },
    /// No kind of keys has that name.
    #[error("unknown kind of keys `{name}`; known: {}", KeyKind::ALL.map(KeyKind::as_str).join(", "))]
    UnknownKeys {
        /// What was asked for.
        name: String,
    },
    /// Not a size.
    #[error("`{text}` is not a size; write a count above 0 such as 1000, 30k or 4M")]
    Size {
        /// What was written.
        text: String,
    },
}

/// A number of entries, written `1000`, `30k` or `4M` (powers of ten).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Size(pub usize);

impl FromStr for Size {
    type Err = CaseError;
    fn from_str(text: &str) -> Result<Self, CaseError> {
        let bad = || CaseError::Size {
            text: text.to_owned(),
        };
        let clean = text.trim().replace('_', "");
        let (digits, unit) = match clean.char_indices().next_back() {
            Some((at, 'k' | 'K')) => (&clean[..at], 1_000),
            Some((at, 'm' | 'M')) => (&clean[..at], 1_000_000),
            _ => (clean.as_str(), 1),
        };
        let count: usize = digits.parse().map_err(|_| bad())?;
        // Above 2^36 entries no key set fits into any machine's memory.
        match count.checked_mul(unit) {
            Some(size) if size > 0 && (size as u64) < (1 << 36) => Ok(Size(size)),
            _ => Err(bad()),
        }
    }
}

impl TryFrom<String> for Size {
    type Error = CaseError;
    fn try_from(text: String) -> Result<Self, CaseError> {
        text.parse()
    }
}

impl From<Size> for String {
    fn from(size: Size) -> String {
        size.to_string()
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self.0 {
            n if n % 1_000_000 == 0 => format!("{}M", n / 1_000_000),
            n if n % 1_000 == 0 => format!("{}k", n / 1_000),
            n => n.to_string(),
        };
        f.pad(&text)
    }
}

/// The kind of keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeyKind {
    /// Random 64-bit integers, with 64-bit values.
    U64,
    /// The same keys, with values of 64 bytes.
    Wide,
    /// Strings from the word list.
    Words,
    /// Strings from the path list.
    Paths,
}

impl KeyKind {
    /// All of them.
    pub const ALL: [KeyKind; 4] = [KeyKind::U64, KeyKind::Wide, KeyKind::Words, KeyKind::Paths];

    /// The kind called `name`.
    ///
    /// # Errors
    /// [`CaseError::UnknownKeys`] if there is none.
    pub fn from_name(name: &str) -> Result<KeyKind, CaseError> {
        KeyKind::ALL
            .into_iter()
            .find(|kind| kind.as_str() == name)
            .ok_or_else(|| CaseError::UnknownKeys {
                name: name.to_owned(),
            })
    }

    /// Keys and values in the words of the type system.
    #[must_use]
    pub fn types(self) -> &'static str {
        match self {
            KeyKind::U64 => "u64 → u64",
            KeyKind::Wide => "u64 → [u8; 64]",
            KeyKind::Words => "String → u64, words",
            KeyKind::Paths => "String → u64, paths",
        }
    }

    /// The word used in cases and reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            KeyKind::U64 => "u64",
            KeyKind::Wide => "wide",
            KeyKind::Words => "words",
            KeyKind::Paths => "paths",
        }
    }
}

/// What is done to the map.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Workload {
    /// Fill a map that was given room.
    PresizedInsert,
    /// Fill a map that was given none.
    GrowInsert,
    /// Independent look-ups of present keys.
    Hit,
    /// Look-ups of present keys, each key known only from the value before.
    DependentHit,
    /// Independent look-ups of absent keys.
    Miss,
    /// Look-ups of present keys, [`BATCH`](crate::lanes::BATCH) handed over at a time.
    BatchHit,
    /// Look-ups of absent keys, handed over likewise.
    BatchMiss,
    /// Visit every entry.
    Iterate,
    /// Clone the map.
    Clone,
    /// Drop the map.
    Drop,
    /// Replace keys at constant length.
    Churn,
    /// Remove present keys.
    Remove,
    /// Resident memory, in a process of its own.
    Memory,
    /// The longest insert, in a process of its own.
    WorstInsert,
}

impl Workload {
    /// The word used in cases and reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Workload::PresizedInsert => "presized-insert",
            Workload::GrowInsert => "grow-insert",
            Workload::Hit => "hit",
            Workload::DependentHit => "dependent-hit",
            Workload::Miss => "miss",
            Workload::BatchHit => "batch-hit",
            Workload::BatchMiss => "batch-miss",
            Workload::Iterate => "iterate",
            Workload::Clone => "clone",
            Workload::Drop => "drop",
            Workload::Churn => "churn",
            Workload::Remove => "remove",
            Workload::Memory => "memory",
            Workload::WorstInsert => "worst-insert",
        }
    }

    /// Whether each run needs a fresh process.
    #[must_use]
    pub fn needs_process(self) -> bool {
        matches!(self, Workload::Memory | Workload::WorstInsert)
    }
}

/// The answer every run must give. It is computed from the keys alone, without
/// any map, so that an error shared by all maps is found too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Expect {
    /// Every key is found; the sum of the values of the keys asked for.
    EveryValue,
    /// Every entry is there once; the sum over keys and values.
    EveryEntry,
    /// No key is found.
    Nothing,
    /// The number of entries.
    Count,
}

/// One case.
#[derive(Debug, Clone)]
pub struct Case {
    /// Its unique name.
    pub name: String,
    /// What is done.
    pub workload: Workload,
    /// To which keys.
    pub keys: KeyKind,
    /// One sentence on it.
    pub about: String,
    /// The answer of every run.
    pub expect: Expect,
    /// Lengths of the maps.
    pub sizes: Vec<Size>,
    /// Lengths under `--quick`.
    pub quick_sizes: Vec<Size>,
    /// The maps; the baseline is always among them.
    pub maps: Vec<String>,
    /// The maps under `--quick`.
    pub quick_maps: Vec<String>,
    /// Samples per map.
    pub repetitions: usize,
    /// Samples per map under `--quick`.
    pub quick_repetitions: usize,
    /// The most operations of one pass over one map.
    pub max_ops: usize,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct CaseText {
    name: Option<String>,
    workload: Option<Workload>,
    about: Option<String>,
    expect: Option<Expect>,
    keys: Option<KeyKind>,
    maps: Option<Vec<String>>,
    quick_maps: Option<Vec<String>>,
    sizes: Option<Vec<Size>>,
    quick_sizes: Option<Vec<Size>>,
    repetitions: Option<usize>,
    quick_repetitions: Option<usize>,
    max_ops: Option<Size>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CaseFile {
    schema: u32,
    #[serde(default)]
    defaults: CaseText,
    #[serde(default, rename = "case")]
    cases: Vec<CaseText>,
}

impl Case {
    /// The cases that are compiled in.
    ///
    /// # Panics
    /// If an embedded file is malformed, which a test excludes.
    #[must_use]
    pub fn embedded() -> Vec<Case> {
        EMBEDDED_CASES
            .iter()
            .flat_map(|(file, text)| {
                Case::parse(file, text).unwrap_or_else(|e| panic!("embedded case file: {e}"))
            })
            .collect()
    }

    /// The cases of a file.
    ///
    /// # Errors
    /// [`CaseError`] for a file that cannot be read or is not a valid case file.
    pub fn read(path: &Path) -> Result<Vec<Case>, CaseError> {
        let text = std::fs::read_to_string(path).map_err(|source| CaseError::Unreadable {
            path: path.to_owned(),
            source,
        })?;
        Case::parse(&path.display().to_string(), &text)
    }

    /// The cases in `text`; `file` is for messages.
    ///
    /// # Errors
    /// As [`Case::read`].
    pub fn parse(file: &str, text: &str) -> Result<Vec<Case>, CaseError> {
        let parsed: CaseFile = toml::from_str(text).map_err(|e| CaseError::Malformed {
            file: file.to_owned(),
            message: e.to_string().trim_end().to_owned(),
        })?;
        if parsed.schema != SCHEMA {
            return Err(CaseError::Schema {
                file: file.to_owned(),
                found: parsed.schema,
            });
        }
        let mut cases: Vec<Case> = Vec::new();
        for (index, text) in parsed.cases.into_iter().enumerate() {
            let case =
                text.complete(&parsed.defaults)
                    .map_err(|(case, problem)| CaseError::Invalid {
                        file: file.to_owned(),
                        case: case.unwrap_or_else(|| format!("number {}", index + 1)),
                        problem,
                    })?;
            if cases.iter().any(|other| other.name == case.name) {
                return Err(CaseError::Invalid {
                    file: file.to_owned(),
                    case: case.name,
                    problem: "the name occurs twice; give each case its own".to_owned(),
                });
            }
            cases.push(case);
        }
        if cases.is_empty() {
            return Err(CaseError::Malformed {
                file: file.to_owned(),
                message: "no [[case]] in this file".to_owned(),
            });
        }
        Ok(cases)
    }

    /// Keeps the cases whose name, workload or kind of keys is in `wanted`; all
    /// of them if `wanted` is empty.
    ///
    /// # Errors
    /// [`CaseError::Unknown`] if an item of `wanted` fits no case.
    pub fn select(cases: Vec<Case>, wanted: &[String]) -> Result<Vec<Case>, CaseError> {
        let fits = |case: &Case, name: &str| {
            [
                case.name.as_str(),
                case.workload.as_str(),
                case.keys.as_str(),
            ]
            .contains(&name)
        };
        select(cases, wanted, |case| &case.name, fits)
    }
}

impl CaseText {
    fn complete(self, defaults: &CaseText) -> Result<Case, (Option<String>, String)> {
        let name = self.name.clone();
        let missing = |field: &str| (name.clone(), format!("`{field}` is missing"));
        let problem = |text: String| (name.clone(), text);
        let or = |own: Option<Vec<String>>, other: &Option<Vec<String>>| own.or(other.clone());

        let case = Case {
            name: name.clone().ok_or_else(|| missing("name"))?,
            workload: self
                .workload
                .or(defaults.workload)
                .ok_or_else(|| missing("workload"))?,
            keys: self.keys.or(defaults.keys).ok_or_else(|| missing("keys"))?,
            about: self.about.unwrap_or_default(),
            expect: self
                .expect
                .or(defaults.expect)
                .ok_or_else(|| missing("expect"))?,
            sizes: self
                .sizes
                .or(defaults.sizes.clone())
                .ok_or_else(|| missing("sizes"))?,
            quick_sizes: self
                .quick_sizes
                .or(defaults.quick_sizes.clone())
                .unwrap_or_default(),
            maps: or(self.maps, &defaults.maps).ok_or_else(|| missing("maps"))?,
            quick_maps: or(self.quick_maps, &defaults.quick_maps)
                .or(defaults.maps.clone())
                .ok_or_else(|| missing("quick_maps"))?,
            repetitions: self.repetitions.or(defaults.repetitions).unwrap_or(5),
            quick_repetitions: self
                .quick_repetitions
                .or(defaults.quick_repetitions)
                .unwrap_or(3),
            max_ops: self
                .max_ops
                .or(defaults.max_ops)
                .map_or(usize::MAX, |size| size.0),
        };
        for map in case.maps.iter().chain(&case.quick_maps) {
            check_map(map).map_err(|e| problem(e.to_string()))?;
        }
        if case.repetitions == 0 || case.quick_repetitions == 0 {
            return Err(problem("repetitions must be at least 1".to_owned()));
        }
        let right = case.workload.expects();
        if case.expect != right {
            return Err(problem(format!(
                "the answer of workload `{}` is `{}`",
                case.workload.as_str(),
                right.as_str()
            )));
        }
        Ok(case)
    }
}

impl Workload {
    /// The only answer that fits.
    fn expects(self) -> Expect {
        match self {
            Workload::PresizedInsert
            | Workload::GrowInsert
            | Workload::Iterate
            | Workload::Clone => Expect::EveryEntry,
            Workload::Hit
            | Workload::DependentHit
            | Workload::BatchHit
            | Workload::Churn
            | Workload::Remove => Expect::EveryValue,
            Workload::Miss | Workload::BatchMiss => Expect::Nothing,
            Workload::Drop | Workload::Memory | Workload::WorstInsert => Expect::Count,
        }
    }
}

impl Expect {
    /// The word used in cases.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Expect::EveryValue => "every-value",
            Expect::EveryEntry => "every-entry",
            Expect::Nothing => "nothing",
            Expect::Count => "count",
        }
    }
}

/// Accepts the names of [`MAP_NAMES`].
///
/// # Errors
/// [`CaseError::UnknownMap`] for any other name.
pub fn check_map(name: &str) -> Result<(), CaseError> {
    if MAP_NAMES.contains(&name) {
        Ok(())
    } else {
        Err(CaseError::UnknownMap {
            name: name.to_owned(),
        })
    }
}

/// A ratio to the baseline that the subject wants to hold.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// The metrics it is about.
    pub metrics: Vec<String>,
    /// The kinds of keys.
    pub keys: Vec<KeyKind>,
    /// The smallest length it holds for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_size: Option<Size>,
    /// The largest length.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_size: Option<Size>,
    /// The aim of today.
    pub now: f64,
    /// The aim after it.
    pub later: f64,
}

/// The items of the array `list` of an embedded file.
///
/// # Panics
/// If the file is malformed, which tests exclude.
pub(crate) fn embedded<T: DeserializeOwned>((file, text): (&str, &str), list: &str) -> Vec<T> {
    let mut table: toml::Table =
        toml::from_str(text).unwrap_or_else(|e| panic!("embedded {file}: {e}"));
    let schema = table
        .remove("schema")
        .and_then(|schema| schema.as_integer());
    assert_eq!(
        schema,
        Some(i64::from(SCHEMA)),
        "embedded {file}: unknown schema"
    );
    let items = table.remove(list);
    let items = items.unwrap_or_else(|| panic!("embedded {file}: no [[{list}]]"));
    assert!(
        table.is_empty(),
        "embedded {file}: unknown fields {table:?}"
    );
    items
        .try_into()
        .unwrap_or_else(|e| panic!("embedded {file}: {e}"))
}

/// Keeps the items that fit one of `wanted`; all of them if it is empty.
pub(crate) fn select<T>(
    all: Vec<T>,
    wanted: &[String],
    name: impl Fn(&T) -> &str,
    fits: impl Fn(&T, &str) -> bool,
) -> Result<Vec<T>, CaseError> {
    for item in wanted {
        if !all.iter().any(|one| fits(one, item)) {
            let known: Vec<&str> = all.iter().map(&name).collect();
            return Err(CaseError::Unknown {
                name: item.clone(),
                known: known.join(", "),
            });
        }
    }
    Ok(all
        .into_iter()
        .filter(|one| wanted.is_empty() || wanted.iter().any(|item| fits(one, item)))
        .collect())
}

impl Target {
    /// The targets that are compiled in.
    ///
    /// # Panics
    /// If the embedded file is malformed, which a test excludes.
    #[must_use]
    pub fn embedded() -> Vec<Target> {
        embedded(EMBEDDED_TARGETS, "target")
    }

    /// The first of `targets` that is about this cell.
    #[must_use]
    pub fn find<'a>(
        targets: &'a [Target],
        metric: &str,
        keys: KeyKind,
        size: Size,
    ) -> Option<&'a Target> {
        targets.iter().find(|target| {
            target.metrics.iter().any(|m| m == metric)
                && target.keys.contains(&keys)
                && target.min_size.is_none_or(|min| size >= min)
                && target.max_size.is_none_or(|max| size <= max)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contenders::BASELINE;

    #[test]
    fn embedded_files_are_valid_and_names_unique() {
        let cases = Case::embedded();
        let mut names: Vec<&str> = cases.iter().map(|c| c.name.as_str()).collect();
        names.sort_unstable();
        let count = names.len();
        names.dedup();
        assert_eq!(count, names.len(), "a case name occurs twice");
        for case in &cases {
            assert!(case.maps.iter().any(|m| m == BASELINE), "{}", case.name);
            assert!(!case.about.is_empty(), "{}", case.name);
        }
        assert!(!Target::embedded().is_empty());
    }

    #[test]
    fn sizes() {
        for (text, size) in [
            ("1", 1),
            ("30k", 30_000),
            ("4M", 4_000_000),
            ("1_000", 1000),
        ] {
            assert_eq!(text.parse::<Size>().unwrap(), Size(size));
        }
        for text in ["", "0", "0k", "-1", "1.5M", "many", "k", "99999999999999M"] {
            let error = text.parse::<Size>().unwrap_err().to_string();
            assert!(error.contains("is not a size"), "{error}");
        }
        assert_eq!(Size(611_755).to_string(), "611755");
        assert_eq!(Size(30_000).to_string(), "30k");
    }

    #[test]
    fn bad_files_say_what_is_wrong() {
        let good = "schema = 1\n[[case]]\nname = \"a\"\nworkload = \"hit\"\nkeys = \"u64\"\n\
                    expect = \"every-value\"\nsizes = [\"1k\"]\nmaps = [\"std\"]\n\
                    quick_maps = [\"std\"]\n";
        assert_eq!(Case::parse("f", good).unwrap().len(), 1);
        for (from, to, says) in [
            ("schema = 1", "schema = 9", "schema 9 is unknown"),
            ("\"hit\"", "\"hit!\"", "unknown variant"),
            (
                "\"every-value\"",
                "\"nothing\"",
                "the answer of workload `hit` is `every-value`",
            ),
            ("[\"1k\"]", "[\"0\"]", "is not a size"),
            (
                "maps = [\"std\"]",
                "maps = [\"btree\"]",
                "unknown map `btree`",
            ),
            ("name = \"a\"", "", "`name` is missing"),
            ("keys = \"u64\"", "colour = 1", "unknown field"),
        ] {
            let error = Case::parse("f", &good.replacen(from, to, 1))
                .unwrap_err()
                .to_string();
            assert!(error.contains(says), "{error}");
        }
        assert!(
            Case::parse("f", "schema = 1")
                .unwrap_err()
                .to_string()
                .contains("no [[case]]")
        );
        let missing = Case::read(Path::new("no/such/file.toml"))
            .unwrap_err()
            .to_string();
        assert!(
            missing.contains("cannot read no/such/file.toml"),
            "{missing}"
        );
    }

    #[test]
    fn selection_by_name_workload_and_keys() {
        let select = |names: &[&str]| {
            Case::select(
                Case::embedded(),
                &names.iter().map(|&n| n.to_owned()).collect::<Vec<_>>(),
            )
        };
        assert_eq!(select(&["u64-hit"]).unwrap().len(), 1);
        assert_eq!(select(&["hit"]).unwrap().len(), 4);
        assert_eq!(select(&[]).unwrap().len(), Case::embedded().len());
        let error = select(&["u64-fly"]).unwrap_err().to_string();
        assert!(
            error.starts_with("unknown case `u64-fly`; known: u64-"),
            "{error}"
        );
    }

    #[test]
    fn targets_by_size() {
        let targets = Target::embedded();
        let now = |metric, size: &str| {
            Target::find(&targets, metric, KeyKind::U64, size.parse().unwrap()).map(|t| t.now)
        };
        assert_eq!(now("hit", "1k"), Some(1.25));
        assert_eq!(now("hit", "1M"), Some(0.95));
        assert_eq!(now("hit", "500k"), None);
        assert_eq!(now("worst-insert-wall", "30M"), Some(0.005));
    }
}
