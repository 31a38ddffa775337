//! The comparison: a plan from the cases, interleaved runs, one report.
//!
//! Cases with the same keys, length, maps and repetitions run as one *group*:
//! every contender holds its own maps at the same time, and within each
//! repetition each workload visits all contenders before the next workload
//! begins, in an order that rotates with the repetition. One run of the
//! baseline that is not recorded comes first; it warms the machine up and says
//! how many passes make a sample of [`SAMPLE_NS_MIN`]. All contenders then do
//! that many passes.

use std::collections::BTreeMap;
use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

use crate::cases::{Case, KeyKind, Size, Target, Workload};
use crate::contenders::{BASELINE, PRESIZED};
use crate::growth::{Found, Job, Launcher, Measure, presized_control};
use crate::keys::{BenchKey, KeySet, Source, instances_of};
use crate::lanes::{Lane, Sample, expected, lane};
use crate::launch::LaunchError;
use crate::limits::{Limits, first_touch_ns};
use crate::machine::{Machine, OPTIMISED};
use crate::report::{Aim, Cell, Difference, KeysNote, Limit, Report, Unit, Verdict};
use crate::stats::Summary;
use crate::values::{BenchValue, Wide};

/// A sample of the baseline takes at least this much processor time …
pub const SAMPLE_NS_MIN: f64 = 20e6;
/// … unless bringing maps into their starting state takes longer than this.
const PREPARATION_NS_MAX: f64 = 150e6;
/// Memory per entry touched before processes are started, so that none of them
/// is the first to use a page of a virtual machine.
const WARM_BYTES_PER_ENTRY: usize = 96;

/// A quick run drops repetitions rather than take longer than about this.
pub const QUICK_BUDGET: Duration = Duration::from_secs(105);

/// Resident memory of smaller maps is not worth reporting without a warning.
const MEMORY_ENTRIES_MIN: usize = 500_000;

/// Name in reports of the loop without a map.
pub const NO_MAP: &str = "no map";

/// What to compare.
#[derive(Debug, Clone)]
pub struct Options {
    /// The cases.
    pub cases: Vec<Case>,
    /// The targets.
    pub targets: Vec<Target>,
    /// Small sizes and few repetitions.
    pub quick: bool,
    /// Only these maps (and the baseline).
    pub maps: Option<Vec<String>>,
    /// These sizes instead of those of the cases.
    pub sizes: Option<Vec<Size>>,
    /// This many samples instead of those of the cases.
    pub repetitions: Option<usize>,
    /// The map that targets are about.
    pub subject: String,
    /// Processor time of one sample.
    pub sample_ns_min: f64,
    /// Drop repetitions rather than take longer than about this.
    pub budget: Option<Duration>,
    /// How to run a contender in a process of its own.
    pub launcher: Launcher,
}

/// Cases that run together.
#[derive(Debug)]
struct Group {
    keys: KeyKind,
    size: Size,
    maps: Vec<String>,
    repetitions: usize,
    cases: Vec<Case>,
}

impl Group {
    /// Its part of a budget of time, relative to the others. Growths in processes
    /// of their own are few, long, and what the comparison is most about.
    fn weight(&self) -> f64 {
        if self.cases[0].workload.needs_process() {
            4.0
        } else {
            1.0
        }
    }
}

fn plan(options: &Options) -> Vec<Group> {
    type Key = (bool, KeyKind, Size, Vec<String>, usize);
    let mut groups: BTreeMap<Key, Vec<Case>> = BTreeMap::new();
    for case in &options.cases {
        let (sizes, maps, repetitions) = if options.quick {
            (&case.quick_sizes, &case.quick_maps, case.quick_repetitions)
        } else {
            (&case.sizes, &case.maps, case.repetitions)
        };
        let mut maps = options.maps.as_ref().unwrap_or(maps).clone();
        if !maps.iter().any(|map| map == BASELINE) {
            maps.push(BASELINE.to_owned());
        }
        let mut seen = Vec::new();
        maps.retain(|map| !seen.contains(map) && (seen.push(map.clone()), true).1);
        for &size in options.sizes.as_ref().unwrap_or(sizes) {
            let key = (
                case.workload.needs_process(),
                case.keys,
                size,
                maps.clone(),
                options.repetitions.unwrap_or(repetitions),
            );
            let cases = groups.entry(key).or_default();
            if !cases.iter().any(|other| other.name == case.name) {
                cases.push(case.clone());
            }
        }
    }
    groups
        .into_iter()
        .map(|((_, keys, size, maps, repetitions), mut cases)| {
            // The order of a map's life, see `Workload`.
            cases.sort_by_key(|case| case.workload);
            Group {
                keys,
                size,
                maps,
                repetitions,
                cases,
            }
        })
        .collect()
}

