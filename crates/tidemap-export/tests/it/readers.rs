//! Other people's programs read what we write: `go tool pprof`, and Perfetto's own description of its traces.
//!
//! `ci/readers` installs both and runs this with `TIDEMAP_GO` (the go command) and `TIDEMAP_PERFETTO` (a
//! Python that has the package `perfetto`).

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use tidemap_export::profile::{self, SAMPLE_TYPES};
use tidemap_export::trace::{Format, Options, Writer};
use tidemap_probe::{Event, EventKind, MapRow, snapshot};

use super::support::{alone, grown, skip};
use super::trace::life;

fn ran(command: &mut Command) -> String {
    let output = command.output().expect("the reader starts");
    assert!(
        output.status.success(),
        "{command:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// What the function name of a map is.
fn frame(map: &MapRow) -> String {
    format!(
        "{}: HashMap<{}, {}>",
        map.name, map.key_type, map.value_type
    )
}

/// The value of a map in each column of the profile.
fn values(map: &MapRow) -> [u64; SAMPLE_TYPES.len()] {
    let gauges = &map.gauges;
    [
        gauges.bytes_live,
        gauges.bytes_held() - gauges.len * map.entry_bytes,
        gauges.bytes_old,
        map.counters.growths.sum(),
        map.counters.growth_ns,
        map.counters.entries_moved,
    ]
}

/// Flat values by function of `pprof -top`, and all of its text.
fn top(go: &Path, args: &[&str], profile: &Path) -> (String, BTreeMap<String, i64>) {
    let text = ran(Command::new(go)
        .args([
            "tool",
            "pprof",
            "-top",
            "-nodefraction=0",
            "-nodecount=10000",
        ])
        .args(args)
        .arg(profile));
    let mut flat = BTreeMap::new();
    let rows = text
        .lines()
        .skip_while(|line| !line.contains("flat%"))
        .skip(1);
    for line in rows {
        let mut fields = line.split_whitespace();
        let number = fields.next().expect("a value");
        let name: Vec<&str> = fields.skip(4).collect();
        let digits = number.trim_end_matches(|c: char| c.is_alphabetic());
        let number: i64 = digits.parse().unwrap_or_else(|_| panic!("{line}"));
        *flat.entry(name.join(" ")).or_default() += number;
    }
    (text, flat)
}

#[test]
fn go_tool_pprof_shows_every_column_and_the_difference_of_two_looks() {
    let Some(go) = std::env::var_os("TIDEMAP_GO") else {
        return skip("go tool pprof: TIDEMAP_GO is not set");
    };
    let go = Path::new(&go);
    let _alone = alone();
    let folder = tempfile::tempdir().expect("a folder");
    let mut index = grown("reader-index", 50_000);
    let small = grown("reader-small", 1_000);
    let look = |name: &str| {
        let path = folder.path().join(name);
        let read = snapshot();
        let file = std::fs::File::create(&path).expect("a file");
        profile::write(&read, file).expect("room");
        let of = |name: &str| read.named(name).expect("a row").clone();
        (path, of("reader-index"), of("reader-small"))
    };
    let (before, index_before, small_before) = look("before.pb.gz");
    (50_000..200_000).for_each(|i| drop(index.insert(i, String::new())));
    let (after, index_after, small_after) = look("after.pb.gz");
    assert_eq!(values(&small_before), values(&small_after));
    for (column, (name, unit)) in SAMPLE_TYPES.into_iter().enumerate() {
        let unit = match unit {
            "bytes" => "B",
            "nanoseconds" => "ns",
            unit => unit,
        };
        let args = ["-unit", unit, "-sample_index", name];
        let (text, flat) = top(go, &args, &after);
        assert!(text.contains(&format!("Type: {name}")), "{text}");
        for map in [&index_after, &small_after] {
            let found = flat.get(&frame(map)).copied().unwrap_or(0);
            let wanted = values(map)[column];
            assert_eq!(found, wanted as i64, "{name} in {unit}: {text}");
        }
    }
    // Without an index it is the bytes in use.
    assert!(top(go, &["-unit=B"], &after).0.contains("Type: live"));
    let base = format!("-diff_base={}", before.display());
    let (text, difference) = top(go, &["-sample_index=entries_moved", &base], &after);
    let moved = |map: &MapRow| map.counters.entries_moved as i64;
    let grew = moved(&index_after) - moved(&index_before);
    assert!(grew > 0);
    assert_eq!(difference.get(&frame(&index_after)), Some(&grew), "{text}");
    assert_eq!(
        difference.get(&frame(&small_after)).copied().unwrap_or(0),
        0,
        "{text}"
    );
    // Labels, and the line that made the map below it.
    let (text, focused) = top(
        go,
        &["-tagfocus=map=reader-small", "-sample_index=growths"],
        &after,
    );
    assert!(focused.contains_key(&frame(&small_after)), "{text}");
    assert!(!focused.contains_key(&frame(&index_after)), "{text}");
    let traces = ran(Command::new(go)
        .args(["tool", "pprof", "-traces"])
        .arg(&after));
    let site = small_after.site.as_ref().expect("a site");
    assert!(traces.contains(&site.to_string()), "{traces}");
    let tags = ran(Command::new(go)
        .args(["tool", "pprof", "-tags"])
        .arg(&after));
    for label in ["map: Total", "type: Total", "site: Total", "reader-index"] {
        assert!(tags.contains(label), "{tags}");
    }
    drop((index, small));
}

/// Track, name, begin, end, details.
type Slice = (
    String,
    String,
    u64,
    u64,
    BTreeMap<String, serde_json::Value>,
);

/// What `read_trace.py` prints.
#[derive(Debug)]
struct Shown {
    slices: Vec<Slice>,
    counters: BTreeMap<String, Vec<(u64, u64)>>,
    instants: Vec<(String, String, u64)>,
    flows: u64,
}

fn shown(python: &Path, format: Format, events: &[Event], row: &MapRow) -> Shown {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("trace");
    let file = std::fs::File::create(&path).expect("a file");
    let sink = format.sink(std::io::BufWriter::new(file), 1_700_000_000_000_000_000);
    let mut writer = Writer::new(sink.expect("room"), 77, Options::default()).expect("room");
    writer.describe(row);
    for event in events {
        writer.event(event).expect("room");
    }
    writer.finish().expect("room");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/read_trace.py");
    let kind = match format {
        Format::Perfetto => "perfetto",
        _ => "chrome",
    };
    let text = ran(Command::new(python).arg(script).arg(kind).arg(&path));
    let mut printed: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let mut part = |name: &str| printed[name].take();
    Shown {
        slices: serde_json::from_value(part("slices")).expect("slices"),
        counters: serde_json::from_value(part("counters")).expect("counters"),
        instants: serde_json::from_value(part("instants")).expect("instants"),
        flows: part("flows").as_u64().expect("a number"),
    }
}

/// Every growth and every step that events tell is shown, with its times and figures.
fn holds_the_events(shown: &Shown, events: &[Event]) {
    let on = |end: &str| {
        let slices = shown
            .slices
            .iter()
            .filter(move |slice| slice.0.ends_with(end));
        slices.collect::<Vec<_>>()
    };
    let (mut growths, mut steps) = (on("growths"), on("that paid"));
    growths.sort_by_key(|slice| (slice.3, slice.2));
    steps.sort_by_key(|slice| slice.3);
    let ends: Vec<_> = events
        .iter()
        .filter_map(|event| match event.kind {
            EventKind::GrowthEnd {
                kind,
                steps,
                entries_moved,
                ..
            } => Some((event.time_ns, kind, steps, entries_moved)),
            _ => None,
        })
        .collect();
    assert_eq!(growths.len(), ends.len());
    for (time_ns, kind, steps, moved) in ends {
        let is_it = |slice: &&&Slice| {
            slice.3 == time_ns
                && slice.1.starts_with(kind.as_str())
                && slice.4["steps"] == steps
                && slice.4["entries moved"] == moved
        };
        assert_eq!(
            growths.iter().filter(is_it).count(),
            1,
            "{kind:?} at {time_ns}"
        );
    }
    let told: Vec<(u64, u64)> = events
        .iter()
        .filter_map(|event| match event.kind {
            EventKind::Step { ns, .. } => Some((event.time_ns - ns, event.time_ns)),
            _ => None,
        })
        .collect();
    let drawn: Vec<(u64, u64)> = steps.iter().map(|slice| (slice.2, slice.3)).collect();
    assert_eq!(drawn.len(), told.len());
    // A step that began before the one before it had ended is drawn from that end on.
    for (drawn, told) in drawn.iter().zip(&told) {
        assert!(
            drawn.1 == told.1 && drawn.0 >= told.0,
            "{drawn:?} of {told:?}"
        );
    }
    assert!(shown.flows > 0);
    assert!(shown.instants.iter().any(|instant| instant.1 == "clear"));
    let counter = |end: &str| {
        let found = shown.counters.iter().find(|(name, _)| name.ends_with(end));
        found
            .unwrap_or_else(|| panic!("no {end} in {:?}", shown.counters.keys()))
            .1
    };
    assert_eq!(counter("bytes held").last().map(|point| point.1), Some(0));
    assert!(counter("entries").iter().any(|point| point.1 > 1_000));
    assert!(counter("progress").iter().all(|point| point.1 <= 100));
}

#[test]
fn perfettos_own_description_and_a_strict_parser_read_the_same_life() {
    let Some(python) = std::env::var_os("TIDEMAP_PERFETTO") else {
        return skip("Perfetto's descriptions: TIDEMAP_PERFETTO is not set");
    };
    let _alone = alone();
    let (events, row) = life();
    let python = Path::new(&python);
    let packets = shown(python, Format::Perfetto, &events, &row);
    let json = shown(python, Format::Chrome, &events, &row);
    for shown in [&packets, &json] {
        holds_the_events(shown, &events);
    }
    let times = |shown: &Shown| {
        let mut slices: Vec<_> = shown
            .slices
            .iter()
            .map(|slice| (slice.2, slice.3, slice.1.clone()))
            .collect();
        slices.sort();
        slices
    };
    assert_eq!(times(&packets), times(&json));
    assert_eq!(packets.flows, json.flows);
    assert_eq!(packets.instants.len(), json.instants.len());
}
