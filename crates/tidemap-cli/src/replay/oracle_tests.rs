//! Real traces against numbers that were counted independently.
//!
//! The traces are not part of this repository; the tests look for them beside it
//! (`../shared/data`) or in `TIDEMAP_SHARED_DATA`, and skip, saying so, when they
//! are absent. With `TIDEMAP_REQUIRE_ALL=1` a skip is a failure. The built-in
//! trace is always there.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use tidemap_bench::contenders::{
    Contender, FixedHasher, Griddle, Hashbrown, Indexmap, Std, Tidemap,
};

use super::answers::{Content, Counts};
use super::format::{self, Format};
use super::maps::{MapChoice, MapName};
use super::runner::{self, Outcome};
use super::source::Source;
use super::stream::{Keys, Stream, Timing};
use super::wire::{Job, Mode};
use super::workload::{ByteKey, ByteSpace, KeySpace, apply};

const MAPS: [MapName; 5] = [
    MapName::Tidemap,
    MapName::Hashbrown,
    MapName::Std,
    MapName::Griddle,
    MapName::Indexmap,
];

/// A trace by its file name, or `None` with the reason printed.
fn trace(name: &str, format: Format) -> Option<Stream> {
    let folder = std::env::var_os("TIDEMAP_SHARED_DATA").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"),
        PathBuf::from,
    );
    let path = folder.join(name);
    if !path.exists() {
        let reason = format!("skipped: {name} is not in {}", folder.display());
        assert!(
            std::env::var_os("TIDEMAP_REQUIRE_ALL").is_none_or(|all| all != "1"),
            "{reason}"
        );
        eprintln!("{reason}");
        return None;
    }
    Some(read(Source::open(&path).expect(name), format))
}

fn read(source: Source, format: Format) -> Stream {
    let parsed = format::parse(source, None).expect("a good trace");
    assert_eq!(parsed.format, format, "recognised");
    parsed.stream
}

struct Replayed {
    counts: Counts,
    live_peak: u64,
    content: Content,
}

/// Replays on every map; all agree, so one result stands for all.
fn replay(stream: &Stream) -> Replayed {
    let results = MAPS.map(|name| {
        let map = MapChoice {
            name,
            presized: false,
        };
        let ops = stream.ops.len() as u64;
        let job = Job {
            map,
            ops,
            scale: 1,
            seed: 1,
            progress: false,
            mode: Mode::Measure { growths: vec![] },
        };
        let Ok(Outcome::Run(run)) = runner::run(&job, stream, &mut |_, _| {}) else {
            panic!("{name:?} did not run")
        };
        assert!(run.answers.same_in_both_passes, "{name:?}");
        run.answers
    });
    for (result, name) in results.iter().zip(MAPS) {
        assert_eq!(result.digest, results[0].digest, "answers of {name:?}");
        assert_eq!(result.checkpoints, results[0].checkpoints, "{name:?}");
        assert_eq!(result.content, results[0].content, "content of {name:?}");
    }
    let [answers, ..] = results;
    Replayed {
        counts: answers.counts,
        live_peak: answers.live_peak,
        content: answers.content,
    }
}

fn android(stream: &Stream) {
    assert_eq!(stream.ops.len(), 787_883);
    assert_eq!(stream.keys.len(), 123_171);
    let replayed = replay(stream);
    let expected = Counts {
        inserted: 420_294,
        replaced: 940,
        removed: 366_649,
        ..Counts::default()
    };
    assert_eq!(replayed.counts, expected);
    assert_eq!(replayed.live_peak, 60_097);
    assert_eq!(replayed.content.len, 53_645);
    assert_eq!(replayed.content.value_sum, "8396631");
}

#[test]
fn the_built_in_trace() {
    android(&read(Source::sample().unwrap(), Format::Malloc));
}

#[test]
fn android_allocations() {
    let Some(stream) = trace("android-systemui-malloc.txt.zst", Format::Malloc) else {
        return;
    };
    android(&stream);
}

#[test]
fn ecommerce_keys() {
    let Some(stream) = trace("ecommerce-orm-busy.i32be.zst", Format::I32be) else {
        return;
    };
    assert_eq!((stream.ops.len(), stream.keys.len()), (5_000_000, 76_349));
    let Keys::Ints(keys) = &stream.keys else {
        panic!("integers")
    };
    let first: Vec<i64> = stream.ops[..5]
        .iter()
        .map(|op| keys[op.key as usize] as i64)
        .collect();
    assert_eq!(
        first,
        [
            -268_435_455,
            -2_013_265_408,
            -2_013_264_896,
            -2_013_264_384,
            -2_013_263_872
        ]
    );
    let mut uses = vec![0u32; keys.len()];
    stream.ops.iter().for_each(|op| uses[op.key as usize] += 1);
    assert_eq!(uses.iter().filter(|&&uses| uses == 1).count(), 8_763);
    assert_eq!(uses.iter().max(), Some(&27_210));
    let replayed = replay(&stream);
    let expected = Counts {
        hit: 5_000_000 - 76_349,
        filled: 76_349,
        ..Counts::default()
    };
    assert_eq!(replayed.counts, expected);
}

