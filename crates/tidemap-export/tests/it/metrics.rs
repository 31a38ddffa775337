//! Metrics: the list is the documented one, promtool accepts them, their number has a limit.

use std::collections::BTreeMap;
use std::io::Write;
use std::process::{Command, Stdio};

use tidemap_export::{METRICS, Options, prometheus};
use tidemap_probe::snapshot;

use super::support::{alone, grown, row, skip, snapshot_of};

/// Series and their values.
fn parse(text: &str) -> BTreeMap<String, f64> {
    let mut series = BTreeMap::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (name, value) = line.rsplit_once(' ').expect("a value");
        let value = value.parse().unwrap_or_else(|_| panic!("{line}"));
        assert!(
            series.insert(name.to_owned(), value).is_none(),
            "{line} twice"
        );
    }
    series
}

/// The table of the document, made from the code.
fn table() -> String {
    let mut table = String::from("| name | type | labels | what |\n|---|---|---|---|\n");
    for metric in METRICS {
        let labels: Vec<String> = metric.labels().iter().map(|l| format!("`{l}`")).collect();
        table.push_str(&format!(
            "| `{}` | {} | {} | {} |\n",
            metric.full_name(),
            metric.kind.as_str(),
            labels.join(", "),
            metric.help
        ));
    }
    table
}

#[test]
fn the_documented_metrics_are_those_of_the_code() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/probe-metrics.md");
    let text = std::fs::read_to_string(path).expect("the document");
    let is_row = |line: &&str| line.starts_with('|');
    let documented: Vec<&str> = text.lines().filter(is_row).collect();
    let wanted = table();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        let (before, rest) = text.split_once("| name |").expect("a table");
        let after = rest
            .lines()
            .skip_while(|l| l.starts_with(['|', ' ']))
            .skip(1);
        let after: Vec<&str> = after.skip_while(|l| l.starts_with('|')).collect();
        let new = format!("{before}{wanted}{}\n", after.join("\n"));
        std::fs::write(path, new).expect("a document that can be written");
        return;
    }
    assert_eq!(
        documented,
        wanted.lines().collect::<Vec<_>>(),
        "docs/probe-metrics.md is not what the code exports; UPDATE_GOLDEN=1 rewrites its table"
    );
}