/// Runs the comparison. `source` gives the keys of a kind and is asked once for each.
///
/// # Errors
/// If keys cannot be read, or a run in a process of its own fails.
pub fn compare(
    options: &Options,
    mut source: impl FnMut(KeyKind) -> anyhow::Result<Source>,
) -> anyhow::Result<Report> {
    let began = Instant::now();
    let mut sources: BTreeMap<KeyKind, Source> = BTreeMap::new();
    let groups = plan(options);
    for group in &groups {
        if let std::collections::btree_map::Entry::Vacant(entry) = sources.entry(group.keys) {
            entry.insert(source(group.keys)?);
        }
    }
    let mut run = Run {
        options,
        progress: Progress::new(groups.iter().map(|g| g.cases.len() * g.repetitions).sum()),
        cells: Vec::new(),
        limits: Vec::new(),
        differences: Vec::new(),
        warnings: Vec::new(),
        deadline: None,
    };
    if !OPTIMISED {
        run.warnings.push(
            "built without optimisation: the figures say nothing; use cargo run --release"
                .to_owned(),
        );
    }
    for source in sources.values().filter(|source| source.synthetic) {
        run.warnings.push(format!(
            "keys `{}`: {}",
            source.kind.as_str(),
            source.origin
        ));
    }
    let total: f64 = groups.iter().map(Group::weight).sum();
    let mut share = 0.0;
    for group in &groups {
        // Each group may use its share and what the ones before it left.
        share += group.weight() / total;
        run.deadline = options.budget.map(|budget| began + budget.mul_f64(share));
        let source = &sources[&group.keys];
        match group.keys {
            _ if group.cases[0].workload.needs_process() => run.processes(group)?,
            KeyKind::U64 => run.group::<u64, u64>(group, source),
            KeyKind::Wide => run.group::<u64, Wide>(group, source),
            KeyKind::Words | KeyKind::Paths => run.group::<String, u64>(group, source),
        }
    }
    run.progress.done();
    run.ratios();
    Ok(Report {
        schema: "tidemap-bench/compare/1",
        machine: Machine::detect(),
        quick: options.quick,
        subject: options.subject.clone(),
        baseline: BASELINE,
        keys: sources
            .values()
            .map(|source| KeysNote {
                kind: source.kind,
                origin: source.origin.clone(),
                synthetic: source.synthetic,
            })
            .collect(),
        cells: run.cells,
        limits: run.limits,
        differences: run.differences,
        warnings: run.warnings,
        seconds: began.elapsed().as_secs_f64(),
    })
}

struct Run<'a> {
    options: &'a Options,
    progress: Progress,
    cells: Vec<Cell>,
    limits: Vec<Limit>,
    differences: Vec<Difference>,
    warnings: Vec<String>,
    deadline: Option<Instant>,
}

