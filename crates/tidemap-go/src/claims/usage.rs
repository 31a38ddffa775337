//! Claims about using maps: iteration, clear, concurrency, hashing.

use super::lab::{Hashing, INT_INT, Lab, STRING_INT};
use super::{Claim, claim, holds, parts};
use crate::MapError;
use crate::header::{FLAG_ITERATOR, FLAG_OLD_ITERATOR};
use crate::swiss::swiss_plan;

const RANGE: &str = "range over the map and compare";
const CLEAR: &str = "fill, clear, read the header";
const MISUSE: &str = "set the writing flag and try every operation";
const HASHES: &str = "count hash calls";

fn writing() -> Lab {
    let mut lab = Lab::filled(20);
    lab.map.set_foreign_write(true);
    lab
}

pub(super) static CLAIMS: &[Claim] = &[
    claim(
        "A11",
        "Concurrent use during a growth gives \"concurrent map writes\"",
        MISUSE,
        || {
            let mut lab = writing();
            let read = lab.map.find(&1, &mut lab.bench).map(drop);
            let write = lab.map.assign_cell(&1, &mut lab.bench).map(drop);
            parts(
                write == Err(MapError::ConcurrentWrites),
                read == Err(MapError::ConcurrentWrites),
                format!(
                    "not growing, a writer got `{}`, a reader `{}`",
                    text(&write),
                    text(&read)
                ),
            )
        },
    ),
    claim(
        "A16",
        "Evacuation is safe against concurrent writers",
        MISUSE,
        || {
            let mut lab = Lab::filled(1665);
            lab.map.set_foreign_write(true);
            let write = lab.map.assign_cell(&1, &mut lab.bench).map(drop);
            holds(
                write.is_ok(),
                format!(
                    "a second writer in the middle of a growth: `{}`",
                    text(&write)
                ),
            )
        },
    ),
    claim(
        "A36",
        "A plain map is not safe for concurrent use",
        MISUSE,
        || {
            let mut lab = writing();
            let refused = [
                lab.map.find(&1, &mut lab.bench).is_err(),
                lab.map.assign_cell(&1, &mut lab.bench).is_err(),
                lab.map.delete(&1, &mut lab.bench).is_err(),
                lab.map.clear(&mut lab.bench).is_err(),
            ];
            holds(
                refused.iter().all(|&r| r),
                format!(
                    "{} of 4 operations beside a writer are fatal",
                    refused.iter().filter(|&&r| r).count()
                ),
            )
        },
    ),
    claim(
        "C7",
        "Reads and writes during a growth are safe for concurrent use",
        MISUSE,
        || {
            let mut lab = Lab::filled(1665);
            lab.map.set_foreign_write(true);
            let read = lab.map.find(&1, &mut lab.bench).map(drop);
            holds(read.is_ok(), text(&read))
        },
    ),
    claim(
        "C26",
        "Goroutines queue on a mutex of the map",
        MISUSE,
        || {
            let mut lab = writing();
            let write = lab.map.assign_cell(&1, &mut lab.bench).map(drop);
            holds(write.is_ok(), format!("nobody waits: `{}`", text(&write)))
        },
    ),
    claim("D2", "Concurrent misuse is a panic", MISUSE, || {
        let mut lab = writing();
        let write = lab.map.assign_cell(&1, &mut lab.bench).map(drop);
        let nil = crate::Hmap::<u64, u64>::nil(INT_INT)
            .assign_cell(&1, &mut lab.bench)
            .map(drop);
        holds(
            text(&write).starts_with("panic"),
            format!(
                "`{}`, which cannot be recovered; `{}` is one",
                text(&write),
                text(&nil)
            ),
        )
    }),
    claim(
        "C1",
        "Go's map combines open addressing and buckets",
        "fill one bucket beyond its cells",
        || {
            let mut lab = Lab::new(INT_INT, 100, Hashing::OneBucket);
            (0..20).for_each(|k| lab.put(k));
            let array = lab.map.buckets().expect("made");
            let others = (1..array.main())
                .filter(|&i| array.bucket(i).tophash[0] != 0)
                .count();
            holds(
                others > 0,
                format!(
                    "20 keys of one bucket: {} buckets chained, {others} neighbours used (open addressing came with Go 1.24)",
                    array.chain(0).count()
                ),
            )
        },
    ),
    claim(
        "C23",
        "Growth is a state machine with compare-and-swap and two tables",
        "count arrays and states during a growth",
        || {
            let mut lab = Lab::new(INT_INT, 0, Hashing::Good);
            let mut states = std::collections::BTreeSet::new();
            for key in 0..3000 {
                lab.put(key);
                states.insert((lab.map.is_growing(), lab.map.is_same_size_growth()));
            }
            holds(
                states.len() > 2,
                format!(
                    "{} states seen in 3000 inserts: an old array or none; nevacuate counts, plain stores change it",
                    states.len()
                ),
            )
        },
    ),
    claim("D40", "Clearing a map keeps its buckets", CLEAR, || {
        let mut lab = Lab::filled(1600);
        lab.finish_growth();
        let (array, b) = (lab.map.buckets().map(|a| a.id()), lab.map.header().b);
        lab.clear();
        let h = lab.map.header();
        holds(
            lab.map.buckets().map(|a| a.id()) == array && h.b == b,
            format!("same array, B = {b}, noverflow {}", h.noverflow),
        )
        .fact("b.after.clear.1600", h.b)
    }),
    claim("U1", "Iteration order is random", RANGE, || {
        let mut lab = Lab::filled(8);
        let orders: std::collections::BTreeSet<Vec<u64>> = (0..200).map(|_| lab.range()).collect();
        let mut big = Lab::filled(1000);
        let many: std::collections::BTreeSet<Vec<u64>> = (0..50).map(|_| big.range()).collect();
        let rotations = orders
            .iter()
            .all(|o| o.windows(2).all(|w| w[1] == (w[0] + 1) % 8));
        parts(many.len() > 40, !rotations, format!("the start is random, the order is not: 200 ranges over 8 entries gave {} orders, all rotations; 50 over 1000 gave {}", orders.len(), many.len()))
            .fact("orders.of.8.are.rotations", rotations)
    }),
    claim(
        "U2",
        "An entry that is present throughout a loop is returned exactly once",
        RANGE,
        || {
            let mut lab = Lab::filled(100);
            let mut iter = lab.map.iter_start(&mut lab.bench);
            let mut seen = Vec::new();
            let mut next = 1000;
            while let Ok(Some(at)) = lab.map.iter_next(&mut iter, &mut lab.bench) {
                seen.extend(lab.map.key(at).copied().filter(|k| *k < 100));
                if next < 1400 {
                    (next..next + 3).for_each(|k| lab.put(k));
                    next += 3;
                }
            }
            let grown = lab.started.len();
            let unique: std::collections::BTreeSet<_> = seen.iter().collect();
            holds(
                seen.len() == 100 && unique.len() == 100,
                format!("{} of 100, each once, across {grown} growths", unique.len()),
            )
        },
    ),
    claim("U3", "Deleting while ranging is allowed", RANGE, || {
        let mut lab = Lab::filled(500);
        let mut iter = lab.map.iter_start(&mut lab.bench);
        let mut n = 0;
        while let Ok(Some(at)) = lab.map.iter_next(&mut iter, &mut lab.bench) {
            let key = lab.map.key(at).copied().unwrap_or_default();
            lab.delete(key);
            n += 1;
        }
        holds(
            n == 500 && lab.map.is_empty(),
            format!("{n} entries returned and deleted, {} left", lab.map.len()),
        )
    }),
    claim("U4", "A range loop leaves traces in the map", RANGE, || {
        let mut lab = Lab::filled(20);
        let before = lab.map.header().flags;
        lab.range();
        let after = lab.map.header().flags;
        holds(after != before, format!("flags {before} before, {after} after: both iterator bits stay until growths move them out"))
            .fact("flags.after.range", after & (FLAG_ITERATOR | FLAG_OLD_ITERATOR))
    }),
    claim(
        "U5",
        "Ranging over a map moves its evacuation on",
        RANGE,
        || {
            let mut lab = Lab::filled(1665);
            let before = lab.old_evacuated();
            (0..3).for_each(|_| {
                lab.range();
            });
            let moved = lab.old_evacuated() - before;
            holds(moved > 0, format!("3 ranges moved {moved} chains"))
                .fact("moved.by.ranges", moved)
        },
    ),
    claim(
        "U6",
        "The hash seed stays the same for the life of a map",
        HASHES,
        || {
            let mut lab = Lab::filled(10);
            let first = lab.map.header().hash0;
            (0..10).for_each(|k| {
                lab.delete(k);
            });
            let emptied = lab.map.header().hash0;
            (0..10).for_each(|k| lab.put(k));
            lab.clear();
            let cleared = lab.map.header().hash0;
            holds(
                first == emptied && emptied == cleared,
                "a delete that empties the map draws a new one, and so does clear",
            )
            .fact("seed.changes.when.emptied", first != emptied)
        },
    ),
    claim("U7", "Every lookup hashes its key", HASHES, || {
        let mut small = Lab::filled(8);
        let before = small.bench.hash_calls;
        (0..8).for_each(|k| {
            small.has(k);
        });
        let in_small = small.bench.hash_calls - before;
        let mut large = Lab::filled(9);
        let before = large.bench.hash_calls;
        (0..8).for_each(|k| {
            large.has(k);
        });
        let in_large = large.bench.hash_calls - before;
        parts(
            in_large == 8,
            in_small == 8,
            format!(
                "8 lookups: {in_small} hashes with a single bucket (word keys are compared directly), {in_large} with more"
            ),
        )
    }),
    claim("U8", "A doubling hashes every key again", HASHES, || {
        let mut lab = Lab::filled(1664);
        let before = lab.bench.hash_calls;
        lab.put(1664);
        let mut writes = 1;
        while lab.map.is_growing() {
            lab.put(0);
            writes += 1;
        }
        let extra = lab.bench.hash_calls - before - writes;
        holds(
            (1664..=1665).contains(&extra),
            format!("{extra} hashes beside one for each of {writes} writes"),
        )
    }),
    claim(
        "U9",
        "Hints below 9 make no difference",
        "make with hints 0 to 9",
        || {
            let b: Vec<u8> = (0..10)
                .map(|h| crate::growth::b_for_hint(h, &INT_INT))
                .collect();
            holds(
                b[..9].iter().all(|&x| x == 0) && b[9] == 1,
                format!("B for hints 0 to 9: {b:?}"),
            )
        },
    ),
    claim(
        "U10",
        "A negative hint makes an empty map",
        "make with hint -5",
        || {
            let lab = Lab::new(INT_INT, -5, Hashing::Good);
            holds(
                lab.map.header().b == 0 && lab.map.buckets().is_none(),
                format!("B = {}, no buckets", lab.map.header().b),
            )
            .fact("hint.b.negative", lab.map.header().b)
        },
    ),
    claim(
        "U11",
        "len counts by walking the buckets",
        "compare len with the header while growing",
        || {
            let lab = Lab::filled(1665);
            holds(
                lab.map.len() != lab.map.header().count,
                format!("len is the header's count: {}", lab.map.len()),
            )
        },
    ),
    claim(
        "U12",
        "Clear in the middle of a growth ends it",
        CLEAR,
        || {
            let mut lab = Lab::filled(1665);
            lab.clear();
            holds(
                !lab.map.is_growing() && lab.map.header().nevacuate == 0,
                format!(
                    "no old array, nevacuate {}, B = {}",
                    lab.map.header().nevacuate,
                    lab.map.header().b
                ),
            )
            .fact("growing.after.clear", lab.map.is_growing())
        },
    ),
    claim(
        "U13",
        "Deleting the last key in the middle of a growth ends it",
        "delete everything right after a growth began",
        || {
            let mut lab = Lab::filled(53);
            lab.map.collect().ok();
            let mut left = Lab::filled_as(STRING_INT, 0, 13_313);
            let started = left.map.is_growing();
            for key in 0..13_313 {
                left.delete(key);
            }
            let by_share = left.ended.len() == left.started.len();
            lab.clear();
            holds(
                !by_share && !left.map.is_growing(),
                format!(
                    "growing before: {started}; each delete pays its share, and after 13313 of them every growth had ended by itself: {by_share}"
                ),
            )
        },
    ),
    claim(
        "U14",
        "Go 1.24's Swiss map moves the whole map when it grows",
        "plan a Swiss map of a million entries",
        || {
            let plan = swiss_plan(&INT_INT, 8, 8, 1_000_000, 0);
            let (splits, extra, bytes) =
                plan.map_or((0, 0, 1), |p| (p.splits, p.growth_extra_bytes, p.bytes));
            holds(
                extra * 2 > bytes,
                format!(
                    "{splits} splits of single tables; the largest step adds {extra} bytes to a map of {bytes}"
                ),
            )
        },
    ),
    claim(
        "U15",
        "Go 1.24's Swiss map shrinks when keys are deleted",
        "the plan of tables has no way back",
        || {
            let full = swiss_plan(&INT_INT, 8, 8, 100_000, 0);
            let hinted = swiss_plan(&INT_INT, 8, 8, 1, 100_000);
            let tables =
                |p: &Result<crate::swiss::SwissPlan, _>| p.as_ref().map_or(0, |p| p.at_end.count());
            holds(
                tables(&hinted) < tables(&full) / 2,
                format!(
                    "{} tables with 100000 entries; a map made for them keeps {} with a single one",
                    tables(&full),
                    tables(&hinted)
                ),
            )
        },
    ),
];

fn text(outcome: &Result<(), MapError>) -> String {
    match outcome {
        Ok(()) => "allowed".to_owned(),
        Err(error) => error.go_text(),
    }
}
