//! Claims about chains and overflow buckets.

use super::lab::{Hashing, INT_INT, Lab, STRING_INT};
use super::{Claim, claim, holds, parts};
use crate::bucket_array::ArrayLayout;
use crate::event::Event;
use crate::growth::over_load_factor;
use crate::plan::expected_overflow;
use crate::reclaim::BlockKind;
use crate::shape::{MapType, Part};
use crate::tophash::is_empty;

const CHAIN: &str = "force keys into one bucket and look at the chain";
const COUNT: &str = "fill and read noverflow";
const SPARES: &str = "read where each overflow bucket comes from";

fn one_bucket(n: u64) -> Lab {
    let mut lab = Lab::new(INT_INT, 200, Hashing::OneBucket);
    (0..n).for_each(|k| lab.put(k));
    lab
}

pub(super) static CLAIMS: &[Claim] = &[
    claim("B1", "Go's map is a tree or a skip list", CHAIN, || {
        let lab = one_bucket(40);
        holds(
            lab.longest_chain() <= 1,
            format!(
                "40 colliding keys sit in one chain of {} buckets behind bucket 0",
                lab.longest_chain()
            ),
        )
    }),
    claim(
        "B2",
        "Collisions are resolved by open addressing with linear probing",
        CHAIN,
        || {
            let lab = one_bucket(40);
            let array = lab.map.buckets().expect("made with a hint");
            let elsewhere = (1..array.main())
                .filter(|&i| array.bucket(i).tophash.iter().any(|&t| !is_empty(t)))
                .count();
            holds(
                elsewhere > 0,
                format!(
                    "40 keys of bucket 0 used {elsewhere} other main buckets and {} overflow buckets",
                    lab.linked.0 + lab.linked.1
                ),
            )
        },
    ),
    claim(
        "B11",
        "The overload test is count > 2^B, a load of 1.0",
        COUNT,
        || {
            let b = 8;
            holds(
                over_load_factor((1 << b) + 1, b),
                format!(
                    "{} entries in {} buckets are fine, {} are too many",
                    6.5 * 256.0,
                    1 << b,
                    13 * 128 + 1
                ),
            )
        },
    ),
    claim(
        "B12",
        "A chain of more than four overflow buckets gets a second-level index",
        CHAIN,
        || {
            let mut lab = one_bucket(150);
            let chain = lab.longest_chain();
            let kinds: std::collections::BTreeSet<_> =
                lab.map.heap().blocks().map(|b| b.kind).collect();
            let found = lab.has(149);
            holds(
                kinds.len() > 5 || !found,
                format!("a chain of {chain} buckets; the map consists of {kinds:?} only"),
            )
        },
    ),
    claim(
        "B13",
        "An overflow bucket is allocated when the main bucket is full at an insert",
        CHAIN,
        || {
            let mut lab = one_bucket(8);
            lab.put(100);
            let at_ninth = lab.linked.0 + lab.linked.1;
            (101..108).for_each(|k| lab.put(k));
            let at_sixteenth = lab.linked.0 + lab.linked.1;
            lab.delete(3);
            lab.put(200);
            let after_hole = lab.linked.0 + lab.linked.1;
            lab.put(201);
            parts(
                at_ninth == 1,
                at_sixteenth > 1 || after_hole > 1,
                format!(
                    "the ninth colliding key linked one, the tenth to sixteenth none (main bucket still full), a key after a delete reused the hole, the next linked another: {} in all",
                    lab.linked.0 + lab.linked.1
                ),
            )
        },
    ),
    claim(
        "B14",
        "Overflow buckets are always allocated one by one",
        SPARES,
        || {
            let lab = Lab::filled(100_000);
            let (spare, separate) = lab.linked;
            holds(
                spare == 0,
                format!(
                    "of {} links {spare} took a bucket preallocated with the array, {separate} a new object",
                    spare + separate
                ),
            )
        },
    ),
    claim(
        "B15",
        "Overflow allocation starts at a lower load under concurrent writers",
        "same keys, same order, twice",
        || {
            let run = || {
                let lab = Lab::filled(5000);
                (lab.linked, lab.map.header().noverflow)
            };
            let (a, b) = (run(), run());
            holds(
                a != b,
                format!(
                    "it follows from the hashes alone: {a:?} both times; concurrent writers are a fatal error"
                ),
            )
        },
    ),
    claim(
        "B22",
        "mheap pre-fills spans for overflow buckets",
        SPARES,
        || {
            let mut lab = one_bucket(150);
            let block = lab
                .map
                .heap()
                .blocks()
                .find(|b| b.kind == BlockKind::OverflowBuckets)
                .copied();
            let each = block.map_or(0, |b| b.bytes / b.objects.max(1));
            let m = lab.map.memory();
            holds(
                each != 144,
                format!(
                    "separate ones are ordinary objects of {each} bytes ({} of them; {} objects in the whole map)",
                    block.map_or(0, |b| b.objects),
                    m.mallocs
                ),
            )
        },
    ),
    claim(
        "B28",
        "The collector finds overflow buckets by walking chains, whatever the type",
        SPARES,
        || {
            let list = |t: MapType| {
                let lab = Lab::filled_as(t, 0, 1600);
                lab.map
                    .extra()
                    .and_then(|e| e.overflow.as_ref())
                    .map(|l| l.len)
            };
            let (noscan, pointers) = (list(INT_INT), list(STRING_INT));
            holds(
                pointers.is_none() && noscan.is_none(),
                format!(
                    "map[string]int has no list (its overflow words are pointers), map[int]int needs one with {} entries",
                    noscan.unwrap_or(0)
                ),
            )
        },
    ),
    claim("B30", "The overflow word is a pointer", SPARES, || {
        let pointerful = STRING_INT.is_noscan();
        let plain = INT_INT.is_noscan();
        parts(
            !pointerful,
            !plain,
            "a pointer in map[string]int; an integer as far as the collector knows in map[int]int",
        )
    }),
    claim(
        "B31",
        "During a growth new overflow buckets are kept in a field of their own",
        "grow an overflowing map and compare its lists",
        || {
            let mut lab = Lab::filled(1664);
            let before = lab
                .map
                .extra()
                .and_then(|e| e.overflow.as_ref())
                .map_or(0, |l| l.len);
            lab.put(1664);
            let extra = lab.map.extra().expect("B = 9 has spares");
            let (old, new) = (
                extra.oldoverflow.as_ref().map_or(0, |l| l.len),
                extra.overflow.as_ref().map_or(0, |l| l.len),
            );
            holds(
                old != before,
                format!(
                    "hashGrow moves the list of {before} to oldoverflow ({old}) and starts a new one ({new})"
                ),
            )
        },
    ),
    claim(
        "B34",
        "Overflow buckets are pooled for reuse after deletes",
        COUNT,
        || {
            let mut lab = Lab::filled(1600);
            let before = lab.map.header().noverflow;
            (0..1600).for_each(|k| {
                lab.delete(k);
            });
            let after = lab.map.header().noverflow;
            lab.put(1);
            lab.clear();
            holds(
                after < before,
                format!(
                    "{before} linked before and {after} after deleting all keys; only clear takes them back ({} then)",
                    lab.map.header().noverflow
                ),
            )
        },
    ),
    claim(
        "C3",
        "Many deletes can make a map grow earlier",
        "churn at a steady size",
        || {
            let mut lab = Lab::new(INT_INT, 0, Hashing::Good);
            let grown = lab.churn(50, 5000);
            let mut deletes_only = Lab::filled(1600);
            let started = deletes_only.started.len();
            (0..1500).for_each(|k| {
                deletes_only.delete(k);
            });
            let by_delete = deletes_only.started.len() - started;
            parts(
                !grown.is_empty(),
                by_delete > 0,
                format!(
                    "{} growths at 50 live entries, through overflow buckets that are never taken back; a delete itself started {by_delete}",
                    grown.len()
                ),
            )
        },
    ),
    claim(
        "C10",
        "The header holds an array of overflow list heads",
        SPARES,
        || {
            let lab = Lab::filled_as(STRING_INT, 0, 1600);
            let extra = lab.map.extra().expect("B = 8 has spares");
            holds(
                extra.overflow.is_some(),
                format!(
                    "{} overflow buckets and no list: each link is the last word of a bucket",
                    lab.map.header().noverflow
                ),
            )
        },
    ),
    claim(
        "C12",
        "The bucket count is 2^B plus one if there is a nextOverflow",
        SPARES,
        || {
            let layout = ArrayLayout::of(8, &INT_INT).expect("small");
            let lab = Lab::filled_as(INT_INT, 1600, 1600);
            let homes = lab.map.buckets().map_or(0, |a| a.main());
            holds(
                homes as u64 == layout.main + 1,
                format!(
                    "2^8 buckets can be hashed to ({homes}); {} spares lie behind them",
                    layout.spares
                ),
            )
            .fact("spares.int.int.8", layout.spares)
        },
    ),
    claim(
        "C17",
        "The overflow chain is not part of choosing the bucket",
        CHAIN,
        || {
            let lab = one_bucket(40);
            let array = lab.map.buckets().expect("made");
            let mains = array.chain(0).filter(|&i| i < array.main()).count();
            holds(
                mains == 1,
                format!(
                    "of {} buckets in the chain {mains} is a main one",
                    lab.longest_chain()
                ),
            )
        },
    ),
    claim(
        "D36",
        "10000 writes over 128 keys create 97 overflow buckets",
        COUNT,
        || {
            let mut lab = Lab::new(INT_INT, 0, Hashing::Good);
            (0..10_000).for_each(|i| lab.put(i % 128));
            let n = lab.map.header().noverflow;
            holds(
                n >= 90,
                format!(
                    "128 keys need B = {} and {n} overflow buckets, however often they are written",
                    lab.map.header().b
                ),
            )
            .fact("b.of.128.keys", lab.map.header().b)
        },
    ),
    claim(
        "O1",
        "About a fifth of the buckets has an overflow bucket just before doubling",
        COUNT,
        || {
            let lab = Lab::filled(106_496);
            let share = f64::from(lab.map.header().noverflow) / 16384.0;
            let expected = expected_overflow(106_496, 14) / 16384.0;
            holds(
                (share - 0.21).abs() < 0.01,
                format!(
                    "{} of 16384: {:.1} %; the Poisson mean is {:.1} %",
                    lab.map.header().noverflow,
                    share * 100.0,
                    expected * 100.0
                ),
            )
        },
    ),
    claim(
        "O2",
        "noverflow counts every overflow bucket",
        COUNT,
        || {
            let mut small = Lab::filled(1600);
            small.finish_growth();
            let count = |lab: &Lab| {
                let array = lab.map.buckets().expect("filled");
                (0..array.main())
                    .map(|i| array.chain(i).count() - 1)
                    .sum::<usize>()
            };
            let exact = count(&small) == usize::from(small.map.header().noverflow);
            let big = Lab::filled_as(INT_INT, 851_968, 851_968);
            let (links, counted) = (count(&big), usize::from(big.map.header().noverflow));
            parts(
                exact,
                counted == links,
                format!(
                    "exact below B = 16; with B = {} it is sampled: {counted} counted, {links} linked",
                    big.map.header().b
                ),
            )
        },
    ),
    claim(
        "O3",
        "Maps below 16 buckets have no preallocated overflow buckets",
        SPARES,
        || {
            let spares: Vec<u64> = (0..8)
                .map(|b| ArrayLayout::of(b, &INT_INT).expect("small").spares)
                .collect();
            holds(
                spares[..4].iter().all(|&s| s == 0) && spares[4..].iter().all(|&s| s > 0),
                format!("spares for B = 0 to 7: {spares:?}"),
            )
            .fact("spares.int.int.4", spares[4])
        },
    ),
    claim(
        "O4",
        "All spares lie in the same allocation as the main buckets",
        SPARES,
        || {
            let mut lab = Lab::filled_as(INT_INT, 100, 1);
            let m = lab.map.memory();
            let layout = ArrayLayout::of(4, &INT_INT).expect("small");
            let array = lab
                .map
                .heap()
                .blocks()
                .find(|b| b.kind == BlockKind::BucketArray)
                .copied();
            holds(
                array.is_some_and(|b| b.objects == 1 && b.bytes == layout.slot_bytes),
                format!(
                    "one object of {} bytes for {} main buckets and {} spares ({} objects in all)",
                    layout.slot_bytes, layout.main, layout.spares, m.mallocs
                ),
            )
        },
    ),
    claim(
        "O5",
        "Linking an overflow bucket moves the entries of the chain",
        CHAIN,
        || {
            let mut lab = one_bucket(8);
            let before = lab.first_tophash();
            lab.put(9);
            let cells = lab
                .last
                .iter()
                .filter(|e| matches!(e, Event::Cell { .. }))
                .count();
            holds(
                lab.first_tophash() != before || cells > 1,
                format!("the ninth colliding key changed {cells} cell, in the new bucket"),
            )
        },
    ),
    claim(
        "O6",
        "Overflow buckets of 88-byte and 272-byte types cost the same",
        SPARES,
        || {
            let cost = |k, v| {
                let t = MapType::new(k, v);
                crate::alloc::size_class::slot_bytes(t.bucket_bytes(), t.is_noscan())
            };
            let (small, large) = (
                cost(Part::plain(8), Part::plain(1)),
                cost(Part::with_pointers(16), Part::with_pointers(16)),
            );
            holds(
                small == large,
                format!("{small} and {large} bytes: each takes the size class of its bucket"),
            )
        },
    ),
];