impl Run<'_> {
    /// Whether the group's time is up after `done` repetitions; there is always one.
    fn out_of_time(&mut self, group: &Group, done: usize) -> bool {
        let late = done > 0
            && self
                .deadline
                .is_some_and(|deadline| Instant::now() > deadline);
        if late {
            self.warnings.push(format!(
                "{} at {}: only {done} of {} repetitions in the time of a quick run; the machine is slow or busy",
                group.keys.as_str(),
                group.size,
                group.repetitions
            ));
        }
        late
    }

    /// Workloads that run in this process.
    fn group<K: BenchKey, V: BenchValue>(&mut self, group: &Group, source: &Source) {
        let size = group.size.0;
        let ops_max = |case: &Case| case.max_ops.min(size);
        let most = group.cases.iter().map(ops_max).max().unwrap_or(0);
        let limit = limit::<K, V>(group);
        self.limits.push(limit);
        let keys = KeySet::<K>::new(source, size, most, most);
        let mut lanes: Vec<Box<dyn Lane<K>>> = group
            .maps
            .iter()
            .map(|map| lane::<K, V>(map).expect("the names of maps were checked"))
            .collect();
        let baseline = group
            .maps
            .iter()
            .position(|map| map == BASELINE)
            .expect("by `plan`");
        let passes: Vec<u32> = group
            .cases
            .iter()
            .map(|case| {
                self.progress.show(group, case, "calibration");
                self.passes(&mut *lanes[baseline], case, &keys)
            })
            .collect();
        let first_cell = self.cells.len();
        for case in &group.cases {
            for map in &group.maps {
                let metric = case.workload.as_str();
                let bound = limit.memory.of_workload(case.workload, limit.entry_bytes);
                self.cells.push(Cell {
                    limit_ns: bound.map(|bound| bound.ns),
                    limit: bound.map(|bound| bound.what),
                    ..Cell::new(case, metric, Unit::NsPerOp, group.size, map)
                });
            }
        }
        for repetition in 0..group.repetitions {
            if self.out_of_time(group, repetition) {
                break;
            }
            for (at, case) in group.cases.iter().enumerate() {
                let want = expected(case.expect, &keys, ops_max(case), passes[at]);
                for turn in 0..lanes.len() {
                    let index = (turn + repetition) % lanes.len();
                    self.progress.show(group, case, &group.maps[index]);
                    let lane = &mut lanes[index];
                    let sample = lane.run(case.workload, &keys, ops_max(case), passes[at]);
                    if sample.answer != want {
                        self.differs(case, group, index, &want, &sample.answer);
                    }
                    let cell = &mut self.cells[first_cell + at * group.maps.len() + index];
                    cell.samples.push(sample.elapsed.cpu_ns / sample.ops as f64);
                    cell.wall_samples
                        .push(sample.elapsed.wall_ns / sample.ops as f64);
                }
                self.progress.step();
            }
        }
    }

    /// How many passes make a sample that is long enough.
    fn passes<K: BenchKey>(&self, lane: &mut dyn Lane<K>, case: &Case, keys: &KeySet<K>) -> u32 {
        let enough = self.options.sample_ns_min;
        let ops_max = case.max_ops.min(keys.len);
        let mut once = || -> (Sample, f64) {
            let began = Instant::now();
            let sample = lane.run(case.workload, keys, ops_max, 1);
            (sample, began.elapsed().as_nanos() as f64)
        };
        let (first, _) = once();
        if first.elapsed.cpu_ns >= enough {
            return 1;
        }
        let (second, whole_ns) = once();
        let wanted = (enough / second.elapsed.cpu_ns.max(1.0)).ceil();
        let affordable = (enough + PREPARATION_NS_MAX.min(enough * 10.0)) / whole_ns.max(1.0);
        wanted.min(affordable.ceil()).clamp(1.0, 1e6) as u32
    }

    fn differs(
        &mut self,
        case: &Case,
        group: &Group,
        index: usize,
        want: &impl std::fmt::Debug,
        got: &impl std::fmt::Debug,
    ) {
        let difference = Difference {
            case: case.name.clone(),
            size: group.size,
            map: group.maps[index].clone(),
            expected: format!("{want:?}"),
            answered: format!("{got:?}"),
        };
        if !self.differences.contains(&difference) {
            self.differences.push(difference);
        }
    }

    /// Workloads that need a process for each run.
    fn processes(&mut self, group: &Group) -> Result<(), LaunchError> {
        self.progress.note("touching memory once");
        let _ = first_touch_ns(group.size.0.saturating_mul(WARM_BYTES_PER_ENTRY));
        for case in &group.cases {
            if case.workload == Workload::Memory && group.size.0 < MEMORY_ENTRIES_MIN {
                self.warnings.push(format!(
                    "{} at {}: memory of so small a map is lost in what else the process does",
                    case.name, group.size
                ));
            }
            let first_cell = self.cells.len();
            let metrics: &[(&'static str, Unit)] = match case.workload {
                Workload::Memory => &MEMORY_METRICS,
                _ => &WORST_METRICS,
            };
            let mut rows = group.maps.clone();
            if case.workload == Workload::WorstInsert {
                rows.extend([PRESIZED.to_owned(), NO_MAP.to_owned()]);
            }
            for &(metric, unit) in metrics {
                for row in &rows {
                    self.cells
                        .push(Cell::new(case, metric, unit, group.size, row));
                }
            }
            for repetition in 0..group.repetitions {
                if self.out_of_time(group, repetition) {
                    break;
                }
                let mut longest = [0; 2];
                for turn in 0..group.maps.len() {
                    let index = (turn + repetition) % group.maps.len();
                    self.progress.show(group, case, &group.maps[index]);
                    let (figures, took_ns) = self.one_map(case, group, index)?;
                    longest = [longest[0].max(took_ns[0]), longest[1].max(took_ns[1])];
                    self.put(first_cell, rows.len(), index, &figures);
                }
                if case.workload == Workload::WorstInsert {
                    self.progress.show(group, case, "controls");
                    self.controls(group, first_cell, rows.len(), longest)?;
                }
                self.progress.step();
            }
        }
        Ok(())
    }

    fn put(&mut self, first_cell: usize, rows: usize, row: usize, figures: &[Option<f64>]) {
        for (metric, figure) in figures.iter().enumerate() {
            self.cells[first_cell + metric * rows + row]
                .samples
                .extend(*figure);
        }
    }

    /// The figures of one map, in the order of its metrics, and how long its
    /// runs for the longest insert took, by wall time and by processor time.
    fn one_map(
        &mut self,
        case: &Case,
        group: &Group,
        index: usize,
    ) -> Result<(Vec<Option<f64>>, [u64; 2]), LaunchError> {
        let mut launch = |measure| {
            let job = Job {
                measure,
                map: Some(group.maps[index].clone()),
                size: group.size.0,
                at_least: Duration::ZERO,
            };
            let found = self.options.launcher.launch(&job, group.keys)?;
            let (want, got) = ((group.size.0 as u64, 0), (found.len, found.replaced));
            if want != got {
                self.differs(case, group, index, &want, &got);
            }
            Ok(found)
        };
        if case.workload == Workload::Memory {
            let found = launch(Measure::Memory)?;
            return Ok((memory_figures(&found, group.size), [0; 2]));
        }
        let (wall, cpu) = (launch(Measure::Wall)?, launch(Measure::Cpu)?);
        Ok((worst_figures(&wall, &cpu), [wall.total_ns, cpu.total_ns]))
    }

    /// The rows beside the longest insert; `took_ns` is how long the slowest map
    /// was exposed to the machine.
    fn controls(
        &mut self,
        group: &Group,
        first_cell: usize,
        rows: usize,
        took_ns: [u64; 2],
    ) -> Result<(), LaunchError> {
        let size = group.size.0;
        let launch = |job: &Job| self.options.launcher.launch(job, group.keys);
        let presized = worst_figures(
            &launch(&presized_control(Measure::Wall, size))?,
            &launch(&presized_control(Measure::Cpu, size))?,
        );
        let nothing = |measure, took_ns| Job {
            measure,
            map: None,
            size,
            at_least: Duration::from_nanos(took_ns),
        };
        let floor = worst_figures(
            &launch(&nothing(Measure::Wall, took_ns[0]))?,
            &launch(&nothing(Measure::Cpu, took_ns[1]))?,
        );
        self.put(first_cell, rows, rows - 2, &presized);
        self.put(first_cell, rows, rows - 1, &floor);
        Ok(())
    }

    /// Ratios, targets and verdicts, once all samples are there.
    fn ratios(&mut self) {
        let baselines: BTreeMap<(String, &str, Size), Vec<f64>> = self
            .cells
            .iter()
            .filter(|cell| cell.map == BASELINE)
            .map(|cell| {
                (
                    (cell.case.clone(), cell.metric, cell.size),
                    cell.samples.clone(),
                )
            })
            .collect();
        let floors: BTreeMap<(&str, Size), Option<Summary>> = self
            .cells
            .iter()
            .filter(|cell| cell.map == NO_MAP)
            .map(|cell| ((cell.metric, cell.size), Summary::of(&cell.samples)))
            .collect();
        for cell in &mut self.cells {
            cell.summary = Summary::of(&cell.samples);
            cell.wall_summary = Summary::of(&cell.wall_samples);
            if cell.map == BASELINE {
                continue;
            }
            let baseline = &baselines[&(cell.case.clone(), cell.metric, cell.size)];
            cell.ratio = Summary::of_paired_ratios(&cell.samples, baseline);
            if cell.map != self.options.subject {
                continue;
            }
            let target = Target::find(&self.options.targets, cell.metric, cell.keys, cell.size);
            cell.target = target.map(|target| Aim {
                now: target.now,
                later: target.later,
            });
            if let (Some(ratio), Some(aim)) = (&cell.ratio, cell.target) {
                let mut verdict = Verdict::of(ratio, aim);
                let floor = floors.get(&(cell.metric, cell.size)).copied().flatten();
                if let (false, Some(floor), Some(own)) = (verdict.meets, floor, cell.summary) {
                    // The machine alone was as slow: no verdict on the map.
                    verdict.unsure |= floor.median >= own.median;
                }
                cell.verdict = Some(verdict);
            }
        }
    }
}

