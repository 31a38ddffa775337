//! What arrays of buckets, groups and tables take from the allocator.

use tidemap_go::alloc::size_class;

/// The smallest B whose array has spare overflow buckets.
const SPARES_FROM_B: u32 = tidemap_go::bucket_array::SPARES_FROM_B as u32;

/// Size arithmetic of a Go release.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sizes {
    /// Larger objects with pointers carry a type word (from Go 1.22).
    pub headers: bool,
    /// Entries that `load.1` buckets hold before they double: `load.0`.
    pub load: (u64, u64),
}

impl Sizes {
    /// Bytes that the heap is charged for a request.
    pub fn slot(&self, bytes: u64, noscan: bool) -> u64 {
        size_class::slot_bytes(bytes, noscan || !self.headers)
    }

    /// Entries that 2^`b` buckets hold before they double.
    pub fn entries_max(&self, b: u8) -> u64 {
        let buckets = 1u64.checked_shl(b.into()).unwrap_or(u64::MAX);
        (buckets / self.load.1.max(1))
            .saturating_mul(self.load.0)
            .max(8)
    }

    /// Main and spare buckets of an array with 2^`b` main buckets, and its slot.
    pub fn array(&self, b: u32, bucket_bytes: u64, noscan: bool) -> Option<(u64, u64)> {
        let main = 1u64.checked_shl(b)?;
        let mut total = main;
        let plain = noscan || !self.headers;
        if b >= SPARES_FROM_B {
            total = main.checked_add(main >> SPARES_FROM_B)?;
            let bytes = total.checked_mul(bucket_bytes)?;
            if bytes > size_class::MAX_ALLOC_BYTES {
                return None;
            }
            let usable = size_class::round_up_size(bytes, plain);
            if usable != bytes {
                total = usable / bucket_bytes;
            }
        }
        let bytes = total.checked_mul(bucket_bytes)?;
        (bytes <= size_class::MAX_ALLOC_BYTES)
            .then(|| (total, size_class::slot_bytes(bytes, plain)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_the_model_says() {
        let sizes = Sizes {
            headers: true,
            load: (13, 2),
        };
        // map[int]int, B = 6: 64 buckets and 7 spares in 10240 bytes.
        assert_eq!(sizes.array(6, 144, true), Some((71, 10240)));
        assert_eq!(sizes.array(5, 208, false), Some((39, 8192)));
        assert_eq!(sizes.array(70, 144, true), None);
        assert_eq!(sizes.slot(520, false), 576);
        let old = Sizes {
            headers: false,
            load: (12, 2),
        };
        assert_eq!(old.slot(520, false), 576);
        assert_eq!(
            (sizes.entries_max(9), old.entries_max(9), old.entries_max(0)),
            (3328, 3072, 8)
        );
    }
}
