//! An ELF core of the kernel or of gcore, stitched with the executable.
//!
//! Kernels leave file-backed text and read-only data out; those are read from
//! the executable. A core that is cut short is read as far as it goes.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use object::elf;
use object::read::elf::{FileHeader, ProgramHeader};
use object::{Endianness, ReadCache};

use super::{Fault, Mapping, Pause, Target};
use crate::error::{Error, Result};
use crate::model::TargetKind;

/// Bytes of notes that are read at most.
const NOTES_BYTES_MAX: u64 = 64 << 20;
/// Words of the register set in `NT_PRSTATUS` on x86-64, and where it starts.
const REGISTERS_AT: usize = 112;
/// Index of the stack pointer among them.
const RSP_INDEX: usize = 19;

/// A part of the target's memory that a file holds.
#[derive(Debug, Clone, Copy)]
struct Segment {
    start: u64,
    /// End in the target.
    end: u64,
    /// Bytes present in the file.
    present: u64,
    offset: u64,
    writable: bool,
    executable: bool,
}

/// An ELF core.
#[derive(Debug)]
pub struct Core {
    path: PathBuf,
    file: File,
    segments: Vec<Segment>,
    binary: Option<(File, Vec<Segment>)>,
    files: Vec<Mapping>,
    pid: Option<i32>,
    stack_pointers: Vec<u64>,
    missing: u64,
}

impl Core {
    /// Opens a core.
    ///
    /// # Errors
    /// [`Error::NotACore`], [`Error::Machine`].
    pub fn open(path: &Path) -> Result<Core> {
        let bad = |reason: &str| Error::NotACore {
            path: path.into(),
            reason: reason.into(),
        };
        let file = File::open(path).map_err(|error| bad(&format!("cannot be opened ({error})")))?;
        let bytes = file
            .metadata()
            .map_err(|error| bad(&error.to_string()))?
            .len();
        let cache = ReadCache::new(&file);
        let header = elf::FileHeader64::<Endianness>::parse(&cache)
            .map_err(|_| bad("not a 64-bit ELF file"))?;
        let endian = header.endian().map_err(|_| bad("not an ELF file"))?;
        if header.e_type(endian) != elf::ET_CORE {
            return Err(bad("an ELF file, but not a core"));
        }
        if header.e_machine(endian) != elf::EM_X86_64 {
            return Err(Error::Machine {
                path: path.into(),
                found: machine_name(header.e_machine(endian)),
            });
        }
        let headers = header
            .program_headers(endian, &cache)
            .map_err(|_| bad("the core is cut short inside its program headers"))?;
        let mut core = Core {
            path: path.into(),
            file: file.try_clone().map_err(|error| bad(&error.to_string()))?,
            segments: Vec::new(),
            binary: None,
            files: Vec::new(),
            pid: None,
            stack_pointers: Vec::new(),
            missing: 0,
        };
        for header in headers {
            let (offset, in_file) = (header.p_offset(endian), header.p_filesz(endian));
            let present = in_file.min(bytes.saturating_sub(offset));
            match header.p_type(endian) {
                elf::PT_LOAD => {
                    core.missing += in_file - present;
                    let start = header.p_vaddr(endian);
                    let Some(end) = start.checked_add(header.p_memsz(endian)) else {
                        continue;
                    };
                    let flags = header.p_flags(endian);
                    core.segments.push(Segment {
                        start,
                        end,
                        present: present.min(end - start),
                        offset,
                        writable: flags.0 & elf::PF_W.0 != 0,
                        executable: flags.0 & elf::PF_X.0 != 0,
                    });
                }
                elf::PT_NOTE => {
                    let mut notes = vec![0; present.min(NOTES_BYTES_MAX) as usize];
                    if file.read_exact_at(&mut notes, offset).is_ok() {
                        core.notes(&notes);
                    }
                }
                _ => {}
            }
        }
        core.segments.sort_by_key(|segment| segment.start);
        if core.segments.is_empty() {
            return Err(bad("the core has no memory in it"));
        }
        Ok(core)
    }

    /// Bytes that the core should have and has not.
    pub fn missing_bytes(&self) -> u64 {
        self.missing
    }

    /// Path of the core.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Stack pointers of all threads.
    pub fn stack_pointers(&self) -> &[u64] {
        &self.stack_pointers
    }

    fn notes(&mut self, notes: &[u8]) {
        let word = |at: usize| -> Option<usize> {
            let bytes = notes.get(at..at.checked_add(4)?)?;
            Some(u32::from_le_bytes(bytes.try_into().ok()?) as usize)
        };
        let mut at = 0;
        while let (Some(name), Some(len), Some(kind)) = (word(at), word(at + 4), word(at + 8)) {
            let start = at + 12 + name.next_multiple_of(4);
            let Some(content) = notes.get(start..start.saturating_add(len)) else {
                break;
            };
            match kind as u32 {
                1 => self.prstatus(content),
                0x4649_4c45 => self.nt_file(content),
                _ => {}
            }
            at = start + len.next_multiple_of(4);
        }
    }

    fn prstatus(&mut self, content: &[u8]) {
        if self.pid.is_none() {
            self.pid = content
                .get(32..36)
                .map(|b| i32::from_le_bytes([b[0], b[1], b[2], b[3]]));
        }
        if let Some(rsp) = u64_at(content, REGISTERS_AT + RSP_INDEX * 8) {
            self.stack_pointers.push(rsp);
        }
    }

