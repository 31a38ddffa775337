//! The view over a recording that is made here: what it shows, at every size, under every key.

use std::time::Duration;

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use tidemap_live::Recording;
use tidemap_live::record::{BOUND_BYTES_MIN, Writer};
use tidemap_probe::{
    Counters, Event, EventKind, Gauges, GrowthCounts, GrowthKind, GrowthProgress, MapId, MapRow,
    SCHEMA, Site, Snapshot,
};

use super::{View, Wish};
use crate::maps::feed::Feed;
use crate::maps::table::Sort;

const INDEX: MapId = MapId(1 << 11 | 768);

fn row(id: MapId, name: &str, look: u64) -> MapRow {
    let mut counters = Counters {
        growths: GrowthCounts {
            in_place: look / 4,
            ..GrowthCounts::default()
        },
        growths_begun: look / 4 + 1,
        steps: look * 100,
        ..Counters::default()
    };
    counters.step_ns.cells[10] = look * 90;
    counters.step_ns.cells[14] = look * 10;
    MapRow {
        id,
        name: name.to_owned(),
        key_type: "u64".to_owned(),
        value_type: "alloc::string::String".to_owned(),
        site: Some(Site {
            file: "src/index.rs".to_owned(),
            line: 42,
            column: 9,
        }),
        created_ns: 1_000,
        updated_ns: look * 1_000_000_000,
        entry_bytes: 32,
        gauges: Gauges {
            len: 1000 * look,
            len_max: 1100 * look,
            capacity: 14_000,
            buckets: 1024,
            slots_per_bucket: 15,
            bucket_bytes: 512,
            bytes_live: look << 20,
            bytes_old: if look.is_multiple_of(3) { 1 << 19 } else { 0 },
            bytes_peak: 20 << 20,
            step_ns_max: 31_000,
            maps: 1,
            ..Gauges::default()
        },
        counters,
        growth: (look % 4 == 2).then_some(GrowthProgress {
            kind: GrowthKind::InPlace,
            from_buckets: 512,
            to_buckets: 1024,
            done_buckets: 128,
            started_ns: look * 1_000_000_000 - 5,
            len_at_start: 900 * look,
            steps: 40,
            entries_moved: 800,
            bytes_moved: 25_600,
            bytes_released: 0,
            work_ns: 90_000,
            step_ns_max: 31_000,
        }),
        compaction: None,
        last_growth: None,
        is_consistent: true,
    }
}

fn looks() -> Vec<(Snapshot, Vec<Event>)> {
    (1..=10)
        .map(|look| {
            let mut maps = vec![row(INDEX, "index", look)];
            maps.extend(
                (2..8).map(|n| row(MapId(n << 11 | n), &format!("shard-{n}"), n + look / 2)),
            );
            let event = Event {
                sequence: look,
                time_ns: look * 1_000_000_000 - 5,
                map: INDEX,
                kind: EventKind::GrowthBegin {
                    kind: GrowthKind::InPlace,
                    from_buckets: 512,
                    to_buckets: 1024,
                    len: 900 * look,
                    bytes_held: look << 20,
                    bytes_old: 0,
                },
            };
            let snapshot = Snapshot {
                schema: SCHEMA.to_owned(),
                pid: 4242,
                epoch_unix_ns: 1_700_000_000_000_000_000,
                time_ns: look * 1_000_000_000,
                maps,
                other: None,
                dropped: Counters::default(),
                maps_created: 7,
                maps_dropped: 0,
                maps_folded: 0,
                rows_max: 1024,
            };
            (snapshot, vec![event])
        })
        .collect()
}

fn view() -> View {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("view.tmp");
    let mut writer = Writer::create(&path, BOUND_BYTES_MIN).expect("a file");
    for (snapshot, events) in looks() {
        writer.add(&snapshot, events, 0).expect("room");
    }
    let recording = Recording::open(&path).expect("whole");
    let feed = Feed::File(Box::new(recording), 0);
    let mut view = View::open(
        feed,
        Duration::from_millis(500),
        Sort::Bytes,
        String::new(),
        false,
    )
    .expect("looks");
    // The recording has the name of the program that wrote it: this test's.
    view.program = "server".to_owned();
    view.colours = false;
    view
}

fn press(view: &mut View, keys: &str) -> Wish {
    let mut wish = Wish::Nothing;
    for key in keys.split(' ').filter(|key| !key.is_empty()) {
        let code = match key {
            "enter" => KeyCode::Enter,
            "esc" => KeyCode::Esc,
            "space" => KeyCode::Char(' '),
            "up" => KeyCode::Up,
            "down" => KeyCode::Down,
            "left" => KeyCode::Left,
            "right" => KeyCode::Right,
            "home" => KeyCode::Home,
            "end" => KeyCode::End,
            "back" => KeyCode::Backspace,
            "pagedown" => KeyCode::PageDown,
            "pageup" => KeyCode::PageUp,
            other => KeyCode::Char(other.chars().next().expect("a key")),
        };
        wish = view
            .press(KeyEvent::new(code, KeyModifiers::NONE))
            .expect("the recording is whole");
    }
    wish
}

