//! Traces, read back: slices nest and end, times rise, tracks have names, the size keeps its limit.

use std::collections::HashMap;

use prost::Message;
use tidemap_export::trace::{BYTES_MIN, Format, Options, Summary, Writer, record};
use tidemap_formats::chrome::Chrome;
use tidemap_formats::perfetto::Perfetto;
use tidemap_probe::{Event, EventKind, GrowthKind, MapId};

use super::perfetto::{Trace, TrackDescriptor};
use super::support::{alone, grown, row};

/// What a trace shows, checked on the way.
#[derive(Debug, Default)]
struct Seen {
    /// Track, name, begin, end.
    slices: Vec<(String, String, u64, u64)>,
    counters: HashMap<String, Vec<i64>>,
    instants: Vec<(String, String)>,
    arrows: usize,
}

/// Reads a Perfetto trace; every rule that it must keep is asserted here.
fn read_perfetto(bytes: &[u8]) -> Seen {
    let trace = Trace::decode(bytes).expect("a trace");
    let clocks = trace.packet[0]
        .clock_snapshot
        .as_ref()
        .expect("clocks first");
    assert_eq!(clocks.clocks.len(), 2);
    let mut tracks: HashMap<u64, TrackDescriptor> = HashMap::new();
    let mut latest: HashMap<u64, u64> = HashMap::new();
    let mut open: HashMap<u64, Vec<(String, u64)>> = HashMap::new();
    let mut seen = Seen::default();
    let (mut leaving, mut arriving) = (Vec::new(), Vec::new());
    for packet in &trace.packet {
        assert_eq!(packet.trusted_packet_sequence_id, 1);
        if let Some(track) = &packet.track_descriptor {
            assert!(!track.name.is_empty() || track.process.is_some());
            if let Some(parent) = track.parent_uuid {
                assert!(
                    tracks.contains_key(&parent),
                    "a parent comes first: {track:?}"
                );
            }
            assert!(
                tracks.insert(track.uuid, track.clone()).is_none(),
                "described twice: {track:?}"
            );
        }
        let Some(event) = &packet.track_event else {
            continue;
        };
        let track = tracks
            .get(&event.track_uuid)
            .expect("a track that is described");
        let path = match track.parent_uuid.and_then(|id| tracks.get(&id)) {
            Some(parent) => format!("{} / {}", parent.name, track.name),
            None => track.name.clone(),
        };
        let before = latest
            .insert(event.track_uuid, packet.timestamp)
            .unwrap_or(0);
        assert!(
            packet.timestamp >= before,
            "{path}: {before}, then {}",
            packet.timestamp
        );
        let stack = open.entry(event.track_uuid).or_default();
        assert_eq!(event.r#type == 4, track.counter.is_some(), "{path}");
        match event.r#type {
            1 => {
                assert!(!event.name.is_empty());
                let flows = [&event.flow_ids[..], &event.terminating_flow_ids].concat();
                assert!(flows.len() <= 1);
                leaving.extend(event.flow_ids.iter().map(|id| (*id, packet.timestamp)));
                arriving.extend(
                    event
                        .terminating_flow_ids
                        .iter()
                        .map(|id| (*id, packet.timestamp)),
                );
                stack.push((event.name.clone(), packet.timestamp));
            }
            2 => {
                let (name, begin) = stack
                    .pop()
                    .unwrap_or_else(|| panic!("{path}: an end without beginning"));
                seen.slices.push((path, name, begin, packet.timestamp));
            }
            3 => seen.instants.push((path, event.name.clone())),
            4 => {
                let value = event.counter_value.expect("a value");
                seen.counters.entry(path).or_default().push(value);
            }
            other => panic!("type {other}"),
        }
    }
    for (track, stack) in open {
        assert!(
            stack.is_empty(),
            "left open on {}: {stack:?}",
            tracks[&track].name
        );
    }
    for (id, at) in &arriving {
        let from = leaving
            .iter()
            .find(|(leaves, _)| leaves == id)
            .expect("an arrow's beginning");
        assert!(from.1 <= *at, "an arrow goes forward");
    }
    seen.arrows = arriving.len();
    assert_eq!(leaving.len(), arriving.len());
    seen
}

