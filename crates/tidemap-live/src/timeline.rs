//! The past as a bounded series of points: sums over all maps, and what went on between two looks.
//!
//! When the series is full, neighbours are joined in pairs: it always reaches back to the beginning, and grows
//! coarser instead of longer.

use serde::{Deserialize, Serialize};
use tidemap_probe::{Counters, GrowthCounts, GrowthKind, Histogram, MapRow, Snapshot};

/// Points that a timeline has at most.
pub const POINTS_MAX: usize = 600;

/// A moment, and the time since the point before it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// When, in nanoseconds since the epoch.
    pub time_ns: u64,
    /// Nanoseconds since the point before; the figures of the second kind are about them.
    pub span_ns: u64,
    /// Maps that live.
    pub maps: u64,
    /// Entries of all maps.
    pub entries: u64,
    /// Bytes in use, without old arrays.
    pub bytes_live: u64,
    /// Bytes held by old arrays.
    pub bytes_old: u64,
    /// Maps that are growing.
    pub growing: u64,
    /// In the span: growths that were finished.
    pub growths: GrowthCounts,
    /// In the span: nanoseconds that operations paid for growths.
    pub growth_ns: u64,
    /// In the span: entries moved.
    pub entries_moved: u64,
    /// In the span: how long steps took.
    pub steps: Histogram,
}

impl Point {
    /// `later` right after `self` as one point: the state of the later one, the sums of both.
    #[must_use]
    pub fn joined(&self, later: &Point) -> Point {
        let mut growths = later.growths;
        let kinds = [
            (&mut growths.in_place, GrowthKind::InPlace),
            (&mut growths.relocating, GrowthKind::Relocating),
            (&mut growths.same_size, GrowthKind::SameSize),
            (&mut growths.shrink, GrowthKind::Shrink),
            (&mut growths.reseed, GrowthKind::Reseed),
        ];
        for (sum, kind) in kinds {
            *sum = sum.saturating_add(self.growths.of(kind));
        }
        let mut steps = later.steps;
        for (sum, n) in steps.cells.iter_mut().zip(self.steps.cells) {
            *sum = sum.saturating_add(n);
        }
        Point {
            span_ns: self.span_ns.saturating_add(later.span_ns),
            // A short growth or peak must not vanish when points are joined.
            bytes_live: self.bytes_live.max(later.bytes_live),
            bytes_old: self.bytes_old.max(later.bytes_old),
            growing: self.growing.max(later.growing),
            growths,
            growth_ns: self.growth_ns.saturating_add(later.growth_ns),
            entries_moved: self.entries_moved.saturating_add(later.entries_moved),
            steps,
            ..*later
        }
    }

    /// The point between two looks, given their times, the rows that live now and the counters of both.
    fn between(
        (before_ns, before): (u64, &Counters),
        (time_ns, now): (u64, &Counters),
        rows: impl Iterator<Item = impl std::borrow::Borrow<MapRow>>,
    ) -> Point {
        let since = |f: fn(&Counters) -> u64| f(now).saturating_sub(f(before));
        let of = |kind| now.growths.of(kind).saturating_sub(before.growths.of(kind));
        let mut steps = now.step_ns;
        for (n, old) in steps.cells.iter_mut().zip(before.step_ns.cells) {
            *n = n.saturating_sub(old);
        }
        let mut point = Point {
            time_ns,
            span_ns: time_ns.saturating_sub(before_ns),
            maps: 0,
            entries: 0,
            bytes_live: 0,
            bytes_old: 0,
            growing: 0,
            growths: GrowthCounts {
                in_place: of(GrowthKind::InPlace),
                relocating: of(GrowthKind::Relocating),
                same_size: of(GrowthKind::SameSize),
                shrink: of(GrowthKind::Shrink),
                reseed: of(GrowthKind::Reseed),
            },
            growth_ns: since(|c| c.growth_ns),
            entries_moved: since(|c| c.entries_moved),
            steps,
        };
        for row in rows {
            let row = row.borrow();
            let gauges = &row.gauges;
            point.maps = point.maps.saturating_add(gauges.maps);
            point.entries = point.entries.saturating_add(gauges.len);
            point.bytes_live = point.bytes_live.saturating_add(gauges.bytes_live);
            point.bytes_old = point.bytes_old.saturating_add(gauges.bytes_old);
            point.growing += u64::from(row.is_growing());
        }
        point
    }
}

