//! Replays the corpus of the fuzz targets (folder `fuzz`): inputs that reached new states,
//! and those that once found a fault.

mod interpreter;

use std::path::{Path, PathBuf};

use interpreter::{Fault, run};

/// Runs all inputs of one corpus.
fn replay(name: &str, fault: Fault) {
    // Miri sees the same operations in its own tests.
    if cfg!(miri) {
        return;
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../fuzz/corpus")
        .join(name);
    let files = std::fs::read_dir(&folder).unwrap_or_else(|error| {
        panic!("cannot read the corpus {}: {error}", folder.display());
    });
    let mut files: Vec<PathBuf> = files.map(|file| file.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 20, "only {} inputs in {name}", files.len());
    for file in files {
        println!("{}", file.display());
        run(&std::fs::read(&file).unwrap(), fault);
    }
}

#[test]
fn operations() {
    replay("operations", Fault::None);
}

#[test]
fn refusals() {
    replay("refusals", Fault::Refusals);
}

#[test]
fn panics() {
    replay("panics", Fault::Panics);
}

/// A number from the environment.
fn setting(name: &str, default: u64) -> u64 {
    match std::env::var(name) {
        Ok(text) => text
            .parse()
            .unwrap_or_else(|_| panic!("{name}={text} is not a number; use one like {default}")),
        Err(_) => default,
    }
}

/// Inputs without thought: a corpus may miss what chance finds. `TIDEMAP_FUZZ_INPUTS` says how many,
/// `TIDEMAP_FUZZ_SEED` which.
#[test]
fn inputs_at_random() {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64 ^ setting("TIDEMAP_FUZZ_SEED", 0);
    let mut byte = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    };
    let inputs = setting("TIDEMAP_FUZZ_INPUTS", if cfg!(miri) { 1 } else { 300 });
    for number in 0..inputs {
        let bytes = if cfg!(miri) {
            12
        } else {
            20 + u32::from(byte())
        };
        let data: Vec<u8> = (0..bytes).map(|_| byte()).collect();
        for fault in [Fault::None, Fault::Refusals, Fault::Panics] {
            println!("input {number}, {fault:?}");
            run(&data, fault);
        }
    }
}
