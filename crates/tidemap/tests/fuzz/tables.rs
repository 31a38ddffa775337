//! Operations on a table, whose hashes come from outside.

use std::collections::HashMap as Model;
use std::hash::BuildHasher;

use tidemap::HashTable;
use tidemap::hash_table::Entry;

use super::fixtures::{Counted, Counting, Input, Masked, tick};
use super::{Fault, Subject};

/// Table and model; a value is what its name is, twice.
pub(super) struct Pair<const BYTES: usize> {
    table: HashTable<(u16, Counted<BYTES>), Counting>,
    model: Model<u16, u16>,
    hasher: Masked,
}

impl<const BYTES: usize> Pair<BYTES> {
    pub(super) fn new(hasher: Masked, alloc: Counting) -> Self {
        Pair {
            table: HashTable::new_in(alloc),
            model: Model::new(),
            hasher,
        }
    }
}

impl<const BYTES: usize> Subject for Pair<BYTES> {
    fn operate(&mut self, input: &mut Input<'_>, _: Fault) {
        let Pair {
            table,
            model,
            hasher,
        } = self;
        let hash = |name: u16| hasher.hash_one(name);
        let rehash = |entry: &(u16, Counted<BYTES>)| {
            tick();
            hasher.hash_one(entry.0)
        };
        match input.byte() % 16 {
            0..4 => {
                for name in input.run() {
                    match table.entry(hash(name), |entry| entry.0 == name, rehash) {
                        Entry::Occupied(mut entry) => entry.get_mut().1.name = name,
                        Entry::Vacant(entry) => {
                            entry.insert((name, Counted::new(name)));
                        }
                    }
                    model.insert(name, name);
                }
            }
            4 | 5 => {
                for name in input.run() {
                    match table.find_entry(hash(name), |entry| entry.0 == name) {
                        Ok(entry) => {
                            drop(entry.remove());
                            assert!(model.remove(&name).is_some());
                        }
                        Err(absent) => {
                            let _ = absent.into_table();
                            assert!(!model.contains_key(&name));
                        }
                    }
                }
            }
            6 => {
                // Taken out and put back at once: its room was kept.
                let name = input.key();
                let found = table.find_entry(hash(name), |entry| entry.0 == name);
                if let Ok(entry) = found {
                    let ((_, old), room) = entry.remove();
                    assert_eq!(model.get(&name), Some(&old.name));
                    room.insert((name, old));
                }
            }
            7 => {
                let name = input.key();
                if let Some(entry) = table.find_mut(hash(name), |entry| entry.0 == name) {
                    entry.1.name ^= 1;
                    *model.get_mut(&name).expect("in the table only") ^= 1;
                }
            }
            8 => {
                let name = input.key();
                let found = table.find(hash(name), |entry| entry.0 == name);
                assert_eq!(found.map(|entry| entry.1.name), model.get(&name).copied());
                if found.is_none() {
                    table.insert_unique(hash(name), (name, Counted::new(name)), rehash);
                    model.insert(name, name);
                }
            }
            9 => {
                let (a, b) = (input.key(), input.key());
                if a != b {
                    let found = table.get_disjoint_mut([hash(a), hash(b)], |index, entry| {
                        tick();
                        entry.0 == [a, b][index]
                    });
                    let theirs = model.get_disjoint_mut([&a, &b]);
                    for (mine, theirs) in found.into_iter().zip(theirs) {
                        assert_eq!(mine.is_some(), theirs.is_some());
                        if let (Some(mine), Some(theirs)) = (mine, theirs) {
                            (mine.1.name, *theirs) = (b, b);
                        }
                    }
                }
            }
            10 => {
                let more = usize::from(input.byte()) * 8;
                table.try_reserve(more, rehash).expect("memory is there");
                assert!(table.capacity() >= table.len() + more);
            }
            11 => table.finish(rehash),
            12 => {
                let part = u16::from(input.byte() % 7) + 2;
                table.retain(|entry| {
                    tick();
                    !entry.0.is_multiple_of(part)
                });
                model.retain(|name, _| !name.is_multiple_of(part));
            }
            13 => {
                let many = usize::from(input.byte());
                for (name, value) in table.drain().take(many) {
                    assert_eq!(model.remove(&name), Some(value.name));
                }
                model.clear();
            }
            14 => {
                for entry in table.iter_mut() {
                    entry.1.name ^= 2;
                }
                model.values_mut().for_each(|value| *value ^= 2);
            }
            _ => {
                table.clear();
                model.clear();
            }
        }
    }

    fn resume(&mut self) {
        self.model.clear();
        for (name, value) in &self.table {
            let twice = self.model.insert(*name, value.name);
            assert!(twice.is_none(), "{name} is there twice");
        }
    }

    fn check(&self) -> i64 {
        self.table
            .check_invariants(|entry| self.hasher.hash_one(entry.0));
        assert_eq!(self.table.len(), self.model.len());
        self.table.len() as i64
    }

    fn compare(&self) {
        for (name, value) in &self.table {
            assert_eq!(self.model.get(name), Some(&value.name));
        }
        assert_eq!(self.table.iter().count(), self.model.len());
    }
}
