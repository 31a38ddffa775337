//! The registry of a Rust program's observed maps, read from outside: from a process that goes on, or a core.
//!
//! `tidemap-probe` leaves a note in every executable and library it is linked into, which says where its
//! registry is. The note is loaded with the program, so it is looked for in memory first: that
//! works for stripped and for deleted files and for libraries. A core may leave the page out; then the executable is
//! asked, for the note or else for the symbol.
//!
//! All that comes from the target is bounded: [`FILES_MAX`] mapped files, [`HEADERS_MAX`] headers each, notes of
//! [`NOTES_BYTES_MAX`], and the registry itself by its format.

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use object::elf;
use object::read::elf::{ElfFile64, FileHeader, ProgramHeader};
use object::{Endianness, Object, ObjectSymbol, ReadCache};
use tidemap_probe::{Snapshot, layout};

use crate::error::{Error, Result};
use crate::inspect::Source;
use crate::target::core::Core;
use crate::target::process::Process;
use crate::target::{Fault, Target};

/// Mapped files that are searched at most.
pub const FILES_MAX: usize = 4096;
/// Program headers of a file that are looked at.
pub const HEADERS_MAX: usize = 256;
/// Bytes of a file's notes that are looked at.
pub const NOTES_BYTES_MAX: u64 = 1 << 20;
/// Symbols that are looked at, in a file whose note is missing.
const SYMBOLS_MAX: usize = 4_000_000;

const ELF_HEADER_BYTES: usize = 64;
const PROGRAM_HEADER_BYTES: usize = 56;

/// A target with at least one registry.
pub struct Registry {
    target: Box<dyn Target>,
    name: String,
    addresses: Vec<u64>,
}

impl Registry {
    /// Opens a process or core, and finds its registries.
    ///
    /// `binary` is the executable of a core, where the core does not tell. A process is not stopped.
    ///
    /// # Errors
    /// [`Error::NoSuchProcess`], [`Error::PermissionDenied`], [`Error::NotACore`], [`Error::NoRegistry`].
    ///
    /// # Example
    /// ```no_run
    /// use tidemap_inspect::inspect::Source;
    /// use tidemap_inspect::registry::Registry;
    ///
    /// let registry = Registry::open(&Source::parse("4242"), None)?;
    /// for map in registry.read()?.maps {
    ///     println!("{} {}", map.label(), map.gauges.len);
    /// }
    /// # Ok::<(), tidemap_inspect::Error>(())
    /// ```
    pub fn open(source: &Source, binary: Option<&Path>) -> Result<Registry> {
        match source {
            Source::Process(pid) => {
                let process = Process::open(*pid)?;
                Registry::over(Box::new(process), &format!("process {pid}"))
            }
            Source::Core(path) => {
                let mut core = Core::open(path)?;
                // Memory tells more than files, but a core may lack pages that the file has.
                let known = binary.map(Path::to_path_buf).or_else(|| core.executable());
                if let Some(file) = known.filter(|file| file.exists())
                    && let Some(bias) = load_bias(&core, &file)
                {
                    core.stitch(&file, bias)?;
                } else if let Some(file) = binary {
                    return Err(Error::Binary {
                        path: file.into(),
                        reason: "not a file that the core has mapped".into(),
                    });
                }
                Registry::over(Box::new(core), &path.display().to_string())
            }
        }
    }

    /// The same over any target; `name` is for messages.
    ///
    /// # Errors
    /// [`Error::NoRegistry`], and what reading its mappings may fail with.
    pub fn over(target: Box<dyn Target>, name: &str) -> Result<Registry> {
        let mut addresses = Vec::new();
        let mappings = target.mappings()?;
        for mapping in mappings
            .iter()
            .filter(|m| m.file_offset == 0)
            .take(FILES_MAX)
        {
            if let Some(address) = in_image(&*target, mapping.start)
                && !addresses.contains(&address)
            {
                addresses.push(address);
            }
        }
        if addresses.is_empty()
            && let Some(file) = target.executable()
            && let Some(symbol) = symbol(&file)
            && let Some(bias) = bias_of(&mappings, &*target, &file)
        {
            addresses.push(symbol.wrapping_add(bias));
        }
        if addresses.is_empty() {
            return Err(Error::NoRegistry {
                target: name.to_owned(),
                advice: match target.pid() {
                    Some(_) if target.executable().is_some() => "",
                    _ => ", and for a core the executable may have to be given with --binary",
                },
            });
        }
        Ok(Registry {
            target,
            name: name.to_owned(),
            addresses,
        })
    }

    /// Where registries are: one per executable or library that brought its own.
    #[must_use]
    pub fn addresses(&self) -> &[u64] {
        &self.addresses
    }

    /// Process id, where known.
    #[must_use]
    pub fn pid(&self) -> Option<i32> {
        self.target.pid()
    }

    /// The target's memory goes on changing.
    #[must_use]
    pub fn is_live(&self) -> bool {
        self.target.kind() == crate::model::TargetKind::Process
    }

    /// The name of the program's file, where known.
    #[must_use]
    pub fn program(&self) -> String {
        let file = self.target.executable();
        // The link of a process leads to its file.
        let file = file.map(|file| std::fs::read_link(&file).unwrap_or(file));
        file.and_then(|file| Some(file.file_name()?.to_string_lossy().into_owned()))
            .unwrap_or_default()
    }

