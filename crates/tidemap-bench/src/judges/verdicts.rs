//! Running the scenarios by turns, and saying who wins.

use std::fmt::Write as _;

use super::{Judge, Scenario, run};
use crate::contenders::BASELINE;
use crate::figures::Figures;
use crate::stats::Summary;

/// A sample of the baseline takes at least this much processor time.
const SAMPLE_NS_MIN: f64 = 10e6;
/// Ratios up to this far from 1 are called even.
const EVEN: f64 = 0.05;

/// The results of all scenarios.
#[derive(Debug, Clone, Default)]
pub struct Verdicts {
    /// Nanoseconds per operation, by scenario.
    pub figures: Figures,
    /// Whose answers differ.
    pub complaints: Vec<String>,
    /// What could not be brought about.
    pub left_out: Vec<String>,
    order: Vec<(Judge, String)>,
}

/// Runs `scenarios` with `maps` by turns; the baseline must be among them.
#[must_use]
pub fn compare(
    scenarios: &[Scenario],
    maps: &[String],
    repetitions: usize,
    mut progress: impl FnMut(&str),
) -> Verdicts {
    let mut verdicts = Verdicts::default();
    for scenario in scenarios {
        progress(&format!("{}: {BASELINE}", scenario.name));
        let Some(first) = run(BASELINE, &scenario.work, 1) else {
            verdicts.left_out.push(scenario.name.clone());
            continue;
        };
        let rounds = (SAMPLE_NS_MIN / first.elapsed.cpu_ns.max(1000.0)).ceil();
        let rounds = rounds.clamp(1.0, 10_000.0) as u32;
        verdicts.order.push((scenario.judge, scenario.name.clone()));
        for repetition in 0..repetitions {
            let mut answers: Vec<(u64, &str)> = Vec::new();
            for turn in 0..maps.len() {
                let map = &maps[(turn + repetition) % maps.len()];
                progress(&format!("{}: {map}", scenario.name));
                let Some(outcome) = run(map, &scenario.work, rounds) else {
                    continue;
                };
                answers.push((outcome.answer, map));
                let ns = outcome.elapsed.cpu_ns / outcome.ops as f64;
                let wall_ns = outcome.elapsed.wall_ns / outcome.ops as f64;
                let wall = format!("{}-wall", scenario.name);
                verdicts.figures.add(&scenario.name, "ns/op", 0.0, map, ns);
                verdicts.figures.add(&wall, "ns/op", 0.0, map, wall_ns);
            }
            for (answer, map) in &answers {
                if *answer != answers[0].0 {
                    verdicts.complaints.push(format!(
                        "{}: {map} answers otherwise than {}",
                        scenario.name, answers[0].1
                    ));
                }
            }
        }
    }
    verdicts.complaints.sort();
    verdicts.complaints.dedup();
    verdicts
}

impl Verdicts {
    /// The ratio of `map` to the baseline in one scenario.
    #[must_use]
    pub fn ratio(&self, scenario: &str, map: &str) -> Option<Summary> {
        Summary::of_paired_ratios(
            self.figures.samples(scenario, 0.0, map),
            self.figures.samples(scenario, 0.0, BASELINE),
        )
    }

    /// Scenarios in which `subject` takes longer than the baseline, the worst first.
    #[must_use]
    pub fn lost(&self, subject: &str) -> Vec<(&str, Summary)> {
        let mut lost: Vec<(&str, Summary)> = self
            .order
            .iter()
            .filter_map(|(_, name)| Some((name.as_str(), self.ratio(name, subject)?)))
            .filter(|(_, ratio)| ratio.median > 1.0 + EVEN)
            .collect();
        lost.sort_by(|a, b| b.1.median.total_cmp(&a.1.median));
        lost
    }

    /// The results for people.
    #[must_use]
    pub fn table(&self, maps: &[String], subject: &str) -> String {
        let mut out = format!("Ratios to {BASELINE}, processor time; below 1 is better.\n");
        let others: Vec<&String> = maps.iter().filter(|map| *map != BASELINE).collect();
        for (judge, title) in [
            (Judge::MapBenchmark, "map_benchmark"),
            (Judge::Hashbrown, "hashbrown's benches"),
            (Judge::Ours, "our own"),
        ] {
            let names: Vec<&str> = self
                .order
                .iter()
                .filter(|(of, _)| *of == judge)
                .map(|(_, name)| name.as_str())
                .collect();
            if names.is_empty() {
                continue;
            }
            let _ = write!(out, "\n{title:<34} {BASELINE:>14}");
            for map in &others {
                let _ = write!(out, "  {map:>24}");
            }
            out.push('\n');
            for name in names {
                let baseline = Summary::of(self.figures.samples(name, 0.0, BASELINE));
                let baseline = baseline.map_or("n/a".to_owned(), |s| format!("{:.1} ns", s.median));
                let _ = write!(out, "{name:<34} {baseline:>14}");
                for map in &others {
                    let text = self.ratio(name, map).map_or("n/a".to_owned(), ratio_text);
                    let _ = write!(out, "  {text:>24}");
                }
                out.push('\n');
            }
        }
        let (lost, all) = (self.lost(subject), self.order.len());
        let _ = writeln!(out, "\n{subject} loses {} of {all} scenarios:", lost.len());
        for (name, ratio) in lost {
            let _ = writeln!(out, "  {:.2}  {name}", ratio.median);
        }
        for name in &self.left_out {
            let _ = writeln!(out, "left out: {name} (no growth was met on the way)");
        }
        out
    }
}

fn ratio_text(ratio: Summary) -> String {
    let word = if ratio.median > 1.0 + EVEN {
        "loses"
    } else if ratio.median < 1.0 - EVEN {
        "wins"
    } else {
        "even"
    };
    let crosses = ratio.min <= 1.0 && 1.0 < ratio.max;
    let unsure = if crosses && word != "even" { "?" } else { "" };
    format!(
        "{:.2} ({:.2}–{:.2}) {word}{unsure}",
        ratio.median, ratio.min, ratio.max
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn losses_are_named_worst_first() {
        let mut verdicts = Verdicts::default();
        for (name, ns) in [("a", 12.0), ("b", 30.0), ("c", 9.0)] {
            verdicts.order.push((Judge::Ours, name.to_owned()));
            verdicts.figures.add(name, "ns/op", 0.0, BASELINE, 10.0);
            verdicts.figures.add(name, "ns/op", 0.0, "tidemap", ns);
        }
        let lost: Vec<&str> = verdicts.lost("tidemap").iter().map(|l| l.0).collect();
        assert_eq!(lost, ["b", "a"]);
        let maps = ["tidemap", BASELINE].map(str::to_owned);
        let text = verdicts.table(&maps, "tidemap");
        assert!(
            text.contains("tidemap loses 2 of 3 scenarios:\n  3.00  b\n"),
            "{text}"
        );
        assert!(text.contains("0.90 (0.90–0.90) wins"), "{text}");
    }

    #[test]
    fn a_verdict_knows_its_uncertainty() {
        let text = |samples: &[f64]| ratio_text(Summary::of(samples).unwrap());
        assert!(text(&[0.9, 1.2, 1.3]).ends_with(" loses?"));
        assert!(text(&[1.1, 1.2, 1.3]).ends_with(" loses"));
        assert!(text(&[0.9, 1.0, 1.1]).ends_with(" even"));
    }
}
