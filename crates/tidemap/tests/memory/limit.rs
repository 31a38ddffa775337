//! A process whose address space is limited: the generous reservations of page runs are refused.

use std::process::Command;

use tidemap::{DefaultHashBuilder, HashMap};

const CHILD: &str = "TIDEMAP_LIMITED_CHILD";

#[test]
fn maps_grow_where_address_space_is_scarce() {
    if cfg!(miri) {
        return;
    }
    if std::env::var_os(CHILD).is_some() {
        return grow_to_a_million();
    }
    let program = std::env::current_exe().expect("this test's path");
    let output = Command::new(program)
        .args([
            "--exact",
            "limit::maps_grow_where_address_space_is_scarce",
            "--nocapture",
        ])
        .env(CHILD, "1")
        .output()
        .expect("the child runs");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && text.contains("a million entries"),
        "{text}{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

fn grow_to_a_million() {
    let limit = libc::rlimit {
        rlim_cur: 1 << 30,
        rlim_max: 1 << 30,
    };
    // SAFETY: the call reads `limit`.
    let refused = unsafe { libc::setrlimit(libc::RLIMIT_AS, &raw const limit) };
    assert_eq!(refused, 0);
    let mut map: HashMap<u64, u64> = HashMap::with_hasher(DefaultHashBuilder::with_seed(1));
    for key in 0..1_000_000 {
        assert_eq!(map.insert(key, key ^ 7), None);
    }
    map.check_invariants();
    assert!((0..1_000_000).all(|key| map.get(&key) == Some(&(key ^ 7))));
    assert!((1_000_000..1_100_000).all(|key| map.get(&key).is_none()));
    let stats = map.stats();
    assert!(stats.bytes_reserved < 1 << 30, "{stats:?}");
    // Segments grow in place and need no reservation.
    let relocations = if stats.bytes_reserved > 0 { 6 } else { 0 };
    assert!(stats.growths_relocating > relocations, "{stats:?}");
    assert!(stats.load > 0.4 && stats.load < 1.1, "{stats:?}");
    // More than there can be: an error, and the map as before.
    // (Segments are got when a growth that runs has ended, so nothing fails yet.)
    let queued = stats.bytes_reserved == 0 && map.growth().is_some();
    assert_eq!(map.try_reserve(1 << 30).is_err(), !queued);
    assert_eq!(map.len(), 1_000_000);
    map.check_invariants();
    println!("a million entries: {stats:?}");
}
