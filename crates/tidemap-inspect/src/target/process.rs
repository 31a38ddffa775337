//! A live process, read through `process_vm_readv`: nothing is stopped or attached.

use std::fs;
use std::io::{ErrorKind, IoSliceMut};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::ptrace;
use nix::sys::uio::{RemoteIoVec, process_vm_readv};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

use super::{Fault, Mapping, Pause, Target};
use crate::error::{Error, Result};
use crate::model::TargetKind;

/// Pieces of one system call (the kernel's `IOV_MAX`).
const PIECES_MAX: usize = 1024;
/// Bytes of `/proc/PID/maps` that are read at most.
const MAPS_BYTES_MAX: usize = 64 << 20;
/// How long threads may take to stop.
const STOP_WITHIN: Duration = Duration::from_secs(3);

/// A live process.
#[derive(Debug)]
pub struct Process {
    pid: Pid,
}

impl Process {
    /// Opens a process.
    ///
    /// # Errors
    /// [`Error::NoSuchProcess`], [`Error::PermissionDenied`].
    pub fn open(pid: i32) -> Result<Process> {
        let process = Process {
            pid: Pid::from_raw(pid),
        };
        if pid <= 0 || !Path::new(&format!("/proc/{pid}")).exists() {
            return Err(Error::NoSuchProcess { pid });
        }
        let first = process
            .mappings()?
            .into_iter()
            .next()
            .ok_or(Error::Exited { pid })?;
        let mut word = [0; 8];
        match process.read(first.start, &mut word) {
            Err(fault @ (Fault::Denied | Fault::Exited)) => Err(process.error(fault)),
            _ => Ok(process),
        }
    }

    /// What a fault of this process means to a user.
    fn error(&self, fault: Fault) -> Error {
        let pid = self.pid.as_raw();
        match fault {
            Fault::Denied => Error::PermissionDenied {
                pid,
                ptrace_scope: fs::read_to_string("/proc/sys/kernel/yama/ptrace_scope")
                    .ok()
                    .and_then(|text| text.trim().parse().ok()),
            },
            Fault::Exited => Error::Exited { pid },
            Fault::NoMemory(address) => Error::Unreadable {
                what: "memory",
                address,
            },
        }
    }

    fn proc_error(&self, what: &str, error: std::io::Error) -> Error {
        match error.kind() {
            ErrorKind::PermissionDenied => self.error(Fault::Denied),
            ErrorKind::NotFound => self.error(Fault::Exited),
            _ if error.raw_os_error() == Some(Errno::ESRCH as i32) => self.error(Fault::Exited),
            _ => Error::System {
                what: format!("/proc/{}/{what}", self.pid),
                source: error,
            },
        }
    }

    fn threads(&self) -> Result<Vec<Pid>> {
        let folder = fs::read_dir(format!("/proc/{}/task", self.pid))
            .map_err(|error| self.proc_error("task", error))?;
        Ok(folder
            .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
            .map(Pid::from_raw)
            .collect())
    }
}

fn fault(errno: Errno, address: u64) -> Fault {
    match errno {
        Errno::ESRCH => Fault::Exited,
        Errno::EPERM | Errno::EACCES => Fault::Denied,
        _ => Fault::NoMemory(address),
    }
}

impl Target for Process {
    fn kind(&self) -> TargetKind {
        TargetKind::Process
    }

    fn pid(&self) -> Option<i32> {
        Some(self.pid.as_raw())
    }

    fn read(&self, address: u64, buffer: &mut [u8]) -> Result<(), Fault> {
        let mut done = 0;
        while done < buffer.len() {
            let base = address
                .checked_add(done as u64)
                .ok_or(Fault::NoMemory(address))?;
            let rest = &mut buffer[done..];
            let remote = [RemoteIoVec {
                base: base as usize,
                len: rest.len(),
            }];
            match process_vm_readv(self.pid, &mut [IoSliceMut::new(rest)], &remote) {
                Ok(0) => return Err(Fault::NoMemory(base)),
                Ok(bytes) => done += bytes,
                Err(Errno::EINTR) => {}
                Err(errno) => return Err(fault(errno, base)),
            }
        }
        Ok(())
    }

    fn read_many(&self, pieces: &mut [(u64, &mut [u8])]) -> Result<Vec<bool>, Fault> {
        let mut done = vec![false; pieces.len()];
        let mut at = 0;
        while at < pieces.len() {
            let end = pieces.len().min(at + PIECES_MAX);
            let remote: Vec<RemoteIoVec> = pieces[at..end]
                .iter()
                .map(|(address, buffer)| RemoteIoVec {
                    base: *address as usize,
                    len: buffer.len(),
                })
                .collect();
            let mut local: Vec<IoSliceMut<'_>> = pieces[at..end]
                .iter_mut()
                .map(|(_, buffer)| IoSliceMut::new(buffer))
                .collect();
            let mut bytes = match process_vm_readv(self.pid, &mut local, &remote) {
                Ok(bytes) => bytes,
                Err(Errno::EINTR) => continue,
                Err(errno) => match fault(errno, 0) {
                    Fault::NoMemory(_) => 0,
                    fault => return Err(fault),
                },
            };
            // What came is a prefix; the piece it ends in failed.
            let mut next = at;
            while next < end && remote[next - at].len <= bytes {
                bytes -= remote[next - at].len;
                done[next] = true;
                next += 1;
            }
            at = if next < end { next + 1 } else { end };
        }
        Ok(done)
    }

