//! The executable: who built it, where its parts are, what it names.

use std::fs::File;
use std::path::{Path, PathBuf};

use object::elf;
use object::read::elf::{ElfFile64, FileHeader};
use object::{
    Endianness, Object, ObjectSection, ObjectSegment, ObjectSymbol, ReadCache, SymbolKind,
};

use crate::error::{Error, Result};
use crate::target::core::machine_name;

/// Start of Go's build information.
const BUILD_INFO_MAGIC: &[u8] = b"\xff Go buildinf:";
/// Bytes of one section that are read at most.
const SECTION_BYTES_MAX: u64 = 1 << 30;
/// Symbols of variables that are kept at most.
const SYMBOLS_MAX: usize = 2_000_000;

/// A named variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Symbol {
    /// Address as linked.
    pub address: u64,
    /// Bytes.
    pub bytes: u64,
    /// Name.
    pub name: String,
}

/// A part of the file that is loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segment {
    /// Address as linked.
    pub address: u64,
    /// Bytes in memory.
    pub bytes: u64,
}

/// An executable file.
#[derive(Debug)]
pub struct Binary {
    path: PathBuf,
    file: File,
    /// Release that built it, `go1.23.9`, experiments behind a space.
    pub go_version: String,
    /// Segments in order of address.
    pub segments: Vec<Segment>,
    /// Address and bytes of sections that matter.
    sections: Vec<(String, u64, u64)>,
    /// Go's build id, with the address of its note's content.
    pub build_id: Option<(u64, Vec<u8>)>,
    /// Variables, by address; empty when stripped.
    pub variables: Vec<Symbol>,
    /// Debug information is there.
    pub has_dwarf: bool,
}

type Elf<'a> = ElfFile64<'a, Endianness, &'a ReadCache<&'a File>>;

impl Binary {
    /// Opens an executable.
    ///
    /// # Errors
    /// [`Error::Binary`], [`Error::Machine`], [`Error::NotGo`].
    pub fn open(path: &Path) -> Result<Binary> {
        let bad = |reason: String| Error::Binary {
            path: path.into(),
            reason,
        };
        let file = File::open(path).map_err(|error| bad(format!("cannot be opened ({error})")))?;
        let cache = ReadCache::new(&file);
        let header = elf::FileHeader64::<Endianness>::parse(&cache)
            .map_err(|_| bad("not a 64-bit ELF file".into()))?;
        let endian = header.endian().map_err(|error| bad(error.to_string()))?;
        if header.e_machine(endian) != elf::EM_X86_64 {
            return Err(Error::Machine {
                path: path.into(),
                found: machine_name(header.e_machine(endian)),
            });
        }
        if header.e_type(endian) == elf::ET_CORE {
            return Err(bad("a core, not an executable".into()));
        }
        let elf: Elf<'_> = ElfFile64::parse(&cache).map_err(|error| bad(error.to_string()))?;
        let go_version = go_version(&elf).ok_or_else(|| Error::NotGo { path: path.into() })?;
        let mut segments: Vec<Segment> = elf
            .segments()
            .map(|segment| Segment {
                address: segment.address(),
                bytes: segment.size(),
            })
            .collect();
        segments.sort_by_key(|segment| segment.address);
        if segments.is_empty() {
            return Err(bad("has no loadable segments".into()));
        }
        let mut sections = Vec::new();
        let mut build_id = None;
        let mut has_dwarf = false;
        for section in elf.sections() {
            let name = section.name().unwrap_or_default().to_string();
            if name == ".note.go.buildid"
                && let Ok(content) = section.data()
            {
                build_id = Some((
                    section.address(),
                    content[..content.len().min(4096)].to_vec(),
                ));
            }
            has_dwarf |= (name == ".debug_info" || name == ".zdebug_info") && section.size() > 0;
            sections.push((name, section.address(), section.size()));
        }
        let mut variables: Vec<Symbol> = elf
            .symbols()
            .filter(|symbol| symbol.kind() == SymbolKind::Data && symbol.address() != 0)
            .take(SYMBOLS_MAX)
            .filter_map(|symbol| {
                let name = symbol.name().ok()?;
                Some(Symbol {
                    address: symbol.address(),
                    bytes: symbol.size(),
                    name: name.to_string(),
                })
            })
            .collect();
        variables.sort_by_key(|symbol| symbol.address);
        Ok(Binary {
            path: path.into(),
            file: file.try_clone().map_err(|error| bad(error.to_string()))?,
            go_version,
            segments,
            sections,
            build_id,
            variables,
            has_dwarf,
        })
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Address and bytes of the first of these sections that is there.
    pub fn section(&self, names: &[&str]) -> Option<(u64, u64)> {
        names.iter().find_map(|name| {
            self.sections
                .iter()
                .find(|(n, address, _)| n == name && *address != 0)
                .map(|&(_, address, bytes)| (address, bytes))
        })
    }

    /// Address of a variable by name, as linked.
    pub fn variable(&self, name: &str) -> Option<u64> {
        self.variables
            .iter()
            .find(|symbol| symbol.name == name)
            .map(|symbol| symbol.address)
    }

    /// Name and offset of the variable at an address as linked.
    pub fn variable_at(&self, address: u64) -> Option<(&str, u64)> {
        let index = self.variables.partition_point(|s| s.address <= address);
        // Empty symbols (section starts) may share an address with a real one.
        self.variables[..index]
            .iter()
            .rev()
            .take(8)
            .find(|s| address - s.address < s.bytes)
            .map(|s| (s.name.as_str(), address - s.address))
    }

    /// Content of a section, uncompressed; empty when absent.
    pub fn section_content(&self, name: &str) -> Vec<u8> {
        let cache = ReadCache::new(&self.file);
        let Ok(elf) = ElfFile64::<Endianness, _>::parse(&cache) else {
            return Vec::new();
        };
        let Some(section) = elf.section_by_name(name) else {
            return Vec::new();
        };
        match section.compressed_data() {
            Ok(data) if data.uncompressed_size <= SECTION_BYTES_MAX => data
                .decompress()
                .map(|content| content.into_owned())
                .unwrap_or_default(),
            _ => Vec::new(),
        }
    }
}

/// The release in the build information, if there is one.
fn go_version(elf: &Elf<'_>) -> Option<String> {
    from_build_info(elf).or_else(|| from_runtime(elf))
}

fn from_build_info(elf: &Elf<'_>) -> Option<String> {
    let section = elf.section_by_name(".go.buildinfo")?;
    let data = section.data().ok()?;
    let at = data
        .windows(BUILD_INFO_MAGIC.len())
        .step_by(16)
        .position(|window| window == BUILD_INFO_MAGIC)?
        * 16;
    let info = &data[at..];
    // Flag 2: strings are inline, as since Go 1.18.
    if info.get(15)? & 2 == 0 {
        return Some("go1.17 or older".into());
    }
    let mut len = 0usize;
    let mut index = 32;
    for shift in (0..28).step_by(7) {
        let byte = *info.get(index)?;
        index += 1;
        len |= usize::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            break;
        }
    }
    let text = info.get(index..index.checked_add(len)?)?;
    let text = std::str::from_utf8(text).ok()?;
    (!text.is_empty()).then(|| text.to_string())
}