    fn nt_file(&mut self, content: &[u8]) {
        let (Some(count), Some(page)) = (u64_at(content, 0), u64_at(content, 8)) else {
            return;
        };
        let count = (count as usize).min(content.len() / 24);
        let mut names = content
            .get(16 + count * 24..)
            .unwrap_or_default()
            .split(|&b| b == 0);
        for index in 0..count {
            let at = 16 + index * 24;
            let (Some(start), Some(end), Some(offset), Some(name)) = (
                u64_at(content, at),
                u64_at(content, at + 8),
                u64_at(content, at + 16),
                names.next(),
            ) else {
                return;
            };
            self.files.push(Mapping {
                start,
                end,
                writable: false,
                executable: false,
                file_offset: offset.saturating_mul(page),
                path: Some(PathBuf::from(String::from_utf8_lossy(name).into_owned())),
            });
        }
    }
}

pub(crate) fn machine_name(machine: elf::Machine) -> String {
    match machine {
        elf::EM_AARCH64 => "arm64".into(),
        elf::EM_386 => "386".into(),
        elf::EM_RISCV => "riscv64".into(),
        elf::EM_S390 => "s390x".into(),
        elf::EM_PPC64 => "ppc64".into(),
        other => format!("machine {}", other.0),
    }
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(
        bytes.get(at..at.checked_add(8)?)?.try_into().ok()?,
    ))
}

/// Reads the start of `buffer` from the one segment that has it; bytes read.
fn read_part(file: &File, segments: &[Segment], address: u64, buffer: &mut [u8]) -> usize {
    let index = segments.partition_point(|segment| segment.start <= address);
    let Some(segment) = index.checked_sub(1).and_then(|i| segments.get(i)) else {
        return 0;
    };
    let inside = address - segment.start;
    let Some(rest) = segment.present.checked_sub(inside).filter(|&n| n > 0) else {
        return 0;
    };
    let take = buffer.len().min(rest as usize);
    match file.read_exact_at(&mut buffer[..take], segment.offset.saturating_add(inside)) {
        Ok(()) => take,
        Err(_) => 0,
    }
}

impl Target for Core {
    fn kind(&self) -> TargetKind {
        TargetKind::Core
    }

    fn pid(&self) -> Option<i32> {
        self.pid
    }

    fn read(&self, address: u64, buffer: &mut [u8]) -> Result<(), Fault> {
        let mut done = 0;
        while done < buffer.len() {
            let at = address
                .checked_add(done as u64)
                .ok_or(Fault::NoMemory(address))?;
            let rest = &mut buffer[done..];
            let mut part = read_part(&self.file, &self.segments, at, rest);
            if part == 0
                && let Some((file, segments)) = &self.binary
            {
                part = read_part(file, segments, at, rest);
            }
            if part == 0 {
                return Err(Fault::NoMemory(at));
            }
            done += part;
        }
        Ok(())
    }

    fn mappings(&self) -> Result<Vec<Mapping>> {
        let mut all: Vec<Mapping> = self
            .segments
            .iter()
            .map(|segment| {
                let file = self
                    .files
                    .iter()
                    .find(|f| f.start <= segment.start && segment.start < f.end);
                Mapping {
                    start: segment.start,
                    end: segment.end,
                    writable: segment.writable,
                    executable: segment.executable,
                    file_offset: file
                        .map_or(0, |f| f.file_offset.saturating_add(segment.start - f.start)),
                    path: file.and_then(|f| f.path.clone()),
                }
            })
            .collect();
        // gcore may leave whole mappings out that the note still names.
        for file in &self.files {
            if !all
                .iter()
                .any(|m| m.start <= file.start && file.start < m.end)
            {
                all.push(file.clone());
            }
        }
        all.sort_by_key(|mapping| mapping.start);
        Ok(all)
    }

    fn executable(&self) -> Option<PathBuf> {
        self.files
            .iter()
            .min_by_key(|file| {
                (
                    file.path
                        .as_ref()
                        .is_some_and(|p| p.to_string_lossy().contains(".so")),
                    file.start,
                )
            })
            .and_then(|file| file.path.clone())
    }

    fn pause(&self) -> Result<Box<dyn Pause + '_>> {
        Ok(Box::new(StandsStill))
    }

    fn stitch(&mut self, binary: &Path, load_bias: u64) -> Result<()> {
        let bad = |reason: String| Error::Binary {
            path: binary.into(),
            reason,
        };
        let file = File::open(binary).map_err(|error| bad(error.to_string()))?;
        let cache = ReadCache::new(&file);
        let header = elf::FileHeader64::<Endianness>::parse(&cache)
            .map_err(|error| bad(error.to_string()))?;
        let endian = header.endian().map_err(|error| bad(error.to_string()))?;
        let headers = header
            .program_headers(endian, &cache)
            .map_err(|error| bad(error.to_string()))?;
        let mut segments: Vec<Segment> = Vec::new();
        for header in headers {
            let flags = header.p_flags(endian);
            // What the program may write is only in the core.
            let writable = flags.0 & elf::PF_W.0 != 0;
            if header.p_type(endian) != elf::PT_LOAD || writable {
                continue;
            }
            let start = header.p_vaddr(endian).wrapping_add(load_bias);
            let Some(end) = start.checked_add(header.p_memsz(endian)) else {
                continue;
            };
            segments.push(Segment {
                start,
                end,
                present: header.p_filesz(endian).min(end - start),
                offset: header.p_offset(endian),
                writable: false,
                executable: flags.0 & elf::PF_X.0 != 0,
            });
        }
        segments.sort_by_key(|segment| segment.start);
        drop(cache);
        self.binary = Some((file, segments));
        Ok(())
    }
}

/// A core has nothing that runs.
struct StandsStill;

impl Pause for StandsStill {
    fn threads(&self) -> usize {
        0
    }

    fn elapsed_us(&self) -> u64 {
        0
    }
}
