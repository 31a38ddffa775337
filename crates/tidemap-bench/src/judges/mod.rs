//! Outside judges: scenarios that others wrote to compare maps with, and look-ups in the middle of a
//! growth, which nobody has.
//!
//! The scenarios follow *martinus/map_benchmark* and hashbrown's own benches, rewritten in our
//! words as data (`bench/cases/judges.toml`, read by [`scenario`]): what is done, with how many
//! entries, and the size that the judge gives it. A run scales the large ones down (`--scale`), takes
//! maps by turns, repeats a scenario until the baseline needs some milliseconds, and compares the
//! answers of all maps. [`verdicts`] names where tidemap loses.

use crate::contenders::{FixedHasher, with_map};
use crate::lanes::hasher;
use crate::measure::Elapsed;
use crate::values::BenchValue;

pub mod frozen;
pub mod numbers;
pub mod scenario;
pub mod texts;
pub mod verdicts;

pub use scenario::{Judge, Keys, Scenario, Work};
pub use verdicts::{Verdicts, compare};

/// Part of the judge's own size that a run does unless told otherwise.
pub const SCALE: f64 = 0.02;

/// What one run of a scenario gave.
#[derive(Debug, Clone, Copy, Default)]
pub struct Outcome {
    /// The time of the work alone.
    pub elapsed: Elapsed,
    /// How many operations that was.
    pub ops: u64,
    /// A number that equal answers have in common.
    pub answer: u64,
}

/// Mixes `next` into an answer whose parts come in a fixed order.
pub(crate) fn mix(answer: u64, next: u64) -> u64 {
    (answer.rotate_left(5) ^ next).wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

/// SipHash with a fixed key.
pub type SipHash = std::hash::BuildHasherDefault<std::hash::DefaultHasher>;

/// Runs `work` with the map called `map`, `rounds` times; `None` if there is no such map, or the
/// work cannot be brought about.
#[must_use]
pub fn run(map: &str, work: &Work, rounds: u32) -> Option<Outcome> {
    match work {
        Work::TextFind { .. }
        | Work::TextInsertErase { .. }
        | Work::Intersection { .. }
        | Work::Union { .. }
        | Work::Difference { .. } => with_map(map, texts::Run { work, rounds }),
        Work::InsertCleared { sip: true, .. } => {
            numbers::run_heavy(map, work, rounds, SipHash::default())
        }
        Work::InsertCleared { .. } => numbers::run_heavy(map, work, rounds, hasher()),
        Work::GrowInsert { sip: true, .. }
        | Work::Churn { sip: true, .. }
        | Work::Lookup { sip: true, .. }
        | Work::LookupFail { sip: true, .. }
        | Work::Iterate { sip: true, .. } => numbers::run(map, work, rounds, SipHash::default()),
        Work::Frozen { .. } => {
            let len = frozen::length(work)?;
            with_map::<_, _, FixedHasher, _>(map, frozen::Run { work, rounds, len })
        }
        _ => numbers::run(map, work, rounds, hasher()),
    }
}

/// A value of 160 bytes with a destructor, as hashbrown's benches have.
#[derive(Clone)]
pub struct Heavy([u64; 20]);

impl BenchValue for Heavy {
    fn of(number: u64) -> Heavy {
        Heavy([number; 20])
    }
    fn number(&self) -> u64 {
        self.0[0]
    }
    fn whole_number(&self) -> u64 {
        let differ = self.0.iter().fold(0, |all, word| all | (word ^ self.0[0]));
        self.0[0] ^ differ
    }
}

impl Drop for Heavy {
    fn drop(&mut self) {
        std::hint::black_box(self.0[0]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cases::Size;
    use crate::contenders::MAP_NAMES;

    /// Small enough for a test, by whatever the scenario is large in.
    fn tiny(scenario: &Scenario) -> Scenario {
        let mut tiny = scenario.scaled(1e-5);
        let entries = match &mut tiny.work {
            Work::FindGrowing {
                entries,
                operations,
                ..
            }
            | Work::Copy {
                entries,
                operations,
            }
            | Work::RehashInPlace {
                entries,
                operations,
            }
            | Work::TextFind {
                entries,
                operations,
                ..
            } => {
                operations.0 = operations.0.clamp(20, 2000);
                entries
            }
            Work::FillClearErase { entries }
            | Work::CopyInOrder { entries }
            | Work::IterateChanging { entries }
            | Work::GrowInsert { entries, .. }
            | Work::InsertCleared { entries, .. }
            | Work::Churn { entries, .. }
            | Work::Lookup { entries, .. }
            | Work::LookupFail { entries, .. }
            | Work::Iterate { entries, .. }
            | Work::Clone { entries }
            | Work::CloneFrom { entries }
            | Work::Intersection { entries, .. }
            | Work::Union { entries, .. }
            | Work::Difference { entries, .. } => entries,
            _ => return tiny,
        };
        entries.0 = entries.0.clamp(10, 600);
        tiny
    }

    #[test]
    fn every_scenario_gives_one_answer_on_every_map() {
        for scenario in Scenario::embedded() {
            let work = tiny(&scenario).work;
            if matches!(work, Work::Frozen { .. }) {
                continue; // see frozen.rs
            }
            let answers: Vec<u64> = MAP_NAMES
                .iter()
                .map(|map| {
                    let outcome = run(map, &work, 2).unwrap();
                    assert!(outcome.ops > 0, "{}", scenario.name);
                    outcome.answer
                })
                .collect();
            assert!(
                answers.iter().all(|a| *a == answers[0]),
                "{}: {answers:?}",
                scenario.name
            );
        }
        assert!(run("btree", &Work::Clone { entries: Size(5) }, 1).is_none());
    }

    #[test]
    fn damage_to_a_heavy_value_is_seen() {
        let mut heavy = Heavy::of(7);
        assert_eq!((heavy.number(), heavy.whole_number()), (7, 7));
        heavy.0[19] ^= 1;
        assert_ne!(heavy.whole_number(), 7);
    }
}
