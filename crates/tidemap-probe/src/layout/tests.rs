//! Raw memory that is right, and memory that is wrong in every way.

use super::*;
use crate::hook::{self, About, Figures, Record, Work};

/// Pieces of memory by address.
struct Image(Vec<(u64, Vec<u8>)>);

impl Memory for Image {
    fn read(&self, address: u64, into: &mut [u8]) -> bool {
        for (start, bytes) in &self.0 {
            let Some(from) = address.checked_sub(*start) else {
                continue;
            };
            let from = usize::try_from(from).unwrap_or(usize::MAX);
            let end = from.saturating_add(into.len());
            if let Some(found) = bytes.get(from..end) {
                into.copy_from_slice(found);
                return true;
            }
        }
        false
    }
}

const HEAD_AT: u64 = 0x1000;
const ROWS_AT: u64 = 0x10_0000;

/// The registry of this process as bytes, in the order asked for.
fn image(is_little: bool) -> Image {
    let word = |n: u64| {
        if is_little {
            n.to_le_bytes()
        } else {
            n.to_be_bytes()
        }
    };
    let half = |n: u32| {
        if is_little {
            n.to_le_bytes()
        } else {
            n.to_be_bytes()
        }
    };
    let mut head = MAGIC.to_vec();
    head.extend(word(BYTE_ORDER));
    for n in [
        VERSION,
        HEAD_BYTES as u32,
        ROW_BYTES as u32,
        SHARED_ROW as u32,
    ] {
        head.extend(half(n));
    }
    let used = crate::registry::census()
        .rows_used
        .load(std::sync::atomic::Ordering::Relaxed);
    for n in [ROWS_AT, 1_700_000_000, 77, 0, 5, 3, 1, used] {
        head.extend(word(n));
    }
    assert_eq!(head.len(), HEAD_BYTES);
    let mut rows = Vec::new();
    for row in &crate::registry::ROWS {
        let mut words = [0; row::WORDS];
        row.copy(&mut words);
        for (index, n) in words.into_iter().enumerate() {
            let is_text = index >= row::NAME.words().start;
            rows.extend(if is_text { n.to_ne_bytes() } else { word(n) });
        }
    }
    Image(vec![(HEAD_AT, head), (ROWS_AT, rows)])
}

fn observed(name: &str) -> hook::Handle {
    let about = About {
        key_type: "alloc::string::String",
        value_type: "u64",
        entry_bytes: 32,
        site: Some(std::panic::Location::caller()),
    };
    let mut handle = hook::attach(Some(name), about, 3);
    let figures = Figures {
        len: 40,
        len_max: 44,
        buckets: 4,
        slots_per_bucket: 15,
        bytes_live: 4_096,
        ..Figures::default()
    };
    let record = Record {
        kind: GrowthKind::Relocating,
        from_buckets: 4,
        to_buckets: 8,
        done_buckets: 1,
        len: 40,
        steps: 1,
        entries_moved: 9,
        bytes_moved: 288,
        bytes_released: 0,
    };
    hook::begun(&mut handle, &record, &figures);
    let work = Work {
        entries_moved: 9,
        bytes_moved: 288,
        ..Work::default()
    };
    hook::step(
        &mut handle,
        hook::now_ns(),
        &figures,
        &work,
        [Some(&record), None],
    );
    handle
}

#[test]
fn raw_bytes_give_the_same_row_as_the_registry_itself() {
    let handle = observed("raw");
    let mine = crate::snapshot();
    let mine = mine.map(handle.id()).expect("a row");
    for is_little in [true, false] {
        let found = read(&image(is_little), HEAD_AT).expect("a registry");
        assert_eq!(found.map(handle.id()), Some(mine));
        assert_eq!(
            (found.pid, found.maps_created, found.maps_folded),
            (77, 5, 1)
        );
        assert_eq!(found.epoch_unix_ns, 1_700_000_000);
    }
    assert_eq!(mine.growth.expect("it grows").entries_moved, 9);
    hook::detach(handle);
}

