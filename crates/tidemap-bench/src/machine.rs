//! The machine and the build: who measured.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Serialize;

use crate::measure::{CPU_CLOCK, clock_cost};

/// Everything a reader needs to judge or repeat the figures.
#[derive(Debug, Clone, Serialize)]
pub struct Machine {
    /// Processor model as the system names it.
    pub cpu: String,
    /// Logical processors this process may use.
    pub cores: usize,
    /// Bytes of memory, if known.
    pub memory_bytes: Option<u64>,
    /// Operating system and kernel.
    pub system: String,
    /// Mode of transparent huge pages, if the system has them.
    pub huge_pages: String,
    /// Compiler.
    pub compiler: &'static str,
    /// Target triple.
    pub target: &'static str,
    /// Optimisation level and profile.
    pub profile: String,
    /// Flags given to the compiler.
    pub flags: &'static str,
    /// Global allocator.
    pub allocator: &'static str,
    /// Commit of the checkout this ran in.
    pub commit: String,
    /// Clock behind throughput figures.
    pub clock: &'static str,
    /// Cost of reading both clocks around a sample, already subtracted, ns.
    pub clock_cost_ns: f64,
    /// Seconds since 1970 at the start.
    pub unix_seconds: u64,
}

/// Whether this program was built with optimisation.
pub const OPTIMISED: bool = !cfg!(debug_assertions);

impl Machine {
    /// Asks the system.
    #[must_use]
    pub fn detect() -> Machine {
        let line = |path: &str| {
            std::fs::read_to_string(path)
                .ok()
                .map(|text| text.trim().to_owned())
        };
        let proc_field = |path: &str, name: &str| {
            let text = std::fs::read_to_string(path).ok()?;
            let line = text.lines().find(|line| line.starts_with(name))?;
            Some(line.split_once(':')?.1.trim().to_owned())
        };
        let kib = proc_field("/proc/meminfo", "MemTotal")
            .and_then(|text| text.strip_suffix("kB")?.trim().parse::<u64>().ok());
        Machine {
            cpu: proc_field("/proc/cpuinfo", "model name")
                .or_else(|| output("sysctl", &["-n", "machdep.cpu.brand_string"]))
                .unwrap_or_else(|| std::env::consts::ARCH.to_owned()),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            memory_bytes: kib.map(|kib| kib * 1024),
            system: match line("/proc/sys/kernel/osrelease") {
                Some(release) => format!("{} {release}", std::env::consts::OS),
                None => std::env::consts::OS.to_owned(),
            },
            huge_pages: line("/sys/kernel/mm/transparent_hugepage/enabled")
                .unwrap_or_else(|| "unknown".to_owned()),
            compiler: env!("TIDEMAP_BENCH_RUSTC"),
            target: env!("TIDEMAP_BENCH_TARGET"),
            profile: format!(
                "{}, opt-level {}",
                env!("TIDEMAP_BENCH_PROFILE"),
                env!("TIDEMAP_BENCH_OPT_LEVEL")
            ),
            flags: env!("TIDEMAP_BENCH_RUSTFLAGS"),
            allocator: "the system's (std::alloc::System)",
            commit: commit(),
            clock: CPU_CLOCK,
            clock_cost_ns: clock_cost().cpu_ns,
            unix_seconds: std::time::SystemTime::now()
                .duration_since(std::time::UNIX_EPOCH)
                .map_or(0, |since| since.as_secs()),
        }
    }

    /// A folder name for records: processor and cores.
    #[must_use]
    pub fn slug(&self) -> String {
        slug(&format!("{} {} cores", self.cpu, self.cores))
    }

    /// The day the run began, `2026-11-21`, in universal time.
    #[must_use]
    pub fn date(&self) -> String {
        date_of(self.unix_seconds)
    }

    /// Name and value of everything above, for the head of a record or table.
    #[must_use]
    pub fn lines(&self) -> Vec<(&'static str, String)> {
        let memory = self.memory_bytes.map_or("unknown".to_owned(), |bytes| {
            format!("{:.1} GiB", bytes as f64 / f64::from(1 << 30))
        });
        vec![
            (
                "machine",
                format!("{}, {} cores, {memory}", self.cpu, self.cores),
            ),
            (
                "system",
                format!("{}, huge pages: {}", self.system, self.huge_pages),
            ),
            ("compiler", format!("{}, {}", self.compiler, self.target)),
            ("build", format!("{}; flags: {}", self.profile, self.flags)),
            ("allocator", self.allocator.to_owned()),
            ("commit", self.commit.clone()),
            ("date", self.date()),
            (
                "clock",
                format!(
                    "{}; reading it costs {:.0} ns, subtracted",
                    self.clock, self.clock_cost_ns
                ),
            ),
        ]
    }
}

fn output(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    (output.status.success() && !text.trim().is_empty()).then(|| text.trim().to_owned())
}

/// The commit checked out, with a mark if files differ from it.
fn commit() -> String {
    let Some(commit) = output("git", &["rev-parse", "--short=12", "HEAD"]) else {
        return "unknown".to_owned();
    };
    let tracked = ["status", "--porcelain", "--untracked-files=no"];
    match output("git", &tracked) {
        Some(_) => format!("{commit} with local changes"),
        None => commit,
    }
}

fn slug(text: &str) -> String {
    let mut out = String::new();
    for part in text
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|part| !part.is_empty())
    {
        if matches!(part, "R" | "TM" | "CPU") {
            continue;
        }
        if !out.is_empty() {
            out.push('-');
        }
        out.push_str(&part.to_ascii_lowercase());
    }
    out
}

/// Days to a date of the Gregorian calendar, counting in 400-year cycles that
/// begin in March, so that leap days come last.
fn date_of(unix_seconds: u64) -> String {
    let days = unix_seconds / 86_400 + 719_468;
    let (cycle, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let (day, month_name) = (day - (153 * month + 2) / 5 + 1, (month + 2) % 12 + 1);
    let year = cycle * 400 + year + u64::from(month_name <= 2);
    format!("{year:04}-{month_name:02}-{day:02}")
}

/// The nearest folder above the current one that holds `bench/cases`.
#[must_use]
pub fn checkout() -> Option<PathBuf> {
    let here = std::env::current_dir().ok()?;
    here.ancestors()
        .find(|folder| folder.join("bench").join("cases").is_dir())
        .map(Path::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates() {
        for (seconds, date) in [
            (0, "1970-01-01"),
            (951_782_400, "2000-02-29"),
            (951_868_800, "2000-03-01"),
            (1_735_603_200, "2024-12-31"),
            (1_795_219_200, "2026-11-21"),
        ] {
            assert_eq!(date_of(seconds), date);
        }
    }

    #[test]
    fn slugs() {
        assert_eq!(
            slug("Intel(R) Xeon(R) Processor 2 cores"),
            "intel-xeon-processor-2-cores"
        );
        assert_eq!(
            slug("AMD EPYC 7763 64-Core 8 cores"),
            "amd-epyc-7763-64-core-8-cores"
        );
    }

    #[test]
    fn knows_the_compiler() {
        let machine = Machine::detect();
        assert!(
            machine.compiler.starts_with("rustc "),
            "{}",
            machine.compiler
        );
        assert!(!machine.slug().is_empty() && machine.cores > 0);
    }
}
