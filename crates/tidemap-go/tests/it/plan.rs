//! The planner against real programs.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use tidemap_go::go_type::{GoType, map_type};
use tidemap_go::plan::{footprint, plan};
use tidemap_go::shape::{EXTRA_BYTES, MapType};
use tidemap_go::swiss::{Tables, swiss_plan};

fn types(key: &str, elem: &str) -> (GoType, GoType, MapType) {
    let parse = |text| GoType::parse(text).unwrap_or_else(|e| panic!("{e}"));
    let (key, elem) = (parse(key), parse(elem));
    let t = map_type(&key, &elem).unwrap();
    (key, elem, t)
}

/// Growth moments, array bytes, spares and live bytes of ordinary Go 1.23
/// programs, for 34 maps of 28 types. Runs where the oracle has been built.
#[test]
fn plan_equals_real_go() {
    let Some(oracle) = std::env::var_os("TIDEMAP_ORACLE") else {
        let required = std::env::var_os("TIDEMAP_REQUIRE_ALL").is_some_and(|v| v == "1");
        assert!(
            !required,
            "TIDEMAP_REQUIRE_ALL=1 needs TIDEMAP_ORACLE, the program of oracle/"
        );
        eprintln!("skipped: set TIDEMAP_ORACLE to the oracle program (ci/go-oracle builds it)");
        return;
    };
    for entries in ["8000", "700"] {
        // The runtime itself allocates a little now and then, so the bytes
        // of one map are the closest of several runs.
        let mut closest = BTreeMap::new();
        for _ in 0..RUNS {
            let run = Command::new(&oracle)
                .args(["measure", "-entries", entries])
                .output()
                .unwrap();
            assert!(
                run.status.success(),
                "{}",
                String::from_utf8_lossy(&run.stderr)
            );
            compare_measured(&String::from_utf8(run.stdout).unwrap(), &mut closest);
        }
        let resting = closest.len();
        let exact = closest.values().filter(|&&off| off == 0).count();
        println!("{resting} maps at rest, {exact} of them to the byte in one of {RUNS} runs");
        assert!(resting > 20, "{resting}");
        assert!(
            exact * 10 >= resting * 8,
            "{exact} of {resting}: {closest:?}"
        );
    }
}

/// How often the oracle measures each map.
const RUNS: usize = 5;

/// Key type, value type, hint.
type MapId = (String, String, u64);

/// Checks one run, and notes for each map at rest by how many bytes the plan
/// was off at best.
fn compare_measured(text: &str, closest: &mut BTreeMap<MapId, u64>) {
    let mut planned_moments = BTreeSet::new();
    let mut real_moments = BTreeSet::new();
    let mut kinds = BTreeSet::new();
    let (mut growths, mut unexplained) = (0, 0);
    for line in text.lines() {
        let fields: Vec<&str> = line.split('\t').collect();
        let [what, key, elem, rest @ ..] = fields.as_slice() else {
            panic!("{line}")
        };
        let n: Vec<u64> = rest
            .iter()
            .map(|f| f.parse().unwrap_or_else(|_| panic!("{line}")))
            .collect();
        let (_, _, t) = types(key, elem);
        let id = (key.to_string(), elem.to_string(), n[0]);
        kinds.insert((key.to_string(), elem.to_string()));
        match (*what, n.as_slice()) {
            ("make", &[hint, entries, b, slot, spares]) => {
                let planned = plan(&t, entries, hint as i64).unwrap();
                let first = planned.stages[0];
                assert_eq!(u64::from(first.b), b, "{line}");
                if b > 0 {
                    assert_eq!(
                        (first.layout.slot_bytes, first.layout.spares),
                        (slot, spares),
                        "{line}"
                    );
                }
                for stage in planned.growths() {
                    planned_moments.insert((
                        id.clone(),
                        stage.insert,
                        u64::from(stage.b),
                        stage.layout.slot_bytes,
                        stage.layout.spares,
                    ));
                }
            }
            ("growth", &[_, insert, b, slot, spares, bytes, objects]) => {
                growths += 1;
                real_moments.insert((id, insert, b, slot, spares));
                // What that insert allocated: the array, boxes of the new
                // entry, the side structure with the first spares.
                let boxes = footprint(&t, 0, 1, 0).unwrap().box_bytes;
                let box_objects = u64::from(t.key.is_boxed()) + u64::from(t.elem.is_boxed());
                let first_spares = b == 4;
                let mut expected = vec![(slot + boxes, 1 + box_objects)];
                if first_spares {
                    expected.push((slot + boxes + EXTRA_BYTES, 2 + box_objects));
                }
                // Else an overflow bucket was needed at that very moment.
                unexplained += u32::from(!expected.contains(&(bytes, objects)));
                assert!(bytes >= slot, "{line}");
            }
            ("end", &[_, entries, b, overflow, growing, live]) => {
                if growing == 0 && b < 16 {
                    let holds = footprint(&t, b as u8, entries, overflow).unwrap();
                    let off = live.abs_diff(holds.total_bytes());
                    assert!(off <= 8192, "{line}: {holds:?}");
                    let best = closest.entry(id).or_insert(off);
                    *best = off.min(*best);
                }
            }
            _ => panic!("{line}"),
        }
    }
    let apart: Vec<_> = planned_moments
        .symmetric_difference(&real_moments)
        .collect();
    assert!(apart.is_empty(), "{apart:?}");
    println!(
        "{} types, {growths} growths, {unexplained} of them with an overflow bucket",
        kinds.len()
    );
    assert!(kinds.len() >= 20 && growths > 100, "{kinds:?} {growths}");
    assert!(unexplained * 10 < growths, "{unexplained} of {growths}");
}

