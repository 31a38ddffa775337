//! Statistics of a handful of samples: median, range, ratios of paired runs.
//!
//! Contenders take turns within a repetition, so that a machine that slows
//! down slows all of them. A ratio is therefore formed *within* a repetition,
//! and the median and the range are those of the paired ratios.

use serde::{Deserialize, Serialize};

/// Median and range of some samples.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// The middle sample, or the mean of the two middle ones.
    pub median: f64,
    /// The smallest sample.
    pub min: f64,
    /// The largest sample.
    pub max: f64,
    /// How many samples.
    pub samples: usize,
}

impl Summary {
    /// Summarises `samples`; `None` without a finite sample.
    ///
    /// # Example
    /// ```
    /// use tidemap_bench::stats::Summary;
    /// let of = Summary::of(&[3.0, 1.0, 2.0]).unwrap();
    /// assert_eq!((of.min, of.median, of.max), (1.0, 2.0, 3.0));
    /// ```
    #[must_use]
    pub fn of(samples: &[f64]) -> Option<Summary> {
        let mut sorted: Vec<f64> = samples.iter().copied().filter(|x| x.is_finite()).collect();
        sorted.sort_by(f64::total_cmp);
        let (&min, &max) = (sorted.first()?, sorted.last()?);
        let middle = sorted.len() / 2;
        let median = if sorted.len() % 2 == 1 {
            sorted[middle]
        } else {
            f64::midpoint(sorted[middle - 1], sorted[middle])
        };
        Some(Summary {
            median,
            min,
            max,
            samples: sorted.len(),
        })
    }

    /// Summarises `subject[i] / baseline[i]`; `None` without a pair, or when a
    /// baseline is not above zero.
    #[must_use]
    pub fn of_paired_ratios(subject: &[f64], baseline: &[f64]) -> Option<Summary> {
        if baseline.iter().any(|&b| b <= 0.0) {
            return None;
        }
        let ratios: Vec<f64> = subject.iter().zip(baseline).map(|(s, b)| s / b).collect();
        Summary::of(&ratios)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians() {
        assert_eq!(Summary::of(&[]), None);
        assert_eq!(Summary::of(&[f64::NAN]), None);
        assert_eq!(Summary::of(&[7.0]).unwrap().median, 7.0);
        assert_eq!(Summary::of(&[4.0, 1.0, 3.0, 2.0]).unwrap().median, 2.5);
        assert_eq!(Summary::of(&[9.0, 1.0, 2.0]).unwrap().max, 9.0);
    }

    #[test]
    fn ratios_pair_runs_of_one_repetition() {
        // The machine was twice as slow in the second repetition: no change.
        let ratio = Summary::of_paired_ratios(&[10.0, 20.0], &[5.0, 10.0]).unwrap();
        assert_eq!((ratio.min, ratio.median, ratio.max), (2.0, 2.0, 2.0));
        assert_eq!(Summary::of_paired_ratios(&[1.0], &[0.0]), None);
        assert_eq!(Summary::of_paired_ratios(&[], &[]), None);
    }
}
