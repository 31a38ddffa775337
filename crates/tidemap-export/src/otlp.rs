//! A ready pipeline to an OTLP collector over HTTP, for programs that have no OpenTelemetry of their own.
//!
//! Metrics go out on a timer, spans in batches, both from threads of the SDK. A collector that is slow
//! or gone costs spans, which the SDK drops beyond 2048 that wait, and never time of a map.

use std::time::Duration;

use opentelemetry::metrics::MeterProvider;
use opentelemetry::trace::TracerProvider;
use opentelemetry_otlp::{
    ExporterBuildError, MetricExporter, Protocol, SpanExporter, WithExportConfig,
};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkError;
use opentelemetry_sdk::metrics::{PeriodicReader, SdkMeterProvider};
use opentelemetry_sdk::trace::SdkTracerProvider;

use crate::otel::{self, GrowthSpans, StartError};
use crate::view::Options;

/// Where to and how often.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Config {
    /// The collector, `http://127.0.0.1:4318` by default; `/v1/metrics` and `/v1/traces` are added.
    pub endpoint: String,
    /// What the program is called.
    pub service_name: String,
    /// Time between two exports of metrics; 15 seconds by default.
    pub interval: Duration,
    /// How long one export may take; 5 seconds by default.
    pub timeout: Duration,
    /// What metrics show.
    pub options: Options,
}

impl Config {
    /// The defaults, for a program of that name.
    #[must_use]
    pub fn new(service_name: impl Into<String>) -> Config {
        Config {
            endpoint: "http://127.0.0.1:4318".into(),
            service_name: service_name.into(),
            interval: Duration::from_secs(15),
            timeout: Duration::from_secs(5),
            options: Options::default(),
        }
    }

    /// With another collector.
    #[must_use]
    pub fn with_endpoint(mut self, endpoint: impl Into<String>) -> Config {
        self.endpoint = endpoint.into();
        self
    }

    /// With another time between exports of metrics.
    #[must_use]
    pub fn with_interval(mut self, interval: Duration) -> Config {
        self.interval = interval;
        self
    }

    /// With another time that one export may take.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Config {
        self.timeout = timeout;
        self
    }
}

/// What can go wrong between here and the collector.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The endpoint is none.
    #[error(
        "`{0}` is no endpoint; use http://HOST:PORT (for TLS set up an exporter and use `otel::register`)"
    )]
    Endpoint(String),
    /// The SDK made no exporter.
    #[error("cannot make an exporter for {endpoint}: {source}")]
    Exporter {
        /// The collector.
        endpoint: String,
        /// Why not.
        source: ExporterBuildError,
    },
    /// Spans are not made.
    #[error(transparent)]
    Spans(#[from] StartError),
    /// The last export did not arrive.
    #[error("cannot export to {endpoint}: {source}; is a collector listening there?")]
    Export {
        /// The collector.
        endpoint: String,
        /// Why not.
        source: OTelSdkError,
    },
}

/// Exports while it exists; [`stop`](Pipeline::stop) exports what is left.
#[derive(Debug)]
#[must_use = "maps are exported while it exists"]
pub struct Pipeline {
    endpoint: String,
    timeout: Duration,
    meters: SdkMeterProvider,
    tracers: SdkTracerProvider,
    spans: Option<GrowthSpans>,
}

/// Begins to export metrics and growths of this process's maps. Does not wait for the collector.
///
/// # Errors
/// When the endpoint is not of the form `http://HOST:PORT`, or a process does it twice.
///
/// # Example
/// ```no_run
/// use tidemap_export::otlp::{Config, start};
///
/// # fn main() -> Result<(), tidemap_export::otlp::Error> {
/// let pipeline = start(&Config::new("my-service").with_endpoint("http://collector:4318"))?;
/// // … the program …
/// pipeline.stop()?;
/// # Ok(())
/// # }
/// ```
pub fn start(config: &Config) -> Result<Pipeline, Error> {
    let base = config.endpoint.trim_end_matches('/');
    let host = base.strip_prefix("http://").unwrap_or_default();
    if host.is_empty() || host.contains(char::is_whitespace) {
        return Err(Error::Endpoint(config.endpoint.clone()));
    }
    let refused = |source| Error::Exporter {
        endpoint: base.to_owned(),
        source,
    };
    let metrics = MetricExporter::builder()
        .with_http()
        .with_protocol(Protocol::HttpBinary)
        .with_endpoint(format!("{base}/v1/metrics"))
        .with_timeout(config.timeout)
        .build()
        .map_err(refused)?;
    let traces = SpanExporter::builder()
        .with_http()
        .with_protocol(Protocol::HttpBinary)
        .with_endpoint(format!("{base}/v1/traces"))
        .with_timeout(config.timeout)
        .build()
        .map_err(refused)?;
    let resource = Resource::builder()
        .with_service_name(config.service_name.clone())
        .build();
    let reader = PeriodicReader::builder(metrics)
        .with_interval(config.interval)
        .build();
    let meters = SdkMeterProvider::builder()
        .with_reader(reader)
        .with_resource(resource.clone())
        .build();
    let tracers = SdkTracerProvider::builder()
        .with_batch_exporter(traces)
        .with_resource(resource)
        .build();
    let spans = GrowthSpans::start(tracers.tracer("tidemap"))?;
    otel::register(&meters.meter("tidemap"), config.options);
    Ok(Pipeline {
        endpoint: base.to_owned(),
        timeout: config.timeout,
        meters,
        tracers,
        spans: Some(spans),
    })
}

impl Pipeline {
    /// Exports what is left and ends. Takes up to twice the timeout if the collector does not answer.
    ///
    /// # Errors
    /// When the last export does not arrive.
    pub fn stop(mut self) -> Result<(), Error> {
        drop(self.spans.take());
        let outcomes = [
            self.meters.shutdown_with_timeout(self.timeout),
            self.tracers.shutdown_with_timeout(self.timeout),
        ];
        for outcome in outcomes {
            outcome.map_err(|source| Error::Export {
                endpoint: self.endpoint.clone(),
                source,
            })?;
        }
        Ok(())
    }
}
