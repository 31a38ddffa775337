//! The memory of this process, from the system: what it wrote, not pages of files. A map with more code
//! than another has more of the program's file in memory, up to a megabyte, which is not what it holds.
//!
//! Only Linux tells the resident set and its peak cheaply enough to ask during a
//! replay; elsewhere the report says that memory is not available.

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};

/// Reads the resident set of this process, without pages of files.
pub(crate) struct Memory {
    statm: File,
    page_bytes: u64,
    peak_reset: bool,
}

impl Memory {
    /// `None` where the system does not tell.
    pub(crate) fn open() -> Option<Memory> {
        if !cfg!(target_os = "linux") {
            return None;
        }
        let mut memory = Memory {
            statm: File::open("/proc/self/statm").ok()?,
            page_bytes: 4096,
            peak_reset: false,
        };
        // The page size is the ratio of two statements of the same figure; asked
        // once, at a moment when nothing grows.
        let kib = status_number("VmRSS:")?;
        let (pages, _) = memory.pages()?;
        let page_kib = (kib as f64 / pages.max(1) as f64).round() as u64;
        if page_kib.is_power_of_two() {
            memory.page_bytes = page_kib * 1024;
        }
        Some(memory)
    }

    /// Bytes in memory now.
    pub(crate) fn resident_bytes(&mut self) -> Option<u64> {
        let (all, files) = self.pages()?;
        Some(all.saturating_sub(files) * self.page_bytes)
    }

    /// Pages in memory, and how many of them are those of files.
    fn pages(&mut self) -> Option<(u64, u64)> {
        let mut text = [0; 128];
        self.statm.seek(SeekFrom::Start(0)).ok()?;
        let read = self.statm.read(&mut text).ok()?;
        let mut numbers = std::str::from_utf8(&text[..read]).ok()?.split(' ').skip(1);
        let mut next = || numbers.next()?.parse().ok();
        Some((next()?, next()?))
    }

    /// Forgets the peak so far. Some sandboxes do not permit it; then
    /// [`Memory::take_peak_bytes`] gives nothing and peaks come from samples.
    pub(crate) fn reset_peak(&mut self) {
        self.peak_reset = fs::write("/proc/self/clear_refs", "5").is_ok();
    }

    /// Most bytes in memory since the last call, or since [`Memory::reset_peak`].
    pub(crate) fn take_peak_bytes(&mut self) -> Option<u64> {
        if !self.peak_reset {
            return None;
        }
        // The peak counts pages of files, too, of which there are only ever more.
        let (_, files) = self.pages()?;
        let peak = (status_number("VmHWM:")? * 1024).saturating_sub(files * self.page_bytes);
        self.reset_peak();
        Some(peak)
    }

    /// Whether peaks are exact, and not the greatest of samples.
    pub(crate) fn peak_is_exact(&self) -> bool {
        self.peak_reset
    }
}

/// The number in a line of this process's status; sizes are in KiB.
fn status_number(name: &str) -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with(name))?;
    line.split_ascii_whitespace().nth(1)?.parse().ok()
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn an_allocation_shows() {
        let mut memory = Memory::open().expect("Linux has /proc");
        memory.reset_peak();
        let before = memory.resident_bytes().unwrap();
        let big = std::hint::black_box(vec![1u8; 64 << 20]);
        let with = memory.resident_bytes().unwrap();
        assert!(with >= before + (60 << 20), "{before} {with}");
        drop(big);
        if let Some(peak) = memory.take_peak_bytes() {
            assert!(peak >= with - (4 << 20), "{peak} {with}");
            let next = memory.take_peak_bytes().unwrap();
            assert!(next < peak, "taking a peak forgets it: {next} {peak}");
        }
    }
}
