//! What maps do, in the formats of other tools.
//!
//! Everything here reads [`tidemap_probe`] and never the maps themselves: state when it is asked
//! ([`tidemap_probe::snapshot`]), events from a thread that is not a map's. No map waits for an exporter.
//!
//! | module | feature | gives |
//! |---|---|---|
//! | `prometheus` | `prometheus` (default) | text that Prometheus scrapes |
//! | `collector` | `prometheus-client` | a collector for a registry of the crate `prometheus-client` |
//! | `profile` | `profile` (default) | a profile for `go tool pprof` |
//! | `trace` | `trace` (default) | a timeline for Perfetto or Chrome |
//! | `otel` | `opentelemetry` | instruments and spans of OpenTelemetry |
//! | `otlp` | `otlp` | a ready pipeline to a collector |
//!
//! [`METRICS`] lists every metric; `docs/probe-metrics.md` is that list for people, and
//! `docs/probe-exporters.md` shows each exporter in use.
//!
//! # Bounds
//!
//! Metrics show the [`maps_max`](Options::maps_max) largest maps by bytes and one `other`, so the number of
//! series has a limit however many maps there are. Traces have a limit in bytes. What had to be
//! left out is counted and said.

#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg_attr(
    not(any(
        feature = "prometheus",
        feature = "prometheus-client",
        feature = "opentelemetry"
    )),
    allow(dead_code, reason = "read by the exporters of metrics only")
)]
mod catalogue;
#[cfg_attr(
    not(any(
        feature = "prometheus",
        feature = "prometheus-client",
        feature = "opentelemetry"
    )),
    allow(dead_code, reason = "read by the exporters of metrics only")
)]
mod view;

#[cfg(feature = "prometheus-client")]
pub mod collector;
#[cfg(feature = "opentelemetry")]
pub mod otel;
#[cfg(feature = "otlp")]
pub mod otlp;
#[cfg(feature = "profile")]
pub mod profile;
#[cfg(feature = "prometheus")]
pub mod prometheus;
#[cfg(feature = "trace")]
pub mod trace;

pub use catalogue::{METRICS, Metric, MetricKind, Unit};
pub use view::{MAPS_MAX, Options};

/// The examples of the document.
#[cfg(all(
    doctest,
    feature = "prometheus",
    feature = "profile",
    feature = "trace"
))]
#[doc = include_str!("../../../docs/probe-exporters.md")]
struct Exporters;
