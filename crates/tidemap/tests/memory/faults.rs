//! The system as a witness: page faults of each operation.

use foldhash::fast::FixedState;
use tidemap::{Budget, HashMap, Pages, bounds};

/// Minor page faults of this thread so far.
fn faults() -> u64 {
    // SAFETY: `usage` is plain data, and the call fills it.
    unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        assert_eq!(libc::getrusage(libc::RUSAGE_THREAD, &raw mut usage), 0);
        usage.ru_minflt as u64
    }
}

/// Page faults of each insertion into a new map. The system takes pages away when memory is
/// short, so an insertion may see more of them than it causes.
fn faults_of_insertions<V: Copy>(entries: u64, value: V) -> (Vec<u16>, bool) {
    // One seed for all runs: what the map does itself, it does in each of them.
    let mut map = HashMap::with_hasher(FixedState::with_seed(7));
    // Written at once, so that the record itself does not fault.
    let mut record = vec![u16::MAX; entries as usize];
    let mut before = faults();
    for i in 0..entries {
        map.insert(i, value);
        let now = faults();
        record[i as usize] = u16::try_from(now - before).unwrap_or(u16::MAX);
        before = now;
    }
    // Memory of segments may have been used before.
    let fresh = map.stats().bytes_reserved > 0;
    (record, fresh)
}

fn most_faults<V: Copy>(entries: u64, value: V) {
    let entry = size_of::<(u64, V)>() as u64;
    let (mut record, fresh) = faults_of_insertions(entries, value);
    for _ in 1..RUNS {
        let (again, _) = faults_of_insertions(entries, value);
        for (least, now) in record.iter_mut().zip(again) {
            *least = now.min(*least);
        }
    }
    let (at, &most) = record.iter().enumerate().max_by_key(|(_, n)| **n).unwrap();
    let total: u64 = record.iter().map(|&n| u64::from(n)).sum();
    // Its own entry's pages, and what the allocator and the stack touch for themselves.
    let limit = bounds::fresh_pages_max(entry as usize) + entry / 4096 + 2 + 4;
    println!(
        "{entry}-byte entries: at most {most} faults (entry {at}), {total} in all; limit {limit}"
    );
    assert!(
        u64::from(most) <= limit,
        "{most} faults at entry {at}, at most {limit}"
    );
    assert!(
        !fresh || total > entries * entry / 4096 / 2,
        "faults are not counted here: {total}"
    );
}

/// How often a map is filled; an insertion counts with the fewest faults it had.
const RUNS: usize = 3;

#[test]
fn no_insertion_touches_many_pages() {
    if cfg!(miri) || std::env::var_os("TIDEMAP_SANITIZED").is_some() {
        return;
    }
    most_faults(2_000_000, 7u64);
    most_faults(200_000, [7u64; 32]);
    most_faults(10_000, [7u64; 640]);
}

/// What was prepared in idle time needs no page fault later: not for the doubling, not for the
/// chains on the way.
#[test]
fn prepared_insertions_take_no_page_fault() {
    if cfg!(miri) || std::env::var_os("TIDEMAP_SANITIZED").is_some() || !tidemap_span::PAGE_RUNS {
        return;
    }
    let insert = |map: &mut HashMap<u64, u64, FixedState>, keys: std::ops::Range<u64>| {
        let before = faults();
        for key in keys {
            map.insert(key, key);
        }
        faults() - before
    };
    let new = || HashMap::with_hasher(FixedState::with_seed(7));
    // As many entries as fit before a doubling, and where it ends.
    let (first, last) = (798_720, 1_064_960);
    let mut plain = new();
    insert(&mut plain, 0..first);
    assert!(!plain.is_growing() && plain.capacity() as u64 == first);
    let unprepared = insert(&mut plain, first..last);
    // The system takes pages away when memory is short: the least of a few runs counts.
    let prepared = (0..RUNS)
        .map(|_| {
            let mut map = new();
            insert(&mut map, 0..first);
            let before = faults();
            let mut calls = 0;
            while !map.prepare_memory(Budget::buckets(4096)).is_done {
                calls += 1;
            }
            assert!(calls > 10 && !map.is_growing());
            assert!(faults() - before > 4_000, "{}", faults() - before);
            let growths = map.growths_started();
            let taken = insert(&mut map, first..last);
            assert_eq!(map.growths_started(), growths + 1);
            assert!(!map.is_growing());
            map.check_invariants();
            taken
        })
        .min()
        .unwrap();
    println!("{prepared} page faults of a prepared doubling, {unprepared} of one that was not");
    assert!(unprepared > 4_000, "{unprepared}");
    // The log of growths may touch a page.
    assert!(prepared <= 1, "{prepared}");
}

/// Huge pages, where there are some: a fault for hundreds of small ones.
#[test]
fn huge_pages_take_fewer_faults() {
    if cfg!(miri) || std::env::var_os("TIDEMAP_SANITIZED").is_some() || !tidemap_span::PAGE_RUNS {
        return;
    }
    let fill = |pages: Pages| {
        let mut map = HashMap::with_capacity_and_hasher(1_500_000, FixedState::with_seed(7));
        let has = map.set_pages(pages);
        let before = faults();
        map.extend((0..1_500_000u64).map(|i| (i, i)));
        let taken = faults() - before;
        map.check_invariants();
        let copy = map.clone();
        assert_eq!(copy.len(), 1_500_000);
        (has, taken)
    };
    let mut short: HashMap<u64, u64> = HashMap::from([(1, 1)]);
    assert!(!short.set_pages(Pages::Huge), "a single bucket");
    let (small, many) = fill(Pages::Small);
    assert!(small && many > 7_000, "{many}");
    let (huge, few) = fill(Pages::Huge);
    if !huge || few > many / 2 {
        eprintln!("skipped: the system gives no huge pages here ({huge}, {few} faults of {many})");
        return;
    }
    println!("{few} page faults with huge pages, {many} without");
}
