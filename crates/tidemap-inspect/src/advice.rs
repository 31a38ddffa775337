//! What follows from a row: the next growth, what a rebuild frees, plain words.

use crate::model::{GrowthKind, MapRow, NextGrowth, Summary};
use crate::sizes::Sizes;
use crate::swiss;

/// A rebuild is worth a line when it frees this many bytes.
const REBUILD_BYTES_MIN: u64 = 64 << 10;
/// And at least this share of what the map holds.
const REBUILD_SHARE_MIN: f64 = 0.5;
/// Growth ahead is worth a line when it allocates this many bytes at once.
const GROWTH_BYTES_MIN: u64 = 1 << 20;
/// Share of the way to the next growth from which it is near.
const GROWTH_NEAR: f64 = 0.9;
/// Chains are long when so many overflow buckets come on a main bucket.
const OVERFLOW_SHARE: f64 = 0.5;
/// Tombstones are many at this share of slots.
const TOMBSTONE_SHARE: f64 = 0.2;

/// Bytes of a classic map built afresh with `count` entries, boxes excepted.
fn fresh_classic(sizes: Sizes, count: u64, bucket_bytes: u64, noscan: bool) -> u64 {
    let mut b = 0u8;
    while count > sizes.entries_max(b) {
        b += 1;
    }
    let header = sizes.slot(48, false);
    if count == 0 {
        return header;
    }
    let (total, array) = sizes
        .array(u32::from(b), bucket_bytes, noscan)
        .unwrap_or((0, 0));
    let spares = total.saturating_sub(1 << b);
    let overflow = tidemap_go::plan::expected_overflow(count, b) as u64;
    let extra = if spares > 0 { sizes.slot(24, false) } else { 0 };
    header + extra + array + overflow.saturating_sub(spares) * sizes.slot(bucket_bytes, noscan)
}

/// Bytes of a Swiss map made with the hint `count`, boxes excepted.
fn fresh_swiss(sizes: Sizes, count: u64, group_bytes: u64, noscan: bool) -> u64 {
    let header = sizes.slot(48, false);
    if count == 0 {
        return header;
    }
    if count <= swiss::SLOTS {
        return header + sizes.slot(group_bytes, noscan);
    }
    let target = count.saturating_mul(8) / 7;
    let directory = target.div_ceil(1024).next_power_of_two();
    let capacity = (target / directory).max(8).next_power_of_two().min(1024);
    let table = sizes.slot(capacity / 8 * group_bytes, noscan) + sizes.slot(32, false);
    header + sizes.slot(directory * 8, false) + directory.saturating_mul(table)
}

/// Fills in what follows from the rest of a row; `table` is the nearest
/// table's capacity and growth left.
pub fn complete(row: &mut MapRow, sizes: Sizes, noscan: bool, table: Option<(u64, u64)>) {
    let Some(bucket) = row.map_type.bucket_bytes else {
        return;
    };
    let fresh = match row.classic {
        Some(_) => fresh_classic(sizes, row.count, bucket, noscan),
        None => fresh_swiss(sizes, row.count, bucket, noscan),
    };
    row.rebuild_frees = row.bytes.saturating_sub(row.boxed_bytes + fresh);
    row.next_growth = next_growth(row, sizes, noscan, bucket, table);
    row.advice = words(row);
}

fn next_growth(
    row: &MapRow,
    sizes: Sizes,
    noscan: bool,
    bucket: u64,
    table: Option<(u64, u64)>,
) -> Option<NextGrowth> {
    if let Some(classic) = row.classic {
        if row.growth.is_some() {
            return None;
        }
        let (_, bytes) = sizes.array(u32::from(classic.b) + 1, bucket, noscan)?;
        return Some(NextGrowth {
            at_entries: sizes.entries_max(classic.b).saturating_add(1),
            extra_bytes: bytes,
        });
    }
    let swiss = row.swiss?;
    let slots = |n: u64| sizes.slot(n / 8 * bucket, noscan) + sizes.slot(32, false);
    if swiss.directory == 0 {
        return Some(NextGrowth {
            at_entries: swiss::SLOTS + 1,
            extra_bytes: slots(16) + 8,
        });
    }
    let (capacity, left) = table?;
    let extra_bytes = if capacity >= 1024 {
        2 * slots(1024)
    } else {
        slots(capacity * 2)
    };
    Some(NextGrowth {
        // Other tables take their share of the inserts meanwhile.
        at_entries: row
            .count
            .saturating_add(left.saturating_mul(swiss.tables.max(1)))
            .saturating_add(1),
        extra_bytes,
    })
}

