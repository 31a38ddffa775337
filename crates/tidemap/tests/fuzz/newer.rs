//! Newer operations on maps: batches, walks and ends in steps, shrinking, time control.

use std::hash::BuildHasher;

use tidemap::hash_map::EntryRef;
use tidemap::{Entry, Shrink, Sweep, TryInsertError};

use super::fixtures::{ALIVE, Counted, Input, tick};
use super::{Pair, empty_like};

impl<const BYTES: usize, S: BuildHasher + Clone> Pair<BYTES, S> {
    /// One operation on map and model.
    pub(super) fn operate_newer(&mut self, kind: u8, input: &mut Input<'_>, refusing: bool) {
        match kind % 34 {
            0..4 => self.batch(kind % 4, input, refusing),
            4..10 => self.walk_on(kind % 34, input),
            10..16 => self.end_in_steps(kind % 34, input),
            16..26 => self.pace(kind % 34, input, refusing),
            kind => self.entries(kind, input, refusing),
        }
    }

    fn batch(&mut self, kind: u8, input: &mut Input<'_>, refusing: bool) {
        let Pair { map, model, .. } = self;
        let names = input.run();
        if kind < 2 {
            // Twice over, so that keys repeat within a batch.
            let keys: Vec<_> = names
                .clone()
                .chain(names)
                .map(Counted::<BYTES>::new)
                .collect();
            if kind == 0 {
                for (key, found) in keys.iter().zip(map.get_many(&keys)) {
                    assert_eq!(found.map(|found| found.name), model.get(&key.name).copied());
                }
            } else {
                let found = map.contains_many(&keys);
                assert!(found.eq(keys.iter().map(|key| model.contains_key(&key.name))));
            }
        } else if !refusing {
            let entries = names.clone().chain(names.clone().step_by(3)).map(|name| {
                tick();
                (Counted::new(name), Counted::new(name ^ 7))
            });
            let before = model.len();
            let new = if kind == 2 {
                map.insert_many(entries)
            } else {
                map.extend(entries);
                map.len() - before
            };
            model.extend(names.map(|name| (name, name ^ 7)));
            assert_eq!(new, model.len() - before);
        }
    }

    /// A step of the walk that goes on over many operations.
    fn walk_on(&mut self, kind: u8, input: &mut Input<'_>) {
        let Pair { map, model, sweep } = self;
        let (budget, part) = (input.budget(), u16::from(input.byte() % 7) + 2);
        let mut asked = 0;
        let progress = match kind {
            4 | 5 => map.visit_step(sweep, budget, |key, value| {
                tick();
                asked += 1;
                let theirs = model.get_mut(&key.name).expect("in the map only");
                assert_eq!(value.name, *theirs);
                (value.name, *theirs) = (part, part);
            }),
            6 | 7 => map.retain_step(sweep, budget, |key, _| {
                tick();
                asked += 1;
                let stays = !key.name.is_multiple_of(part);
                if !stays {
                    model.remove(&key.name).expect("in the map only");
                }
                stays
            }),
            _ => map.extract_step(
                sweep,
                budget,
                |key, _| {
                    asked += 1;
                    key.name.is_multiple_of(part)
                },
                |key, value| {
                    assert_eq!(model.remove(&key.name), Some(value.name));
                    tick();
                },
            ),
        };
        assert_eq!(progress.entries, asked);
        assert_eq!(progress.is_done, sweep.is_done());
        if progress.is_done {
            *sweep = Sweep::new();
        }
    }

    fn end_in_steps(&mut self, kind: u8, input: &mut Input<'_>) {
        let Pair { map, model, .. } = self;
        let (budget, steps) = (input.budget(), input.byte());
        match kind {
            10 => {
                let before = map.len();
                let progress = map.clear_step(budget);
                assert_eq!(map.len(), before - progress.entries);
                assert_eq!(progress.is_done, map.is_empty());
                let left: Vec<u16> = map.keys().map(|key| key.name).collect();
                model.retain(|name, _| left.contains(name));
            }
            11 => {
                let before = map.len();
                let progress = map.drain_step(budget, |key, value| {
                    assert_eq!(model.remove(&key.name), Some(value.name));
                    tick();
                });
                assert_eq!(map.len(), before - progress.entries);
            }
            12 => {
                while !map.clear_step(budget).is_done {}
                model.clear();
            }
            13 => {
                let part = u16::from(steps % 7) + 2;
                let most = usize::from(input.byte());
                let goes = |key: &Counted<BYTES>, _: &mut Counted<BYTES>| {
                    tick();
                    key.name.is_multiple_of(part)
                };
                for (key, value) in map.extract_if(goes).take(most) {
                    assert_eq!(model.remove(&key.name), Some(value.name));
                }
            }
            _ => {
                let mut reclaimer = map.take_reclaimer();
                for _ in 0..steps {
                    let before = reclaimer.len();
                    let progress = if kind == 14 {
                        reclaimer.step(budget)
                    } else {
                        reclaimer.step_with(budget, |key, value| {
                            assert_eq!(model.remove(&key.name), Some(value.name));
                            tick();
                        })
                    };
                    assert_eq!(progress.entries, before - reclaimer.len());
                    assert_eq!(ALIVE.get(), 2 * reclaimer.len() as i64);
                    if progress.is_done {
                        break;
                    }
                }
                // Abandoned, or done: the rest goes with it.
                model.clear();
                drop(reclaimer);
            }
        }
    }

