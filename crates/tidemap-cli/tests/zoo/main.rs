//! The inspector against programs that know the truth about their maps.
//!
//! `ci/go-zoo` builds the programs and sets `TIDEMAP_ZOO` to their folder;
//! without it the committed core is read. Cores of the kernel are made where
//! the system writes them into the working directory, cores of gcore where
//! there is gdb.

mod case;
mod sample;
mod truth;
mod views;

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use case::{Zoo, children, list, skip, state_of_threads, zoos};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tidemap_inspect::model::{Proof, Snapshot};
use truth::{Score, Stranger, Truth};

/// What a case reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Live,
    Kernel,
    Gcore,
}

/// Empty maps of the library: one, of whose type no word is left in the program.
const UNTYPED_MAX: usize = 1;

#[test]
fn truth_table() {
    let Some(zoos) = zoos() else {
        return skip(
            "truth table: TIDEMAP_ZOO is not set; ci/go-zoo builds the programs and sets it",
        );
    };
    let mut cases = Vec::new();
    for zoo in &zoos {
        cases.push((zoo, Kind::Live));
        cases.push((zoo, Kind::Kernel));
        if zoo.ends_with("-default") {
            cases.push((zoo, Kind::Gcore));
        }
    }
    let cases = Mutex::new(cases.into_iter().rev().collect::<Vec<_>>());
    let results = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism()
            .map_or(2, usize::from)
            .min(4)
        {
            scope.spawn(|| {
                loop {
                    let Some((zoo, kind)) = cases.lock().expect("no panic").pop() else {
                        break;
                    };
                    let outcome = case(zoo, kind);
                    results
                        .lock()
                        .expect("no panic")
                        .push((zoo.clone(), kind, outcome));
                }
            });
        }
    });
    let mut results = results.into_inner().expect("no panic");
    results.sort_by_key(|(zoo, kind, _)| (zoo.clone(), *kind as u8));
    println!("{}", Score::TITLE);
    let mut failed = Vec::new();
    for (zoo, kind, outcome) in &results {
        let name = format!("{} {}", zoo.name(), format!("{kind:?}").to_lowercase());
        match outcome {
            None => println!("{name:<28} skipped: no such core can be made here"),
            Some((score, _)) => {
                println!("{}", score.line(&name));
                if !score.holds() {
                    failed.push(format!("{name}: {:#?}", score.faults));
                }
            }
        }
    }
    // Maps of the library are the same in each build of a release. With debug information each
    // has a name; elsewhere nothing may be listed that is not among them.
    for (zoo, kind, outcome) in &results {
        let Some((score, _)) = outcome else { continue };
        let named: Vec<&Stranger> = results
            .iter()
            .filter(|(other, kind, _)| {
                *kind == Kind::Live
                    && other.ends_with("-default")
                    && other.release() == zoo.release()
            })
            .filter_map(|(_, _, outcome)| outcome.as_ref())
            .flat_map(|(score, _)| &score.strangers)
            .collect();
        let mut untyped = 0;
        for (count, types) in &score.strangers {
            if *count == 0 && types.is_empty() {
                // Nothing tells the type of an empty map of the library.
                untyped += 1;
            } else if !named.iter().any(|(_, names)| !names.is_disjoint(types)) {
                failed.push(format!(
                    "{} {kind:?}: a map nobody knows: {count} entries, {types:?}",
                    zoo.name()
                ));
            }
        }
        if untyped > UNTYPED_MAX {
            failed.push(format!(
                "{} {kind:?}: {untyped} empty maps nobody knows",
                zoo.name()
            ));
        }
    }
    // And the named ones hang at variables of other packages.
    for (zoo, kind, outcome) in &results {
        if let Some((_, snapshot)) = outcome
            && *kind == Kind::Live
            && zoo.ends_with("-default")
        {
            println!("{} others: {:?}", zoo.name(), others(snapshot));
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
    assert!(
        results
            .iter()
            .any(|(_, kind, outcome)| *kind == Kind::Live && outcome.is_some()),
        "nothing was compared"
    );
}

/// Paths of maps outside package main.
fn others(snapshot: &Snapshot) -> BTreeSet<String> {
    snapshot
        .maps
        .iter()
        .filter(|row| {
            !row.unreachable
                && !row.reached.path.starts_with("main.")
                && row.reached.path.contains('.')
        })
        .map(|row| row.reached.path.clone())
        .filter(|path| !path.starts_with("goroutine"))
        .collect()
}

fn case(zoo: &Zoo, kind: Kind) -> Option<(Score, Snapshot)> {
    let folder = tempfile::tempdir().expect("a folder");
    let truth = folder.path().join("truth.json");
    let snapshot = match kind {
        Kind::Live => {
            let process = zoo.start("park", &truth);
            list(&[&process.pid().to_string()])
        }
        Kind::Kernel => {
            let core = zoo.crash("crash", folder.path(), &truth)?;
            list(&[core.to_str().expect("utf-8"), "--binary", zoo.path_text()])
        }
        Kind::Gcore => {
            let process = zoo.start("park", &truth);
            let core = case::gcore(folder.path(), process.pid())?;
            list(&[core.to_str().expect("utf-8"), "--binary", zoo.path_text()])
        }
    };
    let truth = Truth::read(&truth);
    assert_eq!(snapshot.target.go_version, truth.go);
    Some((Score::of(&truth, &snapshot), snapshot))
}

#[test]
fn four_writers_are_read_without_a_stop() {
    let Some(zoos) = zoos() else {
        return skip("four writers: TIDEMAP_ZOO is not set");
    };
    for zoo in zoos.iter().filter(|zoo| zoo.ends_with("-default")) {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("truth.json");
        let process = zoo.start("hammer", &file);
        let truth = Truth::read(&file);
        let hammered: Vec<_> = truth
            .maps
            .iter()
            .filter(|map| map.reach == "hammered")
            .collect();
        assert!(hammered.len() > 60, "{}", hammered.len());
        let mut proven = BTreeSet::new();
        let mut looks = 0;
        let end = Instant::now() + Duration::from_secs(120);
        while proven.len() < hammered.len() {
            assert!(
                looks == 0 || Instant::now() < end,
                "{}: after {looks} looks only {} of {} maps were read whole",
                zoo.name(),
                proven.len(),
                hammered.len()
            );
            let snapshot = list(&[&process.pid().to_string()]);
            looks += 1;
            assert_eq!(snapshot.summary.paused_us, None, "no stop was asked for");
            for animal in &hammered {
                let row = snapshot
                    .maps
                    .iter()
                    .find(|row| row.address == animal.address());
                let row =
                    row.unwrap_or_else(|| panic!("{}: {} not found", zoo.name(), animal.name));
                if let Some(name) = &row.map_type.name {
                    assert_eq!(*name, animal.kind, "{}", animal.name);
                }
                if row.proof != Proof::Racy {
                    assert!(
                        (animal.low..=animal.high).contains(&row.count) && row.counted == row.count,
                        "{}: {animal:?} {row:?}",
                        zoo.name()
                    );
                    proven.insert(row.address);
                }
            }
        }
        println!(
            "{}: {} maps under four writers read whole in {looks} looks, no stop",
            zoo.name(),
            hammered.len()
        );
    }
}

#[test]
fn the_target_runs_on_when_a_pausing_reader_is_killed() {
    let Some(zoos) = zoos() else {
        return skip("killed while pausing: TIDEMAP_ZOO is not set");
    };
    let zoo = zoos
        .iter()
        .rfind(|zoo| zoo.ends_with("-default"))
        .expect("a default build");
    let folder = tempfile::tempdir().expect("a folder");
    let process = zoo.start("hammer", &folder.path().join("truth.json"));
    let target = process.pid();
    let mut caught = 0;
    let end = Instant::now() + Duration::from_secs(180);
    while caught < 3 {
        assert!(
            Instant::now() < end,
            "the reader was never caught while the target stood still"
        );
        let mut reader =
            children::tidemap(&["go", "list", &target.to_string(), "--pause", "--json"]);
        let id = Pid::from_raw(reader.id() as i32);
        while reader.try_wait().expect("a child").is_none() {
            if !state_of_threads(target).contains(&'t') {
                continue;
            }
            // Frozen in the middle: if the target still stands, the reader is inside its pause.
            kill(id, Signal::SIGSTOP).expect("a child");
            std::thread::sleep(Duration::from_millis(20));
            let inside = state_of_threads(target).contains(&'t');
            kill(id, Signal::SIGKILL).expect("a child");
            caught += usize::from(inside);
            break;
        }
        let _ = reader.wait();
        let resumed = Instant::now() + Duration::from_secs(30);
        while state_of_threads(target)
            .iter()
            .any(|&state| state == 't' || state == 'T')
        {
            assert!(
                Instant::now() < resumed,
                "the target stands still after the reader was killed"
            );
            std::thread::sleep(Duration::from_millis(5));
        }
    }
    // Its writers go on.
    let before = case::processor_ticks(target);
    let resumed = Instant::now() + Duration::from_secs(60);
    while case::processor_ticks(target) <= before {
        assert!(Instant::now() < resumed, "the target does nothing any more");
        std::thread::sleep(Duration::from_millis(20));
    }
}
