//! A snapshot as metrics see it: the largest maps, the others as one, the sums of all.

use tidemap_probe::{Counters, Gauges, GrowthProgress, MapRow, Snapshot};

/// Maps that are shown one by one unless told otherwise.
pub const MAPS_MAX: usize = 20;

/// What metrics show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Options {
    /// Maps that have series of their own: the largest by bytes held. Those beyond are added up as `other`.
    pub maps_max: usize,
}

impl Default for Options {
    fn default() -> Self {
        Options { maps_max: MAPS_MAX }
    }
}

impl Options {
    /// With another [`maps_max`](Options::maps_max).
    #[must_use]
    pub fn with_maps_max(mut self, maps_max: usize) -> Self {
        self.maps_max = maps_max;
        self
    }
}

/// See the file's head.
#[derive(Debug, Clone)]
pub(crate) struct View {
    /// Counters of all maps, living or gone.
    pub(crate) totals: Counters,
    /// The largest maps, then the others as one, if there are any.
    pub(crate) shown: Vec<Shown>,
    pub(crate) maps_created: u64,
    pub(crate) maps_dropped: u64,
    pub(crate) maps_folded: u64,
    pub(crate) rows_max: u64,
}

/// A map, or all the others.
#[derive(Debug, Clone)]
pub(crate) struct Shown {
    /// Its name, else where it was made.
    pub(crate) map: String,
    /// Its number in the process, `other` for the others.
    pub(crate) id: String,
    pub(crate) is_other: bool,
    pub(crate) key_type: String,
    pub(crate) value_type: String,
    pub(crate) site: String,
    pub(crate) gauges: Gauges,
    pub(crate) counters: Counters,
    /// Slots of all main buckets; 0 where that is not known.
    pub(crate) slots: u64,
    /// See [`wasted_bytes`].
    pub(crate) wasted_bytes: u64,
    /// Growths that go on.
    pub(crate) growing: u64,
    /// How long the oldest of them has been going on, in nanoseconds.
    pub(crate) growth_age_ns: u64,
    /// How far the first of them has come; `None` for the others.
    pub(crate) progress: Option<f64>,
    /// When its figures were written, in nanoseconds since 1970.
    pub(crate) updated_unix_ns: u64,
}

/// Bytes held that are no entry: free slots, tags, what an old array keeps. 0 for maps whose
/// entries have no known size.
pub(crate) fn wasted_bytes(row: &MapRow) -> u64 {
    if row.entry_bytes == 0 {
        return 0;
    }
    let used = row.gauges.len.saturating_mul(row.entry_bytes);
    row.gauges.bytes_held().saturating_sub(used)
}

impl View {
    pub(crate) fn new(snapshot: &Snapshot, options: Options) -> View {
        let mut maps: Vec<&MapRow> = snapshot.maps.iter().collect();
        maps.sort_by_key(|map| (std::cmp::Reverse(map.gauges.bytes_held()), map.id));
        let rest = maps.split_off(maps.len().min(options.maps_max));
        let mut shown: Vec<Shown> = maps.iter().map(|map| Shown::new(map, snapshot)).collect();
        let mut others = rest
            .into_iter()
            .chain(&snapshot.other)
            .map(|map| Shown::new(map, snapshot));
        if let Some(first) = others.next() {
            let mut other = Shown {
                map: "other".into(),
                id: "other".into(),
                is_other: true,
                key_type: String::new(),
                value_type: String::new(),
                site: String::new(),
                progress: None,
                ..first
            };
            others.for_each(|map| other.add(&map));
            shown.push(other);
        }
        View {
            totals: snapshot.totals(),
            shown,
            maps_created: snapshot.maps_created,
            maps_dropped: snapshot.maps_dropped,
            maps_folded: snapshot.maps_folded,
            rows_max: u64::from(snapshot.rows_max),
        }
    }
}

impl View {
    /// The maps that are shown by themselves.
    pub(crate) fn one_by_one(&self) -> impl Iterator<Item = &Shown> {
        self.shown.iter().filter(|map| !map.is_other)
    }
}

impl Shown {
    fn new(row: &MapRow, snapshot: &Snapshot) -> Shown {
        let growths: Vec<&GrowthProgress> = row.growth.iter().chain(&row.compaction).collect();
        let started = growths.iter().map(|growth| growth.started_ns).min();
        Shown {
            map: row.label(),
            id: row.id.to_string().trim_start_matches('#').to_owned(),
            is_other: false,
            key_type: row.key_type.clone(),
            value_type: row.value_type.clone(),
            site: row
                .site
                .as_ref()
                .map_or_else(String::new, |s| s.to_string()),
            gauges: row.gauges,
            counters: row.counters,
            slots: row
                .gauges
                .buckets
                .saturating_mul(row.gauges.slots_per_bucket),
            wasted_bytes: wasted_bytes(row),
            growing: growths.len() as u64,
            growth_age_ns: started.map_or(0, |ns| snapshot.time_ns.saturating_sub(ns)),
            progress: growths.first().map(|growth| growth.done_share()),
            updated_unix_ns: snapshot.epoch_unix_ns.saturating_add(row.updated_ns),
        }
    }

    /// Joins another map to the others.
    fn add(&mut self, map: &Shown) {
        let (mine, theirs) = (&mut self.gauges, &map.gauges);
        for (to, from) in [
            (&mut mine.len, theirs.len),
            (&mut mine.len_max, theirs.len_max),
            (&mut mine.capacity, theirs.capacity),
            (&mut mine.buckets, theirs.buckets),
            (&mut mine.overflow_buckets, theirs.overflow_buckets),
            (&mut mine.bytes_live, theirs.bytes_live),
            (&mut mine.bytes_old, theirs.bytes_old),
            (&mut mine.bytes_reserved, theirs.bytes_reserved),
            (&mut mine.bytes_peak, theirs.bytes_peak),
            (&mut mine.maps, theirs.maps),
            (&mut self.slots, map.slots),
            (&mut self.wasted_bytes, map.wasted_bytes),
            (&mut self.growing, map.growing),
        ] {
            *to = to.saturating_add(from);
        }
        mine.longest_chain = mine.longest_chain.max(theirs.longest_chain);
        mine.step_ns_max = mine.step_ns_max.max(theirs.step_ns_max);
        self.growth_age_ns = self.growth_age_ns.max(map.growth_age_ns);
        self.updated_unix_ns = self.updated_unix_ns.max(map.updated_unix_ns);
        self.counters.merge(&map.counters);
    }
}
