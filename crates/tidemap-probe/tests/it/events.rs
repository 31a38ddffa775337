//! The ring under several writers and slow readers.

use std::time::{Duration, Instant};

use tidemap_probe::hook;
use tidemap_probe::{EVENTS_MAX, EventKind, subscribe};

use crate::played::{Played, alone};

/// Four writers, a million events, one reader: what is read is whole and in order for each map, and
/// what is not read is counted.
#[test]
fn a_million_events_are_read_or_counted() {
    const WRITERS: u64 = 4;
    const EACH: u64 = 250_000;
    let _turn = alone();
    let mut events = subscribe();
    let writers: Vec<_> = (0..WRITERS)
        .map(|_| {
            std::thread::spawn(|| {
                let mut map = Played::new(Some("writer"));
                for n in 1..=EACH {
                    hook::overflow(&mut map.handle, n, n ^ 0xabcd);
                }
                map.handle.id()
            })
        })
        .collect();
    let mut newest = std::collections::HashMap::new();
    let mut read = 0;
    let mut last_sequence = None;
    let mut take = |events: &mut tidemap_probe::Subscription| {
        let mut got = 0;
        while let Some(event) = events.poll() {
            got += 1;
            assert!(last_sequence.is_none_or(|last| event.sequence > last));
            last_sequence = Some(event.sequence);
            if let EventKind::Overflow {
                overflow_buckets,
                longest_chain,
            } = event.kind
            {
                assert_eq!(overflow_buckets ^ 0xabcd, longest_chain, "torn: {event:?}");
                let newest = newest.entry(event.map).or_insert(0);
                assert!(overflow_buckets > *newest, "out of order: {event:?}");
                *newest = overflow_buckets;
            }
        }
        got
    };
    while writers.iter().any(|writer| !writer.is_finished()) {
        read += take(&mut events);
    }
    for writer in writers {
        writer.join().expect("a writer");
    }
    read += take(&mut events);
    // Created, overflows, dropped, of every map.
    let written = WRITERS * (EACH + 2);
    let known = read + events.missed();
    // Writers in each other's way take another number, so a few numbers more than events.
    assert!(known >= written, "{read} read, {} missed", events.missed());
    assert!(known < written + written / 100, "{known} of {written}");
    assert!(read > 1_000);
}

#[test]
fn a_reader_that_sleeps_loses_the_oldest_and_is_told() {
    let _turn = alone();
    let mut slow = subscribe();
    let mut map = Played::new(Some("slow"));
    let more = 1_000;
    for n in 0..(EVENTS_MAX + more) as u64 {
        hook::overflow(&mut map.handle, n, 2);
    }
    let first = slow.poll().expect("the oldest that is left");
    assert!(slow.missed() >= more as u64, "{} missed", slow.missed());
    assert_eq!(
        first.sequence,
        slow.missed() + first.sequence - slow.missed()
    );
    let rest = slow.take(usize::MAX);
    assert_eq!(rest.len() + 1, EVENTS_MAX);
    assert_eq!(
        slow.missed(),
        more as u64 + 1,
        "the created event and the first overflows"
    );
    assert_eq!(slow.next_timeout(Duration::from_millis(5)), None);
}

#[test]
fn nothing_is_written_while_nobody_listens() {
    let _turn = alone();
    let mut map = Played::new(Some("unheard"));
    map.grow(3);
    let mut events = subscribe();
    assert_eq!(events.poll(), None, "what was before is not there");
    map.grow(1);
    let kinds: Vec<&str> = events.take(99).iter().map(|e| e.kind.as_str()).collect();
    assert_eq!(kinds, ["growth_begin", "step", "release", "growth_end"]);
    drop(events);
    map.grow(1);
    let mut later = subscribe();
    assert_eq!(later.poll(), None);
    let waited = Instant::now();
    assert_eq!(later.next_timeout(Duration::from_millis(20)), None);
    assert!(waited.elapsed() >= Duration::from_millis(20));
}

#[test]
fn dropped_maps_are_described_until_their_row_is_taken() {
    let _turn = alone();
    let mut events = subscribe();
    let map = Played::new(Some("gone"));
    let id = map.handle.id();
    drop(map);
    let told = events.take(9);
    assert!(matches!(told[0].kind, EventKind::Created { .. }));
    assert!(matches!(told[1].kind, EventKind::Drop { .. }));
    assert_eq!(
        tidemap_probe::describe(id).map(|map| map.name).as_deref(),
        Some("gone")
    );
    let next = Played::new(Some("next"));
    assert_ne!(next.handle.id(), id);
    let still = tidemap_probe::describe(id);
    assert!(still.is_none_or(|map| map.id == id));
}