#[test]
fn every_wrong_head_has_its_error() {
    let change = |at: usize, byte: u8| {
        let mut image = image(true);
        image.0[0].1[at] = byte;
        read(&image, HEAD_AT)
    };
    assert_eq!(
        change(0, b'T'),
        Err(LayoutError::NoRegistry { address: HEAD_AT })
    );
    assert!(matches!(change(16, 9), Err(LayoutError::Damaged { .. })));
    assert_eq!(change(24, 2), Err(LayoutError::Version { found: 2 }));
    for at in [28, 32, 36, 99] {
        let error = change(at, 0xee).expect_err("a wrong size");
        assert!(
            matches!(error, LayoutError::Damaged { .. }),
            "{at}: {error}"
        );
        assert!(error.to_string().contains("is damaged: the "));
    }
    // Rows that lie nowhere.
    assert!(matches!(
        change(47, 0xff),
        Err(LayoutError::Unreadable { .. })
    ));
    assert!(matches!(
        read(&image(true), u64::MAX - 3),
        Err(LayoutError::Unreadable { .. })
    ));
}

/// Rows of random words decode to something, and never stop the reader.
#[test]
fn hostile_rows_are_read_to_the_end() {
    let mut seed = 0x1234_5678_9abc_def1_u64;
    let mut random = move || {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed
    };
    let mut maps = 0;
    for round in 0..6 {
        let mut image = image(round % 2 == 0);
        // All rows in use.
        let used = (SHARED_ROW as u64).to_le_bytes();
        let used: Vec<u8> = if round % 2 == 0 {
            used.to_vec()
        } else {
            used.into_iter().rev().collect()
        };
        image.0[0].1[96..104].copy_from_slice(&used);
        for byte in &mut image.0[1].1 {
            // Mostly zeros and small numbers, so that states and kinds are often valid.
            *byte = match random() % 8 {
                0 => random() as u8,
                1 => (random() % 4) as u8,
                _ => 0,
            };
        }
        let found = read(&image, HEAD_AT).expect("a registry");
        maps += found.maps.len();
        let _ = found.totals();
        for map in &found.maps {
            let _ = (map.label(), map.gauges.load(), map.gauges.bytes_held());
            let growth = map.growth.map(|growth| growth.done_share());
            assert!(growth.is_none_or(|share| (0.0..=1.0).contains(&share)));
            assert!(
                map.counters
                    .step_ns
                    .quantile_max_ns(0.99)
                    .is_none_or(|ns| ns > 0)
            );
            let _ = map.last_growth.map(|growth| growth.wall_ns());
        }
    }
    assert!(maps > 0, "no row ever looked alive");
}

#[test]
fn notes_are_found_among_others_and_damaged_ones_are_not_followed() {
    let note = |owner: &[u8], kind: u32, content: &[u8]| {
        let mut bytes = Vec::new();
        bytes.extend((owner.len() as u32).to_le_bytes());
        bytes.extend((content.len() as u32).to_le_bytes());
        bytes.extend(kind.to_le_bytes());
        bytes.extend(owner);
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        bytes.extend(content);
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        bytes
    };
    let mut content = 0x500_u64.to_le_bytes().to_vec();
    content.extend([1, 0, 0, 0, 0, 0, 0, 0]);
    let mut notes = note(b"GNU\0", 1, &[7; 21]);
    notes.extend(note(b"tidemap\0", 9, &content));
    let ours = notes.len() as u64;
    notes.extend(note(b"tidemap\0", NOTE_TYPE, &content));
    let expected = 0x4000 + ours + 20 + 0x500;
    assert_eq!(address_in_notes(&notes, 0x4000, false), Some(expected));
    for end in 0..notes.len() {
        let cut = address_in_notes(&notes[..end], 0x4000, false);
        assert!(cut.is_none() || end >= notes.len() - 8, "{end}");
    }
    let mut seed = 7_u64;
    for _ in 0..2_000 {
        let mut hostile = notes.clone();
        for _ in 0..4 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let at = (seed >> 33) as usize % hostile.len();
            hostile[at] = (seed >> 20) as u8;
        }
        let _ = address_in_notes(&hostile, u64::MAX - 9, seed & 1 == 0);
    }
}
