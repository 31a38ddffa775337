//! What a map is: its types and the place that made it, known once and kept for ever.

use std::panic::Location;
use std::sync::OnceLock;

/// What there is to know about a map apart from its figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct About {
    /// The type of keys, as [`std::any::type_name`] gives it.
    pub key_type: &'static str,
    /// The type of values; empty if there are none.
    pub value_type: &'static str,
    /// Bytes of an entry.
    pub entry_bytes: usize,
    /// The code that made the map.
    pub site: Option<&'static Location<'static>>,
}

/// Places that are remembered for maps that have no row yet.
pub(crate) const KINDS_MAX: usize = 1024;
/// Cells looked at before a place is given up.
const PROBES: usize = 16;

static KINDS: [OnceLock<About>; KINDS_MAX] = [const { OnceLock::new() }; KINDS_MAX];

/// The number by which [`kind`] finds this again; `None` when the table is full.
pub(crate) fn remember(about: About) -> Option<usize> {
    let site = about.site.map_or(0, |site| std::ptr::from_ref(site).addr());
    let mixed = (site ^ about.key_type.as_ptr().addr().rotate_left(20))
        .wrapping_mul(0x9e37_79b9_7f4a_7c15_u64 as usize);
    let start = mixed >> (usize::BITS - KINDS_MAX.ilog2());
    for step in 0..PROBES {
        let index = (start + step) % KINDS_MAX;
        // A race is won by one of the two; the other compares.
        if *KINDS[index].get_or_init(|| about) == about {
            return Some(index);
        }
    }
    None
}

/// What [`remember`] was told.
pub(crate) fn kind(index: usize) -> Option<About> {
    KINDS.get(index)?.get().copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_remembered_once() {
        let about = About {
            key_type: "u8",
            value_type: "()",
            entry_bytes: 1,
            site: Some(Location::caller()),
        };
        let index = remember(about).expect("room");
        assert_eq!(remember(about), Some(index));
        assert_eq!(kind(index), Some(about));
        let other = About {
            key_type: "u16",
            ..about
        };
        assert_ne!(remember(other), Some(index));
        assert_eq!(kind(KINDS_MAX), None);
    }
}
