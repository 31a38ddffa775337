//! Claims about headers, buckets, sizes and tophash bytes.

use super::lab::{Hashing, INT_INT, Lab, STRING_INT};
use super::{Claim, claim, holds, parts};
use crate::alloc::size_class::slot_bytes;
use crate::bucket::CELLS;
use crate::bucket_array::ArrayLayout;
use crate::event::Event;
use crate::go_type::{GoType, map_type};
use crate::growth::b_for_hint;
use crate::reclaim::BlockKind;
use crate::shape::{HEADER_BYTES, MapType, Part};
use crate::tophash::{EMPTY_ONE, EMPTY_REST, EVACUATED_X, top_hash};

const SIZES: &str = "compute the bucket from the types";
const TOPHASH: &str = "read tophash bytes after each operation";
const MADE: &str = "make with a hint and read the header";

fn go(key: &str, elem: &str) -> MapType {
    let parse = |text| GoType::parse(text).expect("a plain Go type");
    map_type(&parse(key), &parse(elem)).expect("a comparable key")
}

pub(super) static CLAIMS: &[Claim] = &[
    claim(
        "A8",
        "make(map[int]int, 1) allocates one bucket",
        MADE,
        || {
            let mut lab = Lab::new(INT_INT, 1, Hashing::Good);
            let (b, before) = (lab.map.header().b, lab.map.buckets().is_some());
            lab.put(1);
            parts(
                b == 0,
                before,
                format!(
                    "B = {b}; no bucket before the first insert, {} after",
                    lab.map.buckets().map_or(0, |a| a.main())
                ),
            )
            .fact("buckets.before.first.insert", before)
        },
    ),
    claim(
        "A49",
        "Only hints up to 65536 delay the first old array",
        MADE,
        || {
            let at = |hint: i64| crate::growth::max_entries(b_for_hint(hint, &INT_INT)) + 1;
            parts(
                at(65_536) > 65_536,
                at(65_537) <= at(65_536) && at(1_000_000) <= 65_536,
                format!(
                    "first growth at {} for hint 65536, {} for 65537, {} for 1000000: any hint delays to its own threshold",
                    at(65_536),
                    at(65_537),
                    at(1_000_000)
                ),
            )
        },
    ),
    claim("B3", "A bucket has 8 cells", SIZES, || {
        let lab = Lab::filled(8);
        let array = lab.map.buckets().expect("filled");
        holds(
            array.main() == 1 && array.bucket(0).tophash.len() == 8,
            format!("8 entries fill the single bucket of {} cells", CELLS),
        )
    }),
    claim(
        "B4",
        "tophash holds the top 8 bits of the hash",
        TOPHASH,
        || {
            let same = (0..=255u64)
                .filter(|h| u64::from(top_hash(h << 56)) == *h)
                .count();
            parts(
                same > 200,
                same == 256,
                format!("for {same} of 256 high bytes; 0 to 4 mean states, so those become 5 to 9"),
            )
        },
    ),
    claim(
        "B5",
        "Keys lie together, then values, then the overflow pointer",
        SIZES,
        || {
            let t = go("int64", "int8");
            holds(
                t.bucket_bytes() == 8 + 64 + 8 + 8,
                format!(
                    "map[int64]int8: 8 + 8*8 + 8*1 + 8 = {} bytes",
                    t.bucket_bytes()
                ),
            )
            .fact("bucket.bytes.int64.int8", t.bucket_bytes())
        },
    ),
    claim(
        "B6",
        "The bucket index is hash & (B - 1)",
        "keys that are their own hash",
        || {
            let mut lab = Lab::new(INT_INT, 1600, Hashing::Identity);
            lab.put(200);
            let array = lab.map.buckets().expect("made");
            let at = (0..array.main())
                .find(|&i| array.bucket(i).tophash[0] != 0)
                .unwrap_or(0);
            holds(
                at as u64 == 200 & (u64::from(lab.map.header().b) - 1),
                format!(
                    "hash 200 with B = {} goes to bucket {at}: hash & (2^B - 1)",
                    lab.map.header().b
                ),
            )
        },
    ),
    claim(
        "B7",
        "The byte compared in a lookup is hash >> 56",
        TOPHASH,
        || {
            let plain = top_hash(0x7f << 56) == 0x7f;
            let low = top_hash(3 << 56);
            parts(plain, low == 3, format!("0x7f stays, 3 becomes {low}"))
        },
    ),
    claim("B8", "The load limit is 6.5", "fill and divide", || {
        let lab = Lab::filled(1665);
        let s = lab.started.last().expect("grown");
        let load = s.count as f64 / f64::from(1u32 << s.from_b);
        holds(
            (load - 6.5).abs() < 1e-9,
            format!(
                "{} entries in {} buckets: {load}",
                s.count,
                1u32 << s.from_b
            ),
        )
    }),
    claim(
        "B9",
        "Keys and values above 128 bytes grow incrementally, smaller ones do not",
        "grow both kinds and count writes",
        || {
            let writes = |t: MapType| {
                let mut lab = Lab::filled_as(t, 0, 209);
                lab.finish_growth()
            };
            let (small, large) = (
                writes(go("int", "[128]byte")),
                writes(go("int", "[129]byte")),
            );
            holds(small == 0 && large > 0, format!("{small} and {large} further writes: both incremental; 129 bytes only means boxed ({} and {} bytes a bucket)", go("int", "[128]byte").bucket_bytes(), go("int", "[129]byte").bucket_bytes()))
            .fact("bucket.bytes.int.129", go("int", "[129]byte").bucket_bytes())
        },
    ),
    claim(
        "B10",
        "Delete writes emptyOne and moves nothing",
        TOPHASH,
        || {
            let mut lab = Lab::new(INT_INT, 0, Hashing::Good);
            (0..4).for_each(|k| lab.put(k));
            lab.delete(1);
            let middle = lab.first_tophash()[1];
            lab.delete(3);
            let last = lab.first_tophash()[3];
            let moved = lab
                .last
                .iter()
                .any(|e| matches!(e, Event::Cell { to: 5.., .. }));
            parts(
                middle == EMPTY_ONE && !moved,
                last == EMPTY_ONE,
                format!("the middle cell became {middle}, the last one {last} (emptyRest)"),
            )
            .fact("tophash.after.middle.delete", middle)
            .fact("tophash.after.last.delete", last)
        },
    ),
    claim(
        "B17",
        "A bucket has a field named overflow in front of the data",
        SIZES,
        || {
            let t = INT_INT;
            let offset = t.bucket_bytes() - 8;
            holds(
                offset == 8,
                format!(
                    "it is the last word: offset {offset} of {}",
                    t.bucket_bytes()
                ),
            )
        },
    ),
    claim(
        "B23",
        "Overflow buckets use span classes of their own",
        SIZES,
        || {
            let (a, b) = (
                slot_bytes(INT_INT.bucket_bytes(), true),
                slot_bytes(STRING_INT.bucket_bytes(), false),
            );
            let first = ArrayLayout::of(0, &INT_INT).expect("small").slot_bytes;
            holds(
                a != first,
                format!(
                    "{a} bytes for map[int]int as for a single main bucket ({first}), {b} for map[string]int: size and pointers decide"
                ),
            )
        },
    ),
    claim(
        "B29",
        "The collector follows evacuatedX and evacuatedY to the new bucket",
        "collect in the middle of a growth",
        || {
            let mut lab = Lab::filled(105);
            let before = (lab.old_evacuated(), lab.map.header().nevacuate);
            lab.map.collect().expect("no cycle is running");
            holds(
                (lab.old_evacuated(), lab.map.header().nevacuate) != before,
                format!(
                    "a collection keeps both arrays as they are, {} chains evacuated before and after; it never reads a tophash",
                    before.0
                ),
            )
        },
    ),
    claim("C18", "The overflow pointer is at offset 8", SIZES, || {
        let at = INT_INT.bucket_bytes() - 8;
        holds(at == 8, format!("offset {at} in map[int]int"))
    }),
    claim(
        "C20",
        "struct{int32; int64} takes 16 bytes, and padding lowers the density",
        SIZES,
        || {
            let t = GoType::parse("struct{a int32; b int64}").expect("a struct");
            let pair = go("int64", "int8").bucket_bytes();
            holds(
                t.bytes == 16
                    && go("struct{a int32; b int64}", "bool").bucket_bytes()
                        > go("struct{a int32; b int32}", "bool").bucket_bytes(),
                format!(
                    "{} bytes; but there is no padding between keys and elems: {pair} bytes for map[int64]int8",
                    t.bytes
                ),
            )
        },
    ),
    claim(
        "C21",
        "A pair of 8-byte key takes 9 bytes with a 1-byte value and 40 with a 32-byte value",
        SIZES,
        || {
            let bytes = |v| (MapType::new(Part::plain(8), Part::plain(v)).bucket_bytes() - 16) / 8;
            holds(
                bytes(1) == 9 && bytes(32) == 40,
                format!(
                    "{} and {} bytes, buckets of {} and {}",
                    bytes(1),
                    bytes(32),
                    go("int", "int8").bucket_bytes(),
                    go("int", "[32]byte").bucket_bytes()
                ),
            )
        },
    ),
    claim(
        "D1",
        "A map is a header, buckets of 8 pairs, and overflow buckets if needed",
        "list the blocks",
        || {
            let lab = Lab::filled_as(INT_INT, 1600, 1600);
            let kinds: Vec<String> = lab
                .map
                .heap()
                .blocks()
                .map(|b| b.kind.to_string())
                .collect();
            holds(
                kinds.iter().any(|k| k == "map header")
                    && kinds.iter().any(|k| k == "bucket array")
                    && lab.map.header().noverflow > 0,
                kinds.join(", "),
            )
        },
    ),
    claim(
        "D10",
        "The header is made by make, not by the declaration",
        "compare the nil map with an empty one",
        || {
            let nil = crate::Hmap::<u64, u64>::nil(INT_INT);
            let made = Lab::new(INT_INT, 0, Hashing::Good);
            let (a, b) = (
                nil.heap().blocks().count(),
                made.map.heap().blocks().count(),
            );
            holds(
                a == 0 && b == 1,
                format!("the nil map has {a} objects, an empty one {b} of {HEADER_BYTES} bytes"),
            )
        },
    ),
    claim(
        "D11",
        "makemap always starts with B = 0 and allocates buckets lazily",
        MADE,
        || {
            let small = Lab::new(INT_INT, 8, Hashing::Good);
            let large = Lab::new(INT_INT, 9, Hashing::Good);
            parts(
                small.map.buckets().is_none(),
                large.map.buckets().is_none(),
                format!(
                    "hint 8: B = {}, no bucket; hint 9: B = {} with {} buckets",
                    small.map.header().b,
                    large.map.header().b,
                    large.map.bucket_count()
                ),
            )
            .fact("hint.b.9", large.map.header().b)
        },
    ),
    claim("D15", "The bucket array must be zeroed", TOPHASH, || {
        let lab = Lab::new(INT_INT, 100, Hashing::Good);
        let array = lab.map.buckets().expect("made");
        let zero = (0..array.total()).all(|i| array.bucket(i).tophash == [EMPTY_REST; 8]);
        holds(
            zero && EMPTY_REST == 0,
            format!(
                "zero is the value of emptyRest: {} fresh buckets are valid as they are",
                array.total()
            ),
        )
    }),
    claim(
        "D16",
        "make(map[string]int, 64) gives B = 6 and 64 buckets",
        MADE,
        || {
            let b = b_for_hint(64, &STRING_INT);
            holds(b == 6, format!("B = {b}, {} buckets", 1 << b)).fact("hint.b.64", b)
        },
    ),
    claim(
        "D17",
        "make(map[string]int, 64) allocates 5.1 KB",
        MADE,
        || {
            let layout = ArrayLayout::of(b_for_hint(64, &STRING_INT), &STRING_INT).expect("small");
            holds(
                (5000..5400).contains(&layout.slot_bytes),
                format!(
                    "{} buckets with spares, {} bytes in a slot of {}",
                    layout.total(),
                    layout.requested_bytes,
                    layout.slot_bytes
                ),
            )
            .fact("array.bytes.string.int.64", layout.slot_bytes)
        },
    ),
    claim(
        "D18",
        "An empty make allocates 2^4 buckets, about 8 KiB",
        MADE,
        || {
            let mut lab = Lab::new(INT_INT, 0, Hashing::Good);
            let m = lab.map.memory();
            holds(
                m.live_bytes > 1000,
                format!("{} bytes: the header only", m.live_bytes),
            )
        },
    ),
    claim(
        "D19",
        "A bucket takes 80 bytes for map[string]int, 16 for int/int, 48 for string/string",
        SIZES,
        || {
            let sizes = [
                go("string", "int"),
                go("int", "int"),
                go("string", "string"),
            ]
            .map(|t| t.bucket_bytes());
            holds(sizes == [80, 16, 48], format!("{sizes:?}"))
                .fact("bucket.bytes.string.int", sizes[0])
                .fact("bucket.bytes.int.int", sizes[1])
                .fact("bucket.bytes.string.string", sizes[2])
        },
    ),
    claim(
        "D20",
        "The array's address is a multiple of 2^B bytes",
        "look for a B whose slot size is not",
        || {
            let odd = (4..12u8)
                .filter(|&b| {
                    !ArrayLayout::of(b, &INT_INT)
                        .expect("small")
                        .slot_bytes
                        .is_multiple_of(8 << b)
                })
                .count();
            let b3 = ArrayLayout::of(3, &INT_INT).expect("small");
            holds(
                odd == 0,
                format!(
                    "slots follow each other at their size: {odd} of 8 array sizes are no multiple of 8 * 2^B, and 8 buckets take slots of {} bytes",
                    b3.slot_bytes
                ),
            )
        },
    ),
    claim(
        "D21",
        "The first table has 16 slots and a threshold of 0.75",
        "fill",
        || {
            let lab = Lab::filled(9);
            let s = lab.started[0];
            holds(
                s.count == 12,
                format!(
                    "8 cells, all {} used before the first growth; 16 and 0.75 are Java's",
                    s.count
                ),
            )
        },
    ),
    claim(
        "D22",
        "The first insert allocates 16 references",
        "read the blocks after one insert",
        || {
            let lab = Lab::filled(1);
            let array = lab
                .map
                .heap()
                .blocks()
                .find(|b| b.kind == BlockKind::BucketArray)
                .copied();
            let bytes = array.map_or(0, |b| b.bytes);
            holds(bytes == 128, format!("one bucket of {bytes} bytes"))
                .fact("first.insert.array.bytes", bytes)
        },
    ),
    claim(
        "D27",
        "Delete sets the tophash to emptyOne = 1",
        TOPHASH,
        || {
            let mut lab = Lab::filled(3);
            lab.delete(0);
            let first = lab.first_tophash()[0];
            lab.delete(2);
            lab.delete(1);
            let all = lab.first_tophash();
            parts(
                first == 1,
                all.contains(&1),
                format!(
                    "{first} while others follow; after deleting the rest backwards the bytes are {all:?}"
                ),
            )
        },
    ),
    claim("D29", "emptyRest is 0", TOPHASH, || {
        holds(
            EMPTY_REST == 0 && EVACUATED_X == 2,
            format!("emptyRest {EMPTY_REST}, emptyOne {EMPTY_ONE}, evacuatedX {EVACUATED_X}"),
        )
    }),
    claim(
        "D30",
        "Delete zeroes the value",
        "read the cell's bytes after a delete",
        || {
            let mut lab = Lab::filled(3);
            lab.delete(1);
            let array = lab.map.buckets().expect("filled");
            let bucket = array.bucket(0);
            holds(
                bucket.elems[1].is_none(),
                format!(
                    "the value is zero; the pointer-free key is still there: {}",
                    bucket.keys[1].key().is_some()
                ),
            )
            .fact("key.bytes.stay", bucket.keys[1].key().is_some())
        },
    ),
    claim(
        "D31",
        "An insert writes tophash, key, value, then the overflow link",
        "order of events of a linking insert",
        || {
            let mut lab = Lab::new(INT_INT, 100, Hashing::OneBucket);
            (0..9).for_each(|k| lab.put(k));
            let link = lab
                .last
                .iter()
                .position(|e| matches!(e, Event::OverflowLinked { .. }));
            let cell = lab
                .last
                .iter()
                .position(|e| matches!(e, Event::Cell { .. }));
            holds(
                link > cell,
                format!(
                    "the link is event {}, the tophash event {}",
                    link.map_or(0, |n| n + 1),
                    cell.map_or(0, |n| n + 1)
                ),
            )
        },
    ),
    claim(
        "L1",
        "128 bytes are still stored in the bucket, 129 are not",
        SIZES,
        || {
            let (a, b) = (go("int", "[128]byte"), go("int", "[129]byte"));
            holds(
                !a.elem.is_boxed() && b.elem.is_boxed(),
                format!(
                    "buckets of {} and {} bytes",
                    a.bucket_bytes(),
                    b.bucket_bytes()
                ),
            )
            .fact("bucket.bytes.int.128", a.bucket_bytes())
        },
    ),
    claim(
        "L2",
        "A set as map[K]struct{} saves the value bytes",
        SIZES,
        || {
            let (a, b) = (
                go("int", "struct{}").bucket_bytes(),
                go("int", "bool").bucket_bytes(),
            );
            holds(
                b - a == 8,
                format!("{a} bytes a bucket against {b} for bool"),
            )
            .fact("bucket.bytes.int.struct", a)
        },
    ),
    claim(
        "L3",
        "A big array fills the slot that is paid for with spare buckets",
        SIZES,
        || {
            let filled = (4..14u8)
                .filter(|&b| {
                    let l = ArrayLayout::of(b, &INT_INT).expect("small");
                    l.slot_bytes - l.requested_bytes < INT_INT.bucket_bytes()
                })
                .count();
            holds(
                filled == 10,
                format!("for {filled} of 10 sizes less than one bucket of the slot is unused"),
            )
        },
    ),
];
