//! Being observed: a map's row in the registry of `tidemap-probe`.
//!
//! What is written when, and what it costs: `raw/probe.rs` and `docs/probe.md`.

use core::panic::Location;

use tidemap_probe::MapId;

use crate::alloc::Allocator;
use crate::map::HashMap;
use crate::set::HashSet;
use crate::table_api::HashTable;

impl<K, V, S, A: Allocator + Clone> HashMap<K, V, S, A> {
    /// Gives the map a row in the registry under this name, which
    /// [`tidemap_probe::snapshot`](https://docs.rs/tidemap-probe) and all exporters read. Only slow paths
    /// write it; look-ups, and insertions that do nothing slow, cost what they cost before.
    ///
    /// The calling line is noted as the place that made the map. Of a name longer than 64 bytes
    /// the end is kept. Names need not be unique. A map that has a row already begins a new one. The row goes where
    /// the map goes (`mem::swap`, `into_iter`), is not inherited by clones, and is free again when the map is
    /// dropped. When all rows are taken the map shares one with others.
    ///
    /// # Example
    /// ```
    /// let mut sessions = tidemap::HashMap::new();
    /// sessions.observe("observe-example");
    /// sessions.extend((0..10_000u64).map(|id| (id, id)));
    ///
    /// let snapshot = tidemap_probe::snapshot();
    /// let row = snapshot.named("observe-example").expect("it is observed");
    /// assert!(row.gauges.len <= 10_000 && 10_000 <= row.gauges.len_max);
    /// assert!(row.counters.growths.sum() > 0 || row.is_growing() || row.gauges.capacity >= 10_000);
    /// ```
    #[track_caller]
    pub fn observe(&mut self, name: &str) {
        self.table.observe::<K, V>(name, Location::caller());
    }

    /// Writes the present length and memory to the map's row, which is otherwise done in slow paths
    /// only. Does nothing if the map is not observed.
    ///
    /// # Example
    /// ```
    /// let mut map: tidemap::HashMap<u32, u32> = (0..10_000).map(|i| (i, i)).collect();
    /// map.observe("refresh-example");
    /// map.retain(|key, _| key % 2 == 0);
    /// map.probe_refresh();
    /// assert_eq!(tidemap_probe::snapshot().named("refresh-example").unwrap().gauges.len, 5_000);
    /// ```
    pub fn probe_refresh(&mut self) {
        self.table.probe_changed();
    }

    /// The map's number in the registry; `None` if it is not observed or has not got a row yet.
    ///
    /// # Example
    /// ```
    /// let mut map: tidemap::HashMap<u8, u8> = tidemap::HashMap::new();
    /// assert_eq!(map.probe_id(), None);
    /// map.observe("id-example");
    /// let row = tidemap_probe::describe(map.probe_id().expect("a number")).expect("a row");
    /// assert_eq!(row.key_type, "u8");
    /// ```
    #[must_use]
    pub fn probe_id(&self) -> Option<MapId> {
        self.table.probe_id()
    }
}

impl<T, S, A: Allocator + Clone> HashSet<T, S, A> {
    /// As [`HashMap::observe`].
    #[track_caller]
    pub fn observe(&mut self, name: &str) {
        self.map.observe(name);
    }

    /// As [`HashMap::probe_refresh`].
    pub fn probe_refresh(&mut self) {
        self.map.probe_refresh();
    }

    /// As [`HashMap::probe_id`].
    #[must_use]
    pub fn probe_id(&self) -> Option<MapId> {
        self.map.probe_id()
    }
}

impl<T, A: Allocator + Clone> HashTable<T, A> {
    /// As [`HashMap::observe`].
    #[track_caller]
    pub fn observe(&mut self, name: &str) {
        self.table.observe::<T, ()>(name, Location::caller());
    }

    /// As [`HashMap::probe_refresh`].
    pub fn probe_refresh(&mut self) {
        self.table.probe_changed();
    }

    /// As [`HashMap::probe_id`].
    #[must_use]
    pub fn probe_id(&self) -> Option<MapId> {
        self.table.probe_id()
    }
}
