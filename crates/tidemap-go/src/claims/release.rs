//! Claims about memory: when is the old array free, and what never is.

use super::lab::{Hashing, INT_INT, Lab, STRING_INT};
use super::{Claim, claim, holds, parts};
use crate::event::Event;
use crate::reclaim::{BlockKind, BlockState};
use crate::shape::{MapType, Part};

const COLLECT: &str = "grow, then run the collector step by step and read the bytes";
const BYTES: &str = "read live, garbage and peak bytes of the model";
const DELETE: &str = "fill, delete everything, collect, read the bytes";

fn growing() -> Lab {
    let lab = Lab::filled(1665);
    assert!(lab.map.is_growing(), "insert 1665 starts a doubling");
    lab
}

fn garbage(lab: &mut Lab) -> u64 {
    lab.map.memory().garbage_bytes
}

fn old_array_state(lab: &Lab) -> Option<BlockState> {
    let arrays = lab
        .map
        .heap()
        .blocks()
        .filter(|b| b.kind == BlockKind::BucketArray);
    arrays
        .map(|b| b.state)
        .find(|s| *s != BlockState::Reachable)
}

/// A growing map whose earlier garbage is gone.
fn growing_clean() -> Lab {
    let mut lab = growing();
    lab.map.collect().expect("no cycle is running");
    lab
}

