//! The model test's long run: 10^8 operations by one command.
//!
//! ```text
//! cargo test --release -p tidemap --test it -- --ignored model_long
//! ```
//!
//! `TIDEMAP_MODEL_OPS` is another number of operations, `TIDEMAP_MODEL_SEED` another first seed;
//! a failure prints the plan of the walk it happened in. Progress is shown on a terminal.

use std::io::{IsTerminal, Write, stderr};
use std::time::Instant;

use tidemap::DefaultHashBuilder;

use crate::hostile;
use crate::model::Long;
use crate::support::{Bent, Quality, SHRINKING, STRESS};
use crate::walk::{Census, RESEEDING, Walk, walk};

/// Operations of one walk over many keys.
const WALK_OPS: u64 = 500_000;

/// A number from the environment.
fn setting(name: &str, default: u64) -> u64 {
    match std::env::var(name) {
        Ok(text) => text
            .parse()
            .unwrap_or_else(|_| panic!("{name}={text} is not a number; use one like {default}")),
        Err(_) => default,
    }
}

/// The walk of a turn: sizes from a hundred keys to a million, hashers from good to none.
fn turn(seed: u64, most: u64, census: &mut [Census; 2]) -> u64 {
    let (kind, size) = (seed % 8, seed / 8 % 5);
    let good = matches!(kind, 0..4);
    let keys = if good {
        [1_000_000, 100, 30_000, 2_000, 200_000][size as usize]
    } else {
        [100, 1_500, 400, 900, 250][size as usize]
    };
    let ops = most.min(if good { WALK_OPS } else { WALK_OPS / 2 });
    let plan = Walk {
        seed,
        ops,
        keys,
        // What a check looks at is about as much as was done since the last one.
        check_every: (keys / 4).max(25),
        rare: (keys / 8).clamp(60, 20_000),
    };
    let [calm, hostile] = census;
    match kind {
        0 | 1 => walk(&plan, Bent(Quality::Good), |k| k, |v| v, calm),
        2 => walk(
            &plan,
            Bent(Quality::Good),
            |k| format!("the key {k}"),
            |v| v,
            calm,
        ),
        3 => walk(&plan, Bent(Quality::Good), |k| k as u32, |_| (), calm),
        4 => walk(&plan, Bent(Quality::Low(3)), |k| k, |v| v, calm),
        5 => walk(&plan, Bent(Quality::Few(9)), |k| k, Long::<100>::new, calm),
        6 => walk(&plan, Bent(Quality::Good), |k| k, Long::<700>::new, calm),
        _ => {
            let hasher = DefaultHashBuilder::with_seed(1);
            walk(&plan, hasher, hostile::Key::mixed, |v| v, hostile);
        }
    }
    ops
}

#[test]
#[ignore = "10^8 operations take minutes"]
fn model_long() {
    let most = setting("TIDEMAP_MODEL_OPS", 100_000_000);
    let first = setting("TIDEMAP_MODEL_SEED", 1);
    let (mut census, began) = ([Census::default(), Census::default()], Instant::now());
    let (mut done, mut seed) = (0, first);
    let mut terminal = stderr();
    while done < most {
        done += turn(seed, most - done, &mut census);
        seed += 1;
        if terminal.is_terminal() {
            let seconds = began.elapsed().as_secs();
            let percent = 100 * done / most;
            // The test runner does not catch what is written like this.
            let _ = write!(
                terminal,
                "\r{percent} % of {most} operations, {} walks, {seconds} s ",
                seed - first
            );
        }
    }
    let [calm, hostile] = census;
    let line = format!(
        "{done} operations in {} walks from seed {first}, {} s; by state {:?}, hostile keys {:?}",
        seed - first,
        began.elapsed().as_secs(),
        calm.sums(),
        hostile.sums()
    );
    let _ = writeln!(terminal, "\n{line}");
    if most >= 5_000_000 {
        calm.assert_all(0..=SHRINKING);
        hostile.assert_all([0, SHRINKING, RESEEDING]);
    }
    assert!(STRESS || done >= most);
}

/// The same walks, few of them, in every run of the tests.
#[test]
fn a_little_of_the_long_run() {
    if cfg!(miri) {
        return;
    }
    let mut census = [Census::default(), Census::default()];
    let mut done = 0;
    for seed in 8..24 {
        done += turn(seed, 20_000, &mut census);
    }
    let sums = census.map(|census| census.sums().iter().sum::<u64>());
    assert_eq!(sums[0] + sums[1], done);
    assert!(sums[1] > 0 && done == 16 * 20_000, "{sums:?}");
}
