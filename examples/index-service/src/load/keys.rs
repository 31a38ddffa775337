//! Keys, values, and what a request asks for: all of it arithmetic on a number.

/// The key with that number.
#[must_use]
pub fn key_of(number: u64) -> String {
    format!("doc-{number:012}")
}

/// The value that belongs to a key: where a document would lie, and a checksum.
#[must_use]
pub fn value_of(number: u64) -> String {
    format!("{:016x}@{}", mix(number), number * 4096)
}

/// A number that looks random and depends on `number` alone (the end of splitmix64).
fn mix(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// What a request does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ask {
    Get(u64),
    Put(u64),
}

/// What the request with that number does, among `keys` keys.
pub(super) fn ask(request: u64, seed: u64, writes: u64, keys: u64) -> Ask {
    let random = mix(request ^ mix(seed));
    let key = ((u128::from(mix(random)) * u128::from(keys.max(1))) >> 64) as u64;
    if random % 100 < writes {
        Ask::Put(key)
    } else {
        Ask::Get(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_mixed_and_the_same_each_time() {
        let asks: Vec<Ask> = (0..10_000).map(|n| ask(n, 7, 20, 50)).collect();
        let again: Vec<Ask> = (0..10_000).map(|n| ask(n, 7, 20, 50)).collect();
        assert_eq!(asks, again);
        let puts = asks.iter().filter(|a| matches!(a, Ask::Put(_))).count();
        assert!((1800..2200).contains(&puts), "{puts}");
        let mut keys: Vec<u64> = asks.iter().map(|(Ask::Get(k) | Ask::Put(k))| *k).collect();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys, (0..50).collect::<Vec<u64>>());
        assert_ne!(
            asks[..20],
            (0..20).map(|n| ask(n, 8, 20, 50)).collect::<Vec<_>>()
        );
    }
}
