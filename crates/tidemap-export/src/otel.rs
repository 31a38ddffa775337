//! Instruments and spans for a program that has OpenTelemetry set up.
//!
//! [`register`] makes one asynchronous instrument for every metric of [`METRICS`](crate::METRICS); their callbacks
//! read the registry when the reader collects. [`GrowthSpans`] makes a span of every growth, whose parent is the
//! span that was active when an operation triggered it.
//!
//! Names are those of Prometheus with dots and without unit: `tidemap.map.live` in `By` is
//! `tidemap_map_live_bytes`. OpenTelemetry has no asynchronous histogram, so step times are the counters
//! `tidemap.step.bucket` (cumulative, with `le` in seconds) and `tidemap.step.sum`, and of single maps
//! `tidemap.map.step.count` and `.sum`.

mod instruments;
mod spans;

pub use instruments::register;
pub use spans::{GrowthSpans, StartError};
