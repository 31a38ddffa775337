//! Growths: their kinds, how far one has come, how one ended.

/// How a map's array of buckets is being changed, a few buckets at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
#[non_exhaustive]
pub enum GrowthKind {
    /// Twice the buckets or more, in the same array.
    InPlace,
    /// Every entry moves to a larger array; the old one is given back.
    Relocating,
    /// The same number of buckets: chains are made short again.
    SameSize,
    /// Half the buckets.
    Shrink,
    /// The same number of buckets under a new seed of the hasher.
    Reseed,
}

impl GrowthKind {
    /// All kinds, in the order of [`GrowthCounts`].
    pub const ALL: [GrowthKind; 5] = [
        GrowthKind::InPlace,
        GrowthKind::Relocating,
        GrowthKind::SameSize,
        GrowthKind::Shrink,
        GrowthKind::Reseed,
    ];

    /// The word used in reports, labels and JSON.
    ///
    /// # Example
    /// ```
    /// assert_eq!(tidemap_probe::GrowthKind::InPlace.as_str(), "in-place");
    /// ```
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            GrowthKind::InPlace => "in-place",
            GrowthKind::Relocating => "relocating",
            GrowthKind::SameSize => "same-size",
            GrowthKind::Shrink => "shrink",
            GrowthKind::Reseed => "reseed",
        }
    }

    pub(crate) fn from_code(code: u64) -> Option<GrowthKind> {
        Self::ALL.get(usize::try_from(code).ok()?).copied()
    }
}

/// A number for each kind of growth.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct GrowthCounts {
    /// See [`GrowthKind::InPlace`].
    pub in_place: u64,
    /// See [`GrowthKind::Relocating`].
    pub relocating: u64,
    /// See [`GrowthKind::SameSize`].
    pub same_size: u64,
    /// See [`GrowthKind::Shrink`].
    pub shrink: u64,
    /// See [`GrowthKind::Reseed`].
    pub reseed: u64,
}

impl GrowthCounts {
    /// The number for one kind.
    ///
    /// # Example
    /// ```
    /// use tidemap_probe::{GrowthCounts, GrowthKind};
    ///
    /// let counts = GrowthCounts { shrink: 2, ..GrowthCounts::default() };
    /// assert_eq!((counts.of(GrowthKind::Shrink), counts.sum()), (2, 2));
    /// ```
    #[must_use]
    pub fn of(&self, kind: GrowthKind) -> u64 {
        match kind {
            GrowthKind::InPlace => self.in_place,
            GrowthKind::Relocating => self.relocating,
            GrowthKind::SameSize => self.same_size,
            GrowthKind::Shrink => self.shrink,
            GrowthKind::Reseed => self.reseed,
        }
    }

    /// All kinds together.
    #[must_use]
    pub fn sum(&self) -> u64 {
        GrowthKind::ALL
            .into_iter()
            .fold(0, |sum, kind| sum.wrapping_add(self.of(kind)))
    }
}

/// A growth, as far as it has come.
///
/// Times are nanoseconds since the [epoch](crate::Snapshot::epoch_unix_ns) of the observed process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct GrowthProgress {
    /// What kind of growth.
    pub kind: GrowthKind,
    /// Main buckets before.
    pub from_buckets: u64,
    /// Main buckets after.
    pub to_buckets: u64,
    /// Buckets of the old layout that have been dealt with, up to `from_buckets`.
    pub done_buckets: u64,
    /// When an operation triggered it.
    pub started_ns: u64,
    /// Entries in the map then.
    pub len_at_start: u64,
    /// Operations that paid a share.
    pub steps: u64,
    /// Entries moved so far.
    pub entries_moved: u64,
    /// Bytes of entries moved so far.
    pub bytes_moved: u64,
    /// Bytes given back to the system or the allocator on the way.
    pub bytes_released: u64,
    /// Time that operations spent in their shares, in nanoseconds.
    pub work_ns: u64,
    /// The longest of those shares, in nanoseconds.
    pub step_ns_max: u64,
}

impl GrowthProgress {
    /// `done_buckets / from_buckets`, from 0 to 1.
    #[must_use]
    pub fn done_share(&self) -> f64 {
        if self.from_buckets == 0 {
            return 1.0;
        }
        (self.done_buckets as f64 / self.from_buckets as f64).min(1.0)
    }
}

/// A growth that is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct GrowthDone {
    /// All of it.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub growth: GrowthProgress,
    /// When it ended, in nanoseconds since the epoch; memory that it left is released then.
    pub ended_ns: u64,
    /// Entries in the map then.
    pub len_at_end: u64,
    /// `false` if it was turned round, or given up for another growth or by `clear`.
    pub is_complete: bool,
}

impl GrowthDone {
    /// From the trigger to the end, in nanoseconds, the time between steps included.
    #[must_use]
    pub fn wall_ns(&self) -> u64 {
        self.ended_ns.saturating_sub(self.growth.started_ns)
    }
}