    fn mappings(&self) -> Result<Vec<Mapping>> {
        let path = format!("/proc/{}/maps", self.pid);
        let text = fs::read(&path).map_err(|error| self.proc_error("maps", error))?;
        let text = String::from_utf8_lossy(&text[..text.len().min(MAPS_BYTES_MAX)]).into_owned();
        Ok(text.lines().filter_map(mapping).collect())
    }

    fn executable(&self) -> Option<PathBuf> {
        // The link works for deleted files and in other mount namespaces too.
        Some(PathBuf::from(format!("/proc/{}/exe", self.pid)))
    }

    fn pause(&self) -> Result<Box<dyn Pause + '_>> {
        let mut stopped = Stopped {
            threads: Vec::new(),
            since: Instant::now(),
        };
        loop {
            let fresh: Vec<Pid> = self
                .threads()?
                .into_iter()
                .filter(|id| !stopped.threads.iter().any(|(known, _)| known == id))
                .collect();
            if fresh.is_empty() {
                return Ok(Box::new(stopped));
            }
            for id in fresh {
                match ptrace::seize(id, ptrace::Options::empty()) {
                    Ok(()) => {}
                    Err(Errno::ESRCH) => continue,
                    Err(Errno::EPERM) => return Err(self.error(Fault::Denied)),
                    Err(errno) => return Err(system("ptrace", errno)),
                }
                stopped.threads.push((id, None));
                if ptrace::interrupt(id).is_ok() {
                    let signal = wait_stop(id)?;
                    if let Some(last) = stopped.threads.last_mut() {
                        last.1 = signal;
                    }
                }
            }
        }
    }

    fn stitch(&mut self, _binary: &Path, _load_bias: u64) -> Result<()> {
        Ok(())
    }
}

/// Threads under ptrace. The kernel lets them run on when this process dies.
struct Stopped {
    threads: Vec<(Pid, Option<nix::sys::signal::Signal>)>,
    since: Instant,
}

impl Pause for Stopped {
    fn threads(&self) -> usize {
        self.threads.len()
    }

    fn elapsed_us(&self) -> u64 {
        self.since.elapsed().as_micros() as u64
    }
}

impl Drop for Stopped {
    fn drop(&mut self) {
        for &(id, signal) in &self.threads {
            // A thread that has ended needs no detaching.
            let _ = ptrace::detach(id, signal);
        }
    }
}

/// Waits for a thread to stop; a signal on its way is kept for the detach.
fn wait_stop(id: Pid) -> Result<Option<nix::sys::signal::Signal>> {
    let until = Instant::now() + STOP_WITHIN;
    loop {
        match waitpid(id, Some(WaitPidFlag::__WALL | WaitPidFlag::WNOHANG)) {
            Ok(WaitStatus::Stopped(_, signal)) => return Ok(Some(signal)),
            Ok(WaitStatus::StillAlive) if Instant::now() < until => {
                std::thread::sleep(Duration::from_micros(20));
            }
            Ok(WaitStatus::StillAlive) => return Err(system("ptrace stop", Errno::ETIMEDOUT)),
            Ok(_) | Err(Errno::ECHILD) => return Ok(None),
            Err(Errno::EINTR) => {}
            Err(errno) => return Err(system("waitpid", errno)),
        }
    }
}

fn system(what: &str, errno: Errno) -> Error {
    Error::System {
        what: what.into(),
        source: std::io::Error::from_raw_os_error(errno as i32),
    }
}

/// One line of `/proc/PID/maps`.
fn mapping(line: &str) -> Option<Mapping> {
    let mut words = line.splitn(6, ' ');
    let (start, end) = words.next()?.split_once('-')?;
    let flags = words.next()?.as_bytes();
    let file_offset = u64::from_str_radix(words.next()?, 16).ok()?;
    let path = words.nth(2).map(str::trim).filter(|p| p.starts_with('/'));
    Some(Mapping {
        start: u64::from_str_radix(start, 16).ok()?,
        end: u64::from_str_radix(end, 16).ok()?,
        writable: flags.get(1) == Some(&b'w'),
        executable: flags.get(2) == Some(&b'x'),
        file_offset,
        path: path.map(|p| PathBuf::from(p.trim_end_matches(" (deleted)"))),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_maps() {
        let found = mapping("00400000-0048e000 r-xp 00001000 fe:01 123   /bin/a b (deleted)")
            .expect("a mapping");
        assert_eq!((found.start, found.end), (0x40_0000, 0x48_e000));
        assert!(found.executable && !found.writable);
        assert_eq!(found.path, Some(PathBuf::from("/bin/a b")));
        assert_eq!(mapping("nonsense"), None);
    }

    #[test]
    fn own_memory_is_read_and_holes_are_not() {
        let process = Process::open(std::process::id() as i32).expect("this process");
        let words = [1u64, 2, 3];
        let mut copy = [0; 24];
        process
            .read(words.as_ptr() as u64, &mut copy)
            .expect("own memory");
        assert_eq!(copy[8], 2);
        let (mut a, mut b, mut c) = ([0; 8], [0; 8], [0; 8]);
        let mut pieces: Vec<(u64, &mut [u8])> = vec![
            (words.as_ptr() as u64, &mut a),
            (8, &mut b),
            (words.as_ptr() as u64 + 16, &mut c),
        ];
        assert_eq!(process.read_many(&mut pieces), Ok(vec![true, false, true]));
        assert_eq!((a[0], c[0]), (1, 3));
        assert!(matches!(
            Process::open(i32::MAX),
            Err(Error::NoSuchProcess { .. })
        ));
    }
}
