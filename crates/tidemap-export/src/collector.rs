//! A collector for programs that have a registry of the crate `prometheus-client`.
//!
//! The same metrics as `prometheus`, read when the registry is encoded.

use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;

use crate::catalogue::{METRICS, MetricKind, Number, Series};
use crate::view::{Options, View};

/// Reads the maps of this process when it is asked.
///
/// # Example
/// ```
/// use prometheus_client::encoding::text;
/// use prometheus_client::registry::Registry;
/// use tidemap_export::collector::MapCollector;
///
/// let mut registry = Registry::default();
/// registry.register_collector(Box::new(MapCollector::default()));
/// let mut page = String::new();
/// text::encode(&mut page, &registry).unwrap();
/// assert!(page.contains("tidemap_growths_total"));
/// ```
#[derive(Debug, Default)]
pub struct MapCollector {
    options: Options,
}

impl MapCollector {
    /// A collector that shows what the options say.
    #[must_use]
    pub fn new(options: Options) -> MapCollector {
        MapCollector { options }
    }
}

impl Collector for MapCollector {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let view = View::new(&tidemap_probe::snapshot(), self.options);
        for metric in METRICS {
            let kind = match metric.kind {
                MetricKind::Counter => MetricType::Counter,
                MetricKind::Gauge => MetricType::Gauge,
                MetricKind::Histogram => MetricType::Histogram,
            };
            // It ends helps with nothing and counters with `_total`.
            let mut family = encoder.encode_descriptor(metric.name, metric.help, None, kind)?;
            let mut outcome = Ok(());
            metric.visit(&view, &mut |labels, series| {
                if outcome.is_err() {
                    return;
                }
                outcome = if labels.is_empty() {
                    put(&mut family, metric.kind, &series)
                } else {
                    family
                        .encode_family(&labels)
                        .and_then(|mut one| put(&mut one, metric.kind, &series))
                };
            });
            outcome?;
        }
        Ok(())
    }
}

fn put(encoder: &mut MetricEncoder<'_>, kind: MetricKind, series: &Series) -> fmt::Result {
    match series {
        Series::Steps(steps) => {
            let ends = [(f64::INFINITY, steps.count)];
            let buckets: Vec<(f64, u64)> = steps
                .buckets
                .iter()
                .map(|(bound_ns, count)| (*bound_ns as f64 / 1e9, *count))
                .chain(ends)
                .collect();
            // Its buckets are not cumulative; ours are.
            let mut before = 0;
            let alone: Vec<(f64, u64)> = buckets
                .into_iter()
                .map(|(bound, count)| {
                    let own = count.wrapping_sub(before);
                    before = count;
                    (bound, own)
                })
                .collect();
            let sum = steps.sum_ns as f64 / 1e9;
            encoder.encode_histogram::<NoLabelSet>(sum, steps.count, &alone, None)
        }
        Series::Number(number) if kind == MetricKind::Counter => match *number {
            Number::Whole(n) => encoder.encode_counter::<NoLabelSet, u64, f64>(&n, None),
            Number::Real(n) => encoder.encode_counter::<NoLabelSet, f64, f64>(&n, None),
        },
        Series::Number(number) => match *number {
            Number::Whole(n) => encoder.encode_gauge(&n),
            Number::Real(n) => encoder.encode_gauge(&n),
        },
    }
}
