//! Latencies by the time at which requests were due.
//!
//! A request counts for the span of time in which it *should* have been sent, and its latency begins then. A service that
//! stalls for a second so makes all requests of that second late, not only those that happened to be on
//! their way (the error is known as coordinated omission).

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use hdrhistogram::Histogram;
use serde::Serialize;

/// The longest latency that is told apart, in microseconds; the maximum itself is exact.
const US_MAX: u64 = 120_000_000;

/// Latencies and their summary, in microseconds.
#[derive(Debug)]
pub struct Latencies {
    us: Histogram<u64>,
    max_ns: u64,
}

/// What is told of latencies. All 0 without any.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Summary {
    /// How many.
    pub count: u64,
    /// Median.
    pub p50_us: u64,
    /// 99 of 100 were not longer.
    pub p99_us: u64,
    /// 999 of 1000 were not longer.
    pub p999_us: u64,
    /// The longest.
    pub max_us: u64,
}

impl Latencies {
    /// None yet; `digits` figures of a latency are kept (1 to 3), at 10 KB for two.
    ///
    /// # Panics
    /// If `digits` is something else.
    #[must_use]
    pub fn new(digits: u8) -> Latencies {
        assert!((1..=3).contains(&digits), "{digits} digits");
        let us = Histogram::new_with_bounds(1, US_MAX, digits);
        Latencies {
            us: us.expect("bounds and digits are valid"),
            max_ns: 0,
        }
    }

    /// Adds one.
    pub fn add(&mut self, latency: Duration) {
        let ns = u64::try_from(latency.as_nanos()).unwrap_or(u64::MAX);
        self.us.saturating_record((ns / 1000).max(1));
        self.max_ns = self.max_ns.max(ns);
    }

    /// Adds those of another one.
    pub fn join(&mut self, other: &Latencies) {
        // Bounds are equal, so everything fits.
        self.us.add(&other.us).expect("equal bounds");
        self.max_ns = self.max_ns.max(other.max_ns);
    }

    /// The figures.
    #[must_use]
    pub fn summary(&self) -> Summary {
        if self.us.is_empty() {
            return Summary::default();
        }
        let max_us = self.max_ns.div_ceil(1000);
        // Cells are as wide as the digits allow, and no percentile is beyond the maximum.
        let at = |share: f64| self.us.value_at_quantile(share).min(max_us);
        Summary {
            count: self.us.len(),
            p50_us: at(0.5),
            p99_us: at(0.99),
            p999_us: at(0.999),
            max_us,
        }
    }
}

/// A run cut into spans of equal length.
#[derive(Debug)]
pub struct Windows {
    per_window: u64,
    windows: Vec<Mutex<Latencies>>,
    total: Mutex<Latencies>,
}

impl Windows {
    /// For `requests`, of which `per_window` are due in each span.
    #[must_use]
    pub fn new(requests: u64, per_window: u64) -> Windows {
        let per_window = per_window.max(1);
        let count = requests.div_ceil(per_window);
        Windows {
            per_window,
            windows: (0..count).map(|_| Mutex::new(Latencies::new(2))).collect(),
            total: Mutex::new(Latencies::new(3)),
        }
    }

    /// Adds the latency of the request with that number.
    pub fn add(&self, request: u64, latency: Duration) {
        let window = (request / self.per_window) as usize;
        if let Some(window) = self.windows.get(window) {
            lock(window).add(latency);
        }
        lock(&self.total).add(latency);
    }

    /// How many spans there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.windows.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.windows.is_empty()
    }

    /// The figures of a span so far.
    #[must_use]
    pub fn summary(&self, window: usize) -> Summary {
        self.windows
            .get(window)
            .map_or_else(Summary::default, |window| lock(window).summary())
    }

    /// The figures of all.
    #[must_use]
    pub fn total(&self) -> Summary {
        lock(&self.total).summary()
    }
}

// Nothing panics under these locks; a torn histogram would still be one.
fn lock(latencies: &Mutex<Latencies>) -> std::sync::MutexGuard<'_, Latencies> {
    latencies.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_of_the_latencies() {
        let mut latencies = Latencies::new(3);
        assert_eq!(latencies.summary(), Summary::default());
        (1..=1000).for_each(|ms| latencies.add(Duration::from_millis(ms)));
        let summary = latencies.summary();
        assert_eq!((summary.count, summary.max_us), (1000, 1_000_000));
        let near = |figure: u64, us: u64| figure.abs_diff(us) <= us / 500;
        assert!(near(summary.p50_us, 500_000), "{summary:?}");
        assert!(near(summary.p99_us, 990_000) && near(summary.p999_us, 999_000));
        latencies.add(Duration::from_secs(10_000));
        assert_eq!(
            latencies.summary().max_us,
            10_000_000_000,
            "exact beyond the bound"
        );
    }

    #[test]
    fn requests_count_where_they_were_due() {
        let windows = Windows::new(25, 10);
        assert_eq!(windows.len(), 3);
        (0..25).for_each(|n| windows.add(n, Duration::from_micros(100 + n)));
        let counts: Vec<u64> = (0..3).map(|w| windows.summary(w).count).collect();
        assert_eq!(counts, [10, 10, 5]);
        assert_eq!(windows.summary(1).max_us, 119);
        assert_eq!(windows.total().count, 25);
        windows.add(99, Duration::from_micros(1));
        assert_eq!(
            windows.total().count,
            26,
            "one beyond the end is in the total"
        );
    }
}
