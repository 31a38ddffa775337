//! OpenTelemetry: what a reader collects is what the registry says, and growths are spans.

use opentelemetry::metrics::MeterProvider;
use opentelemetry::trace::{SpanId, TraceContextExt, Tracer, TracerProvider};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::metrics::data::{AggregatedMetrics, MetricData, ResourceMetrics};
use opentelemetry_sdk::metrics::{InMemoryMetricExporter, PeriodicReader, SdkMeterProvider};
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider, SpanData};
use tidemap_export::otel::{GrowthSpans, StartError, register};
use tidemap_export::{METRICS, Options};
use tidemap_probe::snapshot;

use super::support::{alone, grown};

/// The value of a metric's series that has all these attributes.
fn value(metrics: &ResourceMetrics, name: &str, wanted: &[(&str, &str)]) -> Option<f64> {
    let has = |attributes: &mut dyn Iterator<Item = &KeyValue>| {
        let all: Vec<(String, String)> = attributes
            .map(|kv| (kv.key.to_string(), kv.value.to_string()))
            .collect();
        wanted
            .iter()
            .all(|(k, v)| all.iter().any(|(key, value)| key == k && value == v))
    };
    let metric = metrics
        .scope_metrics()
        .flat_map(|scope| scope.metrics())
        .find(|metric| metric.name() == name)?;
    match metric.data() {
        AggregatedMetrics::U64(MetricData::Sum(sum)) => {
            assert!(sum.is_monotonic());
            let mut points = sum.data_points();
            points
                .find(|p| has(&mut p.attributes()))
                .map(|p| p.value() as f64)
        }
        AggregatedMetrics::F64(MetricData::Sum(sum)) => {
            let mut points = sum.data_points();
            points.find(|p| has(&mut p.attributes())).map(|p| p.value())
        }
        AggregatedMetrics::U64(MetricData::Gauge(gauge)) => {
            let mut points = gauge.data_points();
            points
                .find(|p| has(&mut p.attributes()))
                .map(|p| p.value() as f64)
        }
        AggregatedMetrics::F64(MetricData::Gauge(gauge)) => {
            let mut points = gauge.data_points();
            points.find(|p| has(&mut p.attributes())).map(|p| p.value())
        }
        _ => None,
    }
}

#[test]
fn instruments_say_what_the_registry_says() {
    let _alone = alone();
    let map = grown("observed", 50_000);
    let exporter = InMemoryMetricExporter::default();
    let provider = SdkMeterProvider::builder()
        .with_reader(PeriodicReader::builder(exporter.clone()).build())
        .build();
    register(&provider.meter("tidemap"), Options::default());
    provider.force_flush().expect("a collection");
    let collected = exporter.get_finished_metrics().expect("metrics");
    let metrics = &collected[0];
    let read = snapshot();
    let mine = read.map(map.probe_id().expect("a row")).expect("the row");
    let of_mine = [("map", "observed")];
    let check = |name: &str, attributes: &[(&str, &str)], wanted: f64| {
        let found = value(metrics, name, attributes).unwrap_or_else(|| panic!("no {name}"));
        assert!(
            (found - wanted).abs() <= wanted.abs() * 1e-9,
            "{name}: {found}, not {wanted}"
        );
    };
    check("tidemap.map.live", &of_mine, mine.gauges.bytes_live as f64);
    check("tidemap.map.entries", &of_mine, mine.gauges.len as f64);
    check("tidemap.map.load", &of_mine, mine.gauges.load());
    check(
        "tidemap.map.step.count",
        &of_mine,
        mine.counters.steps as f64,
    );
    check(
        "tidemap.map.step.sum",
        &of_mine,
        mine.counters.growth_ns as f64 / 1e9,
    );
    let totals = read.totals();
    check(
        "tidemap.growths",
        &[("kind", "in-place")],
        totals.growths.in_place as f64,
    );
    check(
        "tidemap.step.bucket",
        &[("le", "+Inf")],
        totals.step_ns.count() as f64,
    );
    check("tidemap.maps_created", &[], read.maps_created as f64);
    // Every metric of the list is there under one name or two, save progress, which needs a growth.
    let names: Vec<&str> = metrics
        .scope_metrics()
        .flat_map(|scope| scope.metrics())
        .map(|metric| metric.name())
        .collect();
    assert!(names.len() > METRICS.len(), "{names:?}");
    provider.shutdown().expect("an end");
}

fn spans_of(exporter: &InMemorySpanExporter, map: &str) -> Vec<SpanData> {
    let all = exporter.get_finished_spans().expect("spans");
    let wanted = KeyValue::new("tidemap.map", map.to_owned());
    all.into_iter()
        .filter(|span| span.attributes.contains(&wanted))
        .collect()
}

#[test]
fn growths_are_children_of_the_span_that_triggered_them() {
    let _alone = alone();
    let exporter = InMemorySpanExporter::default();
    let provider = SdkTracerProvider::builder()
        .with_simple_exporter(exporter.clone())
        .build();
    let tracer = provider.tracer("test");
    let spans = GrowthSpans::start(provider.tracer("tidemap")).expect("nobody else");
    assert!(matches!(
        GrowthSpans::start(provider.tracer("again")),
        Err(StartError::Runs)
    ));
    let outside = grown("outside a span", 30_000);
    let request = tracer.start("request");
    let context = Context::current_with_span(request);
    let request = context.span().span_context().clone();
    let inside = {
        let _active = context.clone().attach();
        grown("inside a span", 30_000)
    };
    context.span().end();
    assert_eq!(spans.stop(), 0);
    let found = spans_of(&exporter, "inside a span");
    assert!(
        found.len() as u64 >= inside.growths_started(),
        "{} spans",
        found.len()
    );
    let read = snapshot();
    let mine = read
        .map(inside.probe_id().expect("a row"))
        .expect("the row");
    assert_eq!(found.len() as u64, mine.counters.growths_begun);
    for span in &found {
        assert_eq!(span.name, "tidemap.growth");
        assert_eq!(span.parent_span_id, request.span_id());
        assert_eq!(span.span_context.trace_id(), request.trace_id());
        assert!(span.start_time <= span.end_time);
    }
    let complete = KeyValue::new("tidemap.growth.complete", true);
    let ended = found
        .iter()
        .filter(|s| s.attributes.contains(&complete))
        .count() as u64;
    assert_eq!(ended, mine.counters.growths.sum());
    let last = mine.last_growth.expect("one that ended");
    // The row's begins with the operation that triggered it, the span when that operation decided to grow.
    let ns = |time: std::time::SystemTime| {
        let since = time.duration_since(std::time::UNIX_EPOCH);
        since.expect("after 1970").as_nanos() as u64 - read.epoch_unix_ns
    };
    let span = found.iter().find(|span| ns(span.end_time) == last.ended_ns);
    let begun_ns = ns(span.expect("a span with that end").start_time);
    let triggered = last.growth.started_ns..=last.growth.started_ns + last.growth.step_ns_max;
    assert!(triggered.contains(&begun_ns), "{begun_ns}, {last:?}");
    let alone = spans_of(&exporter, "outside a span");
    assert!(!alone.is_empty());
    assert!(
        alone
            .iter()
            .all(|span| span.parent_span_id == SpanId::INVALID)
    );
    drop(outside);
    // It can be started again.
    drop(GrowthSpans::start(provider.tracer("tidemap")).expect("nobody else"));
}
