//! Tophash: one byte a cell that says what the cell holds.
//!
//! Terms: *cell*, one key/elem position of a bucket; *tophash*, the byte that
//! stands for it at the head of the bucket.
//!
//! R1. Values below [`MIN_TOP_HASH`] are states, all others are the high byte
//!     of the hash of a live entry.
//! R2. A hash whose high byte would collide with a state is lifted by
//!     [`MIN_TOP_HASH`]. So 5 to 9 are twice as likely as any other value.
//! R3. [`EMPTY_REST`] promises that every later cell of the chain is empty too;
//!     a search may stop there. [`EMPTY_ONE`] promises nothing.
//! R4. The three evacuated states occur only in an old array, and a chain is
//!     either entirely in them or not at all: looking at cell 0 of the main
//!     bucket decides ([`is_evacuated`]).
//!
//! ```text
//!   0 emptyRest    1 emptyOne    2 evacuatedX   3 evacuatedY
//!   4 evacuatedEmpty             5..=255 live entry
//! ```
//!
//! A zeroed bucket is all `emptyRest`: fresh memory needs no initialisation.
//!
//! Read next: `bucket.rs`.

/// Empty, and so is every later cell of the chain.
pub const EMPTY_REST: u8 = 0;
/// Empty; something may follow.
pub const EMPTY_ONE: u8 = 1;
/// Moved to the bucket of the same index in the new array.
pub const EVACUATED_X: u8 = 2;
/// Moved to the bucket `old count` further on in the new array.
pub const EVACUATED_Y: u8 = 3;
/// Was empty when its bucket was evacuated.
pub const EVACUATED_EMPTY: u8 = 4;
/// The smallest value that stands for a live entry.
pub const MIN_TOP_HASH: u8 = 5;

/// The tophash of a live entry with this hash: its high byte, lifted out of
/// the reserved range (R2).
///
/// ```
/// use tidemap_go::tophash::top_hash;
/// assert_eq!(top_hash(0xAB00_0000_0000_0000), 0xAB);
/// assert_eq!(top_hash(3 << 56), 3 + 5); // 3 alone would mean "evacuatedY"
/// ```
#[must_use]
pub fn top_hash(hash: u64) -> u8 {
    let top = (hash >> 56) as u8;
    if top < MIN_TOP_HASH {
        top + MIN_TOP_HASH
    } else {
        top
    }
}

/// Whether a cell with this tophash is free for an insert.
#[must_use]
pub fn is_empty(top: u8) -> bool {
    top <= EMPTY_ONE
}

/// Whether a chain whose first tophash is `top` has been evacuated (R4).
#[must_use]
pub fn is_evacuated(top: u8) -> bool {
    top > EMPTY_ONE && top < MIN_TOP_HASH
}

/// One letter for a view: `.` emptyRest, `o` emptyOne, `x`, `y`, `-` for the
/// evacuated states, `#` for a live entry.
#[must_use]
pub fn letter(top: u8) -> char {
    match top {
        EMPTY_REST => '.',
        EMPTY_ONE => 'o',
        EVACUATED_X => 'x',
        EVACUATED_Y => 'y',
        EVACUATED_EMPTY => '-',
        _ => '#',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_high_byte_becomes_a_live_value() {
        let mut seen = [0u32; 256];
        for high in 0..=255u64 {
            let top = top_hash(high << 56 | 0xff);
            assert!(top >= MIN_TOP_HASH);
            assert!(!is_empty(top) && !is_evacuated(top));
            seen[usize::from(top)] += 1;
        }
        // R2: five values are taken by two high bytes each.
        assert_eq!(seen.iter().filter(|&&n| n == 2).count(), 5);
        assert!(seen[5..10].iter().all(|&n| n == 2));
    }

    #[test]
    fn letters_tell_all_states_apart() {
        let letters: std::collections::HashSet<char> = (0..=5).map(letter).collect();
        assert_eq!(letters.len(), 6);
    }
}