pub(super) static CLAIMS: &[Claim] = &[
    claim(
        "A12",
        "A doubling needs about twice the memory for a while",
        BYTES,
        || {
            let mut lab = Lab::filled(1664);
            lab.map.collect().expect("no cycle is running");
            let before = lab.map.memory().live_bytes;
            lab.put(1664);
            let during = lab.map.memory().live_bytes;
            let ratio = during as f64 / before as f64;
            holds(
                (1.8..2.3).contains(&ratio),
                format!(
                    "{before} bytes before, {during} while growing: {ratio:.2} times, for the old array stays beside one of twice its size"
                ),
            )
        },
    ),
    claim(
        "A13",
        "The old array is freed when the migration completes",
        COLLECT,
        || {
            let mut lab = growing_clean();
            lab.finish_growth();
            let waiting = garbage(&mut lab);
            lab.map.collect().expect("no cycle is running");
            let after = garbage(&mut lab);
            holds(
                waiting == 0,
                format!(
                    "{waiting} bytes of garbage when the growth ended, {after} after one collection"
                ),
            )
            .fact("old.array.freed.at.end", waiting == 0)
        },
    ),
    claim(
        "A14",
        "oldbuckets is nil when the map is not growing",
        COLLECT,
        || {
            let mut lab = growing();
            let during = lab.map.old_buckets().is_some();
            lab.finish_growth();
            holds(
                during && lab.map.old_buckets().is_none(),
                format!(
                    "set while growing: {during}; after the end: {}",
                    lab.map.old_buckets().is_some()
                ),
            )
        },
    ),
    claim(
        "A26",
        "Atomic counters per bucket guard the release of the old array",
        "release it with nothing but the tophash bytes",
        || {
            let mut lab = growing();
            let old = lab.map.old_bucket_count();
            lab.finish_growth();
            let last = lab.map.header().nevacuate;
            holds(
                last != old,
                format!(
                    "the one counter is nevacuate: it reached {last} of {old} and the array was dropped; whether a chain is done is read from its first tophash byte"
                ),
            )
        },
    ),
    claim(
        "A27",
        "The map waits for mark termination before it lets go of the old array",
        COLLECT,
        || {
            let mut lab = growing();
            let heap = lab.map.collector();
            heap.start_cycle().expect("no cycle is running");
            lab.finish_growth();
            let phase = lab.map.heap().phase();
            let dropped = lab.map.old_buckets().is_none();
            holds(
                !dropped,
                format!(
                    "the growth ended and dropped the array in the middle of a mark phase ({phase:?})"
                ),
            )
        },
    ),
    claim(
        "A28",
        "Mallocs and Frees show the moment of release",
        COLLECT,
        || {
            let mut lab = growing_clean();
            let before = lab.map.memory().frees;
            lab.finish_growth();
            let at_end = lab.map.memory().frees;
            lab.map.collect().expect("no cycle is running");
            let swept = lab.map.memory().frees;
            parts(
                swept > at_end,
                at_end > before,
                format!(
                    "Frees moved by {} when the growth ended and by {} at the sweep after the next mark phase",
                    at_end - before,
                    swept - at_end
                ),
            )
        },
    ),
    claim(
        "A29",
        "Freeing the 48 old buckets raises Frees by 48",
        COLLECT,
        || {
            let mut lab = Lab::filled_as(STRING_INT, 0, 417);
            let buckets = lab.map.old_buckets().map_or(0, |a| a.main());
            lab.finish_growth();
            let objects: u64 = lab
                .map
                .heap()
                .blocks()
                .filter(|b| b.kind == BlockKind::BucketArray && b.state != BlockState::Reachable)
                .map(|b| b.objects)
                .sum();
            let arrays = lab.ended.len() as u64;
            holds(
                objects >= buckets as u64,
                format!(
                    "the {buckets} buckets of an old array are one object; {arrays} ended growths left {objects} array objects (the single first bucket included)"
                ),
            )
        },
    ),
    claim(
        "A33",
        "\"The old array is freed at once after growth\" is a misconception",
        COLLECT,
        || {
            let mut lab = growing_clean();
            lab.finish_growth();
            holds(
                garbage(&mut lab) > 0,
                format!("{} bytes are still unreachable garbage", garbage(&mut lab)),
            )
        },
    ),
    claim(
        "A35",
        "Old memory is free once oldbuckets is nil and nothing refers to it",
        COLLECT,
        || {
            let mut lab = growing_clean();
            lab.finish_growth();
            let unreachable = old_array_state(&lab) == Some(BlockState::Unreachable);
            let heap = lab.map.collector();
            let steps = heap
                .start_cycle()
                .and_then(|()| heap.scan_stacks())
                .and_then(|()| heap.scan_map())
                .and_then(|()| heap.finish_mark());
            steps.expect("the steps are in order");
            let condemned = old_array_state(&lab) == Some(BlockState::Condemned);
            let still = garbage(&mut lab);
            while lab.map.collector().sweep_one().is_some() {}
            parts(
                unreachable && condemned,
                still == 0,
                format!(
                    "after mark {still} bytes were still taken, after sweep {}",
                    garbage(&mut lab)
                ),
            )
        },
    ),
    claim(
        "A43",
        "The old array stays reachable if no further writes come",
        COLLECT,
        || {
            let mut lab = growing();
            for _ in 0..3 {
                lab.range();
                lab.map.collect().expect("no cycle is running");
            }
            (0..100_000).for_each(|k| {
                lab.has(k);
            });
            holds(
                lab.map.is_growing() && old_array_state(&lab).is_none(),
                "after 3 ranges, 100000 lookups and 3 collections it is there",
            )
            .fact("old.array.stays.without.writes", lab.map.is_growing())
        },
    ),
    claim(
        "A50",
        "Without hint the old array survives at least two collections",
        COLLECT,
        || {
            let cycles = |during_mark: bool| {
                let mut lab = growing_clean();
                if during_mark {
                    lab.map
                        .collector()
                        .start_cycle()
                        .expect("no cycle is running");
                    lab.finish_growth();
                    let heap = lab.map.collector();
                    heap.scan_stacks()
                        .and_then(|()| heap.scan_map())
                        .and_then(|()| heap.finish_mark())
                        .expect("in order");
                    while heap.sweep_one().is_some() {}
                } else {
                    lab.finish_growth();
                }
                let mut n = u32::from(during_mark);
                while garbage(&mut lab) > 0 {
                    lab.map.collect().expect("no cycle is running");
                    n += 1;
                }
                n
            };
            let (outside, inside) = (cycles(false), cycles(true));
            holds(
                outside >= 2,
                format!(
                    "it is gone after {outside} cycle if dropped outside marking, after {inside} if dropped while one marks (the deletion barrier marks it)"
                ),
            )
        },
    ),
    claim(
        "A51",
        "Dropping the old array is one atomic switch",
        "count the steps between start and end of a growth",
        || {
            let mut lab = growing();
            let writes = lab.finish_growth();
            let dropped = lab
                .last
                .iter()
                .filter(|e| matches!(e, Event::OldBucketsDropped))
                .count();
            parts(
                dropped == 1,
                writes == 0,
                format!(
                    "the pointer is dropped once, by a plain store of the last of {writes} further writes, without any lock"
                ),
            )
        },
    ),
    claim(
        "A37",
        "A reader in the middle of a range may see freed old buckets",
        "let an iterator stand in the old array, end the growth, collect",
        || {
            let mut lab = Lab::filled(100);
            let mut iter = lab.map.iter_start(&mut lab.bench);
            (100..160).for_each(|k| lab.put(k));
            lab.map.collect().expect("no cycle is running");
            let mut seen = std::collections::BTreeSet::new();
            while let Ok(Some(at)) = lab.map.iter_next(&mut iter, &mut lab.bench) {
                seen.extend(lab.map.key(at).copied());
            }
            let kept = seen.range(..100).count();
            holds(
                kept < 100,
                format!(
                    "the iterator kept the array alive and returned {kept} of 100 entries (the exception in Go 1.23.9 is clear inside such a loop on a pointer-free map)"
                ),
            )
        },
    ),
    claim(
        "B26",
        "A stale pointer in an unused cell makes the collector free a live object",
        "evacuate while iterated and look at what the old cells keep",
        || {
            let pointerful = MapType::new(Part::plain(8), Part::with_pointers(8));
            let keeps = |iterated: bool| {
                let mut lab = Lab::filled_as(pointerful, 0, 26);
                if iterated {
                    lab.range();
                }
                lab.put(26);
                let old = lab.map.old_buckets().expect("growing");
                (0..old.main())
                    .flat_map(|i| old.bucket(i).elems.iter())
                    .flatten()
                    .count()
            };
            let (with, without) = (keeps(true), keeps(false));
            holds(
                with < without,
                format!(
                    "stale copies keep objects alive, never the reverse: {with} elems in old main buckets if the map was ever ranged over, {without} if not"
                ),
            )
        },
    ),
    claim(
        "B27",
        "The write barrier uses dirty bits or a card table",
        "drop an array while marking, with and without the deletion barrier",
        || {
            let survives = |barrier: bool| {
                let mut lab = growing_clean();
                lab.map.collector().set_barrier(barrier);
                lab.map
                    .collector()
                    .start_cycle()
                    .expect("no cycle is running");
                lab.finish_growth();
                let heap = lab.map.collector();
                heap.scan_stacks()
                    .and_then(|()| heap.scan_map())
                    .and_then(|()| heap.finish_mark())
                    .expect("nobody else holds it");
                old_array_state(&lab) == Some(BlockState::Unreachable)
            };
            let (on, off) = (survives(true), survives(false));
            holds(
                !on,
                format!(
                    "the overwritten pointer itself is marked: dropped during marking the array survives that cycle (barrier on: {on}, off: {off})"
                ),
            )
        },
    ),
    claim(
        "C8",
        "Peak memory of a growth is twice the final size of before",
        BYTES,
        || {
            let mut lab = Lab::filled(6656);
            lab.map.collect().expect("no cycle is running");
            let before = lab.map.memory().live_bytes;
            lab.put(6656);
            let ratio = lab.map.memory().live_bytes as f64 / before as f64;
            holds(
                ratio < 2.3,
                format!("{ratio:.2} times: old array plus one of twice its size"),
            )
        },
    ),
    claim(
        "C25",
        "More growths mean more garbage and so more collections",
        BYTES,
        || {
            let mut without = Lab::filled(10_000);
            let mut with = Lab::filled_as(INT_INT, 10_000, 10_000);
            let (a, b) = (
                without.map.memory().garbage_bytes,
                with.map.memory().garbage_bytes,
            );
            let collections = without.map.heap().cycles();
            parts(
                a > b,
                collections > 0,
                format!(
                    "{} growths left {a} bytes of garbage, a map with a hint {b}, and started {collections} collections; those follow the whole program's allocation, not growths as such",
                    without.started.len()
                ),
            )
        },
    ),
    claim(
        "D14",
        "Header and bucket array are one allocation",
        "list the blocks of a filled map",
        || {
            let lab = Lab::filled_as(INT_INT, 100, 50);
            let kinds: Vec<String> = lab
                .map
                .heap()
                .blocks()
                .map(|b| format!("{} {} bytes", b.kind, b.bytes))
                .collect();
            holds(kinds.len() == 1, kinds.join(", "))
        },
    ),
    claim(
        "D35",
        "Deleting frees overflow buckets for reuse by other maps",
        DELETE,
        || {
            let mut lab = Lab::filled(1600);
            lab.map.collect().expect("no cycle is running");
            let (before, chains) = (lab.map.memory().live_bytes, lab.map.header().noverflow);
            (0..1600).for_each(|k| {
                lab.delete(k);
            });
            lab.map.collect().expect("no cycle is running");
            let after = lab.map.memory().live_bytes;
            holds(
                after < before,
                format!(
                    "{chains} overflow buckets before, {} after; {before} and {after} bytes",
                    lab.map.header().noverflow
                ),
            )
            .fact(
                "noverflow.kept.by.delete",
                lab.map.header().noverflow == chains,
            )
        },
    ),
    claim(
        "D37",
        "After deleting all keys by range and delete the overflow memory leaks",
        "clear (what that loop compiles to), then collect",
        || {
            let mut lab = Lab::filled(1600);
            lab.clear();
            let links = lab.map.header().noverflow;
            lab.map.collect().expect("no cycle is running");
            let m = lab.map.memory();
            holds(links > 0 || m.garbage_bytes > 0, format!("noverflow {links} and {} bytes of garbage after clear and a collection; the array itself ({} bytes) stays with the map", m.garbage_bytes, m.live_bytes))
            .fact("noverflow.after.clear", links)
        },
    ),
    claim(
        "D39",
        "A map's memory never shrinks after deletes",
        DELETE,
        || {
            let mut lab = Lab::filled(5000);
            lab.finish_growth();
            lab.map.collect().expect("no cycle is running");
            let (before, b) = (lab.map.memory().live_bytes, lab.map.header().b);
            (0..5000).for_each(|k| {
                lab.delete(k);
            });
            lab.map.collect().expect("no cycle is running");
            let after = lab.map.memory().live_bytes;
            holds(
                after == before && lab.map.header().b == b,
                format!("{before} bytes with 5000 entries, {after} with none, B = {b} all along"),
            )
            .fact("b.after.deleting.all", lab.map.header().b)
        },
    ),
    claim(
        "R1",
        "After any range loop the next growth keeps the moved copies until the old array goes",
        "range once, grow, count copies",
        || {
            let pointerful = MapType::new(Part::plain(8), Part::with_pointers(8));
            let copies = |ranged: bool| {
                let mut lab = Lab::filled_as(pointerful, 0, 52);
                if ranged {
                    lab.range();
                }
                lab.put(52);
                let old = lab.map.old_buckets().expect("growing");
                (0..old.main())
                    .filter(|&i| old.bucket(i).tophash[0] > 1 && old.bucket(i).tophash[0] < 5)
                    .flat_map(|i| old.bucket(i).elems.iter())
                    .flatten()
                    .count()
            };
            let (ranged, not) = (copies(true), copies(false));
            holds(
                ranged > not,
                format!(
                    "{ranged} elems left in evacuated main buckets after a range, {not} without"
                ),
            )
        },
    ),
    claim(
        "R2",
        "Clearing a map gives its bucket array back",
        "clear, collect, read the bytes",
        || {
            let mut lab = Lab::filled(5000);
            lab.finish_growth();
            let array = lab.map.buckets().map(|a| a.id());
            lab.clear();
            lab.map.collect().expect("no cycle is running");
            let same = lab.map.buckets().map(|a| a.id()) == array;
            holds(
                !same,
                format!(
                    "the same array of {} buckets is still in place",
                    lab.map.bucket_count()
                ),
            )
            .fact("array.kept.by.clear", same)
        },
    ),
    claim(
        "R3",
        "Growing again and again allocates about as much in arrays as the final array",
        BYTES,
        || {
            let mut lab = Lab::new(INT_INT, 0, Hashing::Good);
            (0..100_000).for_each(|k| lab.put(k));
            let m = lab.map.memory();
            let last = lab
                .map
                .heap()
                .blocks()
                .filter(|b| b.kind == BlockKind::BucketArray && b.state == BlockState::Reachable)
                .map(|b| b.bytes)
                .max()
                .unwrap_or(0);
            let thrown = (m.allocated_bytes - m.live_bytes) as f64 / last as f64;
            holds(
                (0.8..1.2).contains(&thrown),
                format!(
                    "{} bytes allocated, {} in use, the difference is {thrown:.2} times the final array",
                    m.allocated_bytes, m.live_bytes
                ),
            )
        },
    ),
];
