//! Growths of a replayed map, put together from the events of `tidemap-probe`.
//!
//! The observed pass says in which operations growths begin and end. Maps work alike on every run of a
//! workload, so a measured run, which nobody observes, notes its time at those operations.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};
use tidemap_probe::{Event, EventKind, GrowthKind, MapRow};

/// Finished growths that are kept: the latest.
const GROWTHS_MAX: usize = 64;

/// A growth as events tell it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SeenGrowth {
    /// The operation that triggered it.
    pub begin_op: u64,
    /// The operation that ended it; `None`: still going on at the end.
    pub end_op: Option<u64>,
    /// `false`: turned round or given up; `None`: still going on.
    pub is_complete: Option<bool>,
    pub kind: GrowthKind,
    pub from_buckets: u64,
    pub to_buckets: u64,
    pub done_buckets: u64,
    pub len_at_start: u64,
    pub len_at_end: u64,
    /// Operations that paid a share.
    pub steps: u64,
    pub entries_moved: u64,
    pub bytes_moved: u64,
    pub bytes_released: u64,
    /// Time that operations spent in their shares, on the observed map.
    pub work_ns: u64,
    /// The longest of those shares.
    pub step_ns_max: u64,
}

/// Listens to one map.
#[derive(Debug, Default)]
pub(crate) struct Timeline {
    entry_bytes: u64,
    /// A same-size growth may go on beside another one.
    open: [Option<SeenGrowth>; 2],
    done: VecDeque<SeenGrowth>,
}

fn place(kind: GrowthKind) -> usize {
    usize::from(kind == GrowthKind::SameSize)
}

impl Timeline {
    /// Of a map with entries of so many bytes.
    pub(crate) fn new(entry_bytes: u64) -> Self {
        Timeline {
            entry_bytes,
            ..Timeline::default()
        }
    }

    /// Takes in what happened in operation `op`.
    pub(crate) fn event(&mut self, op: u64, event: &Event) {
        match event.kind {
            EventKind::GrowthBegin {
                kind,
                from_buckets,
                to_buckets,
                len,
                ..
            } => {
                self.open[place(kind)] = Some(SeenGrowth {
                    begin_op: op,
                    end_op: None,
                    is_complete: None,
                    kind,
                    from_buckets,
                    to_buckets,
                    done_buckets: 0,
                    len_at_start: len,
                    len_at_end: len,
                    steps: 0,
                    entries_moved: 0,
                    bytes_moved: 0,
                    bytes_released: 0,
                    work_ns: 0,
                    step_ns_max: 0,
                });
            }
            EventKind::Step {
                kind, done_buckets, ..
            } => {
                if let Some(growth) = &mut self.open[place(kind)] {
                    growth.done_buckets = done_buckets;
                }
            }
            EventKind::GrowthEnd {
                kind,
                is_complete,
                steps,
                entries_moved,
                bytes_released,
                work_ns,
                step_ns_max,
                len,
            } => {
                let Some(mut growth) = self.open[place(kind)].take() else {
                    return;
                };
                growth.end_op = Some(op);
                growth.is_complete = Some(is_complete);
                if is_complete {
                    growth.done_buckets = growth.from_buckets;
                }
                growth.len_at_end = len;
                growth.steps = steps;
                growth.entries_moved = entries_moved;
                growth.bytes_moved = entries_moved * self.entry_bytes;
                growth.bytes_released = bytes_released;
                growth.work_ns = work_ns;
                growth.step_ns_max = step_ns_max;
                // What one operation did at once stands in its own time.
                if growth.begin_op < op {
                    self.done.push_back(growth);
                }
                if self.done.len() > GROWTHS_MAX {
                    self.done.pop_front();
                }
            }
            _ => {}
        }
    }