#[test]
fn scarab_keys() {
    let Some(stream) = trace("scarab-recs.i64be.zst", Format::I64be) else {
        return;
    };
    assert_eq!((stream.ops.len(), stream.keys.len()), (1_245_184, 258_368));
    let Keys::Ints(keys) = &stream.keys else {
        panic!("integers")
    };
    assert_eq!(
        keys[stream.ops[0].key as usize] as i64,
        8_756_849_942_801_480_528
    );
    assert_eq!(
        keys[stream.ops[4].key as usize] as i64,
        -2_490_060_807_085_862_380
    );
    let mut uses = vec![0u32; keys.len()];
    stream.ops.iter().for_each(|op| uses[op.key as usize] += 1);
    assert_eq!(uses.iter().filter(|&&uses| uses == 1).count(), 123_512);
    assert_eq!(uses.iter().max(), Some(&12_620));
    let replayed = replay(&stream);
    let expected = Counts {
        hit: 1_245_184 - 258_368,
        filled: 258_368,
        ..Counts::default()
    };
    assert_eq!(replayed.counts, expected);
}

#[test]
fn dns_lookups() {
    let Some(stream) = trace("wrccdc-dns-part1.csv.zst", Format::Dns) else {
        return;
    };
    assert_eq!((stream.ops.len(), stream.keys.len()), (14_757, 1_490));
    let replayed = replay(&stream);
    let counts = &replayed.counts;
    assert_eq!(counts.hit, 10_053);
    assert_eq!(counts.expired + counts.refilled, 563, "expired");
    assert_eq!(counts.miss + counts.filled, 4_141, "absent");
    assert_eq!(counts.filled + counts.refilled, 1_431, "sets");
    assert_eq!(
        (replayed.content.len, replayed.content.unexpired),
        (868, 321)
    );
}

#[test]
fn words() {
    let Some(stream) = trace("moby-words.txt.zst", Format::Keys) else {
        return;
    };
    let Keys::Bytes { arena, .. } = &stream.keys else {
        panic!("text")
    };
    assert_eq!(arena.len(), 6_309_655);
    let replayed = replay(&stream);
    assert_eq!(
        replayed.counts,
        Counts {
            inserted: 611_755,
            ..Counts::default()
        }
    );
    assert_eq!(replayed.content.len, 611_755);
}

#[test]
fn repository_paths() {
    let Some(stream) = trace("repo-paths.txt.zst", Format::Keys) else {
        return;
    };
    let Keys::Bytes { arena, .. } = &stream.keys else {
        panic!("text")
    };
    assert_eq!(arena.len(), 24_885_670);
    let replayed = replay(&stream);
    assert_eq!(
        replayed.counts,
        Counts {
            inserted: 254_024,
            ..Counts::default()
        }
    );
}

#[test]
fn path_history() {
    let Some(stream) = trace("test262-paths.tsv.zst", Format::Paths) else {
        return;
    };
    assert_eq!((stream.ops.len(), stream.keys.len()), (585_308, 205_184));
    let replayed = replay(&stream);
    let expected = Counts {
        inserted: 216_260,
        replaced: 209_758,
        removed: 159_290,
        ..Counts::default()
    };
    assert_eq!(replayed.counts, expected);
    assert_eq!((replayed.live_peak, replayed.content.len), (67_053, 56_970));
    for digest in [
        tree_digest::<Tidemap<ByteKey<'_>, u64>>(&stream),
        tree_digest::<Hashbrown<ByteKey<'_>, u64>>(&stream),
        tree_digest::<Std<ByteKey<'_>, u64>>(&stream),
        tree_digest::<Griddle<ByteKey<'_>, u64>>(&stream),
        tree_digest::<Indexmap<ByteKey<'_>, u64>>(&stream),
    ] {
        assert_eq!(
            digest,
            "058d638a7d29ad2fa3713ee19ee6bb986e6df52485814731df74f1312a5f11f2"
        );
    }
}

/// SHA-256 over `path TAB id LF` of the final map, sorted by path.
fn tree_digest<'a, C: Contender<ByteKey<'a>, u64>>(stream: &'a Stream) -> String {
    let Keys::Bytes { arena, ends } = &stream.keys else {
        panic!("text")
    };
    let space = ByteSpace::new(arena, ends);
    let mut map = C::empty(FixedHasher::with_seed(3));
    let timing = Timing {
        now_us: 0,
        ttl_us: Timing::FOREVER,
    };
    for &op in &stream.ops {
        apply(&mut map, op, space.key(op.key, 0), timing);
    }
    let mut sorted = BTreeMap::new();
    map.for_each(|key, id| {
        sorted.insert(key.bytes(), *id);
    });
    let mut hash = Sha256::new();
    for (path, id) in sorted {
        hash.update(path);
        hash.update(format!("\t{id:016x}\n"));
    }
    hash.finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