/// See the module. Of all maps together, or of one.
#[derive(Debug, Clone, Default)]
pub struct Timeline {
    points: Vec<Point>,
    last: Option<(u64, Counters)>,
    /// Looks that one point is made of.
    looks_per_point: u32,
    looks_in_last: u32,
}

impl Timeline {
    /// Adds a look at all maps. Looks that are not later than the one before are ignored.
    ///
    /// # Example
    /// ```
    /// let mut past = tidemap_live::Timeline::default();
    /// past.add(&tidemap_probe::snapshot());
    /// past.add(&tidemap_probe::snapshot());
    /// assert_eq!(past.points().count(), 2);
    /// ```
    pub fn add(&mut self, snapshot: &Snapshot) {
        let rows = snapshot.maps.iter().chain(&snapshot.other);
        self.push(snapshot.time_ns, snapshot.totals(), rows);
    }

    /// Adds a look at one map.
    pub fn add_row(&mut self, time_ns: u64, row: &MapRow) {
        self.push(time_ns, row.counters, [row].into_iter());
    }

    fn push<'a>(&mut self, time_ns: u64, now: Counters, rows: impl Iterator<Item = &'a MapRow>) {
        // What happened before the first look belongs to no span.
        let (before_ns, before) = self.last.unwrap_or((time_ns, now));
        if self.last.is_some() && time_ns <= before_ns {
            return;
        }
        self.last = Some((time_ns, now));
        let point = Point::between((before_ns, &before), (time_ns, &now), rows);
        match self.points.last_mut() {
            Some(last) if self.looks_in_last < self.looks_per_point => {
                *last = last.joined(&point);
                self.looks_in_last += 1;
            }
            _ => {
                self.points.push(point);
                self.looks_in_last = 1;
                self.looks_per_point = self.looks_per_point.max(1);
            }
        }
        if self.points.len() > POINTS_MAX {
            self.points = self
                .points
                .chunks(2)
                .map(|pair| match pair {
                    [a, b] => a.joined(b),
                    rest => rest[0],
                })
                .collect();
            self.looks_per_point = self.looks_per_point.saturating_mul(2);
        }
    }

    /// The points, oldest first.
    pub fn points(&self) -> impl DoubleEndedIterator<Item = &Point> + ExactSizeIterator {
        self.points.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(time_ns: u64, growths: u64) -> Snapshot {
        let mut snapshot = tidemap_probe::snapshot();
        snapshot.maps.clear();
        snapshot.other = None;
        snapshot.time_ns = time_ns;
        snapshot.dropped = Counters::default();
        snapshot.dropped.growths.in_place = growths;
        snapshot.dropped.step_ns.cells[7] = growths * 2;
        snapshot
    }

    #[test]
    fn a_long_past_grows_coarser_and_loses_nothing() {
        let mut past = Timeline::default();
        let looks = 10 * POINTS_MAX as u64;
        for n in 0..looks {
            past.add(&look(1_000 + n * 10, 5 + n));
        }
        let points: Vec<Point> = past.points().copied().collect();
        assert!(
            points.len() <= POINTS_MAX && points.len() > POINTS_MAX / 4,
            "{}",
            points.len()
        );
        // Everything after the first look is in one of the spans.
        assert_eq!(
            points.iter().map(|p| p.growths.in_place).sum::<u64>(),
            looks - 1
        );
        assert_eq!(
            points.iter().map(|p| p.steps.count()).sum::<u64>(),
            2 * (looks - 1)
        );
        assert_eq!(
            points.iter().map(|p| p.span_ns).sum::<u64>(),
            (looks - 1) * 10
        );
        assert!(
            points
                .windows(2)
                .all(|pair| pair[0].time_ns < pair[1].time_ns)
        );
    }

    #[test]
    fn looks_out_of_order_are_ignored() {
        let mut past = Timeline::default();
        past.add(&look(100, 1));
        past.add(&look(100, 2));
        past.add(&look(90, 3));
        assert_eq!(past.points().count(), 1);
    }
}
