//! What a run met, as text and as JSON.

use std::fmt;

use serde::Serialize;

use super::LoadArgs;
use crate::latency::Summary;
use crate::service::Stats;

/// Heads of the columns of [`Row`].
pub(super) const COLUMNS: &str =
    "    from   requests        p50        p99      p99.9        max      entries";

/// One span of time.
#[derive(Debug, Clone, Serialize)]
pub struct Row {
    /// When it began, in milliseconds from the start.
    pub from_ms: u64,
    /// Latencies of the requests that were due in it.
    #[serde(flatten)]
    pub latency: Summary,
    /// Entries that had been loaded in bulk by its end.
    pub loaded: u64,
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Summary {
            count,
            p50_us,
            p99_us,
            p999_us,
            max_us,
        } = self.latency;
        write!(
            f,
            "{:>7.1}s {count:>10} {:>10} {:>10} {:>10} {:>10} {:>12}",
            self.from_ms as f64 / 1e3,
            Us(p50_us),
            Us(p99_us),
            Us(p999_us),
            Us(max_us),
            self.loaded,
        )
    }
}

/// Microseconds, for people.
pub(crate) struct Us(pub(crate) u64);

impl fmt::Display for Us {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&match self.0 {
            us @ 0..1_000 => format!("{us} us"),
            us @ 1_000..10_000 => format!("{:.1} ms", us as f64 / 1e3),
            us @ 10_000..1_000_000 => format!("{:.0} ms", us as f64 / 1e3),
            us => format!("{:.2} s", us as f64 / 1e6),
        })
    }
}

/// How well the generator kept its schedule: what is late here is the machine's doing, not the service's.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Generator {
    /// How much later than due requests were sent for which a connection was free. It is part of their latency.
    #[serde(flatten)]
    pub late: Summary,
    /// Requests for which no connection was free when they were due.
    pub queued: u64,
}

/// The bulk side of a run.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Bulk {
    /// Entries stored.
    pub entries: u64,
    /// Bulk requests that failed.
    pub errors: u64,
    /// Latencies of bulk requests, from when they were due.
    #[serde(flatten)]
    pub latency: Summary,
}

/// See the module.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// Name and version of this form.
    pub schema: &'static str,
    /// The map of the service.
    pub map: String,
    /// Requests that were due.
    pub requests: u64,
    /// Answers that had the right value, or stored one.
    pub right: u64,
    /// Keys that were not there.
    pub missing: u64,
    /// Answers with another value than was stored.
    pub wrong: u64,
    /// Answers with an unexpected status, and requests without an answer.
    pub errors: u64,
    /// The first of those.
    pub first_error: Option<String>,
    /// Why the run ended before its time.
    pub ended_early: Option<String>,
    /// Latencies of all requests that were answered.
    pub latency: Summary,
    /// How well the generator kept its schedule.
    pub generator: Generator,
    /// What was loaded in bulk.
    pub bulk: Bulk,
    /// Spans of time.
    pub windows: Vec<Row>,
}

impl Report {
    /// Whether nothing was wrong.
    #[must_use]
    pub fn is_right(&self) -> bool {
        self.wrong == 0 && self.errors == 0 && self.bulk.errors == 0
    }
}

/// What is printed before anything is known.
pub(super) fn head_of(args: &LoadArgs, stats: &Stats) -> String {
    let bulk = match args.ingest {
        0 => String::new(),
        rate => format!(", {rate} entries/s loaded in bulk"),
    };
    format!(
        "{} on {}, {} entries: {} requests/s over {} connections for {} s{bulk}",
        args.url, stats.map, stats.entries, args.rate, args.connections, args.seconds
    )
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = self.latency;
        writeln!(
            f,
            "total: {} of {} requests answered; p50 {}, p99 {}, p99.9 {}, max {}",
            all.count,
            self.requests,
            Us(all.p50_us),
            Us(all.p99_us),
            Us(all.p999_us),
            Us(all.max_us)
        )?;
        writeln!(
            f,
            "answers: {} right, {} keys not there, {} wrong, {} errors",
            self.right, self.missing, self.wrong, self.errors
        )?;
        if let Some(error) = &self.first_error {
            writeln!(f, "first error: {error}")?;
        }
        let bulk = self.bulk;
        if bulk.latency.count > 0 || bulk.errors > 0 {
            writeln!(
                f,
                "bulk: {} entries in {} requests, {} errors; p50 {}, max {}",
                bulk.entries,
                bulk.latency.count,
                bulk.errors,
                Us(bulk.latency.p50_us),
                Us(bulk.latency.max_us)
            )?;
        }
        let generator = self.generator;
        writeln!(
            f,
            "generator: sent {} late at the median, {} at p99.9, {} at most; {} requests found no free connection",
            Us(generator.late.p50_us),
            Us(generator.late.p999_us),
            Us(generator.late.max_us),
            generator.queued
        )
    }
}
