//! Memory of a process or core, behind one trait.
//!
//! - [`process`]: a live process, through `process_vm_readv`.
//! - [`core`]: an ELF core of the kernel or of gcore, stitched with the executable.

use std::path::{Path, PathBuf};

use crate::error::Result;
use crate::model::TargetKind;

pub mod process;

pub mod core;

/// A mapping of the target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapping {
    /// First address.
    pub start: u64,
    /// First address behind it.
    pub end: u64,
    /// May be written.
    pub writable: bool,
    /// May be executed.
    pub executable: bool,
    /// Offset in the file.
    pub file_offset: u64,
    /// The file, if it has one.
    pub path: Option<PathBuf>,
}

/// Memory that could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Not mapped, or not in the core.
    #[error("no memory at {0:#x}")]
    NoMemory(u64),
    /// The process is gone.
    #[error("the process exited")]
    Exited,
    /// The system refuses.
    #[error("permission denied")]
    Denied,
}

/// Memory of a target. Reading never changes it.
pub trait Target: Send + Sync {
    /// Process or core.
    fn kind(&self) -> TargetKind;

    /// Process id, where known.
    fn pid(&self) -> Option<i32>;

    /// Fills the whole of `buffer` from `address` on.
    ///
    /// # Errors
    /// [`Fault`] when any byte of it cannot be had; `buffer` is then of no value.
    fn read(&self, address: u64, buffer: &mut [u8]) -> Result<(), Fault>;

    /// Fills several buffers; `true` for those that were filled whole.
    ///
    /// Costs one system call per thousand pieces for a process, where possible.
    ///
    /// # Errors
    /// [`Fault::Exited`] and [`Fault::Denied`] only.
    fn read_many(&self, pieces: &mut [(u64, &mut [u8])]) -> Result<Vec<bool>, Fault> {
        let mut done = Vec::with_capacity(pieces.len());
        for (address, buffer) in pieces {
            done.push(match self.read(*address, buffer) {
                Ok(()) => true,
                Err(Fault::NoMemory(_)) => false,
                Err(fault) => return Err(fault),
            });
        }
        Ok(done)
    }

    /// The mappings, in order of address.
    ///
    /// # Errors
    /// As for opening the target.
    fn mappings(&self) -> Result<Vec<Mapping>>;

    /// Path of the executable, if the target knows it.
    fn executable(&self) -> Option<PathBuf>;

    /// Stops the target until the guard is dropped; a core has nothing to stop.
    ///
    /// # Errors
    /// When threads cannot be stopped.
    fn pause(&self) -> Result<Box<dyn Pause + '_>>;

    /// Gives a core the executable: what a core leaves out is read from there.
    fn stitch(&mut self, binary: &Path, load_bias: u64) -> Result<()>;
}

/// A target that stands still while this lives.
pub trait Pause {
    /// Threads that were stopped.
    fn threads(&self) -> usize;
    /// Microseconds since the first thread was stopped.
    fn elapsed_us(&self) -> u64;
}
