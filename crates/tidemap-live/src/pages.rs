//! Maps in pages: a versioned schema, in the order of numbers, so that pages fit together while maps come and go.

use serde::{Deserialize, Serialize};
use tidemap_probe::{Counters, MapId, MapRow, Snapshot};

/// The version of [`Page`] as it is serialised; fields are only ever added within one.
pub const SCHEMA: &str = "tidemap-live/maps/1";
/// Maps of a page, unless asked for otherwise.
pub const LIMIT_DEFAULT: usize = 200;
/// Maps of a page at most.
pub const LIMIT_MAX: usize = tidemap_probe::ROWS_MAX;

/// Which maps are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Query {
    /// Maps with larger numbers only: the `next` of the page before.
    pub after: Option<MapId>,
    /// So many at most.
    pub limit: usize,
    /// Only those whose figures were written at this time or later, in nanoseconds since the epoch.
    pub since_ns: Option<u64>,
}

impl Default for Query {
    fn default() -> Query {
        Query {
            after: None,
            limit: LIMIT_DEFAULT,
            since_ns: None,
        }
    }
}

/// Some of the maps, and what is known of all.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Page {
    /// [`SCHEMA`].
    pub schema: String,
    /// As in [`Snapshot::pid`].
    pub pid: u32,
    /// As in [`Snapshot::epoch_unix_ns`].
    pub epoch_unix_ns: u64,
    /// As in [`Snapshot::time_ns`].
    pub time_ns: u64,
    /// As in [`Snapshot::maps_created`].
    pub maps_created: u64,
    /// As in [`Snapshot::maps_dropped`].
    pub maps_dropped: u64,
    /// As in [`Snapshot::maps_folded`].
    pub maps_folded: u64,
    /// As in [`Snapshot::rows_max`].
    pub rows_max: u32,
    /// Maps in all pages together, the other row not counted.
    pub maps_total: usize,
    /// As in [`Snapshot::dropped`]; with all rows it sums up to the totals.
    pub dropped: Counters,
    /// As in [`Snapshot::other`].
    pub other: Option<MapRow>,
    /// The maps of this page.
    pub maps: Vec<MapRow>,
    /// With `since`: the numbers of all maps that live, so that the reader forgets the others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ids: Option<Vec<MapId>>,
    /// What to pass as `after` for the next page; `None` on the last one.
    pub next: Option<MapId>,
}

impl Page {
    /// A page of a snapshot.
    ///
    /// # Example
    /// ```
    /// use tidemap_live::pages::{Page, Query};
    ///
    /// let page = Page::of(&tidemap_probe::snapshot(), &Query { limit: 10, ..Query::default() });
    /// assert!(page.maps.len() <= 10);
    /// ```
    #[must_use]
    pub fn of(snapshot: &Snapshot, query: &Query) -> Page {
        let mut rows: Vec<&MapRow> = snapshot
            .maps
            .iter()
            .filter(|row| query.after.is_none_or(|after| row.id > after))
            .filter(|row| query.since_ns.is_none_or(|since| row.updated_ns >= since))
            .collect();
        rows.sort_by_key(|row| row.id);
        let limit = query.limit.clamp(1, LIMIT_MAX);
        let next = match rows.get(limit) {
            Some(_) => rows.get(limit - 1).map(|row| row.id),
            None => None,
        };
        rows.truncate(limit);
        Page {
            schema: SCHEMA.to_owned(),
            pid: snapshot.pid,
            epoch_unix_ns: snapshot.epoch_unix_ns,
            time_ns: snapshot.time_ns,
            maps_created: snapshot.maps_created,
            maps_dropped: snapshot.maps_dropped,
            maps_folded: snapshot.maps_folded,
            rows_max: snapshot.rows_max,
            maps_total: snapshot.maps.len(),
            dropped: snapshot.dropped,
            other: snapshot.other.clone(),
            maps: rows.into_iter().cloned().collect(),
            ids: query
                .since_ns
                .map(|_| snapshot.maps.iter().map(|row| row.id).collect()),
            next,
        }
    }

    /// The page as a snapshot; `others` are the pages that follow it.
    #[must_use]
    pub fn into_snapshot(mut self, others: Vec<Page>) -> Snapshot {
        for page in others {
            self.maps.extend(page.maps);
        }
        Snapshot {
            schema: tidemap_probe::SCHEMA.to_owned(),
            pid: self.pid,
            epoch_unix_ns: self.epoch_unix_ns,
            time_ns: self.time_ns,
            maps: self.maps,
            other: self.other,
            dropped: self.dropped,
            maps_created: self.maps_created,
            maps_dropped: self.maps_dropped,
            maps_folded: self.maps_folded,
            rows_max: self.rows_max,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_join_to_the_whole() {
        let maps: Vec<tidemap::HashMap<u8, u8>> = (0..25)
            .map(|_| tidemap::HashMap::builder().name("paged").build())
            .collect();
        let mut snapshot = tidemap_probe::snapshot();
        snapshot.maps.retain(|row| row.name == "paged");
        assert_eq!(snapshot.maps.len(), maps.len());
        snapshot.maps.reverse();
        let mut found = Vec::new();
        let mut query = Query {
            limit: 10,
            ..Query::default()
        };
        loop {
            let page = Page::of(&snapshot, &query);
            assert_eq!((page.maps_total, &page.ids), (25, &None));
            found.push(page.clone());
            match page.next {
                Some(next) => query.after = Some(next),
                None => break,
            }
        }
        assert_eq!(
            found.iter().map(|p| p.maps.len()).collect::<Vec<_>>(),
            [10, 10, 5]
        );
        let first = found.remove(0);
        let whole = first.into_snapshot(found);
        let mut ids: Vec<MapId> = snapshot.maps.iter().map(|row| row.id).collect();
        ids.sort();
        assert_eq!(whole.maps.iter().map(|row| row.id).collect::<Vec<_>>(), ids);
        assert_eq!(whole.totals(), snapshot.totals());
    }

    #[test]
    fn since_leaves_out_what_stood_still() {
        let map: tidemap::HashMap<u8, u8> = tidemap::HashMap::builder().name("still").build();
        let id = map.probe_id().expect("a row");
        let snapshot = tidemap_probe::snapshot();
        let row = snapshot.map(id).expect("it lives");
        let ask = |since| {
            Page::of(
                &snapshot,
                &Query {
                    since_ns: Some(since),
                    limit: 5000,
                    ..Query::default()
                },
            )
        };
        let page = ask(row.updated_ns + 1);
        assert!(page.maps.iter().all(|row| row.id != id));
        assert!(page.ids.expect("all numbers").contains(&id));
        assert!(ask(row.updated_ns).maps.iter().any(|row| row.id == id));
    }
}
