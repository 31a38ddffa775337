//! Operations on sets, beside std's.

use std::collections::HashSet as Model;

use tidemap::{HashSet, Shrink, Sweep};

use super::fixtures::{Counted, Counting, Input, Masked, tick};
use super::{Fault, Subject};

type Set<const BYTES: usize> = HashSet<Counted<BYTES>, Masked, Counting>;

/// Set and model.
pub(super) struct Pair<const BYTES: usize> {
    set: Set<BYTES>,
    model: Model<u16>,
    sweep: Sweep,
}

impl<const BYTES: usize> Pair<BYTES> {
    pub(super) fn new(hasher: Masked, alloc: Counting) -> Self {
        Pair {
            set: HashSet::with_hasher_in(hasher, alloc),
            model: Model::new(),
            sweep: Sweep::new(),
        }
    }

    /// Another set, of a run of elements.
    fn other(&self, input: &mut Input<'_>) -> (Set<BYTES>, Model<u16>) {
        let names = input.run();
        let (hasher, alloc) = (*self.set.hasher(), self.set.allocator().clone());
        let mut other = HashSet::with_hasher_in(hasher, alloc);
        other.insert_many(names.clone().map(Counted::new));
        (other, names.collect())
    }
}

impl<const BYTES: usize> Subject for Pair<BYTES> {
    fn operate(&mut self, input: &mut Input<'_>, _: Fault) {
        let kind = input.byte() % 26;
        if kind >= 18 {
            let (other, theirs) = self.other(input);
            let Pair { set, model, .. } = self;
            let count = |elements: Vec<&Counted<BYTES>>, wanted: Vec<&u16>| {
                let mut mine: Vec<_> = elements.iter().map(|element| element.name).collect();
                let mut theirs: Vec<_> = wanted.into_iter().copied().collect();
                mine.sort_unstable();
                theirs.sort_unstable();
                assert_eq!(mine, theirs);
            };
            match kind {
                18 => count(set.union(&other).collect(), model.union(&theirs).collect()),
                19 => {
                    let wanted = model.intersection(&theirs).collect();
                    count(set.intersection(&other).collect(), wanted);
                }
                20 => {
                    let wanted = model.difference(&theirs).collect();
                    count(set.difference(&other).collect(), wanted);
                }
                21 => {
                    let wanted = model.symmetric_difference(&theirs).collect();
                    count(set.symmetric_difference(&other).collect(), wanted);
                }
                22 => assert_eq!(set.is_subset(&other), model.is_subset(&theirs)),
                23 => assert_eq!(set.is_superset(&other), model.is_superset(&theirs)),
                24 => assert_eq!(set.is_disjoint(&other), model.is_disjoint(&theirs)),
                _ => assert_eq!(*set == other, *model == theirs),
            }
            return;
        }
        let Pair { set, model, sweep } = self;
        match kind {
            0..3 => {
                for name in input.run() {
                    assert_eq!(set.insert(Counted::new(name)), model.insert(name));
                }
            }
            3 | 4 => {
                for name in input.run() {
                    assert_eq!(set.remove(&Counted::new(name)), model.remove(&name));
                }
            }
            5 => {
                let name = input.key();
                let old = set.replace(Counted::new(name));
                assert_eq!(old.map(|old| old.name), model.replace(name));
            }
            6 => {
                let name = input.key();
                let old = set.take(&Counted::new(name));
                assert_eq!(old.map(|old| old.name), model.take(&name));
            }
            7 => {
                let name = input.key();
                assert_eq!(set.get_or_insert(Counted::new(name)).name, name);
                model.insert(name);
            }
            8 => {
                let name = input.key();
                let wanted = Counted::<BYTES>::new(name);
                let make = |wanted: &Counted<BYTES>| {
                    tick();
                    Counted::new(wanted.name)
                };
                assert_eq!(set.get_or_insert_with(&wanted, make).name, name);
                model.insert(name);
            }
            9 => {
                let name = input.key();
                set.entry(Counted::new(name)).or_insert();
                model.insert(name);
            }
            10 => {
                let keys: Vec<_> = input.run().map(Counted::<BYTES>::new).collect();
                for (key, found) in keys.iter().zip(set.get_many(&keys)) {
                    assert_eq!(found.map(|found| &found.name), model.get(&key.name));
                }
                let found = set.contains_many(&keys);
                assert!(found.eq(keys.iter().map(|key| model.contains(&key.name))));
            }
            11 => {
                let part = u16::from(input.byte() % 7) + 2;
                let progress = set.retain_step(sweep, input.budget(), |element| {
                    tick();
                    let stays = !element.name.is_multiple_of(part);
                    if !stays {
                        model.remove(&element.name);
                    }
                    stays
                });
                if progress.is_done {
                    *sweep = Sweep::new();
                }
            }
            12 => {
                let (budget, steps) = (input.budget(), input.byte());
                let mut reclaimer = set.take_reclaimer();
                for _ in 0..steps {
                    reclaimer.step_with(budget, |element, ()| {
                        assert!(model.remove(&element.name));
                        tick();
                    });
                    assert_eq!(reclaimer.len(), model.len());
                }
                model.clear();
            }
            13 => {
                set.drain_step(input.budget(), |element| {
                    assert!(model.remove(&element.name));
                });
            }
            14 => {
                set.begin_shrink();
                set.set_shrink_policy(Shrink::WhenBelow(f32::from(input.byte()) / 512.0));
            }
            15 => {
                set.advance(input.budget());
            }
            16 => {
                let copy = set.clone();
                assert!(copy == *set);
                *set = copy;
            }
            _ => {
                let part = u16::from(input.byte() % 7) + 2;
                set.retain(|element| {
                    tick();
                    !element.name.is_multiple_of(part)
                });
                model.retain(|name| !name.is_multiple_of(part));
            }
        }
    }

    fn resume(&mut self) {
        self.set.check_invariants();
        self.model.clear();
        for element in &self.set {
            assert!(
                self.model.insert(element.name),
                "{} is there twice",
                element.name
            );
        }
    }

    fn check(&self) -> i64 {
        self.set.check_invariants();
        assert_eq!(self.set.len(), self.model.len());
        self.set.len() as i64
    }

    fn compare(&self) {
        assert!(
            self.set
                .iter()
                .all(|element| self.model.contains(&element.name))
        );
        assert_eq!(self.set.iter().count(), self.model.len());
    }
}
