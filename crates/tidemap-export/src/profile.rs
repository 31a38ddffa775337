//! Maps as a profile that `go tool pprof` opens.
//!
//! One sample per place, name and type. The stack is the code that made the map with the map itself
//! on top, so maps that one line makes are together, and `-diff_base` compares two looks. Labels
//! `map`, `type` and `site` are for `-tagfocus`. What dropped maps did and what shares the other row is there
//! under names in brackets.

use std::collections::BTreeMap;
use std::io::{self, Write};

use tidemap_formats::pprof::{Frame, Profile};
use tidemap_probe::{Counters, MapRow, Snapshot};

use crate::view::wasted_bytes;

/// What a sample counts: name and unit. The first is what pprof shows unless told otherwise.
pub const SAMPLE_TYPES: [(&str, &str); 6] = [
    ("live", "bytes"),
    ("wasted", "bytes"),
    ("old", "bytes"),
    ("growths", "count"),
    ("growth_time", "nanoseconds"),
    ("entries_moved", "count"),
];

type Values = [u64; SAMPLE_TYPES.len()];

/// Writes the profile of a snapshot, compressed as pprof wants it.
///
/// `live`, `wasted` and `old` are what maps hold now; `growths`, `growth_time` and `entries_moved` what they did
/// since they are observed.
///
/// # Errors
/// What `out` says, for instance that the disk is full.
///
/// # Example
/// ```
/// # fn main() -> std::io::Result<()> {
/// let mut file = Vec::new(); // or a file
/// tidemap_export::profile::write(&tidemap_probe::snapshot(), &mut file)?;
/// # Ok(())
/// # }
/// ```
pub fn write(snapshot: &Snapshot, out: impl Write) -> io::Result<()> {
    profile(snapshot).write(out)
}

fn profile(snapshot: &Snapshot) -> Profile {
    let mut groups: BTreeMap<Place, Values> = BTreeMap::new();
    let mut add = |place, values: Values| {
        let sums = groups.entry(place).or_default();
        for (sum, value) in sums.iter_mut().zip(values) {
            *sum = sum.saturating_add(value);
        }
    };
    for map in &snapshot.maps {
        add(Place::of(map), of_map(map));
    }
    if let Some(other) = &snapshot.other {
        add(Place::named("(maps without a row)"), of_map(other));
    }
    let dropped = of_counters(&snapshot.dropped);
    if dropped.iter().any(|n| *n > 0) {
        add(Place::named("(dropped maps)"), dropped);
    }
    let mut profile = Profile::new("", &SAMPLE_TYPES);
    for (place, values) in &groups {
        let labels = [
            ("map", &*place.name),
            ("type", &place.type_name),
            ("site", &place.site),
        ];
        let known: Vec<_> = labels.into_iter().filter(|(_, t)| !t.is_empty()).collect();
        profile.sample(&place.stack(), values, &known);
    }
    profile.comment(&format!("maps of process {}", snapshot.pid));
    profile.taken_at(snapshot.epoch_unix_ns.saturating_add(snapshot.time_ns));
    profile.covers(snapshot.time_ns);
    profile
}

fn of_map(map: &MapRow) -> Values {
    let mut values = of_counters(&map.counters);
    values[0] = map.gauges.bytes_live;
    values[1] = wasted_bytes(map);
    values[2] = map.gauges.bytes_old;
    values
}

fn of_counters(counters: &Counters) -> Values {
    let growths = counters.growths.sum();
    [0, 0, 0, growths, counters.growth_ns, counters.entries_moved]
}

/// What samples are put together by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    site: String,
    file: String,
    line: u32,
    name: String,
    type_name: String,
}

impl Place {
    fn of(map: &MapRow) -> Place {
        let type_name = match (&*map.key_type, &*map.value_type) {
            ("", _) => String::new(),
            (key, "") => format!("HashSet<{key}>"),
            (key, value) => format!("HashMap<{key}, {value}>"),
        };
        Place {
            site: map
                .site
                .as_ref()
                .map_or_else(String::new, |s| s.to_string()),
            file: map
                .site
                .as_ref()
                .map_or_else(String::new, |s| s.file.clone()),
            line: map.site.as_ref().map_or(0, |site| site.line),
            name: map.name.clone(),
            type_name,
        }
    }

    fn named(name: &str) -> Place {
        Place {
            site: String::new(),
            file: String::new(),
            line: 0,
            name: name.into(),
            type_name: String::new(),
        }
    }

    /// The place below, the map on top.
    fn stack(&self) -> Vec<Frame> {
        let at = |name: String| Frame {
            name,
            file: self.file.clone(),
            line: self.line,
        };
        let map = match (&*self.name, &*self.type_name) {
            ("", "") => "(unnamed)".to_owned(),
            (name, "") => name.to_owned(),
            ("", type_name) => type_name.to_owned(),
            (name, type_name) => format!("{name}: {type_name}"),
        };
        let mut stack = Vec::new();
        if !self.site.is_empty() {
            stack.push(at(self.site.clone()));
        }
        stack.push(at(map));
        stack
    }
}