const MEMORY_METRICS: [(&str, Unit); 4] = [
    ("peak-memory", Unit::Bytes),
    ("final-memory", Unit::Bytes),
    ("bytes-per-entry", Unit::BytesPerEntry),
    ("bytes-per-entry-averaged", Unit::BytesPerEntry),
];

fn memory_figures(found: &Found, size: Size) -> Vec<Option<f64>> {
    let float = |bytes: Option<u64>| bytes.map(|bytes| bytes as f64);
    vec![
        float(found.peak_bytes),
        float(found.final_bytes),
        float(found.final_bytes).map(|bytes| bytes / size.0 as f64),
        found.bytes_per_entry_averaged,
    ]
}

const WORST_METRICS: [(&str, Unit); 4] = [
    ("worst-insert-wall", Unit::Ns),
    ("worst-insert-cpu", Unit::Ns),
    ("stalls-over-100us", Unit::Count),
    ("stalls-total", Unit::Ns),
];

fn worst_figures(wall: &Found, cpu: &Found) -> Vec<Option<f64>> {
    let float = |figure: Option<u64>| figure.map(|figure| figure as f64);
    vec![
        float(wall.worst_ns),
        float(cpu.worst_ns),
        float(wall.stalls),
        float(wall.stalls_ns),
    ]
}

