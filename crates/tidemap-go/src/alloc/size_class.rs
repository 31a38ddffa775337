//! Size classes: the slots Go's allocator cuts its memory into.
//!
//! Terms: *request*, the bytes asked for; *slot*, the bytes taken; *noscan*,
//! an object without pointers.
//!
//! R1. A small request takes the smallest class that holds it.
//! R2. A small object with pointers above [`HEADER_FREE_MAX_BYTES`] carries a
//!     [`MALLOC_HEADER_BYTES`] header in front, which counts for R1.
//! R3. A request above [`SMALL_MAX_BYTES`] minus a header gets pages of its
//!     own: it is rounded up to [`PAGE_BYTES`] and carries no header.
//!
//! [`round_up_size`] is Go's `roundupsize`: the usable size, header taken off
//! again. [`slot_bytes`] is what the heap is charged, and what
//! `MemStats.TotalAlloc` grows by. They differ by the header.
//!
//! ```text
//!   request 520, pointers:  520 + 8 header -> class 576: usable 568, slot 576
//!   request 520, noscan:    520            -> class 576: usable 576, slot 576
//!   request 32761:          > 32760        -> 4 pages:   usable 32768
//! ```
//!
//! Read next: `bucket_array.rs`, which fills the slot it has paid for.

/// Bytes of a runtime page, the unit of large objects.
pub const PAGE_BYTES: u64 = 8192;
/// The largest class. A small request may be [`MALLOC_HEADER_BYTES`] less.
pub const SMALL_MAX_BYTES: u64 = 32768;
/// Bytes of the header in front of a pointerful object above
/// [`HEADER_FREE_MAX_BYTES`].
pub const MALLOC_HEADER_BYTES: u64 = 8;
/// Pointerful objects up to this size need no header.
pub const HEADER_FREE_MAX_BYTES: u64 = 512;
/// The largest single allocation: the address space of linux/amd64.
pub const MAX_ALLOC_BYTES: u64 = 1 << 48;

/// The 67 class sizes, in bytes.
pub const CLASS_BYTES: [u16; 67] = [
    8, 16, 24, 32, 48, 64, 80, 96, 112, 128, 144, 160, 176, 192, 208, 224, 240, 256, 288, 320, 352,
    384, 416, 448, 480, 512, 576, 640, 704, 768, 896, 1024, 1152, 1280, 1408, 1536, 1792, 2048,
    2304, 2688, 3072, 3200, 3456, 4096, 4864, 5376, 6144, 6528, 6784, 6912, 8192, 9472, 9728,
    10240, 10880, 12288, 13568, 14336, 16384, 18432, 19072, 20480, 21760, 24576, 27264, 28672,
    32768,
];

/// The usable bytes of the slot that a request gets: Go's `roundupsize`.
///
/// A request too big to be rounded is returned as it is.
///
/// ```
/// use tidemap_go::alloc::size_class::round_up_size;
/// assert_eq!(round_up_size(2448, true), 2688);
/// assert_eq!(round_up_size(520, false), 568); // 576 minus the header
/// assert_eq!(round_up_size(32769, true), 40960);
/// ```
#[must_use]
pub fn round_up_size(request: u64, noscan: bool) -> u64 {
    match small_slot(request, noscan) {
        Some((slot, header)) => slot - header,
        None => round_to_pages(request),
    }
}

/// The bytes the heap is charged for a request.
///
/// ```
/// use tidemap_go::alloc::size_class::slot_bytes;
/// assert_eq!(slot_bytes(48, false), 48);
/// assert_eq!(slot_bytes(520, false), 576);
/// assert_eq!(slot_bytes(0, true), 0); // all zero-size objects share one address
/// ```
#[must_use]
pub fn slot_bytes(request: u64, noscan: bool) -> u64 {
    match small_slot(request, noscan) {
        _ if request == 0 => 0,
        Some((slot, _)) => slot,
        None => round_to_pages(request),
    }
}

/// The class size of a small request and the header inside it (R1, R2).
fn small_slot(request: u64, noscan: bool) -> Option<(u64, u64)> {
    if request > SMALL_MAX_BYTES - MALLOC_HEADER_BYTES {
        return None;
    }
    let header = if !noscan && request > HEADER_FREE_MAX_BYTES {
        MALLOC_HEADER_BYTES
    } else {
        0
    };
    let at = CLASS_BYTES.partition_point(|&class| u64::from(class) < request + header);
    Some((u64::from(CLASS_BYTES[at]), header))
}

/// Rounds up to whole pages (R3); a request too big for that stays as it is.
fn round_to_pages(request: u64) -> u64 {
    request
        .checked_next_multiple_of(PAGE_BYTES)
        .unwrap_or(request)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn borders() {
        // (request, noscan, usable, slot)
        for (request, noscan, usable, slot) in [
            (1, true, 8, 8),
            (8, false, 8, 8),
            (512, false, 512, 512),
            (513, false, 568, 576),
            (513, true, 576, 576),
            (32760, true, 32768, 32768),
            (32760, false, 32760, 32768),
            (32761, true, 32768, 32768),
            (32761, false, 32768, 32768),
            (32768, true, 32768, 32768),
            (32769, true, 40960, 40960),
        ] {
            assert_eq!(
                round_up_size(request, noscan),
                usable,
                "usable {request} {noscan}"
            );
            assert_eq!(slot_bytes(request, noscan), slot, "slot {request} {noscan}");
        }
    }

    #[test]
    fn rounding_never_shrinks_and_is_stable() {
        for request in 1..40_000u64 {
            for noscan in [true, false] {
                let up = round_up_size(request, noscan);
                assert!(up >= request, "{request} {noscan}");
                assert_eq!(round_up_size(up, noscan), up, "{request} {noscan}");
                assert!(slot_bytes(request, noscan) >= up);
            }
        }
        assert_eq!(round_up_size(u64::MAX, true), u64::MAX);
    }
}
