//! Recordings survive what happens to files.

use super::*;
use crate::model::{Design, SCHEMA, TargetKind};

/// A snapshot of so many maps whose counts depend on `step`.
pub(crate) fn sample(maps: u64, step: u64) -> Snapshot {
    let row = |i: u64| -> MapRow {
        serde_json::from_value(serde_json::json!({
            "address": 0xc000 + i * 48, "design": "classic",
            "type": {"name": format!("map[string]int{i}"), "key_bytes": 16, "elem_bytes": 8, "evidence": "referrer"},
            "reached": {"root": "global", "path": format!("main.g{i}")},
            "count": if i % 7 == step % 7 { step } else { i }, "counted": 1, "slots": 8, "load": 0.5,
            "bytes": 208, "boxed_bytes": 0, "old_bytes": 0, "rebuild_frees": 0, "writer_active": false,
            "proof": "verified", "attempts": 1, "unreachable": false
        }))
        .expect("a row")
    };
    Snapshot {
        schema: SCHEMA.into(),
        target: TargetInfo {
            kind: TargetKind::Process,
            pid: Some(7),
            core: None,
            binary: "/bin/zoo".into(),
            go_version: "go1.23.9".into(),
            design: Design::Classic,
            dwarf: true,
            load_bias: 0,
        },
        taken_unix_ms: Some(1000 + step),
        summary: Summary {
            maps,
            ..Summary::default()
        },
        // Some maps come and go.
        maps: (0..maps)
            .filter(|i| !(i + step).is_multiple_of(11))
            .map(row)
            .collect(),
    }
}

fn recorded(path: &Path, steps: u64, bound: u64) -> Recorder {
    let mut recorder = Recorder::create(path, bound).expect("a file");
    for step in 0..steps {
        recorder.add(&sample(100, step)).expect("room");
    }
    recorder
}

#[test]
fn every_snapshot_comes_back() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("r");
    let steps = KEY_EVERY as u64 * 2 + 5;
    recorded(&path, steps, u64::MAX);
    assert!(Recording::is_one(&path));
    let mut recording = Recording::open(&path).expect("opens");
    for step in 0..steps {
        let found = recording.next_snapshot().expect("a snapshot");
        assert_eq!(found, sample(100, step), "step {step}");
    }
    assert!(recording.next_snapshot().is_none());
    assert_eq!(recording.torn(), 0);
}

#[test]
fn the_bound_holds_and_the_newest_stay() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("r");
    let bound = 20_000;
    let mut recorder = Recorder::create(&path, bound).expect("a file");
    let steps = 400;
    for step in 0..steps {
        recorder.add(&sample(100, step)).expect("room");
        assert!(std::fs::metadata(&path).expect("there").len() <= bound);
    }
    assert!(recorder.dropped() > 0, "nothing was dropped");
    let found: Vec<Snapshot> = Recording::open(&path).expect("opens").collect();
    assert_eq!(found.len(), recorder.snapshots());
    for (back, snapshot) in found.iter().rev().enumerate() {
        assert_eq!(*snapshot, sample(100, steps - 1 - back as u64));
    }
    let tiny = Recorder::create(&path, 100)
        .expect("a file")
        .add(&sample(100, 1));
    assert!(matches!(tiny, Err(RecordingError::BoundTooSmall { .. })));
}

#[test]
fn a_cut_at_any_byte_costs_only_what_is_behind_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("r");
    recorded(&path, 5, u64::MAX);
    let whole = std::fs::read(&path).expect("there");
    let mut seen = 0;
    for cut in (MAGIC.len()..whole.len()).step_by(7).chain([whole.len()]) {
        std::fs::write(&path, &whole[..cut]).expect("written");
        let mut recording = Recording::open(&path).expect("opens");
        let mut count = 0;
        while let Some(snapshot) = recording.next_snapshot() {
            assert_eq!(snapshot, sample(100, count));
            count += 1;
        }
        assert!(count >= seen, "cut at {cut}");
        seen = count;
        if count == 0 {
            let last = Recording::open(&path).expect("opens").newest();
            assert!(matches!(last, Err(RecordingError::Empty { .. })));
        }
    }
    assert_eq!(seen, 5);
}

#[test]
fn damage_is_noticed_and_never_panics() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("r");
    recorded(&path, 3, u64::MAX);
    let whole = std::fs::read(&path).expect("there");
    let expected: Vec<Snapshot> = (0..3).map(|step| sample(100, step)).collect();
    for at in (MAGIC.len()..whole.len()).step_by(23) {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x55;
        std::fs::write(&path, &bytes).expect("written");
        let found: Vec<Snapshot> = Recording::open(&path).expect("opens").collect();
        assert!(found.len() <= expected.len());
        for (index, snapshot) in found.iter().enumerate() {
            assert_eq!(*snapshot, expected[index], "byte {at}");
        }
    }
    std::fs::write(&path, b"something else entirely").expect("written");
    let wrong = Recording::open(&path);
    assert!(matches!(wrong, Err(RecordingError::NotARecording { .. })));
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_told() {
    let full = Recorder::create(Path::new("/dev/full"), u64::MAX);
    assert!(matches!(full, Err(RecordingError::File { .. })));
}
