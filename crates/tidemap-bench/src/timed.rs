//! Loops that look at a clock, or another counter, after every single operation.
//!
//! One reading ends an operation and begins the next: half the system calls. The making of a key
//! is in it too, a nanosecond for an integer, and so is the note taken of the operation before.

use std::hint::black_box;
use std::time::{Duration, Instant};

use crate::contenders::Contender;
use crate::values::BenchValue;

/// A clock of wall time since its making, ns.
pub fn wall_clock() -> impl FnMut() -> u64 {
    let start = Instant::now();
    move || start.elapsed().as_nanos() as u64
}

/// Operations between two pauses of a map that uses them.
const PAUSE_AFTER: u64 = 256;

/// Inserts `count` keys and notes for each its number and by how much `clock` went forward. What a
/// map does in [pauses](Contender::idle) is nobody's.
/// Returns how many replaced another, which should be none.
pub fn each_insert<K, V: BenchValue, M: Contender<K, V>>(
    map: &mut M,
    count: u64,
    mut make: impl FnMut(u64) -> K,
    clock: &mut impl FnMut() -> u64,
    note: &mut impl FnMut(u64, u64),
) -> u64 {
    let mut replaced = 0;
    let mut last = clock();
    for i in 0..count {
        let old = map.insert(black_box(make(i)), V::of(i));
        let now = clock();
        replaced += u64::from(old.is_some());
        note(i, now - last);
        last = now;
        if M::IDLES && i % PAUSE_AFTER == 0 {
            map.idle();
            last = clock();
        }
    }
    replaced
}

/// The same loop without a map, until `count` rounds are done and `at_least` has passed.
pub fn each_round(
    count: u64,
    at_least: Duration,
    mut make: impl FnMut(u64),
    clock: &mut impl FnMut() -> u64,
    note: &mut impl FnMut(u64, u64),
) {
    /// Rounds between two looks at the time that must pass.
    const ROUNDS: u64 = 1024;
    let (began, mut i) = (Instant::now(), 0);
    let mut last = clock();
    while i < count || began.elapsed() < at_least {
        make(i);
        let now = clock();
        note(i, now - last);
        (last, i) = (now, i + 1);
        while i % ROUNDS != 0 {
            make(i);
            let now = clock();
            note(i, now - last);
            (last, i) = (now, i + 1);
        }
        // The look at the time is nobody's.
        last = clock();
    }
}