/// Events of a map that lives through growths, shrinks and clears, recorded.
pub(crate) fn life() -> (Vec<Event>, tidemap_probe::MapRow) {
    let mut events = tidemap_probe::subscribe();
    let mut map = grown("traced", 60_000);
    let id = map.probe_id().expect("a row");
    map.begin_shrink_to(0);
    for key in 0..59_000 {
        map.remove(&key);
        if key % 8 == 0 {
            map.begin_shrink_to(0);
        }
    }
    map.clear();
    let row = tidemap_probe::describe(id).expect("a row");
    drop(map);
    let mut all = Vec::new();
    while let Some(event) = events.poll() {
        if event.map == id {
            all.push(event);
        }
    }
    assert_eq!(events.missed(), 0);
    assert!(all.len() > 200, "{} events", all.len());
    (all, row)
}

fn perfetto(
    events: &[Event],
    rows: &[tidemap_probe::MapRow],
    options: Options,
) -> (Vec<u8>, Summary) {
    let mut file = Vec::new();
    let sink = Perfetto::new(&mut file, 1_700_000_000_000_000_000).expect("memory");
    let mut writer = Writer::new(sink, 77, options).expect("memory");
    rows.iter().for_each(|row| writer.describe(row));
    for event in events {
        writer.event(event).expect("memory");
    }
    let summary = writer.finish().expect("memory");
    assert_eq!(summary.bytes, file.len() as u64);
    (file, summary)
}

fn begun(events: &[Event]) -> Vec<(GrowthKind, u64)> {
    let begins = events.iter().filter_map(|event| match event.kind {
        EventKind::GrowthBegin { kind, .. } => Some((kind, event.time_ns)),
        _ => None,
    });
    begins.collect()
}

#[test]
fn a_life_becomes_slices_counters_and_arrows() {
    let _alone = alone();
    let (events, row) = life();
    let (file, summary) = perfetto(&events, &[row], Options::default());
    assert_eq!(
        (summary.events, summary.left_out, summary.missed),
        (events.len() as u64, 0, 0)
    );
    let seen = read_perfetto(&file);
    let begun = begun(&events);
    assert!(begun.iter().any(|(kind, _)| *kind == GrowthKind::Shrink));
    // A slice for every growth, with its times.
    let growths: Vec<_> = seen
        .slices
        .iter()
        .filter(|(track, ..)| track.ends_with("growths"))
        .collect();
    assert_eq!(growths.len(), begun.len());
    for (kind, at) in &begun {
        let found = growths.iter().find(|(_, _, begin, _)| begin == at);
        let (track, name, ..) = found.expect("a slice that begins then");
        assert!(
            name.starts_with(kind.as_str()) && track.contains("traced #"),
            "{track} {name}"
        );
    }
    // A slice for every step, and arrows from those that triggered a growth.
    let steps = events
        .iter()
        .filter(|e| matches!(e.kind, EventKind::Step { .. }))
        .count();
    let drawn = seen
        .slices
        .iter()
        .filter(|(track, ..)| track.ends_with("that paid"))
        .count();
    assert_eq!(drawn, steps);
    assert!(
        seen.arrows > 0 && seen.arrows <= begun.len(),
        "{} arrows",
        seen.arrows
    );
    let of = |end: &str| {
        let found = seen.counters.iter().find(|(track, _)| track.ends_with(end));
        found.unwrap_or_else(|| panic!("no counter {end}")).1
    };
    let held = of("bytes held");
    assert!(held.iter().max() > Some(&1_000_000) && held.last() == Some(&0));
    let progress = of("progress");
    assert!(progress.iter().all(|n| (0..=100).contains(n)) && progress.contains(&100));
    assert!(of("entries").contains(&0));
    assert!(seen.instants.iter().any(|(_, name)| name == "clear"));
    assert!(seen.instants.iter().any(|(_, name)| name == "release"));
}

