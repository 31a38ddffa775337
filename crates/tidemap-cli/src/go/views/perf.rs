//! Samples of a process's registers, taken by the kernel.
//!
//! One event per thread, since a ring buffer cannot follow threads that are
//! born later; [`Threads::follow`] looks for those. Nothing in the target is
//! changed by clock samples; a probe puts a breakpoint on a function's first
//! instruction, and the kernel takes it away when the event is closed, also
//! when this program is killed.

use std::collections::BTreeMap;
use std::ffi::CString;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use perf_event::events::Software;
use perf_event::{Builder, SampleFlag, Sampler};

/// Bytes of a thread's ring buffer: some two thousand samples.
const RING_BYTES: usize = 512 << 10;
/// Frames of a call chain that are kept.
const FRAMES_MAX: u16 = 24;

/// Registers in the order of their bits in the kernel's mask.
const REGISTERS: [(u32, Register); 15] = [
    (0, Register::Ax),
    (1, Register::Bx),
    (2, Register::Cx),
    (3, Register::Other),
    (4, Register::Other),
    (5, Register::Other),
    (6, Register::Other),
    (8, Register::Ip),
    (16, Register::Other),
    (17, Register::Other),
    (18, Register::Other),
    (19, Register::Other),
    (20, Register::Other),
    (21, Register::Other),
    (23, Register::Other),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Register {
    Ax,
    Bx,
    Cx,
    Ip,
    Other,
}

/// What the registers held.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sample {
    /// Instruction.
    pub(crate) ip: u64,
    /// The first argument of a Go function, the second, the third.
    pub(crate) arguments: [u64; 3],
    /// All general registers that may hold an address of the program's data.
    pub(crate) registers: Vec<u64>,
    /// Callers, innermost first.
    pub(crate) callers: Vec<u64>,
    /// Nanoseconds of the kernel's clock.
    pub(crate) time_ns: u64,
    /// The probe that fired; 0 for the clock.
    pub(crate) probe: usize,
}

/// What to sample.
#[derive(Debug, Clone)]
pub(crate) enum What {
    /// So many times a second of processor time.
    Clock(u64),
    /// At these offsets of a file, when an instruction there is executed.
    Probes(PathBuf, Vec<u64>),
}

/// Samplers over the threads of a process.
pub(crate) struct Threads {
    pid: i32,
    what: What,
    samplers: BTreeMap<i32, Vec<Sampler>>,
    /// Samples that did not fit the ring buffers.
    pub(crate) lost: u64,
}

impl Threads {
    /// Opens samplers for all threads of `pid`.
    ///
    /// # Errors
    /// What the kernel says; [`explain`] turns it into advice.
    pub(crate) fn open(pid: i32, what: What) -> io::Result<Threads> {
        let mut threads = Threads {
            pid,
            what,
            samplers: BTreeMap::new(),
            lost: 0,
        };
        threads.follow()?;
        Ok(threads)
    }

