//! The dashboard and the rules name metrics and labels that there are, and are what Grafana and readers expect.

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;
use tidemap_export::{METRICS, Metric, MetricKind};
use tidemap_probe::GrowthKind;

use crate::expressions::{Expression, dashboard, of_dashboard, of_rules, rules};
use crate::support::root;

/// Labels that Prometheus adds.
const OF_TARGETS: [&str; 2] = ["job", "instance"];

/// The metric of a series, and whether the series has `le`.
fn metric_of(series: &str) -> Option<(&'static Metric, bool)> {
    METRICS.iter().find_map(|metric| {
        let name = metric.full_name();
        if metric.kind != MetricKind::Histogram {
            return (series == name).then_some((metric, false));
        }
        match series.strip_prefix(name.as_str())? {
            "_bucket" => Some((metric, true)),
            "_sum" | "_count" => Some((metric, false)),
            _ => None,
        }
    })
}

fn check(expression: &Expression) {
    let Expression { place, text } = expression;
    let mut known = BTreeSet::new();
    for used in expression.uses() {
        let (metric, has_le) = metric_of(&used.name)
            .unwrap_or_else(|| panic!("{place}: there is no {} ({text})", used.name));
        let mut labels: Vec<&str> = metric.labels().to_vec();
        labels.extend(OF_TARGETS);
        if has_le {
            labels.push("le");
        }
        for (label, value) in &used.labels {
            assert!(
                labels.contains(&label.as_str()),
                "{place}: {} has no label {label}",
                used.name
            );
            if label == "kind" {
                let kinds = GrowthKind::ALL.map(GrowthKind::as_str);
                assert!(kinds.contains(&value.as_str()), "{place}: no kind {value}");
            }
        }
        if text.contains(&format!("rate({}", used.name))
            || text.contains(&format!("increase({}", used.name))
        {
            assert_ne!(
                metric.kind,
                MetricKind::Gauge,
                "{place}: a rate of the gauge {}",
                used.name
            );
        }
        known.extend(labels);
    }
    for label in expression.groups() {
        assert!(
            known.contains(label.as_str()),
            "{place}: nothing has a label {label} ({text})"
        );
    }
}

#[test]
fn every_expression_names_metrics_and_labels_that_there_are() {
    let (panels, alerts) = (of_dashboard(), of_rules());
    assert!(
        panels.len() > 25 && alerts.len() == 10,
        "{} and {}",
        panels.len(),
        alerts.len()
    );
    panels.iter().chain(&alerts).for_each(check);
    let uses = |all: &[Expression]| all.iter().flat_map(Expression::uses).count();
    assert!(uses(&panels) > 25 && uses(&alerts) > 12);
    // The check itself can say no.
    for wrong in [
        "tidemap_growth_total",
        "tidemap_maps{map=\"x\"}",
        "rate(tidemap_maps[5m])",
        "sum by (shard) (tidemap_maps)",
        "tidemap_growths_total{kind=\"up\"}",
    ] {
        let expression = Expression {
            place: "wrong".to_owned(),
            text: wrong.to_owned(),
        };
        assert!(
            std::panic::catch_unwind(|| check(&expression)).is_err(),
            "{wrong} passes"
        );
    }
}

#[test]
fn the_dashboard_is_whole() {
    let page = dashboard();
    assert!(page["schemaVersion"].as_u64() >= Some(36));
    assert_eq!(page["uid"], "tidemap-maps");
    let variables = page["templating"]["list"].as_array().expect("variables");
    let names: Vec<&str> = variables
        .iter()
        .filter_map(|v| v["name"].as_str())
        .collect();
    assert_eq!(names, ["datasource", "job", "instance", "map"]);
    assert_eq!(variables[0]["type"], "datasource");
    let (mut ids, mut taken) = (BTreeSet::new(), BTreeSet::new());
    for panel in page["panels"].as_array().expect("panels") {
        let title = panel["title"].as_str().expect("a title");
        assert!(ids.insert(panel["id"].as_u64()), "{title}: its id is taken");
        let place = |name: &str| panel["gridPos"][name].as_u64().expect("a place");
        assert!(place("x") + place("w") <= 24, "{title} is beyond the edge");
        for x in place("x")..place("x") + place("w") {
            for y in place("y")..place("y") + place("h") {
                assert!(taken.insert((x, y)), "{title} lies upon another panel");
            }
        }
        if panel["type"] == "row" {
            continue;
        }
        assert!(
            panel["description"].as_str().is_some_and(|d| d.len() > 20),
            "{title}"
        );
        assert!(
            panel["fieldConfig"]["defaults"]["unit"].is_string(),
            "{title} has no unit"
        );
        let targets = panel["targets"].as_array().expect("queries");
        let letters: BTreeSet<_> = targets.iter().map(|t| t["refId"].as_str()).collect();
        assert!(
            !targets.is_empty() && letters.len() == targets.len(),
            "{title}"
        );
        for source in targets.iter().chain([panel]) {
            assert_eq!(source["datasource"]["uid"], "${datasource}", "{title}");
        }
    }
    // Every variable that is used is there, or is Grafana's own.
    for expression in of_dashboard() {
        for word in expression.text.split('$').skip(1) {
            let end = word.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
            let word = &word[..end.unwrap_or(word.len())];
            assert!(
                names.contains(&word) || word.starts_with("__"),
                "{}: ${word}",
                expression.place
            );
        }
    }
}

#[test]
fn every_alert_is_explained_and_tested_both_ways() {
    let manual = fs::read_to_string(root().join("docs/probe-alerts.md")).expect("the manual");
    let tests = fs::read_to_string(root().join("observability/tidemap-alerts.test.yml"))
        .expect("the tests");
    for alert in of_rules() {
        let name = &alert.place;
        assert!(
            manual.contains(&format!("\n### {name}\n")),
            "{name} is not explained"
        );
        let link = format!("runbook: docs/probe-alerts.md#{}", name.to_lowercase());
        assert!(
            rules().contains(&link),
            "{name} does not lead to its explanation"
        );
        let head = format!("alertname: {name}\n");
        let mut cases = tests.split(&head).skip(1);
        let is_quiet = |case: &str| {
            case.lines()
                .nth(1)
                .is_some_and(|line| line.trim() == "exp_alerts: []")
        };
        assert!(
            cases.clone().any(is_quiet),
            "no test in which {name} does not fire"
        );
        assert!(
            cases.any(|case| !is_quiet(case)),
            "no test in which {name} fires"
        );
    }
    let explained = manual.matches("\n### Tidemap").count();
    assert_eq!(
        explained,
        of_rules().len(),
        "an alert is explained that does not exist"
    );
}

/// A variable is asked of a metric that has the label.
#[test]
fn variables_ask_for_labels_that_there_are() {
    let page = dashboard();
    for variable in page["templating"]["list"]
        .as_array()
        .expect("variables")
        .iter()
        .skip(1)
    {
        let query = variable["query"]["query"].as_str().expect("a query");
        assert_eq!(variable["definition"], Value::from(query));
        let inner = query
            .strip_prefix("label_values(")
            .and_then(|q| q.strip_suffix(')'));
        let (series, label) = inner
            .and_then(|q| q.rsplit_once(','))
            .expect("label_values");
        let text = format!("sum by ({}) ({series})", label.trim());
        check(&Expression {
            place: variable["name"].to_string(),
            text,
        });
    }
}