#[test]
fn promtool_accepts_what_we_write() {
    let _map = grown("promtool", 20_000);
    let hostile = "a \"name\"\nwith \\ everything, ünd } { more";
    let mut read = snapshot();
    read.maps.push(row(1 << 40, hostile, u64::MAX));
    let text = prometheus::encode(&read);
    let child = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut child) = child else {
        return skip("promtool is not installed (Debian package prometheus)");
    };
    let mut input = child.stdin.take().expect("piped");
    input.write_all(text.as_bytes()).expect("promtool reads");
    drop(input);
    let output = child.wait_with_output().expect("promtool ends");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}\n{text}");
    assert_eq!(said, "", "promtool has remarks");
    assert!(text.contains(r#"map="a \"name\"\nwith \\ everything, ünd } { more""#));
}

#[test]
fn the_number_of_series_has_a_limit() {
    let of = |maps: u64, options| {
        let rows = (1..=maps)
            .map(|i| row(i, &format!("map {i}"), 1000 + i))
            .collect();
        parse(&prometheus::encode_with(&snapshot_of(rows), options))
    };
    let options = Options::default().with_maps_max(5);
    let (few, many) = (of(6, options), of(900, options));
    assert_eq!(few.len(), many.len());
    // The largest are shown, the rest is added up.
    let live =
        |id: &str, map: &str| many[&format!("tidemap_map_live_bytes{{map=\"{map}\",id=\"{id}\"}}")];
    assert!((live("900", "map 900") - 1900.0).abs() < 0.5);
    let rest: u64 = (1..=895).map(|i| 1000 + i).sum();
    assert!((live("other", "other") - rest as f64).abs() < 0.5);
    let maps = many["tidemap_map_maps{map=\"other\",id=\"other\"}"];
    assert!((maps - 895.0).abs() < 0.5);
    // M1: a sum that maps leave would look like a reset.
    assert!(
        !many
            .keys()
            .any(|name| name.contains("_total{map=\"other\""))
    );
    assert_eq!(
        of(900, options.with_maps_max(0)).len(),
        of(1, options.with_maps_max(0)).len()
    );
}

#[test]
fn values_are_those_of_the_registry_and_counters_never_fall() {
    let _alone = alone();
    let mut before = BTreeMap::new();
    for turn in 0..20 {
        let map = grown("turns", 3_000 * turn);
        let read = snapshot();
        let now = parse(&prometheus::encode_with(
            &read,
            Options::default().with_maps_max(usize::MAX),
        ));
        let totals = read.totals();
        let whole = |name: &str| now[name] as u64;
        assert_eq!(whole("tidemap_growths_begun_total"), totals.growths_begun);
        assert_eq!(
            whole("tidemap_growths_total{kind=\"in-place\"}"),
            totals.growths.in_place
        );
        assert_eq!(whole("tidemap_step_seconds_count"), totals.step_ns.count());
        assert_eq!(
            whole("tidemap_step_seconds_bucket{le=\"+Inf\"}"),
            totals.step_ns.count()
        );
        let id = map.probe_id().expect("a row");
        let mine = read.map(id).expect("the row");
        let labels = format!(
            "{{map=\"turns\",id=\"{}\"}}",
            id.to_string().trim_start_matches('#')
        );
        assert_eq!(
            whole(&format!("tidemap_map_entries{labels}")),
            mine.gauges.len
        );
        assert_eq!(
            whole(&format!("tidemap_map_live_bytes{labels}")),
            mine.gauges.bytes_live
        );
        let wasted = mine.gauges.bytes_held() - mine.gauges.len * mine.entry_bytes;
        assert_eq!(whole(&format!("tidemap_map_wasted_bytes{labels}")), wasted);
        for (name, value) in &now {
            let is_counter = ["_total", "_bucket", "_count", "_sum"]
                .iter()
                .any(|end| name.split('{').next().is_some_and(|n| n.ends_with(end)));
            if let (true, Some(old)) = (is_counter, before.get(name)) {
                assert!(value >= old, "{name} fell from {old} to {value}");
            }
        }
        before = now;
    }
    assert!(before["tidemap_growths_begun_total"] > 20.0);
}

#[cfg(feature = "prometheus-client")]
#[test]
fn the_collector_shows_the_same() {
    use prometheus_client::encoding::text;
    use prometheus_client::registry::Registry;
    use tidemap_export::collector::MapCollector;

    let _alone = alone();
    let _map = grown("collected", 20_000);
    let ours = parse(&prometheus::encode(&snapshot()));
    let mut registry = Registry::default();
    registry.register_collector(Box::new(MapCollector::default()));
    let mut page = String::new();
    text::encode(&mut page, &registry).expect("a page");
    let theirs = parse(&page);
    // Bounds of buckets are written in another way, and labels in another order.
    let bare = |series: &BTreeMap<String, f64>| {
        let mut names: Vec<String> = series
            .keys()
            .map(|name| name.split('{').next().unwrap_or_default().to_owned())
            .collect();
        names.sort();
        names.dedup();
        names
    };
    let later = parse(&prometheus::encode(&snapshot()));
    assert_eq!(bare(&ours), bare(&theirs));
    // Maps of other tests go on meanwhile; counters never fall.
    for name in [
        "tidemap_growths_begun_total",
        "tidemap_step_seconds_bucket{le=\"+Inf\"}",
    ] {
        let between = ours[name]..=later[name];
        assert!(between.contains(&theirs[name]), "{name}: {}", theirs[name]);
    }
}
