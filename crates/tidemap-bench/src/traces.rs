//! Whole-process runs on recorded workloads: `tidemap replay`, several times, by turns.
//!
//! Each run of the replay gives every map a process of its own; here the replay itself is repeated,
//! with the maps in rotating order, so that ratios are formed within a repetition as everywhere.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::cases::{CaseError, Size, embedded, select};
use crate::figures::Figures;
use crate::launch::{LaunchError, ask_accepting};

const FILE: (&str, &str) = (
    "traces.toml",
    include_str!("../../../bench/cases/traces.toml"),
);

/// Exit code of a replay whose maps gave different answers.
const DIFFERENT: i32 = 1;

/// A recorded workload.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trace {
    /// Its unique name.
    pub name: String,
    /// Its file; absent for the one that is built in.
    pub file: Option<String>,
    /// At most so many operations.
    pub ops: Option<Size>,
    /// One sentence on it.
    pub about: String,
}

impl Trace {
    /// The traces that are compiled in.
    ///
    /// # Panics
    /// If the file is malformed, which a test excludes.
    #[must_use]
    pub fn embedded() -> Vec<Trace> {
        embedded(FILE, "trace")
    }

    /// Those called as `wanted` says; all if it is empty.
    ///
    /// # Errors
    /// [`CaseError::Unknown`] for a name that no trace has.
    pub fn select(all: Vec<Trace>, wanted: &[String]) -> Result<Vec<Trace>, CaseError> {
        select(
            all,
            wanted,
            |trace| &trace.name,
            |trace, name| trace.name == name,
        )
    }
}

/// The part of the replay's report that is kept here.
#[derive(Debug, Deserialize)]
struct Report {
    equal: bool,
    replays: Vec<Replay>,
}

#[derive(Debug, Deserialize)]
struct Replay {
    maps: Vec<MapReport>,
}

#[derive(Debug, Deserialize)]
struct MapReport {
    map: String,
    throughput: Throughput,
    latency: Latency,
    memory: Option<Memory>,
}

#[derive(Debug, Deserialize)]
struct Throughput {
    ns_per_op: f64,
    floor_ns_per_op: f64,
}

#[derive(Debug, Deserialize)]
struct Latency {
    p99_9_ns: f64,
    max_ns: f64,
    own_max_ns: Option<f64>,
}

#[derive(Debug, Deserialize)]
struct Memory {
    peak_bytes: Option<f64>,
}

/// Names of the figures and their units.
pub const FIGURES: [(&str, &str); 5] = [
    ("whole", "ns/op"),
    ("whole-less-loop", "ns/op"),
    ("p99.9", "ns"),
    ("worst", "ns"),
    ("peak", "bytes"),
];

/// Replays every trace that is there. `folder` holds their files; the second part of the answer
/// says which replays gave differing answers, the third which traces were left out.
///
/// # Errors
/// If the program cannot be started, fails or prints something else.
pub fn compare(
    tidemap: &Path,
    folder: Option<&Path>,
    traces: &[Trace],
    maps: &[String],
    repetitions: usize,
    mut progress: impl FnMut(&str),
) -> Result<(Figures, Vec<String>, Vec<String>), LaunchError> {
    let (mut figures, mut complaints, mut left_out) = (Figures::default(), Vec::new(), Vec::new());
    for trace in traces {
        let file = match (&trace.file, folder) {
            (None, _) => None,
            (Some(name), Some(folder)) if folder.join(name).is_file() => Some(folder.join(name)),
            (Some(name), _) => {
                left_out.push(format!(
                    "{}: no file {name}; set TIDEMAP_DATA to the folder that has it",
                    trace.name
                ));
                continue;
            }
        };
        for repetition in 0..repetitions {
            let turn = repetition % maps.len();
            let order = [&maps[turn..], &maps[..turn]].concat();
            progress(&format!(
                "{}, {} of {repetitions}",
                trace.name,
                repetition + 1
            ));
            let arguments = arguments(trace, file.as_ref(), &order);
            let report: Report = ask_accepting(tidemap, &arguments, &trace.name, DIFFERENT)?;
            if !report.equal {
                complaints.push(format!("{}: the maps answer differently", trace.name));
            }
            for map in report.replays.iter().flat_map(|replay| &replay.maps) {
                put(&mut figures, &trace.name, map);
            }
        }
    }
    complaints.dedup();
    Ok((figures, complaints, left_out))
}