/// Advice for one row.
fn words(row: &MapRow) -> Vec<String> {
    let mut advice = Vec::new();
    let share = row.rebuild_frees as f64 / row.bytes.max(1) as f64;
    if row.rebuild_frees >= REBUILD_BYTES_MIN && share >= REBUILD_SHARE_MIN && row.growth.is_none()
    {
        advice.push(format!(
            "rebuild frees {}: {} in {} slots",
            bytes(row.rebuild_frees),
            entries(row.count),
            number(row.slots)
        ));
    }
    if let Some(growth) = row.growth {
        let kind = match growth.kind {
            GrowthKind::Doubling => "doubling",
            GrowthKind::SameSize => "same-size growth",
        };
        advice.push(format!(
            "{kind} at {:.0} %: {} of old buckets held until {} more are evacuated; only writes do that",
            growth.progress * 100.0,
            bytes(row.old_bytes),
            number(growth.old_buckets.saturating_sub(growth.evacuated)),
        ));
    }
    if let Some(next) = row.next_growth
        && next.extra_bytes >= GROWTH_BYTES_MIN
        && row.count as f64 >= next.at_entries as f64 * GROWTH_NEAR
    {
        let what = if row.classic.is_some() {
            "doubling"
        } else {
            "table growth"
        };
        advice.push(format!(
            "next {what} at {} entries, peak +{}",
            number(next.at_entries),
            bytes(next.extra_bytes)
        ));
    }
    if let Some(classic) = row.classic
        && classic.b >= 4
        && classic.overflow as f64 >= OVERFLOW_SHARE * (1u64 << classic.b) as f64
    {
        advice.push(format!(
            "{} overflow buckets on {} main buckets, longest chain {}: long chains make lookups slow",
            number(classic.overflow),
            number(1 << classic.b),
            classic.longest_chain
        ));
    }
    if let Some(swiss) = row.swiss
        && swiss.tombstones as f64 >= TOMBSTONE_SHARE * row.slots as f64
        && row.slots >= 64
    {
        advice.push(format!(
            "{} tombstones in {} slots: deletes keep slots used",
            number(swiss.tombstones),
            number(row.slots)
        ));
    }
    advice
}

/// Advice over all maps.
pub fn overall(summary: &Summary, rows: &[MapRow]) -> Vec<String> {
    let mut advice = Vec::new();
    if summary.rebuild_frees >= REBUILD_BYTES_MIN {
        let worst = rows.iter().max_by_key(|row| row.rebuild_frees);
        if let Some(worst) = worst {
            advice.push(format!(
                "rebuilding every map would free {}, {} of it in the map at {:#x}",
                bytes(summary.rebuild_frees),
                bytes(worst.rebuild_frees),
                worst.address
            ));
        }
    }
    if summary.old_bytes > 0 {
        advice.push(format!(
            "{} of old buckets are held by {} growing maps",
            bytes(summary.old_bytes),
            number(summary.growing)
        ));
    }
    advice
}

/// `1.8 MB`: decimal, as few digits as tell the size.
pub fn bytes(n: u64) -> String {
    const UNITS: [&str; 5] = ["B", "kB", "MB", "GB", "TB"];
    let mut value = n as f64;
    let mut unit = 0;
    while value >= 999.5 && unit + 1 < UNITS.len() {
        value /= 1000.0;
        unit += 1;
    }
    if unit == 0 || value >= 99.95 {
        format!("{value:.0} {}", UNITS[unit])
    } else {
        format!("{value:.1} {}", UNITS[unit])
    }
}

/// `65,536`.
pub fn number(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn entries(n: u64) -> String {
    if n == 1 {
        "1 entry".into()
    } else {
        format!("{} entries", number(n))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_words() {
        assert_eq!(bytes(999), "999 B");
        assert_eq!(bytes(1_790_000), "1.8 MB");
        assert_eq!(bytes(999_950), "1.0 MB");
        assert_eq!(number(65536), "65,536");
        assert_eq!(number(7), "7");
    }

    #[test]
    fn a_fresh_map_is_what_go_allocates() {
        let sizes = Sizes {
            headers: true,
            load: (13, 2),
        };
        // 8 entries of map[int]int: a header and one bucket of 144 bytes.
        assert_eq!(fresh_classic(sizes, 8, 144, true), 48 + 144);
        // 100 entries of a Swiss map[int]int: 128 slots, as Go 1.27 measures.
        assert_eq!(fresh_swiss(sizes, 100, 136, true), 48 + 8 + 32 + 2304);
    }
}
