//! The runner against a model, on every map.

use std::collections::BTreeMap;

use super::*;
use crate::replay::maps::{MapChoice, MapName};
use crate::replay::schedule::mix;
use crate::replay::stream::{Builder, OpKind};

/// The maps that are there; tidemap among them.
const MAPS: [MapName; 5] = [
    MapName::Tidemap,
    MapName::Hashbrown,
    MapName::Std,
    MapName::Griddle,
    MapName::Indexmap,
];

/// Without anything that an observed pass saw.
const MEASURE: Mode = Mode::Measure {
    growths: Vec::new(),
};

fn job(name: MapName, stream: &Stream, scale: u32, mode: Mode) -> Job {
    let map = MapChoice {
        name,
        presized: false,
    };
    let ops = stream.ops.len() as u64 * u64::from(scale);
    Job {
        map,
        ops,
        scale,
        seed: 7,
        progress: false,
        mode,
    }
}

fn answers(job: &Job, stream: &Stream) -> Vec<(u8, u64)> {
    match run(job, stream, &mut |_, _| {}).unwrap() {
        Outcome::Answers(answers) => answers,
        _ => panic!("asked for answers"),
    }
}

fn measure(job: &Job, stream: &Stream) -> MapRun {
    match run(job, stream, &mut |_, _| {}).unwrap() {
        Outcome::Run(run) => *run,
        _ => panic!("asked for a measurement"),
    }
}

/// A stream with every kind of operation, with or without expiry.
fn random_stream(ops: u64, timed: bool, ints: bool) -> Stream {
    let mut builder = if ints {
        Builder::ints()
    } else {
        Builder::bytes()
    };
    let mut now_us = 0;
    for index in 0..ops {
        let random = mix(index + 1);
        let key = (random >> 8) % 700;
        let kind = match random % 64 {
            0..=15 => OpKind::Get,
            16..=33 => OpKind::Put,
            34..=43 => OpKind::Fetch,
            44..=55 => OpKind::Delete,
            56..=62 => OpKind::Update,
            _ if (random >> 20).is_multiple_of(16) => OpKind::Clear,
            _ => OpKind::Get,
        };
        if kind == OpKind::Clear {
            builder.push_clear().unwrap();
        } else if ints {
            builder.push_int(kind, key, index).unwrap();
        } else {
            builder
                .push_bytes(kind, format!("key {key}").as_bytes(), index)
                .unwrap();
        }
        if timed {
            now_us += random >> 60;
            let ttl_us = match (random >> 40) % 4 {
                0 => 0,
                1 => 50,
                2 => 5_000,
                _ => Timing::FOREVER,
            };
            builder.set_timing(Timing { now_us, ttl_us });
        }
    }
    builder.finish()
}

/// What `apply` is documented to do, on a map from (copy, key id).
fn model(stream: &Stream, scale: u32) -> Vec<(u8, u64)> {
    use AnswerKind as A;
    let mut map: BTreeMap<(u32, u32), (u64, u64)> = BTreeMap::new();
    let mut schedule = Schedule::new(stream.ops.len(), scale, 7);
    let mut answers = Vec::new();
    for _ in 0..stream.ops.len() * scale as usize {
        let turn = schedule.next();
        let op = stream.ops[turn.at];
        let t = stream.times.get(turn.at).copied();
        let t = t.unwrap_or(Timing {
            now_us: 0,
            ttl_us: Timing::FOREVER,
        });
        let key = (turn.copy, op.key);
        let fresh = (op.value, t.now_us.saturating_add(t.ttl_us));
        let found = map.get(&key).copied();
        let live = found.is_some_and(|(_, expiry)| t.now_us < expiry);
        let old = found.map_or(0, |(value, _)| value);
        let (kind, value) = match op.kind {
            OpKind::Get | OpKind::Fetch if live => (A::Hit, old),
            OpKind::Get if found.is_none() => (A::Miss, 0),
            OpKind::Get => {
                map.remove(&key);
                (A::Expired, old)
            }
            OpKind::Fetch if t.ttl_us == 0 => match map.remove(&key) {
                Some(_) => (A::Expired, old),
                None => (A::Miss, 0),
            },
            OpKind::Fetch => match map.insert(key, fresh) {
                Some(_) => (A::Refilled, old),
                None => (A::Filled, 0),
            },
            OpKind::Put => match map.insert(key, fresh) {
                Some(_) => (A::Replaced, old),
                None => (A::Inserted, 0),
            },
            OpKind::Delete => match map.remove(&key) {
                Some(_) => (A::Removed, old),
                None => (A::Absent, 0),
            },
            OpKind::Update => match map.get_mut(&key) {
                Some(cell) => {
                    cell.0 = op.value;
                    (A::Updated, old)
                }
                None => (A::Miss, 0),
            },
            OpKind::Clear => {
                let len = map.len() as u64;
                map.clear();
                (A::Cleared, len)
            }
        };
        answers.push((kind as u8, value));
    }
    answers.push((A::Cleared as u8, map.len() as u64));
    answers
}