    /// All maps: those of the registry that has the most. Costs three small reads a row, nothing for the target.
    ///
    /// # Errors
    /// [`Error::Exited`], [`Error::Registry`] when memory is missing, damaged or of another version.
    pub fn read(&self) -> Result<Snapshot> {
        let memory = Reader(&*self.target);
        let mut best: Option<Snapshot> = None;
        let mut failed = None;
        for address in &self.addresses {
            match layout::read(&memory, *address) {
                Ok(snapshot) => {
                    let richer = best
                        .as_ref()
                        .is_none_or(|best| best.maps_created < snapshot.maps_created);
                    if richer {
                        best = Some(snapshot);
                    }
                }
                Err(error) => failed = Some(error),
            }
        }
        let Some(mut snapshot) = best else {
            return Err(self.failure(failed));
        };
        if self.is_live() && snapshot.epoch_unix_ns > 0 {
            let now = SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .map_or(0, |since| since.as_nanos());
            let since = u64::try_from(now)
                .unwrap_or(0)
                .saturating_sub(snapshot.epoch_unix_ns);
            snapshot.time_ns = snapshot.time_ns.max(since);
        }
        Ok(snapshot)
    }

    fn failure(&self, why: Option<layout::LayoutError>) -> Error {
        if let Some(pid) = self.pid().filter(|_| self.is_live())
            && !Path::new(&format!("/proc/{pid}/exe")).exists()
        {
            return Error::Exited { pid };
        }
        match why {
            Some(source) => Error::Registry {
                target: self.name.clone(),
                source,
            },
            None => Error::NoRegistry {
                target: self.name.clone(),
                advice: "",
            },
        }
    }
}

/// A target as the decoder of `tidemap-probe` wants it.
struct Reader<'t>(&'t dyn Target);

impl layout::Memory for Reader<'_> {
    fn read(&self, address: u64, into: &mut [u8]) -> bool {
        self.0.read(address, into).is_ok()
    }
}

/// The registry of the ELF image that is loaded here, if there is one.
fn in_image(target: &dyn Target, start: u64) -> Option<u64> {
    let read = |address: u64, bytes: usize| -> Option<Vec<u8>> {
        let mut buffer = vec![0; bytes];
        match target.read(address, &mut buffer) {
            Ok(()) => Some(buffer),
            Err(Fault::NoMemory(_) | Fault::Exited | Fault::Denied) => None,
        }
    };
    let header = read(start, ELF_HEADER_BYTES)?;
    // 64 bits, little-endian: the machines whose processes can be read.
    if header[..4] != elf::ELFMAG
        || header[4] != elf::ELFCLASS64.0
        || header[5] != elf::ELFDATA2LSB.0
    {
        return None;
    }
    let word = |bytes: &[u8], at: usize| crate::memory::number(bytes, at, 8);
    let table = word(&header, 32);
    let (entry_bytes, count) = (
        crate::memory::number(&header, 54, 2) as usize,
        crate::memory::number(&header, 56, 2) as usize,
    );
    if entry_bytes != PROGRAM_HEADER_BYTES || count == 0 || count > HEADERS_MAX {
        return None;
    }
    let headers = read(start.checked_add(table)?, count * PROGRAM_HEADER_BYTES)?;
    let kind = |header: &[u8]| crate::memory::number(header, 0, 4) as u32;
    let loaded = headers
        .chunks_exact(PROGRAM_HEADER_BYTES)
        .find(|header| kind(header) == elf::PT_LOAD.0 && word(header, 8) == 0)?;
    let bias = start.wrapping_sub(word(loaded, 16));
    headers
        .chunks_exact(PROGRAM_HEADER_BYTES)
        .filter(|header| kind(header) == elf::PT_NOTE.0)
        .find_map(|header| {
            let address = bias.wrapping_add(word(header, 16));
            let bytes = word(header, 40).min(NOTES_BYTES_MAX);
            let notes = read(address, bytes as usize)?;
            layout::address_in_notes(&notes, address, false)
        })
}

/// How far a file's addresses lie from where the target has it.
fn load_bias(target: &dyn Target, file: &Path) -> Option<u64> {
    bias_of(&target.mappings().ok()?, target, file)
}

fn bias_of(mappings: &[crate::target::Mapping], target: &dyn Target, file: &Path) -> Option<u64> {
    let name = std::fs::read_link(file).unwrap_or_else(|_| file.into());
    // A file that was given by hand may lie elsewhere now: then the executable's place is meant.
    let there = |path: &PathBuf| {
        mappings
            .iter()
            .find(|m| m.file_offset == 0 && m.path.as_ref() == Some(path))
    };
    let mapping = there(&name).or_else(|| there(&target.executable()?))?;
    let opened = std::fs::File::open(file).ok()?;
    let cache = ReadCache::new(&opened);
    let header = elf::FileHeader64::<Endianness>::parse(&cache).ok()?;
    let endian = header.endian().ok()?;
    let first = header
        .program_headers(endian, &cache)
        .ok()?
        .iter()
        .find(|header| header.p_type(endian) == elf::PT_LOAD && header.p_offset(endian) == 0)?;
    Some(mapping.start.wrapping_sub(first.p_vaddr(endian)))
}

/// The registry's symbol in a file, as linked.
fn symbol(file: &Path) -> Option<u64> {
    let opened = std::fs::File::open(file).ok()?;
    let cache = ReadCache::new(&opened);
    let elf = ElfFile64::<Endianness, _>::parse(&cache).ok()?;
    elf.symbols()
        .take(SYMBOLS_MAX)
        .chain(elf.dynamic_symbols().take(SYMBOLS_MAX))
        .find(|symbol| symbol.is_definition() && symbol.name() == Ok(layout::SYMBOL))
        .map(|symbol| symbol.address())
}
