//! Reservations: of small maps, during growth, refused, and too large.

use tidemap::{HashMap, TryReserveError};

/// A bucket of fewer slots than its shape has must be replaced before the map may think of it as
/// full-sized: entries were written behind its end.
#[test]
fn small_reserve_on_a_short_bucket_then_fill() {
    for len in 1..=15u64 {
        for more in [13, 40, 100, 5_000, 100_000] {
            let mut map: HashMap<u64, u64> = (0..len).map(|i| (i, i)).collect();
            map.reserve(more);
            assert!(map.capacity() >= len as usize + more);
            for i in len..len + 40 {
                assert_eq!(map.insert(i, i), None);
                map.check_invariants();
            }
            assert!((0..len + 40).all(|i| map.get(&i) == Some(&i)));
            if cfg!(miri) && more > 100 {
                break;
            }
        }
    }
}

#[test]
fn small_refused_reserve_on_a_short_bucket_then_fill() {
    for len in 0..=16u64 {
        let mut map: HashMap<u64, u64> = (0..len).map(|i| (i, i)).collect();
        let before = map.capacity();
        for more in [
            usize::MAX,
            usize::MAX / 2,
            usize::MAX / 16 - 100,
            1 << (usize::BITS - 1),
        ] {
            assert_eq!(
                map.try_reserve(more),
                Err(TryReserveError::CapacityOverflow),
                "{more}"
            );
        }
        assert!(map.capacity() >= before);
        for i in len..len + 40 {
            assert_eq!(map.insert(i, i), None);
            map.check_invariants();
        }
        assert!((0..len + 40).all(|i| map.get(&i) == Some(&i)));
    }
}

#[test]
#[should_panic(expected = "capacity overflow")]
fn small_with_capacity_of_everything_panics() {
    let _map: HashMap<u64, u64> = HashMap::with_capacity(usize::MAX);
}

#[test]
#[should_panic(expected = "capacity overflow")]
fn small_reserve_of_everything_panics() {
    let mut map: HashMap<u64, u64> = HashMap::from([(1, 1)]);
    map.reserve(usize::MAX);
}