fn limit<K: BenchKey, V: BenchValue>(group: &Group) -> Limit {
    let table: hashbrown::HashMap<K, V, crate::contenders::FixedHasher> =
        hashbrown::HashMap::with_capacity_and_hasher(group.size.0, crate::lanes::hasher());
    let table_bytes = table.allocation_size() * instances_of(group.size.0);
    let room = table.capacity();
    drop(table);
    // Its tables may be filled to 7/8; the smallest ones leave one slot free.
    let slots = if room < 8 { room + 1 } else { room / 7 * 8 };
    let _ = first_touch_ns(table_bytes);
    Limit {
        keys: group.keys,
        size: group.size,
        table_bytes,
        table_load: group.size.0 as f64 / slots as f64,
        entry_bytes: size_of::<(K, V)>(),
        memory: Limits::measure(table_bytes),
    }
}

/// A line on the terminal of stderr that says what is going on; nothing in a pipe.
struct Progress {
    shown: bool,
    steps: usize,
    done: usize,
}

impl Progress {
    fn new(steps: usize) -> Self {
        Progress {
            shown: std::io::stderr().is_terminal(),
            steps,
            done: 0,
        }
    }

    fn show(&self, group: &Group, case: &Case, map: &str) {
        self.note(&format!("{} at {}: {map}", case.name, group.size));
    }

    fn note(&self, text: &str) {
        if self.shown {
            eprint!("\r\x1b[2K{}/{} {text}", self.done, self.steps);
            let _ = std::io::stderr().flush();
        }
    }

    fn step(&mut self) {
        self.done += 1;
    }

