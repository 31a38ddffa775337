//! Accounts: whatever a map does and however it ends, half-way or by a panic, every byte, every
//! block and every clone of its allocator comes back, and every key and value is dropped once.

use std::rc::Rc;

use tidemap::{Budget, HashMap, Shrink, Sweep};

use crate::allocators::Counting;
use crate::ledger::{Entered, alive, reset, tick, with_panic_at_or_in_drop};
use crate::support::{Bent, Quality, STATES, grow_into, state_of};

type Map = HashMap<Entered<0>, Entered<0>, Bent, Counting>;

fn entry(name: u64) -> (Entered<0>, Entered<0>) {
    (Entered::new(name), Entered::new(name + 1_000_000))
}

/// What is done to a map, which is dropped afterwards if it is still there.
type Way = (&'static str, fn(Map));

fn ways() -> Vec<Way> {
    vec![
        ("nothing", drop),
        ("clear", |mut map| map.clear()),
        ("into_iter, left half-way", |map| {
            map.into_iter().take(7).for_each(drop);
        }),
        ("into_keys, left half-way", |map| {
            map.into_keys().take(3).for_each(drop);
        }),
        ("into_values, left at once", |map| drop(map.into_values())),
        ("drain, left half-way", |mut map| {
            map.drain().take(5).for_each(drop);
            map.extend((0..20).map(entry));
        }),
        ("extract_if, left half-way", |mut map| {
            let odd = |key: &Entered<0>, _: &mut Entered<0>| {
                tick();
                key.name % 2 == 1
            };
            map.extract_if(odd).take(4).for_each(drop);
        }),
        ("retain", |mut map| {
            map.retain(|key, _| {
                tick();
                key.name.is_multiple_of(3)
            });
        }),
        ("a reclaimer, never asked", |map| drop(map.into_reclaimer())),
        ("a reclaimer, left half-way", |map| {
            let mut reclaimer = map.into_reclaimer();
            for _ in 0..3 {
                reclaimer.step(Budget::buckets(1));
            }
        }),
        ("a reclaimer, to its end", |mut map| {
            let mut reclaimer = map.take_reclaimer();
            while !reclaimer.step(Budget::buckets(2)).is_done {}
            map.extend((0..20).map(entry));
        }),
        ("a reclaimer that hands over", |map| {
            let mut reclaimer = map.into_reclaimer();
            for _ in 0..4 {
                reclaimer.step_with(Budget::buckets(2), |_, _| tick());
            }
        }),
        ("clear_step, left half-way", |mut map| {
            map.clear_step(Budget::buckets(3));
            map.extend((0..20).map(entry));
            map.clear_step(Budget::buckets(1));
        }),
        ("drain_step, left half-way", |mut map| {
            map.drain_step(Budget::buckets(3), |_, _| tick());
        }),
        ("retain_step, left half-way", |mut map| {
            let mut sweep = Sweep::new();
            map.retain_step(&mut sweep, Budget::buckets(3), |key, _| {
                key.name.is_multiple_of(4)
            });
        }),
        ("extract_step, in a shrink", |mut map| {
            map.begin_shrink();
            let mut sweep = Sweep::new();
            for _ in 0..3 {
                let third = |key: &Entered<0>, _: &mut Entered<0>| key.name.is_multiple_of(3);
                map.extract_step(&mut sweep, Budget::buckets(2), third, |_, _| tick());
                map.advance(Budget::buckets(1));
            }
        }),
        ("a shrink, left half-way", |mut map| {
            map.retain(|key, _| key.name.is_multiple_of(5));
            map.begin_shrink();
            map.advance(Budget::buckets(2));
        }),
        ("a shrink by policy, turned round", |mut map| {
            map.set_shrink_policy(Shrink::WhenBelow(0.4));
            map.retain(|key, _| key.name.is_multiple_of(8));
            map.extend((0..60).map(entry));
        }),
        ("shrink_to_fit, down to one bucket", |mut map| {
            map.retain(|key, _| key.name.is_multiple_of(50));
            map.shrink_to_fit();
            map.clear();
            map.shrink_to_fit();
            map.extend((0..9).map(entry));
            map.retain(|key, _| key.name.is_multiple_of(4));
            map.shrink_to_fit();
        }),
        ("a reservation that waits", |mut map| {
            map.reserve(300);
            map.reserve(900);
        }),
        ("reserve_now", |mut map| map.reserve_now(200)),
        ("clone", |map| {
            let copy = map.clone();
            assert_eq!(copy.len(), map.len());
        }),
        ("clone_from", |map| {
            let mut copy = Map::with_hasher_in(Bent(Quality::Good), map.allocator().clone());
            copy.extend((0..30).map(entry));
            copy.clone_from(&map);
        }),
        ("batches", |mut map| {
            map.insert_many((0..40).map(entry));
            map.extend((500..540).map(entry));
        }),
        ("finish", |mut map| map.finish()),
    ]
}

/// Maps in every state of growth, and the accounts they are held in.
fn map_in(state: usize, alloc: Counting) -> Option<Map> {
    let mut map = Map::with_hasher_in(Bent(Quality::Low(3)), alloc);
    let (mut next, most) = (0, if cfg!(miri) { 40 } else { 500 });
    while next < 25 {
        let (key, value) = entry(next);
        map.insert(key, value);
        next += 1;
    }
    grow_into(&mut map, state, 1, &mut next, most, entry).then_some(map)
}

#[test]
fn small_every_way_out_gives_everything_back() {
    let mut seen = [0; STATES.len()];
    for (name, way) in ways() {
        for (state, state_name) in STATES.into_iter().enumerate() {
            reset();
            let alloc = Counting::default();
            let book = Rc::clone(&alloc.0);
            let Some(map) = map_in(state, alloc) else {
                continue;
            };
            seen[state_of(&map)] += 1;
            assert!(book.bytes.get() > 0 && alive() > 0);
            way(map);
            let when = format!("{name}, while {state_name}");
            assert_eq!(alive(), 0, "keys and values, {when}");
            assert_eq!((book.bytes.get(), book.blocks.get()), (0, 0), "{when}");
            assert_eq!(Rc::strong_count(&book), 1, "allocators, {when}");
        }
    }
    // Arrays of an allocator of the user's grow in place only from segments, which small maps lack.
    assert!(
        cfg!(miri) || seen[0] > 0 && seen[2] > 0 && seen[4] > 0,
        "{seen:?}"
    );
}

/// The same with a panic in any call of user code, `Drop` included.
#[test]
fn every_way_out_gives_everything_back_after_a_panic() {
    if cfg!(miri) {
        return;
    }
    let mut panics = 0;
    for (name, way) in ways() {
        for (state, state_name) in STATES.into_iter().enumerate() {
            for at in (0..40).chain([50, 70, 100, 150, 250]) {
                reset();
                let alloc = Counting::default();
                let book = Rc::clone(&alloc.0);
                let Some(map) = map_in(state, alloc) else {
                    break;
                };
                let panicked = with_panic_at_or_in_drop(at, || way(map));
                panics += u32::from(panicked);
                let when = format!("{name}, call {at}, while {state_name}");
                assert_eq!(alive(), 0, "keys and values, {when}");
                assert_eq!((book.bytes.get(), book.blocks.get()), (0, 0), "{when}");
                assert_eq!(Rc::strong_count(&book), 1, "allocators, {when}");
                if !panicked {
                    break;
                }
            }
        }
    }
    assert!(panics > 1_000, "{panics}");
}