    /// Opens samplers for new threads, closes those of threads that ended.
    ///
    /// Returns whether the process still lives.
    pub(crate) fn follow(&mut self) -> io::Result<bool> {
        let Ok(folder) = std::fs::read_dir(format!("/proc/{}/task", self.pid)) else {
            return Ok(false);
        };
        let alive: Vec<i32> = folder
            .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
            .collect();
        self.samplers.retain(|thread, _| alive.contains(thread));
        for thread in alive {
            if self.samplers.contains_key(&thread) {
                continue;
            }
            match self.sampler(thread) {
                Ok(samplers) => {
                    self.samplers.insert(thread, samplers);
                }
                // The thread ended meanwhile.
                Err(error) if error.raw_os_error() == Some(nix::libc::ESRCH) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(!self.samplers.is_empty())
    }

    fn sampler(&self, thread: i32) -> io::Result<Vec<Sampler>> {
        let finish = |mut builder: Builder| -> io::Result<Sampler> {
            let mask = REGISTERS.iter().fold(0, |mask, (bit, _)| mask | 1 << bit);
            builder
                .observe_pid(thread)
                .any_cpu()
                .exclude_kernel(true)
                .exclude_hv(true)
                .sample(SampleFlag::IP | SampleFlag::TIME | SampleFlag::REGS_USER)
                .sample_regs_user(mask)
                .enabled(true);
            builder.build()?.sampled(RING_BYTES)
        };
        match &self.what {
            What::Clock(hertz) => {
                let mut builder = Builder::new(Software::CPU_CLOCK);
                builder.sample_frequency(*hertz);
                Ok(vec![finish(builder)?])
            }
            What::Probes(file, offsets) => {
                let kind = std::fs::read_to_string("/sys/bus/event_source/devices/uprobe/type")?;
                let kind = kind.trim().parse().map_err(io::Error::other)?;
                let file = CString::new(file.as_os_str().as_bytes())?;
                let probe = |&offset: &u64| {
                    let mut builder = Builder::new(Software::DUMMY);
                    let attributes = builder.attrs_mut();
                    attributes.type_ = kind;
                    attributes.config = 0;
                    // The kernel reads the path while the event is opened; `file` lives on.
                    attributes.kprobe_func = file.as_ptr() as u64;
                    attributes.probe_offset = offset;
                    builder
                        .sample_period(1)
                        .sample(SampleFlag::CALLCHAIN)
                        .sample_max_stack(FRAMES_MAX);
                    finish(builder)
                };
                offsets.iter().map(probe).collect()
            }
        }
    }

    /// Takes what the kernel has gathered since the last time, in order of time.
    pub(crate) fn drain(&mut self) -> Vec<Sample> {
        let mut samples = Vec::new();
        for sampler in self.samplers.values_mut() {
            for (probe, sampler) in sampler.iter_mut().enumerate() {
                while let Some(record) = sampler.next_record() {
                    match record.parse_record() {
                        Ok(perf_event::data::Record::Sample(sample)) => {
                            samples.extend(take(&sample, probe));
                        }
                        Ok(perf_event::data::Record::Lost(lost)) => self.lost += lost.lost,
                        _ => {}
                    }
                }
            }
        }
        samples.sort_by_key(|sample| sample.time_ns);
        samples
    }
}

fn take(sample: &perf_event::data::Sample<'_>, probe: usize) -> Option<Sample> {
    let registers = sample.regs_user()?;
    let mut taken = Sample {
        ip: sample.ip().unwrap_or(0),
        time_ns: sample.time().unwrap_or(0),
        probe,
        ..Sample::default()
    };
    for ((_, register), &value) in REGISTERS.iter().zip(registers.regs.iter()) {
        match register {
            Register::Ax => taken.arguments[0] = value,
            Register::Bx => taken.arguments[1] = value,
            Register::Cx => taken.arguments[2] = value,
            Register::Ip => {
                if taken.ip == 0 {
                    taken.ip = value;
                }
                continue;
            }
            Register::Other => {}
        }
        taken.registers.push(value);
    }
    // Values at the very top are marks of the kernel: "user part begins".
    taken.callers = sample
        .callchain()
        .unwrap_or_default()
        .iter()
        .copied()
        .filter(|&ip| ip < 1 << 47)
        .skip(1)
        .collect();
    Some(taken)
}

/// What to do about a refusal of the kernel.
pub(crate) fn explain(error: &io::Error, probes: bool) -> String {
    let level = std::fs::read_to_string("/proc/sys/kernel/perf_event_paranoid");
    let level = level.as_deref().map_or("unknown", str::trim);
    let has_probes = Path::new("/sys/bus/event_source/devices/uprobe/type").exists();
    match error.raw_os_error() {
        Some(nix::libc::EACCES | nix::libc::EPERM) if probes => format!(
            "the kernel refuses probes: they need CAP_PERFMON or CAP_SYS_ADMIN (kernel.perf_event_paranoid is {level}); \
             without --probe growths are found by looking again and again, which needs neither"
        ),
        Some(nix::libc::EACCES | nix::libc::EPERM) => format!(
            "the kernel refuses samples of this process: that needs the same user and kernel.perf_event_paranoid of 2 or less \
             (it is {level}), or CAP_PERFMON; containers often block perf_event_open altogether"
        ),
        Some(nix::libc::ENOENT | nix::libc::ENODEV | nix::libc::EOPNOTSUPP)
            if probes && !has_probes =>
        {
            "this kernel has no user probes (CONFIG_UPROBE_EVENTS)".into()
        }
        Some(nix::libc::EMFILE | nix::libc::ENFILE) => {
            "too many open files: one event per thread is needed; raise `ulimit -n`".into()
        }
        _ if probes && !has_probes => {
            "this kernel has no user probes (CONFIG_UPROBE_EVENTS)".into()
        }
        _ => format!("the kernel gives no samples of this process: {error}"),
    }
}
