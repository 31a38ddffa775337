//! The memory curve: resident bytes over two doublings, and while nine entries in ten go away.
//!
//! A process of its own grows one map and reads its resident memory at lengths spread evenly from
//! a quarter of the size to the size, then removes entries and goes on reading. What a map says of
//! its own bytes stands beside, where it does.

use serde::{Deserialize, Serialize};

use crate::contenders::{Contender, FixedHasher, Visitor, with_map};
use crate::figures::Figures;
use crate::keys::{KEY_SEED, SplitMix};
use crate::lanes::hasher;
use crate::launch::{LaunchError, ask};
use crate::memory::resident_bytes;
use crate::plot::{Axis, Line, Numbers, Page, Panel};

/// Readings while growing, after the first quarter.
const READINGS_GROWING: usize = 48;
/// Readings while removing.
const READINGS_REMOVING: usize = 36;
/// Of the entries, so many in a hundred are removed.
const REMOVED_PERCENT: usize = 90;

/// Memory at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Reading {
    /// Entries.
    pub len: usize,
    /// Resident bytes above those before the map.
    pub resident: Option<u64>,
    /// Bytes by the map's own account.
    pub own: Option<usize>,
}

/// What a process found.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Found {
    /// While growing.
    pub growing: Vec<Reading>,
    /// While removing.
    pub removing: Vec<Reading>,
    /// Operations whose answer was wrong.
    pub wrong: u64,
}

/// Runs in this process; `None` if no map is called `map`.
#[must_use]
pub fn run(map: &str, size: usize) -> Option<Found> {
    with_map(map, Curve { size })
}

struct Curve {
    size: usize,
}

impl Visitor<u64, u64, FixedHasher> for Curve {
    type Output = Found;
    fn visit<M: Contender<u64, u64> + Clone + 'static>(self) -> Found {
        // Warm what reading itself allocates.
        std::hint::black_box(resident_bytes());
        let mut found = Found {
            growing: Vec::with_capacity(READINGS_GROWING + 1),
            removing: Vec::with_capacity(READINGS_REMOVING),
            wrong: 0,
        };
        let before = resident_bytes();
        let read = |map: &M| Reading {
            len: map.len(),
            resident: resident_bytes()
                .zip(before)
                .map(|(now, before)| now.saturating_sub(before)),
            own: map.own_bytes(),
        };
        let key = |i: usize| SplitMix::at(KEY_SEED, i as u64);
        let mut map = M::begin(self.size, hasher());
        let mut at = 0;
        for i in 0..=READINGS_GROWING {
            let quarter = self.size / 4;
            let until = quarter + (self.size - quarter) * i / READINGS_GROWING;
            while at < until {
                found.wrong += u64::from(map.insert(key(at), at as u64).is_some());
                at += 1;
            }
            found.growing.push(read(&map));
        }
        let mut gone = 0;
        for i in 1..=READINGS_REMOVING {
            let until = self.size * REMOVED_PERCENT * i / (100 * READINGS_REMOVING);
            while gone < until {
                found.wrong += u64::from(map.remove(&key(gone)) != Some(gone as u64));
                gone += 1;
            }
            found.removing.push(read(&map));
        }
        found.wrong += map.len().abs_diff(self.size - gone) as u64;
        found
    }
}

/// Runs every map in a process of its own. The second part of the answer says which maps gave
/// wrong answers.
///
/// # Errors
/// If a process cannot be started, fails or prints something else.
pub fn compare(
    program: &std::path::Path,
    maps: &[String],
    size: usize,
    mut progress: impl FnMut(&str),
) -> Result<(Figures, Vec<String>), LaunchError> {
    let (mut figures, mut complaints) = (Figures::default(), Vec::new());
    for map in maps {
        progress(map);
        let arguments =
            ["memory-one", "--map", map, "--size", &size.to_string()].map(str::to_owned);
        let found: Found = ask(program, &arguments, map)?;
        if found.wrong > 0 {
            complaints.push(format!("{map} at {size}: {} wrong answers", found.wrong));
        }
        put(&mut figures, map, &found);
    }
    Ok((figures, complaints))
}

fn put(figures: &mut Figures, map: &str, found: &Found) {
    for (phase, readings) in [("growing", &found.growing), ("removing", &found.removing)] {
        for reading in readings {
            let (at, len) = (reading.len as f64, reading.len.max(1) as f64);
            let resident = reading.resident.map(|bytes| bytes as f64);
            let own = reading.own.map(|bytes| bytes as f64);
            let (all, each) = ("bytes", "bytes/entry");
            figures.add_if(&format!("resident-{phase}"), all, at, map, resident);
            figures.add_if(&format!("own-{phase}"), all, at, map, own);
            let per_entry = resident.map(|bytes| bytes / len);
            figures.add_if(
                &format!("resident-per-entry-{phase}"),
                each,
                at,
                map,
                per_entry,
            );
        }
    }
}

/// The figures as a page of plots.
#[must_use]
pub fn page(figures: &Figures, notes: Vec<String>) -> Page {
    let panel = |what: &str, title: &str, y: &str| Panel {
        title: title.to_owned(),
        x: Axis {
            label: "entries".to_owned(),
            numbers: Numbers::Counts,
            logarithmic: false,
        },
        y: Axis {
            label: y.to_owned(),
            numbers: Numbers::Counts,
            logarithmic: false,
        },
        lines: figures
            .maps()
            .into_iter()
            .map(|name| Line {
                points: figures.curve(what, &name),
                name,
            })
            .filter(|line| !line.points.is_empty())
            .collect(),
    };
    Page {
        title: "Memory over two doublings, and while nine entries in ten are removed (u64 → u64)"
            .to_owned(),
        notes,
        columns: 2,
        panels: vec![
            panel(
                "resident-per-entry-growing",
                "Growing",
                "resident bytes per entry",
            ),
            panel(
                "resident-removing",
                "Removing (read from right to left)",
                "resident bytes",
            ),
            panel("own-growing", "Growing, by the map's own account", "bytes"),
            panel(
                "own-removing",
                "Removing, by the map's own account",
                "bytes",
            ),
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contenders::MAP_NAMES;

    #[test]
    fn every_map_is_read_while_it_grows_and_empties() {
        for &map in MAP_NAMES {
            let found = run(map, 10_000).unwrap();
            assert_eq!(found.wrong, 0, "{map}");
            let lens = |readings: &[Reading]| (readings[0].len, readings.last().unwrap().len);
            assert_eq!(lens(&found.growing), (2500, 10_000));
            assert_eq!(lens(&found.removing), (9750, 1000));
        }
        assert!(run("btree", 10).is_none());
        assert_eq!(run("std", 1).unwrap().wrong, 0);
    }

    #[test]
    fn a_map_that_shrinks_is_seen_to() {
        let own = |map: &str| {
            let found = run(map, 200_000).unwrap();
            found.removing.last().unwrap().own.unwrap()
        };
        assert!(own("tidemap-shrinking") * 2 < own("tidemap"));
        let mut figures = Figures::default();
        put(&mut figures, "std", &run("std", 1000).unwrap());
        assert_eq!(page(&figures, Vec::new()).panels.len(), 4);
    }
}
