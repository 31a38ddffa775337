//! What the hardware allows: five figures that no map can beat by much.
//!
//! They are taken in the same run as the maps, over as many bytes as hashbrown's table has, once in
//! pages of 4 KiB and, where the system grants them, in pages of 2 MiB:
//!
//! * *dependent access*: each address is known only from the line read before;
//! * *independent access*: random lines whose addresses are known early, so that they overlap;
//! * *read* and *copy*: bytes in sequence;
//! * *touch*: the first write to a page.
//!
//! [`Limits::of_workload`] says which of them bounds a workload, so that every time per operation
//! can be shown as a multiple of it.

use std::hint::black_box;

use memmap2::MmapMut;
use serde::Serialize;

use crate::cases::Workload;
use crate::keys::SplitMix;
use crate::measure::Stopwatch;
use crate::memory::huge_bytes;

/// Bytes of an ordinary page.
pub const PAGE_BYTES: usize = 4096;
/// Bytes of a huge page.
pub const HUGE_PAGE_BYTES: usize = 2 << 20;
const LINE_BYTES: usize = 64;
const WORD_BYTES: usize = size_of::<u64>();
/// A figure's measurement goes on for at least this long.
const MEASURE_NS_MIN: f64 = 3e6;
const ACCESSES: usize = 1 << 20;

type Line = [u8; LINE_BYTES];

/// The size of the pages of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pages {
    /// 4 KiB.
    Small,
    /// 2 MiB.
    Huge,
}

/// The figures over memory in pages of one size.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct MemoryLimits {
    /// One access whose address depends on the one before, ns.
    pub dependent_ns: f64,
    /// One of many accesses that may overlap, ns.
    pub independent_ns: f64,
    /// Bytes read in sequence per ns (that is, GB/s).
    pub read_bytes_per_ns: f64,
    /// Bytes copied in sequence per ns, each counted once.
    pub copy_bytes_per_ns: f64,
    /// The first write to a page of this size, ns.
    pub touch_ns: f64,
}

/// The figures of one run over one number of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Limits {
    /// The bytes.
    pub bytes: usize,
    /// In pages of 4 KiB.
    pub small: MemoryLimits,
    /// In pages of 2 MiB; absent where the system gave none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub huge: Option<MemoryLimits>,
}

/// Which figure bounds a workload, and how long it says one operation takes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bound {
    /// In words.
    pub what: &'static str,
    /// Per operation.
    pub ns: f64,
}

impl Limits {
    /// Measures over `bytes` bytes. Takes some tens of milliseconds, and for large blocks about
    /// 0.3 s per 100 MB.
    #[must_use]
    pub fn measure(bytes: usize) -> Limits {
        Limits {
            bytes,
            small: MemoryLimits::measure(bytes, Pages::Small)
                .expect("a system without huge pages has small ones"),
            huge: MemoryLimits::measure(bytes, Pages::Huge),
        }
    }

    /// What bounds `workload` for entries of `entry_bytes`, in pages of 4 KiB: one access to
    /// memory for what needs one, the entry's bytes in sequence for what visits all. Growing
    /// inserts need the pages of their entry besides. `None` where nothing is asked of memory.
    #[must_use]
    pub fn of_workload(&self, workload: Workload, entry_bytes: usize) -> Option<Bound> {
        let small = &self.small;
        let entry = entry_bytes as f64;
        let touch = small.touch_ns * entry / PAGE_BYTES as f64;
        let (what, ns) = match workload {
            Workload::DependentHit => ("dependent access", small.dependent_ns),
            Workload::Hit
            | Workload::Miss
            | Workload::BatchHit
            | Workload::BatchMiss
            | Workload::Remove => ("independent access", small.independent_ns),
            Workload::Churn => ("two independent accesses", 2.0 * small.independent_ns),
            Workload::PresizedInsert | Workload::GrowInsert => (
                "independent access and page touch",
                small.independent_ns + touch,
            ),
            Workload::Iterate => ("reading in sequence", entry / small.read_bytes_per_ns),
            Workload::Clone => (
                "copying in sequence and page touch",
                entry / small.copy_bytes_per_ns + touch,
            ),
            Workload::Drop | Workload::Memory | Workload::WorstInsert => return None,
        };
        Some(Bound { what, ns })
    }
}

