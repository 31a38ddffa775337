//! Events that two looks tell: for targets whose own events cannot be heard, such as another process.

use std::collections::BTreeMap;

use tidemap_probe::{Event, EventKind, MapId, MapRow, Snapshot};

/// Events that one comparison yields at most.
pub const CHANGES_MAX: usize = 4096;

/// What happened between two looks, as far as they show it: maps that came and went, growths that began or ended.
/// Events have the sequence 0 and the time of the later look where no better one is known. Steps are not told.
///
/// # Example
/// ```
/// let before = tidemap_probe::snapshot();
/// let map: tidemap::HashMap<u8, u8> = tidemap::HashMap::builder().name("changes-example").build();
/// let events = tidemap_live::changes::between(&before, &tidemap_probe::snapshot());
/// assert!(events.iter().any(|event| event.map == map.probe_id().unwrap() && event.kind.as_str() == "created"));
/// ```
#[must_use]
pub fn between(before: &Snapshot, now: &Snapshot) -> Vec<Event> {
    let old: BTreeMap<MapId, &MapRow> = before.maps.iter().map(|row| (row.id, row)).collect();
    let new: BTreeMap<MapId, &MapRow> = now.maps.iter().map(|row| (row.id, row)).collect();
    let mut events = Vec::new();
    for (id, row) in &new {
        changes_of(old.get(id).copied(), row, now.time_ns, &mut events);
    }
    for (id, row) in &old {
        if !new.contains_key(id) {
            let kind = EventKind::Drop {
                len: row.gauges.len,
                growths: row.counters.growths.sum(),
                age_ns: now.time_ns.saturating_sub(row.created_ns),
                bytes_held: row.gauges.bytes_held(),
            };
            events.push(event(now.time_ns, *id, kind));
        }
    }
    events.sort_by_key(|event| event.time_ns);
    events.truncate(CHANGES_MAX);
    events
}

fn event(time_ns: u64, map: MapId, kind: EventKind) -> Event {
    Event {
        sequence: 0,
        time_ns,
        map,
        kind,
    }
}

fn changes_of(old: Option<&MapRow>, row: &MapRow, now_ns: u64, events: &mut Vec<Event>) {
    let gauges = &row.gauges;
    if old.is_none() {
        let kind = EventKind::Created {
            entry_bytes: row.entry_bytes,
            len: gauges.len,
        };
        events.push(event(row.created_ns.min(now_ns), row.id, kind));
    }
    // The growths that the earlier look knew: running or ended.
    let known = |started_ns: u64| {
        old.is_some_and(|old| {
            let running = old.growth.iter().chain(&old.compaction);
            let ended = old.last_growth.iter().map(|done| &done.growth);
            running.chain(ended).any(|g| g.started_ns == started_ns)
        })
    };
    let ended = row.last_growth.filter(|done| {
        old.and_then(|old| old.last_growth)
            .is_none_or(|last| last.ended_ns != done.ended_ns)
    });
    let begun = row.growth.iter().chain(&row.compaction).copied();
    for growth in begun.chain(ended.map(|done| done.growth)) {
        if !known(growth.started_ns) {
            let kind = EventKind::GrowthBegin {
                kind: growth.kind,
                from_buckets: growth.from_buckets,
                to_buckets: growth.to_buckets,
                len: growth.len_at_start,
                bytes_held: gauges.bytes_held(),
                bytes_old: gauges.bytes_old,
            };
            events.push(event(growth.started_ns.min(now_ns), row.id, kind));
        }
    }
    if let Some(done) = ended {
        let kind = EventKind::GrowthEnd {
            kind: done.growth.kind,
            is_complete: done.is_complete,
            steps: done.growth.steps,
            entries_moved: done.growth.entries_moved,
            bytes_released: done.growth.bytes_released,
            work_ns: done.growth.work_ns,
            step_ns_max: done.growth.step_ns_max,
            len: done.len_at_end,
        };
        events.push(event(done.ended_ns.min(now_ns), row.id, kind));
    }
    if old.is_some_and(|old| old.counters.clears < row.counters.clears) {
        let kind = EventKind::Clear {
            bytes_held: gauges.bytes_held(),
        };
        events.push(event(row.updated_ns.min(now_ns), row.id, kind));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_life_is_told_by_looks() {
        let first = tidemap_probe::snapshot();
        let mut map: tidemap::HashMap<u64, u64> = tidemap::HashMap::builder().name("told").build();
        let id = map.probe_id().expect("a row");
        for n in 0..50_000 {
            map.insert(n, n);
        }
        map.finish();
        let second = tidemap_probe::snapshot();
        map.clear();
        drop(map);
        let third = tidemap_probe::snapshot();
        let words = |a: &Snapshot, b: &Snapshot| -> Vec<&str> {
            let mine = between(a, b).into_iter().filter(|e| e.map == id);
            mine.map(|event| event.kind.as_str()).collect()
        };
        assert_eq!(
            words(&first, &second),
            ["created", "growth_begin", "growth_end"]
        );
        assert_eq!(words(&second, &third), ["drop"]);
        assert_eq!(words(&second, &second), [""; 0]);
    }
}