fn screen(view: &mut View, width: u16, height: u16) -> String {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).expect("a terminal");
    terminal.draw(|frame| view.draw(frame)).expect("a drawing");
    let buffer = terminal.backend().buffer();
    let mut text = String::new();
    for y in 0..height {
        let line: String = (0..width).map(|x| buffer[(x, y)].symbol()).collect();
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

fn golden(name: &str, text: &str) {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/maps/golden")
        .join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(&path, text).expect("a golden file");
    }
    let known = std::fs::read_to_string(&path).expect("a golden file; UPDATE_GOLDEN=1 writes it");
    assert_eq!(text, known, "{name} differs; UPDATE_GOLDEN=1 rewrites it");
}

#[test]
fn wide_and_narrow_screens() {
    let mut view = view();
    golden("watch-wide.txt", &screen(&mut view, 120, 34));
    press(&mut view, "down enter");
    golden("watch-detail.txt", &screen(&mut view, 100, 36));
    golden("watch-narrow.txt", &screen(&mut view, 44, 16));
}

#[test]
fn a_recording_is_walked_through() {
    let mut view = view();
    assert_eq!(view.at, 9, "it begins with the last look");
    press(&mut view, "left left");
    assert_eq!(view.snapshot().time_ns, 8_000_000_000);
    assert_eq!(view.events.len(), 8, "events up to the moment");
    press(&mut view, "home");
    assert_eq!((view.at, view.snapshot().time_ns), (0, 1_000_000_000));
    press(&mut view, "right");
    assert_eq!(view.at, 1);
    press(&mut view, "space");
    for _ in 0..20 {
        view.advance().expect("whole");
    }
    assert_eq!(view.at, 9, "it plays to the end");
    assert!(view.held, "and stops there");
    press(&mut view, "space");
    assert_eq!(
        (view.at, view.held),
        (0, false),
        "once more from the beginning"
    );
    press(&mut view, "down enter");
    assert!(screen(&mut view, 100, 40).contains("made at src/index.rs:42"));
}

#[test]
fn filter_order_and_leaving() {
    let mut view = view();
    press(&mut view, "/ s h a r d - 3 enter");
    assert_eq!(view.rows().len(), 1);
    assert!(screen(&mut view, 80, 24).contains("filter \"shard-3\""));
    press(&mut view, "/ esc");
    assert_eq!(view.rows().len(), 7);
    press(&mut view, "s s s s s s");
    assert_eq!(view.sort, Sort::Name);
    assert_eq!(view.rows()[0].name, "index");
    press(&mut view, "down down down");
    assert_eq!(
        view.chosen.as_ref().map(|(id, _)| *id),
        Some(MapId(3 << 11 | 3))
    );
    assert_eq!(press(&mut view, "enter esc esc"), Wish::Nothing);
    assert!(view.chosen.is_none());
    assert_eq!(press(&mut view, "esc"), Wish::Leave);
}

#[test]
fn every_size_and_key_is_survived() {
    let mut view = view();
    for keys in [
        "",
        "down enter",
        "e",
        "/ x",
        "esc s pagedown pageup",
        "[ ] home end up",
    ] {
        press(&mut view, keys);
        for width in (0..130).step_by(3) {
            for height in (0..45).step_by(2) {
                let _ = screen(&mut view, width, height);
            }
        }
    }
}

/// Figures at the ends of their ranges, as a hostile recording or process may have them.
#[test]
fn absurd_figures_are_survived() {
    let mut view = view();
    press(&mut view, "down enter");
    for absurd in [0, 1, u64::MAX] {
        let mut look = view.look.clone();
        look.snapshot.time_ns = absurd.max(view.snapshot().time_ns);
        for row in &mut look.snapshot.maps {
            let gauges = &mut row.gauges;
            (gauges.len, gauges.buckets, gauges.slots_per_bucket) = (absurd, absurd, absurd);
            (gauges.bytes_live, gauges.bytes_old, gauges.step_ns_max) = (absurd, absurd, absurd);
            gauges.maps = absurd;
            row.counters.step_ns.cells = [absurd; 64];
            row.counters.growths.in_place = absurd;
            row.name = "\u{1b}[2J\n".repeat(10);
            if let Some(growth) = &mut row.growth {
                (growth.from_buckets, growth.to_buckets, growth.done_buckets) =
                    (absurd, absurd / 3, absurd);
            }
        }
        view.take(look);
        assert!(!screen(&mut view, 120, 40).contains('\u{1b}'));
    }
}
