//! Slice growth: what `append` of one pointer allocates.
//!
//! A map without pointers keeps its overflow buckets alive through a plain Go
//! slice (`overflow.rs`), so that slice's growth is part of the map's bytes.
//!
//! R1. Below [`DOUBLING_BELOW`] elements the capacity doubles, above it grows
//!     by a quarter plus three quarters of that border.
//! R2. The bytes are then rounded up to the slot that is paid for, and the
//!     capacity takes all of it.

use super::size_class::{round_up_size, slot_bytes};

/// Capacities below this double.
pub const DOUBLING_BELOW: u64 = 256;
/// Bytes of a pointer.
pub const POINTER_BYTES: u64 = 8;

/// The capacity and slot bytes of the new backing array when one pointer is
/// appended to a full slice of `capacity` pointers.
///
/// ```
/// use tidemap_go::alloc::slice_growth::grown_pointer_slice;
/// assert_eq!(grown_pointer_slice(0), (1, 8));
/// assert_eq!(grown_pointer_slice(1), (2, 16));
/// assert_eq!(grown_pointer_slice(256), (607, 4864)); // 512 and a header need the next class
/// ```
#[must_use]
pub fn grown_pointer_slice(capacity: u64) -> (u64, u64) {
    let wanted = if capacity == 0 {
        1
    } else if capacity < DOUBLING_BELOW {
        capacity * 2
    } else {
        capacity + (capacity + 3 * DOUBLING_BELOW) / 4
    };
    let bytes = round_up_size(wanted * POINTER_BYTES, false);
    (bytes / POINTER_BYTES, slot_bytes(bytes, false))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capacity_always_grows_and_fits_its_slot() {
        let mut capacity = 0;
        while capacity < 1 << 20 {
            let (next, bytes) = grown_pointer_slice(capacity);
            assert!(next > capacity);
            assert!(next * POINTER_BYTES <= bytes);
            capacity = next;
        }
    }
}
