//! Text for Prometheus, made from a snapshot at scrape time. Nothing is kept between two scrapes.

use std::fmt::Write as _;

use tidemap_probe::Snapshot;

use crate::catalogue::{METRICS, Metric, Number, Series, Steps};
use crate::view::{Options, View};

/// What to send as `Content-Type`.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// All metrics of a snapshot, with the usual [`Options`].
///
/// Costs about 1 KiB of text for each metric and 6 KiB for each map shown; see [`encode_with`].
///
/// # Example
/// ```
/// let text = tidemap_export::prometheus::encode(&tidemap_probe::snapshot());
/// assert!(text.contains("# TYPE tidemap_growths_total counter"));
/// ```
#[must_use]
pub fn encode(snapshot: &Snapshot) -> String {
    encode_with(snapshot, Options::default())
}

/// All metrics of a snapshot.
#[must_use]
pub fn encode_with(snapshot: &Snapshot, options: Options) -> String {
    let view = View::new(snapshot, options);
    let mut text = Text(String::with_capacity(16 << 10));
    for metric in METRICS {
        text.head(metric);
        let name = metric.full_name();
        metric.visit(&view, &mut |labels, series| match series {
            Series::Number(number) => text.line(&name, labels, number),
            Series::Steps(steps) => text.steps(&name, labels, &steps),
        });
    }
    text.0
}

struct Text(String);

impl Text {
    fn head(&mut self, metric: &Metric) {
        let (name, kind) = (metric.full_name(), metric.kind.as_str());
        // Writing to a string cannot fail, here and below.
        let _ = writeln!(
            self.0,
            "# HELP {name} {}\n# TYPE {name} {kind}",
            metric.help
        );
    }

    fn steps(&mut self, name: &str, labels: &[(&str, &str)], steps: &Steps) {
        let bucket = format!("{name}_bucket");
        for (bound_ns, count) in &steps.buckets {
            let (whole, part) = (bound_ns / 1_000_000_000, bound_ns % 1_000_000_000);
            let bound = format!("{whole}.{part:09}");
            let labels = [labels, &[("le", &bound)]].concat();
            self.line(&bucket, &labels, Number::Whole(*count));
        }
        let all = Number::Whole(steps.count);
        self.line(&bucket, &[labels, &[("le", "+Inf")]].concat(), all);
        let sum = Number::Real(steps.sum_ns as f64 / 1e9);
        self.line(&format!("{name}_sum"), labels, sum);
        self.line(&format!("{name}_count"), labels, all);
    }

    fn line(&mut self, name: &str, labels: &[(&str, &str)], number: Number) {
        self.0.push_str(name);
        for (at, (label, value)) in labels.iter().enumerate() {
            self.0.push(if at == 0 { '{' } else { ',' });
            self.0.push_str(label);
            self.0.push_str("=\"");
            for c in value.chars() {
                match c {
                    '\\' => self.0.push_str("\\\\"),
                    '"' => self.0.push_str("\\\""),
                    '\n' => self.0.push_str("\\n"),
                    c => self.0.push(c),
                }
            }
            self.0.push('"');
        }
        if !labels.is_empty() {
            self.0.push('}');
        }
        let _ = match number {
            Number::Whole(n) => writeln!(self.0, " {n}"),
            Number::Real(n) => writeln!(self.0, " {n}"),
        };
    }
}