    fn pace(&mut self, kind: u8, input: &mut Input<'_>, refusing: bool) {
        let map = &mut self.map;
        let number = usize::from(input.byte());
        match kind {
            16 | 17 => {
                map.begin_shrink();
            }
            18 => {
                map.begin_shrink_to(4 * number);
            }
            19 => map.set_shrink_policy(match number {
                0..50 => Shrink::WhenBelow(number as f32 / 100.0),
                _ => Shrink::Never,
            }),
            20 => {
                let before = map.capacity();
                map.shrink_to(number);
                assert!(map.capacity() >= map.len().max(number.min(before)));
            }
            21 => map.shrink_to_fit(),
            22 => {
                let more = 8 * number;
                if map.try_reserve_now(more).is_ok() {
                    assert!(!map.is_growing() && map.capacity() >= map.len() + more);
                } else {
                    assert!(refusing, "memory is refused without a reason");
                }
            }
            23 if !refusing => {
                map.reserve(2 * number);
                assert!(map.capacity() >= map.len() + 2 * number);
            }
            _ => {
                let progress = map.advance(tidemap::Budget::buckets(number));
                assert!(refusing || progress.is_done != map.has_pending_work());
            }
        }
    }

    fn entries(&mut self, kind: u8, input: &mut Input<'_>, refusing: bool) {
        let Pair { map, model, .. } = self;
        let (a, b) = (input.key(), input.key());
        let key = Counted::<BYTES>::new(a);
        match kind {
            26 if !refusing => {
                let mine = match map.entry_ref(&key) {
                    EntryRef::Occupied(entry) => entry.into_mut().name,
                    EntryRef::Vacant(entry) => {
                        let fresh = (Counted::new(a), Counted::new(b));
                        entry.insert_with_key(fresh.0, fresh.1).name
                    }
                };
                assert_eq!(mine, *model.entry(a).or_insert(b));
            }
            27 if a != b => {
                let other = Counted::<BYTES>::new(b);
                let mine = map.get_disjoint_mut([&key, &other]);
                let theirs = model.get_disjoint_mut([&a, &b]);
                for (mine, theirs) in mine.into_iter().zip(theirs) {
                    assert_eq!(
                        mine.as_ref().map(|mine| mine.name),
                        theirs.as_deref().copied()
                    );
                    if let (Some(mine), Some(theirs)) = (mine, theirs) {
                        (mine.name, *theirs) = (b, b);
                    }
                }
            }
            28 if !refusing && !model.contains_key(&a) && !map.contains_key(&key) => {
                // SAFETY: it was just looked for.
                let (_, value) = unsafe { map.insert_unique_unchecked(key, Counted::new(b)) };
                value.name = a;
                model.insert(a, a);
            }
            29 if !refusing => match map.try_insert(key, Counted::new(b)) {
                Ok(value) => assert_eq!((value.name, model.insert(a, b)), (b, None)),
                Err(TryInsertError::Occupied(error)) => {
                    assert_eq!(Some(&error.entry.get().name), model.get(&a));
                }
                Err(error) => panic!("memory is refused without a reason: {error}"),
            },
            30 if !refusing => {
                if let Entry::Occupied(entry) = map.entry(key) {
                    let stays = b.is_multiple_of(2);
                    let _ = entry.replace_entry_with(|_, value| {
                        tick();
                        stays.then_some(value)
                    });
                    if !stays {
                        model.remove(&a);
                    }
                }
            }
            31 => {
                let whole = std::mem::replace(map, empty_like(map));
                model.clear();
                if b.is_multiple_of(2) {
                    whole.into_keys().take(usize::from(b)).for_each(drop);
                } else {
                    whole.into_values().take(usize::from(b)).for_each(drop);
                }
            }
            _ => assert_eq!(
                map.get_key_value(&key)
                    .map(|(key, value)| (key.name, value.name)),
                model.get(&a).map(|value| (a, *value))
            ),
        }
    }
}
