//! Durations in powers of two: 64 cells, whatever comes.

/// Cells of a [`Histogram`].
pub const CELLS: usize = 64;

/// How many durations fell into each power of two of nanoseconds: cell `i` counts those from
/// `2^i` to `2^(i+1) - 1`, cell 0 those of 0 and 1.
///
/// # Example
/// ```
/// use tidemap_probe::Histogram;
///
/// let mut steps = Histogram::default();
/// steps.add(700);
/// steps.add(900);
/// assert_eq!(steps.cells[9], 2); // 512 to 1023 ns
/// assert_eq!(steps.quantile_max_ns(0.99), Some(1023));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(from = "Vec<u64>", into = "Vec<u64>"))]
pub struct Histogram {
    /// The counts.
    pub cells: [u64; CELLS],
}

impl Default for Histogram {
    fn default() -> Histogram {
        Histogram { cells: [0; CELLS] }
    }
}

impl Histogram {
    /// The cell of a duration.
    #[must_use]
    pub fn cell_of(ns: u64) -> usize {
        (ns | 1).ilog2() as usize
    }

    /// The longest duration that a cell counts, in nanoseconds.
    #[must_use]
    pub fn cell_max_ns(cell: usize) -> u64 {
        match cell {
            0..=62 => (2 << cell) - 1,
            _ => u64::MAX,
        }
    }

    /// Counts a duration.
    pub fn add(&mut self, ns: u64) {
        let cell = &mut self.cells[Self::cell_of(ns)];
        *cell = cell.wrapping_add(1);
    }

    /// All durations counted.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.cells.iter().fold(0, |sum, n| sum.wrapping_add(*n))
    }

    /// A bound that at least this share (0 to 1) of the durations keep to, in nanoseconds: the end of
    /// a cell, so up to twice the exact quantile. `None` if nothing was counted.
    #[must_use]
    pub fn quantile_max_ns(&self, share: f64) -> Option<u64> {
        let count = self.count();
        let rank = (share.clamp(0.0, 1.0) * count as f64).ceil().max(1.0) as u64;
        let mut seen = 0u64;
        for (cell, n) in self.cells.iter().enumerate() {
            seen = seen.wrapping_add(*n);
            if seen >= rank {
                return Some(Self::cell_max_ns(cell));
            }
        }
        None
    }

    pub(crate) fn merge(&mut self, other: &Histogram) {
        for (mine, theirs) in self.cells.iter_mut().zip(other.cells) {
            *mine = mine.wrapping_add(theirs);
        }
    }
}

/// Missing cells are 0, those behind the last are ignored.
impl From<Vec<u64>> for Histogram {
    fn from(counts: Vec<u64>) -> Histogram {
        let mut histogram = Histogram::default();
        for (cell, n) in histogram.cells.iter_mut().zip(counts) {
            *cell = n;
        }
        histogram
    }
}

/// Without the empty cells at the end.
impl From<Histogram> for Vec<u64> {
    fn from(histogram: Histogram) -> Vec<u64> {
        let used = histogram.cells.iter().rposition(|n| *n > 0);
        histogram.cells[..used.map_or(0, |last| last + 1)].to_vec()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_duration_has_its_cell() {
        for (ns, cell) in [(0, 0), (1, 0), (2, 1), (3, 1), (4, 2), (1 << 40, 40)] {
            assert_eq!(Histogram::cell_of(ns), cell, "{ns} ns");
            assert!(ns <= Histogram::cell_max_ns(cell));
        }
        assert_eq!(Histogram::cell_of(u64::MAX), 63);
        assert_eq!(Histogram::cell_max_ns(63), u64::MAX);
        assert_eq!(Histogram::cell_max_ns(62), (1 << 63) - 1);
    }

    #[test]
    fn quantiles_are_ends_of_cells() {
        let mut histogram = Histogram::default();
        assert_eq!(histogram.quantile_max_ns(0.5), None);
        for _ in 0..99 {
            histogram.add(100);
        }
        histogram.add(1_000_000);
        assert_eq!(histogram.quantile_max_ns(0.0), Some(127));
        assert_eq!(histogram.quantile_max_ns(0.99), Some(127));
        assert_eq!(histogram.quantile_max_ns(1.0), Some((1 << 20) - 1));
        let cells: Vec<u64> = histogram.into();
        assert_eq!(cells.len(), 20);
        assert_eq!(Histogram::from(cells), histogram);
    }
}
