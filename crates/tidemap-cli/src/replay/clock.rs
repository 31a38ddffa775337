//! The clock around one operation, and what reading it costs.
//!
//! On x86-64 with a time-stamp counter of constant rate that counter is read
//! directly; everywhere else `Instant`. The reads are fenced: the first waits
//! for earlier loads, the second for the operation. A pair of reads around
//! nothing takes some time too; its median is measured, subtracted from every
//! operation, and stated in the report.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

/// Ticks of a [`Clock`].
pub(crate) type Ticks = u64;

/// A calibrated clock.
#[derive(Debug, Clone)]
pub(crate) struct Clock {
    tsc: bool,
    epoch: Instant,
    ns_per_tick: f64,
    pair_cost: Ticks,
}

/// What a report says about the clock.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ClockReport {
    /// `tsc` or `instant`.
    pub source: String,
    /// Length of a tick.
    pub ns_per_tick: f64,
    /// What a pair of reads costs; subtracted from every operation.
    pub pair_cost_ns: f64,
}

/// How long the rate of the counter is measured.
const CALIBRATE: Duration = Duration::from_millis(20);
/// Pairs of reads whose median is the cost.
const PAIRS: usize = 20_001;

impl Clock {
    /// Measures rate and cost; takes [`CALIBRATE`] and a little.
    pub(crate) fn calibrate() -> Self {
        let tsc = arch::usable();
        let mut clock = Clock {
            tsc,
            epoch: Instant::now(),
            ns_per_tick: 1.0,
            pair_cost: 0,
        };
        if tsc {
            let (begin, begin_ticks) = (Instant::now(), clock.stop());
            while begin.elapsed() < CALIBRATE {
                std::hint::spin_loop();
            }
            let ticks = clock.stop() - begin_ticks;
            clock.ns_per_tick = begin.elapsed().as_nanos() as f64 / ticks.max(1) as f64;
        }
        let mut pairs: Vec<Ticks> = (0..PAIRS)
            .map(|_| {
                let start = clock.start();
                clock.stop().saturating_sub(start)
            })
            .collect();
        pairs.sort_unstable();
        clock.pair_cost = pairs[PAIRS / 2];
        clock
    }

    /// Before an operation.
    #[inline(always)]
    pub(crate) fn start(&self) -> Ticks {
        if self.tsc {
            arch::start()
        } else {
            self.epoch.elapsed().as_nanos() as u64
        }
    }

    /// After an operation.
    #[inline(always)]
    pub(crate) fn stop(&self) -> Ticks {
        if self.tsc {
            arch::stop()
        } else {
            self.epoch.elapsed().as_nanos() as u64
        }
    }

    /// What a pair of reads costs.
    #[inline(always)]
    pub(crate) fn pair_cost(&self) -> Ticks {
        self.pair_cost
    }

    /// Ticks as nanoseconds.
    pub(crate) fn ns(&self, ticks: Ticks) -> f64 {
        ticks as f64 * self.ns_per_tick
    }

    /// Nanoseconds as ticks.
    pub(crate) fn ticks(&self, ns: u64) -> Ticks {
        (ns as f64 / self.ns_per_tick) as Ticks
    }

    /// For the report.
    pub(crate) fn report(&self) -> ClockReport {
        ClockReport {
            source: if self.tsc { "tsc" } else { "instant" }.to_owned(),
            ns_per_tick: self.ns_per_tick,
            pair_cost_ns: self.ns(self.pair_cost),
        }
    }
}

#[cfg(all(target_arch = "x86_64", not(miri)))]
mod arch {
    use std::arch::x86_64::{__cpuid, __rdtscp, _mm_lfence, _rdtsc};

    /// Whether the counter runs at a constant rate in all power states.
    pub(super) fn usable() -> bool {
        const LEAF: u32 = 0x8000_0007;
        const INVARIANT: u32 = 1 << 8;
        const RDTSCP: u32 = 1 << 27;
        __cpuid(0x8000_0000).eax >= LEAF
            && __cpuid(LEAF).edx & INVARIANT != 0
            && __cpuid(0x8000_0001).edx & RDTSCP != 0
    }

    #[inline(always)]
    pub(super) fn start() -> u64 {
        // SAFETY: lfence (SSE2) and rdtsc are part of every x86-64 processor.
        unsafe {
            _mm_lfence();
            let ticks = _rdtsc();
            _mm_lfence();
            ticks
        }
    }

    #[inline(always)]
    pub(super) fn stop() -> u64 {
        let mut core = 0;
        // SAFETY: called only where `usable` found rdtscp; `core` is writable.
        unsafe {
            let ticks = __rdtscp(&mut core);
            _mm_lfence();
            ticks
        }
    }
}

#[cfg(not(all(target_arch = "x86_64", not(miri))))]
mod arch {
    pub(super) fn usable() -> bool {
        false
    }
    pub(super) fn start() -> u64 {
        0
    }
    pub(super) fn stop() -> u64 {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_agrees_with_the_systems() {
        let clock = Clock::calibrate();
        let (begin, start) = (Instant::now(), clock.start());
        while begin.elapsed() < Duration::from_millis(30) {
            std::hint::spin_loop();
        }
        let (ns, real) = (
            clock.ns(clock.stop() - start),
            begin.elapsed().as_nanos() as f64,
        );
        assert!((0.8..1.25).contains(&(ns / real)), "{ns} against {real}");
        assert!((clock.ns(clock.ticks(1_000_000)) - 1e6).abs() < 1e3);
    }
}
