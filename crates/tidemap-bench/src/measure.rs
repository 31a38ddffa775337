//! Clocks, and what they cost.
//!
//! Throughput is counted in the processor time of the measuring thread, which
//! includes the kernel's work for it (page faults above all) and excludes other
//! programs. The longest operation is a matter of wall time, because that is
//! what a caller waits. Both clocks are read for every sample.

use std::time::Instant;

/// The clock behind throughput figures, for reports.
pub const CPU_CLOCK: &str = if cfg!(unix) {
    "processor time of the thread (CLOCK_THREAD_CPUTIME_ID)"
} else {
    "wall time (no clock of the thread's processor time on this system)"
};

/// Nanoseconds of processor time that this thread has used.
///
/// On systems without such a clock, wall time since the first call.
#[cfg(unix)]
#[must_use]
pub fn thread_cpu_ns() -> u64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64
}

/// Nanoseconds of processor time that this thread has used.
///
/// On systems without such a clock, wall time since the first call.
#[cfg(not(unix))]
#[must_use]
pub fn thread_cpu_ns() -> u64 {
    static START: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    START.get_or_init(Instant::now).elapsed().as_nanos() as u64
}

/// Time that passed, by both clocks.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Elapsed {
    /// Processor time of the thread.
    pub cpu_ns: f64,
    /// Wall time.
    pub wall_ns: f64,
}

impl std::ops::AddAssign for Elapsed {
    fn add_assign(&mut self, other: Elapsed) {
        self.cpu_ns += other.cpu_ns;
        self.wall_ns += other.wall_ns;
    }
}

/// Measures one stretch of code by both clocks.
#[derive(Debug)]
pub struct Stopwatch {
    wall: Instant,
    cpu_ns: u64,
}

impl Stopwatch {
    /// Starts.
    #[must_use]
    #[inline]
    pub fn start() -> Self {
        let wall = Instant::now();
        Stopwatch {
            cpu_ns: thread_cpu_ns(),
            wall,
        }
    }

    /// Stops, without subtracting the cost of the clocks.
    #[must_use]
    #[inline]
    pub fn stop_raw(self) -> Elapsed {
        let cpu_ns = thread_cpu_ns() - self.cpu_ns;
        Elapsed {
            cpu_ns: cpu_ns as f64,
            wall_ns: self.wall.elapsed().as_nanos() as f64,
        }
    }

    /// Stops and subtracts what an empty stretch would have shown.
    #[must_use]
    #[inline]
    pub fn stop(self) -> Elapsed {
        let raw = self.stop_raw();
        let cost = clock_cost();
        Elapsed {
            cpu_ns: (raw.cpu_ns - cost.cpu_ns).max(0.0),
            wall_ns: (raw.wall_ns - cost.wall_ns).max(0.0),
        }
    }
}

/// What an empty stretch shows, by both clocks: the median of many.
#[must_use]
pub fn clock_cost() -> Elapsed {
    static COST: std::sync::OnceLock<Elapsed> = std::sync::OnceLock::new();
    *COST.get_or_init(|| {
        let runs: Vec<Elapsed> = (0..2001).map(|_| Stopwatch::start().stop_raw()).collect();
        let median = |pick: fn(&Elapsed) -> f64| {
            let mut all: Vec<f64> = runs.iter().map(pick).collect();
            all.sort_by(f64::total_cmp);
            all[all.len() / 2]
        };
        Elapsed {
            cpu_ns: median(|e| e.cpu_ns),
            wall_ns: median(|e| e.wall_ns),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_run_forward_and_their_cost_is_small() {
        let (a, b) = (thread_cpu_ns(), thread_cpu_ns());
        assert!(b >= a);
        let cost = clock_cost();
        assert!(
            cost.wall_ns < 100_000.0 && cost.cpu_ns < 100_000.0,
            "{cost:?}"
        );
        let watch = Stopwatch::start();
        let mut sum = 0_u64;
        for i in 0..1_000_000_u64 {
            sum = std::hint::black_box(sum ^ i);
        }
        let elapsed = watch.stop();
        assert!(
            elapsed.cpu_ns > 0.0 && elapsed.wall_ns > 0.0,
            "{elapsed:?} {sum}"
        );
    }
}