    fn done(&self) {
        if self.shown {
            eprint!("\r\x1b[2K");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cases::Expect;

    fn options(names: &[&str]) -> Options {
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        Options {
            cases: Case::select(Case::embedded(), &names).unwrap(),
            targets: Target::embedded(),
            quick: true,
            maps: Some(vec!["griddle".to_owned()]),
            sizes: Some(vec![Size(100)]),
            repetitions: Some(2),
            subject: "griddle".to_owned(),
            sample_ns_min: 0.0,
            budget: None,
            launcher: Launcher {
                program: "no-such-program".into(),
                key_files: Vec::new(),
            },
        }
    }

    fn integers(_: KeyKind) -> anyhow::Result<Source> {
        Ok(Source::integers(KeyKind::U64))
    }

    #[test]
    fn ratios_are_paired_and_judged() {
        let report = compare(&options(&["u64-hit", "u64-grow-insert"]), integers).unwrap();
        assert_eq!(report.cells.len(), 4, "two workloads of two maps");
        assert_eq!((report.limits.len(), report.differences.len()), (1, 0));
        for cell in &report.cells {
            assert_eq!(cell.samples.len(), 2);
            assert_eq!(cell.wall_samples.len(), 2);
            let is_baseline = cell.map == BASELINE;
            assert_eq!(
                cell.ratio.is_none(),
                is_baseline || cell.summary.unwrap().min == 0.0
            );
            assert!(cell.verdict.is_none() || !is_baseline);
        }
        let text = crate::table::render(&report, false);
        assert!(
            text.contains("griddle") && text.contains("hit\n  hashbrown"),
            "{text}"
        );
        let csv = crate::record::csv(&report);
        let rows: Vec<&str> = csv.lines().filter(|line| !line.starts_with('#')).collect();
        let limits = rows.iter().filter(|row| row.starts_with("machine,"));
        let limits = limits.count();
        assert!(
            limits == 5 || limits == 10,
            "with or without huge pages: {csv}"
        );
        assert_eq!(rows.len(), 1 + 4 + limits);
        let fields = |row: &str| row.split(',').count();
        assert!(
            rows.iter().all(|row| fields(row) == fields(rows[0])),
            "{csv}"
        );
    }

    #[test]
    fn a_wrong_answer_is_reported_once() {
        let mut options = options(&["u64-hit"]);
        options.cases[0].expect = Expect::Nothing;
        let report = compare(&options, integers).unwrap();
        let maps: Vec<&str> = report.differences.iter().map(|d| d.map.as_str()).collect();
        assert_eq!(maps, ["griddle", "hashbrown"]);
        assert!(crate::table::render(&report, false).contains("DIFFERENT  u64-hit at 100"));
        assert!(crate::record::csv(&report).contains("# DIFFERENT ANSWER: u64-hit"));
    }

    #[test]
    fn time_running_out_leaves_one_repetition_and_a_warning() {
        let options = Options {
            budget: Some(Duration::ZERO),
            ..options(&["u64-hit"])
        };
        let report = compare(&options, integers).unwrap();
        assert!(report.cells.iter().all(|cell| cell.samples.len() == 1));
        assert!(
            report
                .warnings
                .iter()
                .any(|w| w.contains("only 1 of 2 repetitions"))
        );
    }

    #[test]
    fn a_process_that_does_not_start_is_an_error() {
        let error = compare(&options(&["u64-memory"]), integers)
            .unwrap_err()
            .to_string();
        assert!(error.contains("cannot start no-such-program"), "{error}");
    }

    #[test]
    fn verdicts_know_their_uncertainty() {
        let ratio = |median, min, max| Summary {
            median,
            min,
            max,
            samples: 3,
        };
        let aim = Aim {
            now: 1.0,
            later: 0.5,
        };
        let verdict = |median, min, max| Verdict::of(&ratio(median, min, max), aim).as_str();
        assert_eq!(verdict(0.9, 0.8, 1.0), "meets");
        assert_eq!(verdict(0.9, 0.8, 1.1), "meets?");
        assert_eq!(verdict(1.1, 1.05, 1.2), "misses");
        assert_eq!(verdict(1.1, 0.9, 1.2), "misses?");
    }

    #[test]
    fn groups_share_a_life_and_never_lose_the_baseline() {
        let groups = plan(&Options {
            maps: None,
            ..options(&[])
        });
        assert_eq!(groups.len(), 6, "four kinds of keys, and processes of two");
        assert!(
            groups
                .iter()
                .all(|g| g.maps.iter().any(|map| map == BASELINE))
        );
        let life: Vec<Workload> = groups[0].cases.iter().map(|case| case.workload).collect();
        assert!(life.is_sorted() && life.len() == 12);
        assert!(
            groups.last().unwrap().cases[0].workload.needs_process(),
            "these come last"
        );
    }
}