#[test]
fn chrome_shows_the_same_slices() {
    let _alone = alone();
    let (events, row) = life();
    let (packets, _) = perfetto(&events, std::slice::from_ref(&row), Options::default());
    let mut file = Vec::new();
    let sink = Chrome::new(&mut file).expect("memory");
    let mut writer = Writer::new(sink, 77, Options::default()).expect("memory");
    let mut named = row;
    named.name = "a \"name\" \\ with\n\u{1} everything".into();
    writer.describe(&named);
    events
        .iter()
        .for_each(|event| writer.event(event).expect("memory"));
    let summary = writer.finish().expect("memory");
    assert_eq!(summary.bytes, file.len() as u64);
    let json: serde_json::Value = serde_json::from_slice(&file).expect("JSON");
    let all = json["traceEvents"].as_array().expect("events");
    let mut open: HashMap<u64, Vec<f64>> = HashMap::new();
    let mut latest: HashMap<u64, f64> = HashMap::new();
    let (mut slices, mut flows) = (0, HashMap::new());
    for event in all {
        let phase = event["ph"].as_str().expect("a phase");
        assert_eq!(event["pid"], 77);
        let track = event["tid"].as_u64().expect("a thread");
        if phase == "M" {
            continue;
        }
        let at = event["ts"].as_f64().expect("a time");
        let before = latest.insert(track, at).unwrap_or(0.0);
        assert!(at >= before, "{event}");
        match phase {
            "B" => open.entry(track).or_default().push(at),
            "E" => {
                open.get_mut(&track)
                    .and_then(Vec::pop)
                    .expect("a beginning");
                slices += 1;
            }
            "s" => drop(flows.insert(event["id"].as_u64(), at)),
            "f" => assert!(
                flows
                    .remove(&event["id"].as_u64())
                    .expect("an arrow's beginning")
                    <= at
            ),
            "C" => assert!(event["args"]["value"].is_u64()),
            "i" => assert_eq!(event["s"], "t"),
            other => panic!("{other}"),
        }
    }
    assert!(open.values().all(Vec::is_empty) && flows.is_empty());
    assert_eq!(slices, read_perfetto(&packets).slices.len());
    let names = |event: &&serde_json::Value| event["name"] == "thread_name";
    let first = all.iter().find(names).expect("a track")["args"]["name"].clone();
    assert!(
        first
            .as_str()
            .expect("text")
            .starts_with("a \"name\" \\ with\n\u{1} everything #")
    );
}

/// Events of many maps, more than fit.
fn many(maps: u64, steps: u64) -> Vec<Event> {
    let mut events = Vec::new();
    let mut time_ns = 0;
    let mut push = |map: u64, kind| {
        time_ns += 1_000;
        let sequence = events.len() as u64;
        let map = MapId(map << 11);
        events.push(Event {
            sequence,
            time_ns,
            map,
            kind,
        });
    };
    let kind = GrowthKind::InPlace;
    for map in 1..=maps {
        let (from_buckets, to_buckets) = (64, 128);
        push(
            map,
            EventKind::GrowthBegin {
                kind,
                from_buckets,
                to_buckets,
                len: 9,
                bytes_held: 8,
                bytes_old: 7,
            },
        );
        for done_buckets in 0..steps {
            push(
                map,
                EventKind::Step {
                    kind,
                    ns: 900,
                    entries_moved: 3,
                    done_buckets,
                    from_buckets: steps,
                    bytes_held: 5,
                    len: 9,
                },
            );
        }
        // Every second never ends.
        if map % 2 == 0 {
            push(
                map,
                EventKind::GrowthEnd {
                    kind,
                    is_complete: true,
                    steps,
                    entries_moved: 1,
                    bytes_released: 0,
                    work_ns: 1,
                    step_ns_max: 1,
                    len: 2,
                },
            );
        }
    }
    events
}

#[test]
fn the_size_keeps_its_limit_and_what_is_left_out_is_told() {
    let options = Options::default().with_bytes_max(0);
    assert_eq!(options.bytes_max, BYTES_MIN);
    for (maps, steps) in [(3, 20_000), (20_000, 1), (5_000, 3), (1, 1)] {
        let events = many(maps, steps);
        let (file, summary) = perfetto(&events, &[], options);
        assert!(file.len() as u64 <= BYTES_MIN, "{} bytes", file.len());
        let seen = read_perfetto(&file);
        assert_eq!(summary.events, events.len() as u64);
        if maps * steps > 10 {
            assert!(summary.left_out > 0);
            assert!(
                seen.instants
                    .iter()
                    .any(|(track, name)| track.ends_with("this trace") && name == "incomplete")
            );
        }
        // Growths outlast steps.
        let growths = seen
            .slices
            .iter()
            .filter(|(track, ..)| track.ends_with("growths"))
            .count() as u64;
        assert!(growths >= maps.min(40), "{growths} of {maps} growths");

        let mut json = Vec::new();
        let sink = Chrome::new(&mut json).expect("memory");
        let mut writer = Writer::new(sink, 1, options).expect("memory");
        events
            .iter()
            .for_each(|event| writer.event(event).expect("memory"));
        writer.finish().expect("memory");
        assert!(json.len() as u64 <= BYTES_MIN, "{} bytes", json.len());
        serde_json::from_slice::<serde_json::Value>(&json).expect("whole JSON");
    }
}

