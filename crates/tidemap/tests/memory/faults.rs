//! The system as a witness: page faults of each operation.

use tidemap::{HashMap, bounds};

/// Minor page faults of this thread so far.
fn faults() -> u64 {
    // SAFETY: `usage` is plain data, and the call fills it.
    unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        assert_eq!(libc::getrusage(libc::RUSAGE_THREAD, &raw mut usage), 0);
        usage.ru_minflt as u64
    }
}

fn most_faults<V: Copy>(entries: u64, value: V) {
    let entry = size_of::<(u64, V)>() as u64;
    let mut map: HashMap<u64, V> = HashMap::new();
    let (mut most, mut at, mut total) = (0, 0, 0);
    let mut before = faults();
    for i in 0..entries {
        map.insert(i, value);
        let now = faults();
        if now - before > most {
            (most, at) = (now - before, i);
        }
        total += now - before;
        before = now;
    }
    // Its own entry's pages, and what the allocator and the stack touch for themselves.
    let limit = bounds::fresh_pages_max(entry as usize) + entry / 4096 + 2 + 4;
    println!(
        "{entry}-byte entries: at most {most} faults (entry {at}), {total} in all; limit {limit}"
    );
    assert!(
        most <= limit,
        "{most} faults at entry {at}, at most {limit}"
    );
    // Memory of segments may have been used before.
    let fresh = map.stats().bytes_reserved > 0;
    assert!(
        !fresh || total > entries * entry / 4096 / 2,
        "faults are not counted here: {total}"
    );
}

#[test]
fn no_insertion_touches_many_pages() {
    if cfg!(miri) || std::env::var_os("TIDEMAP_SANITIZED").is_some() {
        return;
    }
    most_faults(2_000_000, 7u64);
    most_faults(200_000, [7u64; 32]);
    most_faults(10_000, [7u64; 640]);
}
