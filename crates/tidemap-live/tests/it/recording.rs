//! Recordings: what goes in comes out, the bound holds, damage costs what it touched.

use std::fs;
use std::time::Duration;

use tidemap::HashMap;
use tidemap_live::record::{BOUND_BYTES_MIN, Writer};
use tidemap_live::{Mode, RecordError, RecordOptions, Recorder, Recording, Source};
use tidemap_probe::{EventKind, Snapshot};

/// Looks at maps that change, come and go.
fn looks(count: usize) -> Vec<Snapshot> {
    let mut map: HashMap<u64, u64> = HashMap::builder().name("series").build();
    let mut others: Vec<HashMap<u8, u8>> = Vec::new();
    (0..count as u64)
        .map(|n| {
            for key in 0..200 {
                map.insert(n * 200 + key, n);
            }
            match n % 4 {
                0 => others.push(HashMap::builder().name(&format!("other-{n}")).build()),
                3 => drop(others.pop()),
                _ => {}
            }
            let mut snapshot = tidemap_probe::snapshot();
            // Maps of other tests are not part of this.
            snapshot
                .maps
                .retain(|row| row.name == "series" || row.name.starts_with("other-"));
            snapshot.maps.sort_by_key(|row| row.id);
            snapshot
        })
        .collect()
}

#[test]
fn every_moment_comes_back() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.tmp");
    let looks = looks(300);
    let mut writer = Writer::create(&path, BOUND_BYTES_MIN).expect("a file");
    for look in &looks {
        writer.add(look, Vec::new(), 0).expect("it fits");
    }
    let recording = Recording::open(&path).expect("whole");
    assert_eq!((recording.frames(), recording.torn()), (300, 0));
    for (step, look) in recording.steps().zip(&looks) {
        assert_eq!(step.snapshot, *look);
    }
    // And in any order.
    for index in [299, 0, 150, 151, 149, 63, 64, 65, 298] {
        assert_eq!(
            recording.step(index).expect("there").snapshot,
            looks[index],
            "{index}"
        );
        let time = looks[index].time_ns;
        assert_eq!(recording.index_at(time), index);
        assert_eq!(
            *recording.snapshot(Some(time)).expect("there"),
            looks[index]
        );
    }
    assert!(recording.step(300).is_err());
    assert_eq!(recording.index_at(0), 0);
    let info = recording.info();
    assert_eq!((info.mode, info.pid), (Mode::Recording, std::process::id()));
    assert_eq!(
        (info.start_ns, info.end_ns),
        (looks[0].time_ns, looks[299].time_ns)
    );
    assert_eq!(recording.timeline(None).len(), 300);
    let series = looks[0].named("series").expect("the map").id;
    assert!(
        recording
            .timeline(Some(series))
            .iter()
            .any(|point| point.growths.sum() > 0)
    );
}

#[test]
fn the_file_never_outgrows_its_bound() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("b.tmp");
    let maps: Vec<HashMap<u64, u64>> = (0..200)
        .map(|n| HashMap::builder().name(&format!("many-{n}")).build())
        .collect();
    let mut writer = Writer::create(&path, BOUND_BYTES_MIN).expect("a file");
    let mut look = tidemap_probe::snapshot();
    look.maps.sort_by_key(|row| row.id);
    let mut noise = 1u64;
    let mut frames = 0;
    while writer.bytes_written() < 3 * BOUND_BYTES_MIN {
        // Figures that do not compress.
        for row in &mut look.maps {
            noise = noise
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (row.gauges.len, row.counters.steps) = (noise, noise.rotate_left(20));
        }
        look.time_ns += 1_000_000;
        writer.add(&look, Vec::new(), 0).expect("it fits");
        assert!(fs::metadata(&path).expect("a file").len() <= BOUND_BYTES_MIN);
        frames += 1;
    }
    drop(maps);
    let recording = Recording::open(&path).expect("whole");
    assert_eq!(recording.last().expect("the last look"), look);
    assert!(recording.frames() < frames, "the oldest have gone");
    assert!(
        recording.frames() * 6 > frames,
        "most of what fits is kept: {} of {frames}",
        recording.frames()
    );
    let times: Vec<u64> = recording
        .steps()
        .map(|step| step.snapshot.time_ns)
        .collect();
    assert_eq!(times.len(), recording.frames());
    assert!(
        times.windows(2).all(|pair| pair[1] == pair[0] + 1_000_000),
        "no holes"
    );
}