/// Every step of a busy map would fill the limit in its first tenth: what is drawn gets coarser, and counters reach the end.
#[test]
fn a_long_trace_thins_out_and_goes_on_to_its_end() {
    let steps = 400_000;
    let mut events = many(1, steps);
    for (number, event) in (0_u64..).zip(&mut events) {
        if let EventKind::Step { ns, bytes_held, .. } = &mut event.kind {
            *ns = [300, 2_500, 400, 12_000][(number % 4) as usize];
            *bytes_held = 10 + number;
        }
        event.time_ns = 20_000 * (number + 1);
    }
    let options = Options::default().with_bytes_max(4 << 20);
    let (file, summary) = perfetto(&events, &[], options);
    assert!(file.len() as u64 <= options.bytes_max);
    assert!(summary.left_out > steps / 2, "{summary:?}");
    let seen = read_perfetto(&file);
    let held = &seen.counters["map #1 / bytes held"];
    assert!(held.is_sorted());
    assert_eq!(
        held.last(),
        Some(&(10 + steps as i64)),
        "the last is not lost"
    );
    // Gaps between samples: none at first, then ever longer ones, never more than a hundred milliseconds.
    let gaps: Vec<_> = held.windows(2).map(|two| two[1] - two[0]).collect();
    assert!(gaps[1..100].iter().all(|gap| *gap == 1));
    assert!(gaps.contains(&5) && gaps.contains(&50), "{:?}", gaps.last());
    assert!(gaps.iter().all(|gap| *gap <= 5_000));
    // Steps: all at first, long ones to the last eighth.
    let shortest = |from: usize| {
        let drawn = seen.slices.iter().filter(|slice| slice.1 == "step");
        drawn.skip(from).map(|slice| slice.3 - slice.2).min()
    };
    assert_eq!(shortest(0), Some(300));
    let all = seen.slices.iter().filter(|slice| slice.1 == "step").count();
    assert_eq!(shortest(all - 100), Some(12_000));
}

#[test]
fn lost_events_leave_no_torn_trace() {
    let _alone = alone();
    let (events, row) = life();
    let mut state = 7_u64;
    for _ in 0..30 {
        let some: Vec<Event> = events
            .iter()
            .filter(|_| {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                state >> 62 != 0
            })
            .copied()
            .collect();
        let (file, _) = perfetto(&some, std::slice::from_ref(&row), Options::default());
        read_perfetto(&file);
    }
}

#[test]
fn maps_without_a_row_are_counted_not_drawn() {
    let mut events = many(1, 5);
    events.iter_mut().for_each(|event| event.map = MapId::OTHER);
    let (file, _) = perfetto(&events, &[row(1, "unused", 1)], Options::default());
    let seen = read_perfetto(&file);
    assert!(seen.slices.is_empty());
    assert_eq!(seen.counters["maps without a row / growths begun"], [1]);
}

#[test]
fn a_recorder_writes_what_happens_until_it_is_stopped() {
    let _alone = alone();
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("maps.pftrace");
    let file = std::fs::File::create(&path).expect("a file");
    let trace = record(file, Format::of_path(&path), Options::default()).expect("a recorder");
    assert!(trace.is_running());
    let map = grown("recorded", 100_000);
    let growths = map.growths_started();
    drop(map);
    let summary = trace.stop().expect("written");
    assert_eq!(summary.missed, 0);
    let file = std::fs::read(&path).expect("the trace");
    assert_eq!(file.len() as u64, summary.bytes);
    let seen = read_perfetto(&file);
    let mine = |(track, ..): &&(String, String, u64, u64)| {
        track.contains("recorded #") && track.ends_with("growths")
    };
    assert!(seen.slices.iter().filter(mine).count() as u64 >= growths);
    assert_eq!(Format::of_path("a.JSON".as_ref()), Format::Chrome);
}
