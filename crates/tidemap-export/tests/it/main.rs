//! Exporters: what they write is read back by somebody else, and compared with the registry.

mod faults;
mod metrics;
#[cfg(feature = "opentelemetry")]
mod otel;
#[cfg(feature = "otlp")]
mod otlp;
mod perfetto;
mod pprof;
mod profile;
mod readers;
mod support;
mod trace;