impl MemoryLimits {
    /// Measures over `bytes` bytes; `None` if the system does not give such pages.
    #[must_use]
    pub fn measure(bytes: usize, pages: Pages) -> Option<MemoryLimits> {
        let bytes = bytes.max(16 * LINE_BYTES).next_multiple_of(PAGE_BYTES);
        let huge_before = huge_bytes();
        let mut block = block(bytes, pages)?;
        let touch_ns = touch_each_page(&mut block, pages);
        if pages == Pages::Huge {
            let got = huge_bytes()?.saturating_sub(huge_before?);
            if got < bytes as u64 / 2 {
                return None;
            }
        }
        let bytes = &mut block[..bytes];
        let (dependent_ns, independent_ns) = {
            let lines = bytes.as_chunks_mut::<LINE_BYTES>().0;
            (dependent(lines), independent(lines))
        };
        Some(MemoryLimits {
            dependent_ns,
            independent_ns,
            read_bytes_per_ns: read(bytes),
            copy_bytes_per_ns: copy(bytes),
            touch_ns,
        })
    }
}

/// Fresh memory of at least `bytes` bytes. Touching is not done yet, so the system decides about
/// pages then.
fn block(bytes: usize, pages: Pages) -> Option<MmapMut> {
    let bytes = match pages {
        Pages::Small => bytes,
        Pages::Huge => bytes.next_multiple_of(HUGE_PAGE_BYTES),
    };
    let map = MmapMut::map_anon(bytes).ok()?;
    #[cfg(target_os = "linux")]
    {
        let advice = match pages {
            Pages::Small => memmap2::Advice::NoHugePage,
            Pages::Huge => memmap2::Advice::HugePage,
        };
        // A kernel without huge pages refuses both; small ones are what it has.
        let taken = map.advise(advice).is_ok();
        (taken || pages == Pages::Small).then_some(map)
    }
    #[cfg(not(target_os = "linux"))]
    {
        (pages == Pages::Small).then_some(map)
    }
}

/// Nanoseconds of the first write to a page.
fn touch_each_page(block: &mut [u8], pages: Pages) -> f64 {
    let page_bytes = match pages {
        Pages::Small => PAGE_BYTES,
        Pages::Huge => HUGE_PAGE_BYTES,
    };
    let count = block.len().div_ceil(page_bytes);
    let watch = Stopwatch::start();
    for page in block.chunks_mut(page_bytes) {
        page[0] = 1;
    }
    let elapsed = watch.stop();
    black_box(block);
    elapsed.cpu_ns / count as f64
}

/// Nanoseconds of touching a fresh page of 4 KiB, over `bytes` bytes.
///
/// A virtual machine pays more for pages that none of its programs ever used; a call also serves to
/// touch memory once before anything is measured.
#[must_use]
pub fn first_touch_ns(bytes: usize) -> f64 {
    let pages = Pages::Small;
    block(bytes.max(PAGE_BYTES), pages)
        .map_or(f64::NAN, |mut block| touch_each_page(&mut block, pages))
}

/// Repeats `pass`, which does `work` units, until it has run long enough: ns per unit.
fn per_unit(work: usize, mut pass: impl FnMut()) -> f64 {
    let (mut passes, mut total) = (0_u32, 0.0);
    while total < MEASURE_NS_MIN {
        let watch = Stopwatch::start();
        pass();
        total += watch.stop_raw().cpu_ns;
        passes += 1;
    }
    total / (f64::from(passes) * work as f64)
}