#[test]
fn damage_costs_what_it_touched() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("c.tmp");
    let looks = looks(40);
    let mut writer = Writer::create(&path, BOUND_BYTES_MIN).expect("a file");
    for look in &looks {
        writer.add(look, Vec::new(), 0).expect("it fits");
    }
    let whole = fs::read(&path).expect("the file");
    let cut = folder.path().join("cut.tmp");
    let (mut read, mut refused) = (0, 0);
    for length in (0..whole.len())
        .step_by(whole.len() / 150)
        .chain([whole.len() - 1])
    {
        fs::write(&cut, &whole[..length]).expect("a file");
        match Recording::open(&cut) {
            Ok(recording) => {
                read += 1;
                for (step, look) in recording.steps().zip(&looks) {
                    assert_eq!(step.snapshot, *look, "cut at {length}");
                }
            }
            Err(RecordError::NotARecording { .. } | RecordError::Empty { .. }) => refused += 1,
            Err(error) => panic!("cut at {length}: {error}"),
        }
    }
    assert!(read > 100 && refused > 0, "{read} read, {refused} refused");
    // The last frame alone is lost when its last byte is.
    assert_eq!(
        Recording::open(&cut)
            .map(|r| (r.frames(), r.torn()))
            .expect("most of it"),
        (39, 1)
    );

    let mut seed = 7u64;
    for turn in 0..400 {
        let mut bad = whole.clone();
        for _ in 0..1 + turn % 5 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let at = (seed >> 20) as usize % bad.len();
            bad[at] = (seed >> 56) as u8;
        }
        fs::write(&cut, &bad).expect("a file");
        if let Ok(recording) = Recording::open(&cut) {
            // Nothing panics; what is read has passed its checks.
            let steps = recording.steps().count();
            assert!(steps <= recording.frames());
            let _ = recording.timeline(None);
            let _ = recording.events_between(0, u64::MAX, 10);
        }
    }
}

#[test]
fn other_files_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("d.tmp");
    let error = Recording::open(&path)
        .expect_err("no such file")
        .to_string();
    assert!(error.contains("d.tmp"), "{error}");
    fs::write(
        &path,
        "something else, long enough to have a header of its own, and more than that",
    )
    .expect("a file");
    assert!(matches!(
        Recording::open(&path),
        Err(RecordError::NotARecording { .. })
    ));
    let mut later = [0; 64];
    later[..16].copy_from_slice(b"tidemap live rec");
    later[16] = 9;
    fs::write(&path, later).expect("a file");
    let error = Recording::open(&path)
        .expect_err("a later version")
        .to_string();
    assert!(
        error.contains("version 9") && error.contains("newer"),
        "{error}"
    );
    let error = Writer::create(&path, 1000)
        .expect_err("too small")
        .to_string();
    assert!(error.contains("at least 4194304"), "{error}");
}

#[test]
fn a_recorder_keeps_what_happens() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("e.tmp");
    let options = RecordOptions {
        interval: Duration::from_millis(20),
        ..RecordOptions::default()
    };
    let recorder = Recorder::start(&path, &options).expect("a file");
    let mut map: HashMap<u64, u64> = HashMap::builder().name("kept").build();
    let id = map.probe_id().expect("a row");
    for n in 0..30_000 {
        map.insert(n, n);
    }
    map.finish();
    // A recording can be read while it is written.
    while recorder.recorded().frames < 3 {
        std::thread::yield_now();
    }
    assert!(Recording::open(&path).expect("so far").frames() >= 3);
    // Insertions with room tell nothing.
    map.probe_refresh();
    drop(map);
    let recorded = recorder.finish().expect("nothing went wrong");
    let recording = Recording::open(&path).expect("whole");
    assert_eq!(recording.frames() as u64, recorded.frames);
    let mut words = Vec::new();
    let mut missed = 0;
    for step in recording.steps() {
        missed += step.missed;
        words.extend(step.events.iter().filter(|e| e.map == id).map(|e| e.kind));
    }
    assert_eq!(missed, recorded.missed);
    let all = recording
        .events_between(0, u64::MAX, usize::MAX)
        .expect("events");
    assert_eq!(
        all.iter().filter(|event| event.map == id).count(),
        words.len()
    );
    assert!(
        words
            .iter()
            .any(|kind| matches!(kind, EventKind::GrowthEnd { .. }))
    );
    assert!(
        matches!(words.last(), Some(EventKind::Drop { len: 30_000, .. })),
        "{:?}",
        words.last()
    );
}
