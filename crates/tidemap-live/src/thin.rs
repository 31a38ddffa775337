//! Too many events: which are kept.

use tidemap_probe::{Event, EventKind};

/// Whether events of this kind come in crowds: steps, releases, overflows. Lists leave them out first.
///
/// # Example
/// ```
/// use tidemap_probe::EventKind;
///
/// assert!(!tidemap_live::is_frequent(&EventKind::Refused { len: 3 }));
/// ```
#[must_use]
pub fn is_frequent(kind: &EventKind) -> bool {
    matches!(
        kind,
        EventKind::Step { .. } | EventKind::Release { .. } | EventKind::Overflow { .. }
    )
}

/// Leaves at most `max` events, in order: the rare ones first, the latest of each. Gives the number of those that went.
#[cfg_attr(
    not(any(feature = "serve", feature = "record")),
    allow(dead_code, reason = "streams and recordings thin events out")
)]
pub(crate) fn thin(events: &mut Vec<Event>, max: usize) -> u64 {
    if events.len() <= max {
        return 0;
    }
    let before = events.len();
    let rare = events
        .iter()
        .filter(|event| !is_frequent(&event.kind))
        .count();
    let mut surplus_frequent = (before - rare).saturating_sub(max.saturating_sub(rare));
    let mut surplus_rare = rare.saturating_sub(max);
    events.retain(|event| {
        let surplus = if is_frequent(&event.kind) {
            &mut surplus_frequent
        } else {
            &mut surplus_rare
        };
        let goes = *surplus > 0;
        *surplus -= usize::from(goes);
        !goes
    });
    (before - events.len()) as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use tidemap_probe::{GrowthKind, MapId};

    fn events(steps: u64, others: u64) -> Vec<Event> {
        let step = EventKind::Step {
            kind: GrowthKind::InPlace,
            ns: 1,
            entries_moved: 1,
            done_buckets: 1,
            from_buckets: 2,
            bytes_held: 3,
            len: 4,
        };
        let all = (0..steps)
            .map(|_| step)
            .chain((0..others).map(|len| EventKind::Refused { len }));
        all.zip(0..)
            .map(|(kind, sequence)| Event {
                sequence,
                time_ns: sequence,
                map: MapId(2048),
                kind,
            })
            .collect()
    }

    #[test]
    fn crowds_give_way_to_what_is_rare() {
        let check = |steps: u64, others: u64| {
            let mut kept = events(steps, others);
            let gone = thin(&mut kept, 256);
            assert_eq!(kept.len() as u64 + gone, steps + others);
            assert!(kept.len() <= 256);
            assert!(
                kept.windows(2)
                    .all(|pair| pair[0].sequence < pair[1].sequence)
            );
            let rare = kept.iter().filter(|event| !is_frequent(&event.kind));
            assert_eq!(rare.count() as u64, others.min(256));
            assert_eq!(kept.last().map(|e| e.sequence), Some(steps + others - 1));
        };
        check(10, 5);
        check(10_000, 5);
        check(10_000, 300);
        check(0, 10_000);
    }
}