/// Some builds leave the build information out. The runtime still keeps its release in a string
/// variable: a word of the data section that points to the text, and its length behind it.
fn from_runtime(elf: &Elf<'_>) -> Option<String> {
    elf.section_by_name(".gopclntab")
        .or_else(|| elf.section_by_name(".data.rel.ro.gopclntab"))?;
    let texts = elf.section_by_name(".rodata")?;
    let (start, texts) = (texts.address(), texts.data().ok()?);
    let data = elf.section_by_name(".data")?.data().ok()?;
    data.chunks_exact(8)
        .zip(data.chunks_exact(8).skip(1))
        .find_map(|(pointer, length)| {
            let word = |bytes: &[u8]| bytes.try_into().map_or(0, u64::from_le_bytes);
            let length = usize::try_from(word(length)).ok()?;
            if !RELEASE_BYTES.contains(&length) {
                return None;
            }
            let at = usize::try_from(word(pointer).checked_sub(start)?).ok()?;
            let text = std::str::from_utf8(texts.get(at..at.checked_add(length)?)?).ok()?;
            let numbers = text.strip_prefix("go1.")?;
            let plain = |c: char| c.is_ascii_digit() || c == '.';
            (numbers.starts_with(|c: char| c.is_ascii_digit()) && numbers.chars().all(plain))
                .then(|| text.to_string())
        })
}

/// Bytes of a release's name: `go1.21` to `go1.100.10`.
const RELEASE_BYTES: std::ops::Range<usize> = 6..12;

/// The Go release a file was built by, without judging the file otherwise.
pub(crate) fn is_go_file(path: &Path) -> bool {
    let Ok(file) = File::open(path) else {
        return false;
    };
    let cache = ReadCache::new(&file);
    let Ok(elf) = ElfFile64::<Endianness, _>::parse(&cache) else {
        return false;
    };
    go_version(&elf).is_some()
}
