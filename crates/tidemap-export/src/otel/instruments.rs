//! One asynchronous instrument for each metric.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use opentelemetry::KeyValue;
use opentelemetry::metrics::{AsyncInstrument, Meter};

use crate::catalogue::{METRICS, Metric, MetricKind, Number, Read, Series, Steps, Unit};
use crate::view::{Options, View};

/// Callbacks of one collection share a reading that is not older than this.
const FRESH: Duration = Duration::from_millis(100);

/// A reading of the registry.
struct Source {
    options: Options,
    latest: Mutex<Option<(Instant, Arc<View>)>>,
}

impl Source {
    fn view(&self) -> Arc<View> {
        // A reading is whole even if a reader panicked.
        let mut latest = self.latest.lock().unwrap_or_else(|e| e.into_inner());
        match &*latest {
            Some((when, view)) if when.elapsed() < FRESH => Arc::clone(view),
            _ => {
                let view = Arc::new(View::new(&tidemap_probe::snapshot(), self.options));
                *latest = Some((Instant::now(), Arc::clone(&view)));
                view
            }
        }
    }
}

/// Registers all metrics with a meter. Call it once for a meter provider: callbacks live as long as that
/// does.
///
/// Each collection reads the registry once. Of maps the [`maps_max`](Options::maps_max) largest have series
/// of their own, which stays below the limit that the SDK has for attributes of an instrument.
///
/// # Example
/// ```
/// use opentelemetry::metrics::MeterProvider;
/// use opentelemetry_sdk::metrics::{InMemoryMetricExporter, PeriodicReader, SdkMeterProvider};
///
/// let exporter = InMemoryMetricExporter::default(); // yours goes elsewhere
/// let provider = SdkMeterProvider::builder()
///     .with_reader(PeriodicReader::builder(exporter.clone()).build())
///     .build();
/// tidemap_export::otel::register(&provider.meter("tidemap"), tidemap_export::Options::default());
/// provider.force_flush().unwrap();
/// assert_eq!(exporter.get_finished_metrics().unwrap().len(), 1);
/// ```
pub fn register(meter: &Meter, options: Options) {
    let source = Arc::new(Source {
        options,
        latest: Mutex::new(None),
    });
    for metric in METRICS {
        match metric.read {
            Read::ProcessSteps | Read::MapSteps => register_steps(meter, metric, &source),
            _ => register_one(meter, metric, &source),
        }
    }
}

/// `tidemap_map_live_bytes` is `tidemap.map.live`.
fn name_of(metric: &Metric) -> String {
    let bare = metric
        .name
        .strip_suffix(metric.unit.suffix())
        .unwrap_or(metric.name);
    match bare.strip_prefix("tidemap_map_") {
        Some(rest) => format!("tidemap.map.{rest}"),
        None => bare.replacen('_', ".", 1),
    }
}

fn unit_of(unit: Unit) -> &'static str {
    match unit {
        Unit::Count => "",
        Unit::Bytes => "By",
        Unit::Seconds => "s",
        Unit::Ratio => "1",
    }
}

fn attributes(labels: &[(&str, &str)]) -> Vec<KeyValue> {
    labels
        .iter()
        .map(|(key, value)| KeyValue::new((*key).to_owned(), (*value).to_owned()))
        .collect()
}

fn register_one(meter: &Meter, metric: &'static Metric, source: &Arc<Source>) {
    let (name, unit) = (name_of(metric), unit_of(metric.unit));
    let source = Arc::clone(source);
    // Counters are whole, seconds and ratios real numbers.
    match (metric.kind, metric.unit) {
        (MetricKind::Counter, _) => {
            meter
                .u64_observable_counter(name)
                .with_description(metric.help)
                .with_unit(unit)
                .with_callback(move |to| observe_whole(metric, &source, to))
                .build();
        }
        (_, Unit::Seconds | Unit::Ratio) => {
            meter
                .f64_observable_gauge(name)
                .with_description(metric.help)
                .with_unit(unit)
                .with_callback(move |to| {
                    metric.visit(&source.view(), &mut |labels, series| {
                        if let Series::Number(Number::Real(n)) = series {
                            to.observe(n, &attributes(labels));
                        }
                    });
                })
                .build();
        }
        _ => {
            meter
                .u64_observable_gauge(name)
                .with_description(metric.help)
                .with_unit(unit)
                .with_callback(move |to| observe_whole(metric, &source, to))
                .build();
        }
    }
}

fn observe_whole(metric: &Metric, source: &Source, to: &dyn AsyncInstrument<u64>) {
    metric.visit(&source.view(), &mut |labels, series| {
        if let Series::Number(Number::Whole(n)) = series {
            to.observe(n, &attributes(labels));
        }
    });
}

fn register_steps(meter: &Meter, metric: &'static Metric, source: &Arc<Source>) {
    let name = name_of(metric);
    let is_of_maps = matches!(metric.read, Read::MapSteps);
    let counts = Arc::clone(source);
    let count = if is_of_maps { "count" } else { "bucket" };
    meter
        .u64_observable_counter(format!("{name}.{count}"))
        .with_description(metric.help)
        .with_callback(move |to| {
            visit_steps(metric, &counts, &mut |labels, steps| {
                if is_of_maps {
                    to.observe(steps.count, &attributes(labels));
                    return;
                }
                for (bound_ns, seen) in &steps.buckets {
                    let bound = (*bound_ns as f64 / 1e9).to_string();
                    to.observe(*seen, &attributes(&[("le", &bound)]));
                }
                to.observe(steps.count, &attributes(&[("le", "+Inf")]));
            });
        })
        .build();
    let sums = Arc::clone(source);
    meter
        .f64_observable_counter(format!("{name}.sum"))
        .with_description(metric.help)
        .with_unit("s")
        .with_callback(move |to| {
            visit_steps(metric, &sums, &mut |labels, steps| {
                to.observe(steps.sum_ns as f64 / 1e9, &attributes(labels));
            });
        })
        .build();
}

/// What is called with the labels and the steps of a series.
type EachSteps<'a> = dyn FnMut(&[(&str, &str)], &Steps) + 'a;

fn visit_steps(metric: &Metric, source: &Source, each: &mut EachSteps<'_>) {
    metric.visit(&source.view(), &mut |labels, series| {
        if let Series::Steps(steps) = series {
            each(labels, &steps);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_dots_and_no_unit() {
        let of = |name| name_of(METRICS.iter().find(|m| m.name == name).expect("a metric"));
        assert_eq!(of("tidemap_map_live_bytes"), "tidemap.map.live");
        assert_eq!(of("tidemap_growths_given_up"), "tidemap.growths_given_up");
        assert_eq!(of("tidemap_step_seconds"), "tidemap.step");
        assert_eq!(of("tidemap_map_growths"), "tidemap.map.growths");
    }
}