#[test]
fn every_map_answers_as_the_model_does() {
    for (timed, ints) in [(false, true), (false, false), (true, false)] {
        let stream = random_stream(20_000, timed, ints);
        for scale in [1, 3] {
            let expected = model(&stream, scale);
            let mut seen: Vec<u8> = expected.iter().map(|answer| answer.0).collect();
            seen.sort_unstable();
            seen.dedup();
            assert_eq!(
                seen.len(),
                if timed { 11 } else { 9 },
                "every answer occurs: {seen:?}"
            );
            for name in MAPS {
                let job = job(
                    name,
                    &stream,
                    scale,
                    Mode::Answers {
                        from: 0,
                        to: u64::MAX,
                    },
                );
                let found = answers(&job, &stream);
                let differs = found.iter().zip(&expected).position(|(a, b)| a != b);
                assert_eq!(
                    differs, None,
                    "{name:?} timed {timed} ints {ints} scale {scale}"
                );
                assert_eq!(found.len(), expected.len());
            }
        }
    }
}

#[test]
fn a_measurement_is_consistent_with_itself() {
    let stream = random_stream(30_000, true, false);
    let expected = model(&stream, 2);
    for name in MAPS {
        let run = measure(&job(name, &stream, 2, MEASURE), &stream);
        let count = |kind: AnswerKind| {
            expected[..60_000]
                .iter()
                .filter(|answer| answer.0 == kind as u8)
                .count() as u64
        };
        assert_eq!(run.answers.counts.hit, count(AnswerKind::Hit));
        assert_eq!(run.answers.counts.filled, count(AnswerKind::Filled));
        assert_eq!(run.answers.counts.cleared, count(AnswerKind::Cleared));
        assert_eq!(run.answers.content.len, expected[60_000].1);
        assert_eq!(run.answers.content.visited, expected[60_000].1);
        assert!(run.answers.same_in_both_passes);
        assert_eq!(run.latency.ops, 60_000);
        let bins = &run.bins;
        assert_eq!(bins.end_op.last(), Some(&60_000));
        assert!(bins.end_op.len() as u64 <= SLICES);
        assert_eq!(bins.end_op.len(), run.answers.checkpoints.len());
        let worst = bins.max_ns.iter().copied().fold(0.0, f64::max);
        assert!((worst - run.latency.max_ns).abs() < 1e-6);
        let l = &run.latency;
        let order = [l.p50_ns, l.p99_ns, l.p99_9_ns, l.p99_99_ns, l.max_ns];
        assert!(order.is_sorted(), "{order:?}");
        assert!(run.floor.timed_seconds >= run.floor.timed_seconds_of_map * 0.99);
        if cfg!(target_os = "linux") {
            let memory = run.memory.expect("Linux tells");
            assert!(memory.peak_bytes >= memory.final_bytes);
        }
    }
}

#[test]
fn a_lost_insertion_changes_the_checkpoints() {
    let stream = random_stream(20_000, false, true);
    let good = measure(&job(MapName::Hashbrown, &stream, 1, MEASURE), &stream);
    let bad = measure(&job(MapName::Faulty, &stream, 1, MEASURE), &stream);
    let (a, b) = (&good.answers.checkpoints, &bad.answers.checkpoints);
    assert_ne!(a, b);
    let first = a.iter().zip(b).position(|(a, b)| a != b).unwrap();
    // The 100th insertion happens within the first few hundred operations.
    assert!(good.bins.end_op[first] < 1_000, "{first}");
    assert!(super::super::compare::compare(&good, &bad).is_some());
    assert!(super::super::compare::compare(&good, &good).is_none());
}

#[test]
fn a_cut_replay_and_a_presized_map() {
    let stream = random_stream(5_000, false, true);
    let mut cut = job(MapName::Std, &stream, 4, MEASURE);
    cut.ops = 777;
    cut.map.presized = true;
    let run = measure(&cut, &stream);
    assert_eq!(run.map, "std:presized");
    assert_eq!(run.latency.ops, 777);
    assert_eq!(run.bins.end_op.last(), Some(&777));
}