fn arguments(trace: &Trace, file: Option<&PathBuf>, maps: &[String]) -> Vec<std::ffi::OsString> {
    let mut arguments: Vec<std::ffi::OsString> = vec!["replay".into()];
    arguments.extend(file.map(Into::into));
    arguments.extend(["--json".into(), "--map".into(), maps.join(",").into()]);
    if let Some(ops) = trace.ops {
        arguments.extend(["--ops".into(), ops.0.to_string().into()]);
    }
    arguments
}

fn put(figures: &mut Figures, trace: &str, map: &MapReport) {
    let (throughput, latency) = (&map.throughput, &map.latency);
    let values = [
        Some(throughput.ns_per_op),
        Some((throughput.ns_per_op - throughput.floor_ns_per_op).max(0.0)),
        Some(latency.p99_9_ns),
        // The time that the thread waited for a processor is not the map's.
        Some(latency.own_max_ns.unwrap_or(latency.max_ns)),
        map.memory.as_ref().and_then(|memory| memory.peak_bytes),
    ];
    for ((name, unit), value) in FIGURES.into_iter().zip(values) {
        figures.add_if(&format!("{trace}-{name}"), unit, 0.0, &map.map, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn traces_are_known_by_name_and_missing_files_are_told() {
        let all = Trace::embedded();
        assert!(
            all.iter().any(|trace| trace.file.is_none()),
            "one needs no file"
        );
        let select = |name: &str| Trace::select(Trace::embedded(), &[name.to_owned()]);
        assert_eq!(select("dns").unwrap().len(), 1);
        assert!(
            select("fly")
                .unwrap_err()
                .to_string()
                .contains("known: android-malloc")
        );
        let maps = ["tidemap".to_owned()];
        let (figures, complaints, left_out) = compare(
            Path::new("no-such-program"),
            None,
            &select("dns").unwrap(),
            &maps,
            3,
            |_| {},
        )
        .unwrap();
        assert!(figures.all.is_empty() && complaints.is_empty());
        assert!(
            left_out[0].starts_with("dns: no file wrccdc"),
            "{left_out:?}"
        );
    }

    #[cfg(unix)]
    fn replays_with(name: &str, exit_code: u8, equal: bool) -> (Figures, Vec<String>) {
        use std::os::unix::fs::PermissionsExt;
        let folder = std::env::temp_dir().join(format!(
            "tidemap-bench-traces-{name}-{}",
            std::process::id()
        ));
        std::fs::create_dir_all(&folder).unwrap();
        let program = folder.join("replay");
        let json = format!(
            r#"{{"equal":{equal},"replays":[{{"maps":[{{"map":"std","throughput":{{"ns_per_op":9.5,
            "floor_ns_per_op":2.0}},"latency":{{"p99_9_ns":70,"max_ns":900,"own_max_ns":800}},
            "memory":{{"peak_bytes":4096}}}}]}}]}}"#
        );
        let script = format!("#!/bin/sh\ncat <<'END'\n{json}\nEND\nexit {exit_code}\n");
        std::fs::write(&program, script).unwrap();
        std::fs::set_permissions(&program, PermissionsExt::from_mode(0o755)).unwrap();
        let trace = Trace::select(Trace::embedded(), &["android-malloc".to_owned()]).unwrap();
        let maps = ["tidemap", "std"].map(str::to_owned);
        let (figures, complaints, left_out) =
            compare(&program, None, &trace, &maps, 2, |_| {}).unwrap();
        assert!(left_out.is_empty());
        std::fs::remove_dir_all(&folder).unwrap();
        (figures, complaints)
    }

    #[test]
    #[cfg(unix)]
    fn reports_become_figures() {
        let (figures, complaints) = replays_with("equal", 0, true);
        assert_eq!(
            figures.samples("android-malloc-whole-less-loop", 0.0, "std"),
            [7.5, 7.5]
        );
        assert_eq!(
            figures.samples("android-malloc-worst", 0.0, "std"),
            [800.0, 800.0]
        );
        assert!(complaints.is_empty());
    }

    #[test]
    #[cfg(unix)]
    fn differing_answers_are_complaints_and_no_failure() {
        let (_, complaints) = replays_with("differ", 1, false);
        assert_eq!(complaints, ["android-malloc: the maps answer differently"]);
    }
}
