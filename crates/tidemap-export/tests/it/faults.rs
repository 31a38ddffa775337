//! Full disks and slow readers: an error that is told, and maps that go on.

use std::fs::OpenOptions;
use std::io;
use std::time::{Duration, Instant};

use tidemap_export::trace::{Format, Options, Writer, record};
use tidemap_formats::perfetto::Perfetto;
use tidemap_formats::trace::Sink;
use tidemap_probe::{EVENTS_MAX, snapshot, subscribe};

use super::support::{alone, grown, skip};

/// A file that takes nothing.
fn full() -> Option<std::fs::File> {
    OpenOptions::new().write(true).open("/dev/full").ok()
}

#[test]
fn a_full_disk_is_told_and_stops_no_map() {
    let _alone = alone();
    let Some(file) = full() else {
        return skip("no /dev/full");
    };
    let error = tidemap_export::profile::write(&snapshot(), file).expect_err("no room");
    assert_eq!(error.kind(), io::ErrorKind::StorageFull);
    for format in [Format::Perfetto, Format::Chrome] {
        let trace = record(full().expect("a device"), format, Options::default());
        let trace = trace.expect("nothing is written before the buffer is full");
        // Enough events to overflow the writer's buffer.
        let mut map = grown("full", 400_000);
        let deadline = Instant::now() + Duration::from_secs(20);
        while trace.is_running() && Instant::now() < deadline {
            map.clear();
            map.shrink_to_fit();
            (0..50_000).for_each(|i| drop(map.insert(i, String::new())));
        }
        assert!(!trace.is_running(), "an error ends the recording");
        let error = trace.stop().expect_err("no room");
        assert_eq!(error.kind(), io::ErrorKind::StorageFull, "{error}");
        // The map is none the worse.
        (0..400_000).for_each(|i| drop(map.insert(i, String::new())));
        assert_eq!(map.len(), 400_000);
    }
}

#[test]
fn a_short_trace_meets_the_full_disk_at_its_end() {
    let _alone = alone();
    let Some(file) = full() else {
        return skip("no /dev/full");
    };
    let trace = record(file, Format::Perfetto, Options::default()).expect("a recorder");
    let error = trace.stop().expect_err("no room");
    assert_eq!(error.kind(), io::ErrorKind::StorageFull);
}

/// A sink that never writes on, as a pipe that nobody reads.
#[test]
fn a_reader_that_sleeps_loses_events_and_holds_up_nobody() {
    let _alone = alone();
    let mut events = subscribe();
    let mut published = 0_u64;
    let mut turns = 0;
    while published < 3 * EVENTS_MAX as u64 {
        let map = grown("asleep", 30_000);
        published += snapshot()
            .map(map.probe_id().expect("a row"))
            .expect("the row")
            .counters
            .steps;
        turns += 1;
        assert!(turns < 10_000);
    }
    let mut file = Vec::new();
    let sink = Perfetto::new(&mut file, 0).expect("memory");
    let mut writer = Writer::new(sink, 1, Options::default()).expect("memory");
    let mut read = 0_u64;
    while let Some(event) = events.poll() {
        writer.event(&event).expect("memory");
        read += 1;
    }
    assert!(read <= EVENTS_MAX as u64);
    assert!(events.missed() >= published - read);
    writer.missed(events.missed());
    let summary = writer.finish().expect("memory");
    assert_eq!((summary.events, summary.missed), (read, events.missed()));
    assert!(String::from_utf8_lossy(&file).contains("events lost"));
}

/// Sinks give the writer's error as it is, at any byte.
#[test]
fn every_write_that_fails_is_an_error() {
    struct Short(usize);
    impl io::Write for Short {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if self.0 == 0 {
                return Err(io::ErrorKind::StorageFull.into());
            }
            let taken = bytes.len().min(self.0);
            self.0 -= taken;
            Ok(taken)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut whole = Vec::new();
    let mut trace = Perfetto::new(&mut whole, 5).expect("memory");
    trace.counter(9, 1, 2).expect("memory");
    trace.finish().expect("memory");
    for room in 0..whole.len() {
        let outcome = Perfetto::new(Short(room), 5)
            .and_then(|mut trace| trace.counter(9, 1, 2).and_then(|()| trace.finish()));
        assert_eq!(
            outcome.expect_err("no room").kind(),
            io::ErrorKind::StorageFull
        );
    }
}