/// The committed measurements of Go 1.27.
#[test]
fn swiss_plan_fits_the_record() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/go/swiss-1.27.txt");
    let text = std::fs::read_to_string(path).unwrap();
    let (mut exact, mut split_maps) = (0, 0);
    let (mut worst_tables, mut worst_bytes) = (0.0f64, 0.0f64);
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let fields: Vec<&str> = line.split('\t').collect();
        let (key, elem, t) = types(fields[1], fields[2]);
        let n: Vec<u64> = fields[3..].iter().map(|f| f.parse().unwrap()).collect();
        let planned = |entries, hint: u64| {
            swiss_plan(&t, key.align, elem.align, entries, hint as i64).unwrap()
        };
        match (fields[0], n.as_slice()) {
            ("grow", &[insert, slots]) => {
                assert!(
                    planned(1000, 0).growths.contains(&(insert, slots)),
                    "{line}"
                );
            }
            ("split", &[insert, _]) => assert_eq!(planned(1000, 0).first_split, Some(insert)),
            ("map", &[hint, entries, slots, tables, directory, bytes]) => {
                let plan = planned(entries, hint);
                if tables <= 1 {
                    assert_eq!(
                        (plan.at_end.slots(), plan.at_end.count()),
                        (slots, tables),
                        "{line}"
                    );
                }
                // Bytes follow from the tables that Go has.
                let sizes = slots
                    .checked_div(tables)
                    .map(|each| (each, tables))
                    .into_iter()
                    .collect();
                if slots.is_multiple_of(tables.max(1)) {
                    let real = Tables {
                        tables: sizes,
                        directory,
                    };
                    let boxes = if t.elem.is_boxed() { 144 } else { 0 };
                    let computed = real.bytes(plan.group_bytes, t.is_noscan(), entries, boxes);
                    // The runtime itself allocates a little now and then.
                    let off = bytes.abs_diff(computed);
                    assert!(off <= 1024, "{line}: computed {computed}");
                    exact += u32::from(off == 0);
                }
                if tables > 1 {
                    split_maps += 1;
                    let share = |a: u64, b: u64| (a as f64 / b as f64 - 1.0).abs();
                    worst_tables = worst_tables.max(share(plan.at_end.count(), tables));
                    worst_bytes = worst_bytes.max(share(plan.bytes, bytes));
                }
            }
            _ => panic!("{line}"),
        }
    }
    println!(
        "{exact} maps to the byte; {split_maps} split maps, tables off by {:.2} %, bytes by {:.2} %",
        worst_tables * 100.0,
        worst_bytes * 100.0
    );
    assert!(exact > 100 && split_maps > 20, "{exact} {split_maps}");
    assert!(
        worst_tables < 0.15 && worst_bytes < 0.15,
        "{worst_tables} {worst_bytes}"
    );
}