fn first_word(line: &Line) -> usize {
    u64::from_ne_bytes(line.as_chunks::<WORD_BYTES>().0[0]) as usize
}

fn dependent(lines: &mut [Line]) -> f64 {
    let put = |line: &mut Line, value: usize| {
        line.as_chunks_mut::<WORD_BYTES>().0[0] = (value as u64).to_ne_bytes();
    };
    for (i, line) in lines.iter_mut().enumerate() {
        put(line, i);
    }
    // Sattolo's shuffle: one cycle through all lines.
    let mut random = SplitMix::new(1);
    for i in (1..lines.len()).rev() {
        let j = random.below(i);
        let (a, b) = (first_word(&lines[i]), first_word(&lines[j]));
        put(&mut lines[i], b);
        put(&mut lines[j], a);
    }
    let mut at = 0;
    for _ in 0..lines.len().min(ACCESSES) {
        at = first_word(&lines[at]);
    }
    per_unit(ACCESSES, || {
        for _ in 0..ACCESSES {
            at = first_word(&lines[at]);
        }
        black_box(at);
    })
}

fn independent(lines: &[Line]) -> f64 {
    let mut random = SplitMix::new(2);
    per_unit(ACCESSES, || {
        let mut sum = 0_usize;
        for _ in 0..ACCESSES {
            sum = sum.wrapping_add(first_word(&lines[random.below(lines.len())]));
        }
        black_box(sum);
    })
}

fn read(bytes: &[u8]) -> f64 {
    let words = bytes.as_chunks::<WORD_BYTES>().0;
    let ns = per_unit(bytes.len(), || {
        let sum = words.iter().fold(0_u64, |sum, word| {
            sum.wrapping_add(u64::from_ne_bytes(*word))
        });
        black_box(sum);
    });
    1.0 / ns
}

fn copy(bytes: &mut [u8]) -> f64 {
    let (from, to) = bytes.split_at_mut(bytes.len() / 2);
    let count = from.len();
    let ns = per_unit(count, || {
        to[..count].copy_from_slice(from);
        black_box(&to);
    });
    1.0 / ns
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_plausible() {
        let near = Limits::measure(16 << 10);
        for ns in [
            near.small.dependent_ns,
            near.small.independent_ns,
            near.small.touch_ns,
        ] {
            assert!(ns > 0.0 && ns < 1e6, "{near:?}");
        }
        for rate in [near.small.read_bytes_per_ns, near.small.copy_bytes_per_ns] {
            assert!(rate > 0.0 && rate < 1e4, "{near:?}");
        }
        assert!(first_touch_ns(8 << 20) > 0.0);
    }

    #[test]
    fn a_chase_visits_every_line() {
        let mut lines = vec![[0; LINE_BYTES]; 1000];
        let _ = dependent(&mut lines);
        let (mut at, mut steps) = (0, 0);
        loop {
            at = first_word(&lines[at]);
            steps += 1;
            if at == 0 {
                break;
            }
        }
        assert_eq!(steps, lines.len());
    }

    #[test]
    fn every_workload_has_the_bound_that_fits_it() {
        let memory = MemoryLimits {
            dependent_ns: 100.0,
            independent_ns: 10.0,
            read_bytes_per_ns: 8.0,
            copy_bytes_per_ns: 4.0,
            touch_ns: 512.0,
        };
        let limits = Limits {
            bytes: 1 << 20,
            small: memory,
            huge: None,
        };
        for (workload, ns) in [
            (Workload::DependentHit, 100.0),
            (Workload::Miss, 10.0),
            (Workload::Churn, 20.0),
            (Workload::GrowInsert, 12.0),
            (Workload::Iterate, 2.0),
            (Workload::Clone, 6.0),
        ] {
            assert_eq!(limits.of_workload(workload, 16).unwrap().ns, ns);
        }
        assert_eq!(limits.of_workload(Workload::Drop, 16), None);
    }
}
