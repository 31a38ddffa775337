//! The service's own figures, by the crate `prometheus`; what maps do is added by `tidemap-export` at every scrape.

use std::time::Duration;

use prometheus::{
    Encoder, Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, Opts,
    Registry, TextEncoder,
};

use crate::index::{Index, Written};

/// Ends of the buckets of durations, in seconds: a factor of about 2.5 each, from 50 µs to 2.5 s.
const SECONDS: [f64; 15] = [
    50e-6, 100e-6, 250e-6, 500e-6, 1e-3, 2.5e-3, 5e-3, 10e-3, 25e-3, 50e-3, 0.1, 0.25, 0.5, 1.0,
    2.5,
];

/// All figures of a service.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    entries: IntGauge,
    requests: HistogramVec,
    answers: IntCounterVec,
    lock: Histogram,
    growth: Histogram,
    /// Connections that are open.
    pub connections: IntGauge,
    /// Connections that were turned away because too many were open.
    pub refused: IntCounter,
}

impl Metrics {
    /// Figures that are all 0.
    ///
    /// # Errors
    /// If two metrics have one name, which is a bug.
    pub fn new() -> Result<Metrics, prometheus::Error> {
        let durations =
            |name: &str, help: &str| HistogramOpts::new(name, help).buckets(SECONDS.to_vec());
        let metrics = Metrics {
            registry: Registry::new(),
            entries: IntGauge::new("index_entries", "Entries in the index.")?,
            requests: HistogramVec::new(
                durations(
                    "index_request_seconds",
                    "How long requests took, from their last byte to the answer being handed to the system.",
                ),
                &["route", "method"],
            )?,
            answers: IntCounterVec::new(
                Opts::new("index_answers_total", "Answers by status."),
                &["status"],
            )?,
            lock: Histogram::with_opts(durations(
                "index_write_lock_seconds",
                "How long the lock was held for writing, each time.",
            ))?,
            growth: Histogram::with_opts(durations(
                "index_blocking_growth_seconds",
                "Insertions that grew the map in one go, the lock being held.",
            ))?,
            connections: IntGauge::new("index_connections", "Connections that are open.")?,
            refused: IntCounter::new(
                "index_connections_refused_total",
                "Connections that were turned away because too many were open.",
            )?,
        };
        let registry = &metrics.registry;
        registry.register(Box::new(metrics.entries.clone()))?;
        registry.register(Box::new(metrics.requests.clone()))?;
        registry.register(Box::new(metrics.answers.clone()))?;
        registry.register(Box::new(metrics.lock.clone()))?;
        registry.register(Box::new(metrics.growth.clone()))?;
        registry.register(Box::new(metrics.connections.clone()))?;
        registry.register(Box::new(metrics.refused.clone()))?;
        Ok(metrics)
    }

    /// Notes a request that was answered.
    pub fn request(&self, route: &str, method: &str, status: u16, took: Duration) {
        self.requests
            .with_label_values(&[route, method])
            .observe(took.as_secs_f64());
        self.answers.with_label_values(&[&status.to_string()]).inc();
    }

    /// Notes what a write did.
    pub fn written(&self, written: &Written) {
        for held in &written.holds {
            self.lock.observe(held.as_secs_f64());
        }
        for growth in &written.growths {
            self.growth.observe(growth.took.as_secs_f64());
        }
    }

    /// The text of a scrape: the service's figures, then those of all observed maps.
    ///
    /// # Errors
    /// If a metric cannot be written, which is a bug.
    pub fn text(&self, index: &Index) -> Result<Vec<u8>, prometheus::Error> {
        self.entries
            .set(i64::try_from(index.len()).unwrap_or(i64::MAX));
        let mut text = Vec::with_capacity(32 << 10);
        TextEncoder::new().encode(&self.registry.gather(), &mut text)?;
        text.extend(tidemap_export::prometheus::encode(&tidemap_probe::snapshot()).into_bytes());
        Ok(text)
    }
}
