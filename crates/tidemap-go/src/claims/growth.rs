//! Claims about growth: when, how much, and what one write pays.

use super::lab::{Hashing, INT_INT, Lab, STRING_INT, list};
use super::{Claim, claim, holds, parts};
use crate::event::{Event, Side};
use crate::growth::{b_for_hint, max_entries, over_load_factor, too_many_overflow_buckets};
use crate::plan::{java_capacity, live_entries, plan};
use crate::tophash::{EVACUATED_X, EVACUATED_Y};

const FILL: &str = "insert new keys in order and watch the header";
const GROWING: &str = "stop in the middle of a growth and watch what each operation moves";
const PREDICATE: &str = "evaluate the growth conditions and compare with a filled map";

fn growing() -> Lab {
    let lab = Lab::filled(1665);
    assert!(lab.map.is_growing(), "insert 1665 starts a doubling");
    lab
}

pub(super) static CLAIMS: &[Claim] = &[
    claim("A1", "A map grows automatically on writes", GROWING, || {
        let mut lab = Lab::filled(8);
        for _ in 0..3 {
            (0..8).for_each(|k| lab.put(k));
        }
        let by_updates = lab.started.len();
        lab.put(8);
        holds(
            by_updates == 0 && lab.started.len() == 1,
            format!("24 updates of a full map started {by_updates} growths, one new key started 1"),
        )
        .fact("growth.by.update", by_updates)
    }),
    claim(
        "A2",
        "The load factor limit is 6.5 and was different in earlier versions",
        FILL,
        || {
            let lab = Lab::filled(60_000);
            let last = lab.started.last().expect("60000 inserts grow");
            let load = last.count as f64 / f64::from(1u32 << last.from_b);
            let first = lab.started[0];
            let exact = (load - 6.5).abs() < 1e-9;
            // Only the integer rule explains the first table.
            parts(
                exact,
                first.count as f64 <= 6.5,
                format!(
                    "doubling of 2^{} buckets at {} entries, {load} a bucket; but the single bucket holds {} (the test is count > 8 and count > 13 * (2^B / 2), in every classic version)",
                    last.from_b, last.count, first.count
                ),
            )
        },
    ),
    claim(
        "A3",
        "A growth starts only if none is in progress",
        FILL,
        || {
            let lab = Lab::filled(200_000);
            let overlapping = lab
                .started
                .windows(2)
                .zip(&lab.ended)
                .filter(|(pair, end)| pair[1].write < **end)
                .count();
            holds(
                overlapping == 0,
                format!(
                    "{} growths in 200000 inserts, {overlapping} of them before the one before had ended",
                    lab.started.len()
                ),
            )
        },
    ),
    claim(
        "A4",
        "Piles of overflow buckets cause a same-size growth",
        "first-in-first-out churn at 50 live keys",
        || {
            let mut lab = Lab::new(INT_INT, 0, Hashing::Good);
            let grown = lab.churn(50, 5000);
            let same = grown.iter().filter(|g| g.1).count();
            holds(
                same > 0,
                format!(
                    "{same} same-size growths in 5000 steps, the first at step {}",
                    grown.iter().find(|g| g.1).map_or(0, |g| g.0)
                ),
            )
            .fact("churn.same.size", same > 0)
        },
    ),
    claim(
        "A5",
        "A same-size growth rehashes all entries",
        "count hash calls of the writes that evacuate in a same-size growth",
        || {
            let mut lab = Lab::new(INT_INT, 0, Hashing::Good);
            let mut step = 0;
            while !lab.started.last().is_some_and(|s| s.same_size) {
                lab.put(step);
                if step >= 50 {
                    lab.delete(step - 50);
                }
                step += 1;
            }
            let moved = |lab: &Lab| {
                lab.last
                    .iter()
                    .any(|e| matches!(e, Event::Evacuated { .. }))
            };
            let mut moving_writes = 0;
            let mut hashes = 0;
            while lab.map.is_growing() {
                let before = lab.bench.hash_calls;
                lab.put(step - 1);
                if moved(&lab) {
                    moving_writes += 1;
                    hashes += lab.bench.hash_calls - before;
                }
            }
            parts(
                moving_writes > 0,
                hashes > moving_writes,
                format!(
                    "entries are repacked bucket by bucket, but {moving_writes} evacuating writes computed {hashes} hashes, one each for their own key"
                ),
            )
        },
    ),
    claim(
        "A6",
        "A doubling goes from 2^4 to 2^5 buckets and the like",
        FILL,
        || {
            let lab = Lab::filled(5000);
            let by_one = lab
                .started
                .iter()
                .filter(|s| s.to_b == s.from_b + 1 && !s.same_size)
                .count();
            holds(
                by_one == lab.started.len(),
                format!("{by_one} of {} growths raised B by one", lab.started.len()),
            )
        },
    ),
    claim(
        "A7",
        "Every read or write migrates one old bucket",
        GROWING,
        || {
            let mut lab = growing();
            let before = lab.old_evacuated();
            for key in 0..100_000 {
                lab.has(key);
            }
            for _ in 0..3 {
                lab.range();
            }
            let by_reads = lab.old_evacuated() - before;
            lab.put(0);
            let by_write = lab.evacuated.last().map_or(0, Vec::len);
            holds(by_reads > 0 && by_write == 1, format!(
            "100000 lookups and 3 ranges moved {by_reads} buckets; the next write moved {by_write}"))
        .fact("moved.by.reads", by_reads)
        },
    ),
    claim(
        "A9",
        "A map without hint grows after 6 or 7 elements",
        FILL,
        || {
            let at = Lab::filled(20).moments()[0];
            holds(
                at == 7 || at == 8,
                format!("the first growth starts at insert {at}"),
            )
            .fact("growth.first", at)
        },
    ),
    claim(
        "A15",
        "Entries are divided by the high bits of the hash",
        "divide with hashes that differ in one bit only",
        || {
            // Keys are hashes: bit 0 set for half of them; high bytes equal.
            let mut lab = Lab::new(INT_INT, 0, Hashing::Identity);
            for key in 0..9u64 {
                lab.put(key | 0x5500_0000_0000_0000);
            }
            let (mut low_decides, mut all) = (0, 0);
            if let Some(array) = lab.map.buckets() {
                for bucket in 0..2 {
                    for slot in &array.bucket(bucket).keys {
                        if let Some(key) = slot.key() {
                            all += 1;
                            low_decides += usize::from(*key as usize & 1 == bucket);
                        }
                    }
                }
            }
            holds(
                low_decides < all,
                format!(
                    "{low_decides} of {all} keys with equal high bytes went where bit 0 (the old bucket count) sent them"
                ),
            )
        },
    ),
    claim(
        "A17",
        "count > B * 6.5 starts a same-size growth",
        PREDICATE,
        || {
            let lab = Lab::filled(1665);
            let s = lab.started.last().expect("grown");
            holds(
                s.same_size && s.count as f64 <= f64::from(s.from_b) * 6.5 + 1.0,
                format!(
                    "with B = {} the map grew at {} entries ({:.1} times B * 6.5), and doubled",
                    s.from_b,
                    s.count,
                    s.count as f64 / (f64::from(s.from_b) * 6.5)
                ),
            )
        },
    ),
    claim(
        "A18",
        "A chain of four or more overflow buckets starts a growth below the load factor",
        "force all keys into one bucket",
        || {
            let mut lab = Lab::new(INT_INT, 1600, Hashing::OneBucket);
            let mut longest = 0;
            let mut early = 0;
            for key in 0..1600 {
                lab.put(key);
                longest = longest.max(lab.longest_chain());
                early = lab.started.len();
                if early > 0 {
                    break;
                }
            }
            holds(
                early > 0,
                format!(
                    "a chain of {longest} buckets in a map of {} started {early} growths",
                    lab.map.bucket_count()
                ),
            )
        },
    ),
    claim(
        "A19",
        "With B = 2 the map grows at 27 entries, with B = 3 at 53, to the same size",
        FILL,
        || {
            let lab = Lab::filled(60);
            let at = |b| lab.started.iter().find(|s| s.from_b == b).expect("grown");
            let (two, three) = (at(2), at(3));
            parts(
                two.write == 27 && three.write == 53,
                two.same_size,
                format!("inserts {} and {}, but both double", two.write, three.write),
            )
            .fact("growth.moments.60", list(&lab.moments()))
        },
    ),
    claim(
        "A20",
        "The growth test is count >= number of buckets",
        PREDICATE,
        || {
            let lab = Lab::filled(1664);
            let s = lab.map.header();
            holds(
                lab.map.len() > lab.map.bucket_count()
                    && lab.started.last().is_some_and(|g| g.to_b != s.b),
                format!(
                    "{} entries sit in {} buckets without a growth",
                    lab.map.len(),
                    lab.map.bucket_count()
                ),
            )
        },
    ),
    claim(
        "A21",
        "Too many overflow buckets means more than a quarter of the buckets",
        PREDICATE,
        || {
            let wrong = (0..16u8)
                .filter(|&b| b >= 2 && too_many_overflow_buckets((1u16 << b) / 4 + 1, b))
                .count();
            let right = (0..16u8)
                .filter(|&b| too_many_overflow_buckets(1 << b.min(15), b))
                .count();
            holds(
                wrong > 0,
                format!(
                    "a quarter and one suffices for {wrong} of 14 values of B; as many as buckets suffices for {right} of 16"
                ),
            )
        },
    ),
    claim(
        "A22",
        "growWork runs twice per assign or delete",
        GROWING,
        || {
            let lab = Lab::filled(6_000);
            let most = lab.evacuated.iter().map(Vec::len).max().unwrap_or(0);
            // Two calls would evacuate the own chain, then up to three in order.
            holds(most > 2, format!("no write of 6000 evacuated more than {most} chains, its own and the one at nevacuate"))
            .fact("moved.by.write.most", most)
        },
    ),
    claim(
        "A23",
        "The second bucket that a write evacuates is chosen at random",
        GROWING,
        || {
            let mut lab = growing();
            let mut in_order = 0;
            let mut pairs = 0;
            while lab.map.is_growing() {
                let mark = lab.map.header().nevacuate;
                lab.put(lab.writes);
                if let Some([_, second]) = lab.evacuated.last().map(Vec::as_slice) {
                    pairs += 1;
                    // The first may have been the one at the mark and moved it on.
                    in_order += usize::from(*second >= mark);
                }
            }
            let mut marks = Lab::filled(1665);
            let mut rising = true;
            while marks.map.is_growing() {
                let before = marks.map.header().nevacuate;
                marks.put(marks.writes);
                rising &= !marks.map.is_growing() || marks.map.header().nevacuate > before;
            }
            holds(
                in_order < pairs || !rising,
                format!(
                    "{in_order} of {pairs} second buckets were at or after nevacuate, and every write advanced it"
                ),
            )
        },
    ),
    claim(
        "A25",
        "A write evacuates its own bucket first, then the one at nevacuate",
        GROWING,
        || {
            let mut lab = Lab::new(INT_INT, 0, Hashing::Identity);
            for key in 0..105u64 {
                lab.put(key);
            }
            // Old mask 15; the write to key 5 goes to old chain 5 first.
            lab.put(5);
            let chains = lab.evacuated.last().cloned().unwrap_or_default();
            holds(
                chains.first() == Some(&5) && chains.len() == 2,
                format!("a write to old chain 5 evacuated {chains:?}"),
            )
        },
    ),
    claim(
        "A47",
        "make(map[string]int, 1024) gives B = 10 and the first growth at insert 2049",
        "make with the hint, then fill",
        || {
            let b = b_for_hint(1024, &STRING_INT);
            let at = Lab::filled_as(STRING_INT, 1024, 2100).moments()[0];
            holds(
                b == 10 && at == 2049,
                format!("B = {b}, first growth at insert {at}"),
            )
            .fact("hint.b.1024", b)
            .fact("growth.first.hint.1024", at)
        },
    ),
    claim(
        "A48",
        "Without hint a growth is possible at the second insert",
        FILL,
        || {
            let at = Lab::filled(10).moments()[0];
            holds(at <= 2, format!("not before insert {at}")).fact("growth.first", at)
        },
    ),
    claim(
        "C2",
        "A map grows above 6.5 entries a bucket, or when overflow buckets exceed a quarter of the buckets",
        PREDICATE,
        || {
            let first =
                over_load_factor(max_entries(9) + 1, 9) && !over_load_factor(max_entries(9), 9);
            let quarter = too_many_overflow_buckets(129, 9);
            parts(
                first,
                quarter,
                format!(
                    "the first half is exact ({} entries for B = 9); 129 overflow buckets on 512 start nothing, 512 would",
                    max_entries(9)
                ),
            )
        },
    ),
    claim(
        "C4",
        "get, put and delete each move one old bucket",
        GROWING,
        || {
            let mut lab = growing();
            let before = lab.old_evacuated();
            lab.has(1);
            let by_get = lab.old_evacuated() - before;
            lab.delete(7);
            let by_delete = lab.evacuated.last().map_or(0, Vec::len);
            holds(
                by_get == 1 && by_delete == 1,
                format!("get moved {by_get}, delete {by_delete}"),
            )
        },
    ),
    claim(
        "C5",
        "The capacity always doubles",
        "first-in-first-out churn at 50 live keys",
        || {
            let mut lab = Lab::new(INT_INT, 0, Hashing::Good);
            let grown = lab.churn(50, 5000);
            let same = grown.iter().filter(|g| g.1).count();
            holds(same == 0, format!("{same} growths kept the size"))
        },
    ),
    claim(
        "C6",
        "An operation moves at most one old bucket",
        GROWING,
        || {
            let lab = Lab::filled(6_000);
            let most = lab.evacuated.iter().map(Vec::len).max().unwrap_or(0);
            let twice = lab.evacuated.iter().filter(|c| c.len() == 2).count();
            holds(
                most <= 1,
                format!("{twice} of 6000 writes moved two, none more than {most}"),
            )
        },
    ),
    claim(
        "C9",
        "B is the base-2 logarithm of the bucket count",
        FILL,
        || {
            let lab = Lab::filled(10_000);
            let array = lab.map.buckets().expect("filled");
            holds(
                array.main() == 1 << lab.map.header().b,
                format!(
                    "B = {}, {} main buckets in one array",
                    lab.map.header().b,
                    array.main()
                ),
            )
            .fact("b.after.10000", lab.map.header().b)
        },
    ),
    claim("C11", "The constant is loadFactor = 6.5", PREDICATE, || {
        let limits: Vec<u64> = (0..6).map(max_entries).collect();
        let as_float = (1..6u8).all(|b| max_entries(b) as f64 == 6.5 * f64::from(1u32 << b));
        parts(
            as_float,
            max_entries(0) as f64 == 6.5,
            format!(
                "limits {} are 13 * (2^B / 2) in integers; with B = 0 the limit is {}",
                list(&limits),
                limits[0]
            ),
        )
    }),
    claim(
        "C13",
        "A map grows when count >= floor(6.5 * 2^B): at 7 with one bucket",
        FILL,
        || {
            let moments = Lab::filled(30).moments();
            holds(
                moments[0] == 7,
                format!("growths start at inserts {}", list(&moments)),
            )
        },
    ),
    claim(
        "C14",
        "count is incremented before the growth test",
        FILL,
        || {
            let lab = Lab::filled(9);
            let seen = lab.started[0].count;
            holds(
                seen == 9,
                format!("the test at insert 9 still saw count {seen}; it adds one itself"),
            )
        },
    ),
    claim(
        "C19",
        "A doubling divides by hash & old mask",
        "keys that are their own hash",
        || {
            let mut lab = Lab::new(INT_INT, 0, Hashing::Identity);
            for key in 0..53u64 {
                lab.put(key);
            }
            lab.finish_growth();
            let array = lab.map.buckets().expect("filled");
            let mut by_count = 0;
            let mut by_mask = 0;
            for bucket in 0..array.main() {
                for key in array.bucket(bucket).keys.iter().filter_map(|s| s.key()) {
                    by_count += usize::from((*key & 8 != 0) == (bucket >= 8));
                    by_mask += usize::from((*key & 7 != 0) == (bucket >= 8));
                }
            }
            holds(
                by_mask == 53,
                format!(
                    "hash & 8 (the old count) explains {by_count} of 53 places, hash & 7 (the mask) {by_mask}"
                ),
            )
        },
    ),
    claim(
        "C22",
        "A growth of a million entries copies everything at once",
        GROWING,
        || {
            let lab = Lab::filled(16_000);
            let start = lab.started.iter().find(|s| s.from_b == 11).expect("grown");
            let end = *lab
                .ended
                .iter()
                .find(|&&w| w >= start.write)
                .expect("ended");
            let writes = end - start.write + 1;
            holds(
                writes == 1,
                format!(
                    "the doubling of 2048 buckets took {writes} writes ({:.2} a bucket); only the new array is allocated at once",
                    writes as f64 / 2048.0
                ),
            )
        },
    ),
    claim("C27", "The growth test is count >= B", PREDICATE, || {
        let lab = Lab::filled(8);
        holds(
            !lab.started.is_empty(),
            format!(
                "count {} with B = {} starts {} growths",
                lab.map.len(),
                lab.map.header().b,
                lab.started.len()
            ),
        )
    }),
    claim(
        "C28",
        "growWork finishes the migration in one call",
        GROWING,
        || {
            let mut lab = growing();
            let left = lab.map.old_bucket_count() - lab.old_evacuated();
            let writes = lab.finish_growth();
            holds(
                writes <= 1,
                format!("{left} chains left after the first call, {writes} more writes needed"),
            )
        },
    ),
    claim(
        "C34",
        "A running mark phase makes evacuation synchronous",
        "start a collection, then write",
        || {
            let run = |marking: bool| {
                let mut lab = growing();
                if marking {
                    lab.map
                        .collector()
                        .start_cycle()
                        .expect("no cycle is running");
                }
                (0..50).for_each(|k| lab.put(k));
                lab.old_evacuated()
            };
            let (with, without) = (run(true), run(false));
            holds(
                with > without,
                format!("50 writes evacuated {with} chains while marking, {without} otherwise"),
            )
        },
    ),
    claim(
        "C35",
        "The right hint is n * 1.3 / 0.75, rounded up to a power of two",
        "plan both for n from 1000 to 100000",
        || {
            let mut wasteful = 0;
            let mut all = 0;
            for n in (1000..=100_000u64).step_by(1000) {
                let java = java_capacity(n).unwrap_or(0) as i64;
                let (a, b) = (plan(&INT_INT, n, java), plan(&INT_INT, n, n as i64));
                if let (Ok(a), Ok(b)) = (a, b) {
                    all += 1;
                    wasteful += u32::from(a.at_end.array_bytes > b.at_end.array_bytes);
                    assert_eq!(b.growths().count(), 0, "n is enough");
                }
            }
            holds(
                wasteful == 0,
                format!(
                    "it doubles or quadruples the array in {wasteful} of {all} cases; the number of entries itself never grows"
                ),
            )
        },
    ),
    claim(
        "C36",
        "12000 insertions a second living half an hour need a capacity of 32768",
        "arithmetic",
        || {
            let entries = live_entries(12_000.0, 1_800.0, 1.0).unwrap_or(0);
            let java = java_capacity(entries).unwrap_or(0);
            let b = b_for_hint(entries as i64, &INT_INT);
            holds(
                java == 32_768,
                format!(
                    "{entries} live entries; the formula gives {java}, and {entries} as hint gives 2^{b} buckets"
                ),
            )
        },
    ),
    claim("C37", "A map degrades from a load of 0.75 on", FILL, || {
        let lab = Lab::filled(6656);
        let load = lab.map.len() as f64 / (lab.map.bucket_count() * 8) as f64;
        let growths = lab.started.iter().filter(|s| s.from_b == 10).count();
        holds(
            growths > 0,
            format!("a load of {load} of all cells (6.5 of 8) is reached without a growth"),
        )
    }),
    claim(
        "C40",
        "A sufficient hint avoids growing at run time",
        "make with hint n, insert n",
        || {
            let grown: usize = [9u64, 100, 1000, 5000]
                .iter()
                .map(|&n| Lab::filled_as(INT_INT, n as i64, n).started.len())
                .sum();
            let holds_up_to = max_entries(b_for_hint(100_000, &INT_INT));
            holds(grown == 0, format!("{grown} growths for hints 9, 100, 1000 and 5000; hint 100000 holds {holds_up_to}"))
            .fact("growths.with.hint", grown)
        },
    ),
    claim(
        "D3",
        "Growth is either same-size (twice as large) or incremental",
        FILL,
        || {
            let lab = Lab::filled(3000);
            let doubling_in_steps = lab
                .started
                .iter()
                .zip(&lab.ended)
                .filter(|(s, e)| !s.same_size && **e > s.write)
                .count();
            holds(
                doubling_in_steps == 0,
                format!("{doubling_in_steps} doublings were incremental too; same-size keeps B"),
            )
        },
    ),
    claim(
        "D6",
        "The bucket is chosen by the high bits of the hash",
        "keys that are their own hash",
        || {
            let mut lab = Lab::new(INT_INT, 100, Hashing::Identity);
            lab.put(0x7700_0000_0000_0003);
            let array = lab.map.buckets().expect("made with a hint");
            let at = (0..array.main())
                .find(|&i| array.bucket(i).tophash[0] != 0)
                .unwrap_or(99);
            holds(
                at != 3,
                format!(
                    "hash 0x77...03 went to bucket {at}; the high byte became tophash {:#x}",
                    array.bucket(at).tophash[0]
                ),
            )
        },
    ),
    claim(
        "D8",
        "oldbuckets is set exactly while growing",
        FILL,
        || {
            let mut lab = Lab::new(INT_INT, 0, Hashing::Good);
            let mut growing = 0;
            let mut wrong = 0;
            for key in 0..3000 {
                lab.put(key);
                let open = lab.started.len() > lab.ended.len();
                growing += u32::from(open);
                wrong += u32::from(open != lab.map.old_buckets().is_some());
            }
            holds(
                wrong == 0,
                format!("{growing} of 3000 inserts ended inside a growth, {wrong} exceptions"),
            )
        },
    ),
    claim(
        "D23",
        "Old and new array exist side by side during a growth, nevacuate below the old count",
        GROWING,
        || {
            let lab = growing();
            let (old, new) = (
                lab.map.old_buckets().map_or(0, |a| a.main()),
                lab.map.buckets().map_or(0, |a| a.main()),
            );
            holds(
                old * 2 == new && lab.map.header().nevacuate < old,
                format!(
                    "{old} and {new} buckets, nevacuate {}",
                    lab.map.header().nevacuate
                ),
            )
        },
    ),
    claim(
        "D24",
        "A lookup during a growth reads the old bucket and then the new one",
        "count keys compared in both arrays",
        || {
            let mut lab = growing();
            let (mut old, mut new, mut both) = (0, 0, 0);
            for key in 0..1665 {
                let at = lab
                    .map
                    .find(&key, &mut lab.bench)
                    .ok()
                    .flatten()
                    .expect("present");
                let in_old = lab.map.old_buckets().is_some_and(|a| a.id() == at.array);
                if in_old {
                    old += 1
                } else {
                    new += 1
                }
                // While the old chain is live, the new ones it feeds are empty.
                let hash = crate::host::Host::hash(&mut lab.bench, &key, lab.map.header().hash0);
                let home =
                    hash.expect("words can be hashed") as usize & (lab.map.bucket_count() - 1);
                let new = lab.map.buckets().expect("filled");
                both += u32::from(in_old && new.bucket(home).tophash[0] != 0);
            }
            let chains = lab.old_evacuated();
            parts(
                old > 0 && new > 0,
                both > 0,
                format!(
                    "of 1665 keys {old} were answered from the old array (chain not yet evacuated) and {new} from the new one ({chains} chains evacuated); each search reads one chain"
                ),
            )
        },
    ),
    claim(
        "D25",
        "The tophash of an evacuated cell points to the entry's new place",
        GROWING,
        || {
            let lab = growing();
            let old = lab.map.old_buckets().expect("growing");
            let mut marks: std::collections::BTreeSet<u8> = std::collections::BTreeSet::new();
            for i in 0..old.main() {
                marks.extend(
                    old.bucket(i)
                        .tophash
                        .iter()
                        .copied()
                        .filter(|t| (2..5).contains(t)),
                );
            }
            let halves = marks.contains(&EVACUATED_X) || marks.contains(&EVACUATED_Y);
            parts(
                halves,
                marks.len() > 3,
                format!(
                    "only the values {marks:?} occur: low half, high half, was empty; no index, no address"
                ),
            )
        },
    ),
    claim(
        "D26",
        "A growth stops the world until it ends",
        GROWING,
        || {
            let mut lab = growing();
            let mut between = 0;
            while lab.map.is_growing() {
                between += u32::from(lab.has(3));
                lab.put(lab.writes);
            }
            holds(
                between == 0,
                format!("{between} lookups were answered while one growth went on"),
            )
        },
    ),
    claim(
        "D28",
        "Deleting from a bucket that has not been migrated marks the cell evacuatedX = 0x80",
        GROWING,
        || {
            let mut lab = growing();
            let mut checked = 0;
            let mut moved_first = 0;
            for key in 0..200 {
                if !lab.map.is_growing() {
                    break;
                }
                if lab.delete(key) && lab.evacuated.last().is_some_and(|c| !c.is_empty()) {
                    checked += 1;
                    let evacuation = lab
                        .last
                        .iter()
                        .position(|e| matches!(e, Event::Evacuated { .. }));
                    let emptied = lab.last.iter().rposition(|e| {
                        matches!(
                            e,
                            Event::Cell {
                                side: Side::New,
                                to: 0 | 1,
                                ..
                            }
                        )
                    });
                    moved_first += u32::from(evacuation < emptied);
                }
            }
            holds(
                moved_first < checked,
                format!(
                    "{moved_first} of {checked} deletes moved the chain first and then deleted in the new array; evacuatedX is {EVACUATED_X}"
                ),
            )
        },
    ),
    claim(
        "G1",
        "Growth starts at inserts 9, 14, 27, 53, 105 and so on",
        FILL,
        || {
            let moments = Lab::filled(10_000).moments();
            holds(moments[..5] == [9, 14, 27, 53, 105], list(&moments))
                .fact("growth.moments.10000", list(&moments))
        },
    ),
    claim(
        "G2",
        "With random keys a doubling lasts about 0.69 writes per old bucket",
        FILL,
        || {
            let lab = Lab::filled(120_000);
            let s = lab.started.last().expect("grown");
            let writes = lab.ended.last().expect("ended") - s.write;
            let ratio = writes as f64 / f64::from(1u32 << s.from_b);
            holds(
                (0.66..0.73).contains(&ratio),
                format!(
                    "{writes} writes for {} old buckets: {ratio:.3}",
                    1u32 << s.from_b
                ),
            )
        },
    ),
    claim(
        "G3",
        "Updating existing keys never starts a growth but drives one on",
        GROWING,
        || {
            let mut lab = Lab::filled(104);
            (0..104).for_each(|k| lab.put(k));
            let started = lab.started.len();
            lab.put(104);
            let updates = lab.finish_growth();
            holds(
                lab.started.len() == started + 1 && updates > 0,
                format!("104 updates of a full map started none; {updates} updates finished one"),
            )
        },
    ),
    claim(
        "G4",
        "Deletes of absent keys drive a growth on too",
        GROWING,
        || {
            let mut lab = growing();
            let mut deletes = 0;
            while lab.map.is_growing() && deletes < 10_000 {
                lab.delete(1_000_000 + deletes);
                deletes += 1;
            }
            holds(
                !lab.map.is_growing(),
                format!("{deletes} deletes of absent keys finished it"),
            )
            .fact("absent.deletes.finish", !lab.map.is_growing())
        },
    ),
    claim(
        "G5",
        "The worst case for a growth is as many writes as old buckets",
        "always the same key",
        || {
            let mut lab = Lab::filled(1665);
            let start = lab.started.last().expect("grown").write;
            while lab.map.is_growing() {
                lab.put(0);
            }
            let writes = lab.writes - start + 1;
            holds(
                (255..=256).contains(&writes),
                format!("{writes} writes including the first, for 256 old buckets"),
            )
        },
    ),
];
