//! Resident memory of this process, as the operating system counts it.
//!
//! Linux only: elsewhere every figure is `None` and reports say `n/a`.

/// Bytes of memory resident now.
///
/// Read from `smaps_rollup`, which walks the page tables and is exact; from
/// `status`, whose counters lag by some pages per thread, where that is missing.
#[must_use]
pub fn resident_bytes() -> Option<u64> {
    field("/proc/self/smaps_rollup", "Rss:").or_else(|| field("/proc/self/status", "VmRSS:"))
}

/// The most bytes that were resident since the start, or since [`reset_peak`].
#[must_use]
pub fn peak_bytes() -> Option<u64> {
    field("/proc/self/status", "VmHWM:")
}

/// Bytes of memory that are resident in huge pages.
#[must_use]
pub fn huge_bytes() -> Option<u64> {
    field("/proc/self/smaps_rollup", "AnonHugePages:")
}

/// Makes the present resident size the peak; false where that is not possible.
#[must_use]
pub fn reset_peak() -> bool {
    cfg!(target_os = "linux") && std::fs::write("/proc/self/clear_refs", "5").is_ok()
}

/// The first `name   123 kB` line of a file of the `/proc` system, in bytes.
fn field(file: &str, name: &str) -> Option<u64> {
    if !cfg!(target_os = "linux") {
        return None;
    }
    parse_field(&std::fs::read_to_string(file).ok()?, name)
}

fn parse_field(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_lines_of_proc() {
        let text = "Name:\tx\nVmHWM:\t    1234 kB\nVmRSS:\t 12 kB\n";
        assert_eq!(parse_field(text, "VmHWM:"), Some(1234 * 1024));
        assert_eq!(parse_field(text, "VmRSS:"), Some(12 * 1024));
        assert_eq!(parse_field(text, "VmSwap:"), None);
        assert_eq!(parse_field("VmHWM: many kB", "VmHWM:"), None);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn sees_memory_that_is_touched() {
        let before = resident_bytes().unwrap();
        let block = std::hint::black_box(vec![1_u8; 64 << 20]);
        let after = resident_bytes().unwrap();
        assert!(after >= before + (60 << 20), "{before} to {after}");
        assert!(peak_bytes().unwrap() + (1 << 20) >= after);
        drop(block);
    }
}