    /// All that was seen, oldest first; of what goes on, `row` knows how far it has come.
    pub(crate) fn finish(self, row: &MapRow) -> Vec<SeenGrowth> {
        let mut growths = Vec::from(self.done);
        let present = [row.growth, row.compaction];
        for (open, present) in self.open.into_iter().zip(present) {
            if let (Some(open), Some(now)) = (open, present) {
                growths.push(SeenGrowth {
                    done_buckets: now.done_buckets,
                    len_at_end: row.gauges.len,
                    steps: now.steps,
                    entries_moved: now.entries_moved,
                    bytes_moved: now.bytes_moved,
                    bytes_released: now.bytes_released,
                    work_ns: now.work_ns,
                    step_ns_max: now.step_ns_max,
                    ..open
                });
            }
        }
        growths.sort_by_key(|growth| growth.begin_op);
        growths
    }
}

/// The operations whose times a measured run notes, ascending, each once.
pub(crate) fn marks(growths: &[SeenGrowth]) -> Vec<u64> {
    let ends = growths.iter().filter_map(|growth| growth.end_op);
    let mut marks: Vec<u64> = growths
        .iter()
        .map(|growth| growth.begin_op)
        .chain(ends)
        .collect();
    marks.sort_unstable();
    marks.dedup();
    marks
}

#[cfg(test)]
mod tests {
    use super::*;
    use tidemap_probe::MapId;

    fn told(timeline: &mut Timeline, op: u64, kind: EventKind) {
        timeline.event(
            op,
            &Event {
                sequence: op,
                time_ns: op,
                map: MapId(1),
                kind,
            },
        );
    }

    fn begin(kind: GrowthKind) -> EventKind {
        EventKind::GrowthBegin {
            kind,
            from_buckets: 8,
            to_buckets: 16,
            len: 90,
            bytes_held: 1,
            bytes_old: 0,
        }
    }

    fn end(kind: GrowthKind, is_complete: bool) -> EventKind {
        EventKind::GrowthEnd {
            kind,
            is_complete,
            steps: 3,
            entries_moved: 40,
            bytes_released: 5,
            work_ns: 60,
            step_ns_max: 30,
            len: 99,
        }
    }

    fn row() -> MapRow {
        let map: tidemap::HashMap<u64, u64> = tidemap::HashMap::builder().name("timeline").build();
        tidemap_probe::describe(map.probe_id().expect("a row")).expect("the row")
    }

    #[test]
    fn growths_that_overlap_are_told_apart() {
        use GrowthKind::{InPlace, SameSize, Shrink};
        let mut timeline = Timeline::new(16);
        told(&mut timeline, 5, begin(SameSize));
        told(&mut timeline, 7, begin(InPlace));
        told(&mut timeline, 8, end(SameSize, true));
        told(&mut timeline, 9, end(InPlace, false));
        // At once, and one whose beginning nobody heard.
        told(&mut timeline, 11, begin(Shrink));
        told(&mut timeline, 11, end(Shrink, true));
        told(&mut timeline, 12, end(Shrink, true));
        let growths = timeline.finish(&row());
        let seen: Vec<_> = growths
            .iter()
            .map(|g| (g.kind, g.begin_op, g.end_op, g.is_complete))
            .collect();
        assert_eq!(
            seen,
            [
                (SameSize, 5, Some(8), Some(true)),
                (InPlace, 7, Some(9), Some(false))
            ]
        );
        assert_eq!(growths[0].bytes_moved, 40 * 16);
        assert_eq!((growths[0].done_buckets, growths[1].done_buckets), (8, 0));
        assert_eq!(marks(&growths), [5, 7, 8, 9]);
    }

    #[test]
    fn the_latest_are_kept() {
        let mut timeline = Timeline::new(1);
        for op in 0..1_000 {
            told(&mut timeline, 2 * op, begin(GrowthKind::InPlace));
            told(&mut timeline, 2 * op + 1, end(GrowthKind::InPlace, true));
        }
        let growths = timeline.finish(&row());
        assert_eq!(growths.len(), GROWTHS_MAX);
        assert_eq!(growths.last().map(|growth| growth.begin_op), Some(1_998));
    }
}
