//! The module data: the runtime's own table of contents.
//!
//! Found by symbol, else by the section that holds it (Go 1.27), else as the
//! writable word that points to the function table's header.

use crate::binary::Binary;
use crate::error::{Error, Result};
use crate::layout::Layout;
use crate::memory::{ADDRESS_END, Memory, field, word};

/// Bytes of writable data that are searched for the module data.
const SEARCH_BYTES_MAX: u64 = 64 << 20;
/// Functions that are kept at most.
const FUNCTIONS_MAX: u64 = 8 << 20;
/// Bytes of all function names at most.
const NAMES_BYTES_MAX: u64 = 64 << 20;
/// Bytes of the function table at most.
const FUNCTION_TABLE_BYTES_MAX: u64 = 256 << 20;
/// Bytes of a name at most.
const NAME_BYTES_MAX: u64 = 512;

/// The module data of the main program. Addresses of the running target.
#[derive(Debug, Clone, Default)]
pub struct Module {
    /// Address of the structure.
    pub address: u64,
    /// Machine code.
    pub text: u64,
    /// Its end.
    pub etext: u64,
    /// Type descriptors.
    pub types: u64,
    /// Their end.
    pub etypes: u64,
    /// Ranges of variables: data, bss, and their pointer-free twins.
    pub globals: Vec<(u64, u64)>,
    /// Pointer bits of data and bss: how many, and where they are.
    pub masks: [(u64, u64); 2],
    /// A further module follows: a plugin.
    pub next: u64,
    funcnametab: u64,
    pctab: (u64, u64),
    pclntable: (u64, u64),
    functions: Vec<(u32, u32)>,
    names: Vec<u8>,
    name_offsets: Vec<u32>,
    func_name_at: u64,
    func_pcsp_at: u64,
}

impl Module {
    /// Finds and reads the module data.
    ///
    /// # Errors
    /// [`Error::Runtime`] when nothing passes the checks.
    pub fn find(memory: Memory<'_>, binary: &Binary, bias: u64, layout: &Layout) -> Result<Module> {
        let linked = |address: u64| address.wrapping_add(bias);
        let mut tried = Vec::new();
        if let Some(address) = binary.variable("runtime.firstmoduledata") {
            tried.push(linked(address));
        }
        if let Some((address, _)) = binary.section(&[".go.module"]) {
            tried.push(linked(address));
        }
        for address in tried {
            if let Some(module) = Module::read(memory, address, layout)? {
                return module.with_functions(memory, layout);
            }
        }
        let header = binary
            .section(&[".gopclntab", ".data.rel.ro.gopclntab"])
            .map(|(address, _)| linked(address));
        for mapping in memory.target.mappings()? {
            let near = binary
                .segments
                .last()
                .is_some_and(|s| mapping.start < linked(s.address.saturating_add(s.bytes)));
            if !near || mapping.end <= linked(binary.segments[0].address) {
                continue;
            }
            let bytes = (mapping.end - mapping.start).min(SEARCH_BYTES_MAX);
            // Cores of gcore may have holes; go by pages.
            for page in (0..bytes).step_by(4096) {
                let Ok(content) = memory.bytes(mapping.start + page, 4096.min(bytes - page)) else {
                    continue;
                };
                for (index, chunk) in content.chunks_exact(8).enumerate() {
                    let value = word(chunk, 0);
                    if value == 0 || header.is_some_and(|header| header != value) {
                        continue;
                    }
                    if header.is_none()
                        && !(mapping.start..mapping.end).contains(&value)
                        && value < 4096
                    {
                        continue;
                    }
                    let at = mapping.start + page + index as u64 * 8;
                    if header.is_some()
                        && let Some(module) = Module::read(memory, at, layout)?
                    {
                        return module.with_functions(memory, layout);
                    }
                }
            }
        }
        Err(Error::Runtime {
            what: "the module data of the Go runtime",
            reason: "no word of the program's data points to its function table".into(),
            advice: "is the core whole, and is --binary the program that ran",
        })
    }

    /// Reads what is at `address`, if it is module data at all.
    fn read(memory: Memory<'_>, address: u64, layout: &Layout) -> Result<Option<Module>> {
        let Ok(bytes) = memory.bytes(address, layout.size("moduledata")?) else {
            return Ok(None);
        };
        let get =
            |name: &str| -> Result<u64> { Ok(field(&bytes, layout.field("moduledata", &[name])?)) };
        let slice = |name: &str| -> Result<(u64, u64)> {
            let place = layout.field("moduledata", &[name])?.offset as usize;
            Ok((word(&bytes, place), word(&bytes, place + 8)))
        };
        let mask = |name: &str| -> Result<(u64, u64)> {
            let bits = field(&bytes, layout.field("moduledata", &[&format!("{name}.n")])?);
            let at = field(
                &bytes,
                layout.field("moduledata", &[&format!("{name}.bytedata")])?,
            );
            Ok((bits, at))
        };
        let header = get("pcHeader")?;
        let Ok(magic) = memory.bytes(header, 8) else {
            return Ok(None);
        };
        let known = [
            layout.constant(&["CurrentPCLnTabMagic", "Go120PCLnTabMagic"]),
            Some(0xffff_fff1),
        ];
        let ok = known.contains(&Some(u64::from(u32::from_le_bytes([
            magic[0], magic[1], magic[2], magic[3],
        ]))))
            && magic[7] == 8;
        let (text, etext) = (get("text")?, get("etext")?);
        let (types, etypes) = (get("types")?, get("etypes")?);
        let (_, functions) = slice("ftab")?;
        let inside = etext < ADDRESS_END && etypes < ADDRESS_END;
        if !ok || !inside || text >= etext || types >= etypes || functions > FUNCTIONS_MAX {
            return Ok(None);
        }
        let mut globals = Vec::new();
        for (start, end) in [
            ("data", "edata"),
            ("bss", "ebss"),
            ("noptrdata", "enoptrdata"),
            ("noptrbss", "enoptrbss"),
        ] {
            let (start, end) = (get(start)?, get(end)?);
            if start > end || end - start > 1 << 32 || end > ADDRESS_END {
                return Ok(None);
            }
            globals.push((start, end));
        }
        Ok(Some(Module {
            address,
            text,
            etext,
            types,
            etypes,
            globals,
            masks: [mask("gcdatamask")?, mask("gcbssmask")?],
            next: get("next")?,
            funcnametab: slice("funcnametab")?.0,
            pctab: slice("pctab")?,
            pclntable: slice("pclntable")?,
            functions: Vec::new(),
            names: Vec::new(),
            name_offsets: Vec::new(),
            func_name_at: layout.field("func", &["nameOff", "nameoff"])?.offset,
            func_pcsp_at: layout.field("func", &["pcsp"])?.offset,
        }))
    }

    fn with_functions(mut self, memory: Memory<'_>, layout: &Layout) -> Result<Module> {
        let place = layout.field("moduledata", &["ftab"])?.offset;
        let start = memory.u64(self.address + place).unwrap_or(0);
        let count = memory
            .u64(self.address + place + 8)
            .unwrap_or(0)
            .min(FUNCTIONS_MAX);
        if let Ok(table) = memory.bytes(start, count * 8) {
            self.functions = table
                .chunks_exact(8)
                .map(|entry| {
                    let word = word(entry, 0);
                    (word as u32, (word >> 32) as u32)
                })
                .collect();
        }
        // Names of all functions, in two large reads instead of many small ones.
        let names = layout.field("moduledata", &["funcnametab"])?.offset;
        let bytes = memory
            .u64(self.address + names + 8)
            .unwrap_or(0)
            .min(NAMES_BYTES_MAX);
        if let (Ok(names), Ok(table)) = (
            memory.bytes(self.funcnametab, bytes),
            memory.bytes(
                self.pclntable.0,
                self.pclntable.1.min(FUNCTION_TABLE_BYTES_MAX),
            ),
        ) {
            self.names = names;
            self.name_offsets = self
                .functions
                .iter()
                .map(|&(_, at)| {
                    let at = at as usize + self.func_name_at as usize;
                    crate::memory::number(&table, at, 4) as u32
                })
                .collect();
        }
        Ok(self)
    }

    /// The function that holds an address: index in the table.
    pub fn function_at(&self, pc: u64) -> Option<usize> {
        if !(self.text..self.etext).contains(&pc) {
            return None;
        }
        let offset = (pc - self.text) as u32;
        self.functions
            .partition_point(|&(entry, _)| entry <= offset)
            .checked_sub(1)
            // The last entry marks the end.
            .filter(|&index| index + 1 < self.functions.len())
    }

    /// First and last-plus-one address of a function.
    pub fn function_range(&self, index: usize) -> Option<(u64, u64)> {
        let start = self.functions.get(index)?.0;
        let end = self.functions.get(index + 1)?.0;
        Some((self.text + u64::from(start), self.text + u64::from(end)))
    }

    /// Functions in the table.
    pub fn function_count(&self) -> usize {
        self.functions.len().saturating_sub(1)
    }

    /// Name of a function.
    pub fn function_name(&self, memory: Memory<'_>, index: usize) -> Option<String> {
        if let Some(&offset) = self.name_offsets.get(index)
            && let Some(text) = self.names.get(offset as usize..)
        {
            let end = text
                .iter()
                .take(NAME_BYTES_MAX as usize)
                .position(|&b| b == 0)?;
            return String::from_utf8(text[..end].to_vec()).ok();
        }
        let offset = u64::from(self.functions.get(index)?.1);
        let at = self.pclntable.0.checked_add(offset)?;
        let name = memory.bytes(at.checked_add(self.func_name_at)?, 4).ok()?;
        let name = self
            .funcnametab
            .checked_add(crate::memory::number(&name, 0, 4))?;
        c_string(memory, name)
    }

    /// Bytes that the function at `pc` has pushed: return address excluded.
    pub fn frame_bytes(&self, memory: Memory<'_>, pc: u64) -> Option<u64> {
        let index = self.function_at(pc)?;
        let (entry, _) = self.function_range(index)?;
        let offset = u64::from(self.functions.get(index)?.1);
        let at = self.pclntable.0.checked_add(offset)?;
        let pcsp = memory.bytes(at.checked_add(self.func_pcsp_at)?, 4).ok()?;
        let pcsp = crate::memory::number(&pcsp, 0, 4);
        if pcsp == 0 || pcsp >= self.pctab.1 {
            return None;
        }
        let bytes = (self.pctab.1 - pcsp).min(4096);
        let table = memory.bytes(self.pctab.0.checked_add(pcsp)?, bytes).ok()?;
        let mut at = 0;
        let mut value: i64 = -1;
        let mut address = entry;
        loop {
            let delta = varint(&table, &mut at)?;
            if delta == 0 && address != entry {
                return None;
            }
            let delta = if delta & 1 == 1 {
                -i64::from(delta >> 1) - 1
            } else {
                i64::from(delta >> 1)
            };
            value = value.wrapping_add(delta);
            address = address.wrapping_add(u64::from(varint(&table, &mut at)?));
            if pc < address {
                return u64::try_from(value).ok();
            }
        }
    }

    /// Whether an address is inside the type descriptors.
    pub fn is_type_address(&self, address: u64) -> bool {
        (self.types..self.etypes).contains(&address) && address.is_multiple_of(8)
    }
}

fn varint(bytes: &[u8], at: &mut usize) -> Option<u32> {
    let mut value = 0u32;
    for shift in (0..35).step_by(7) {
        let byte = *bytes.get(*at)?;
        *at += 1;
        value |= u32::from(byte & 0x7f).checked_shl(shift)?;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

/// A text that ends with a zero byte.
fn c_string(memory: Memory<'_>, address: u64) -> Option<String> {
    let mut text = Vec::new();
    while (text.len() as u64) < NAME_BYTES_MAX {
        let part = memory
            .bytes(address.checked_add(text.len() as u64)?, 32)
            .ok()?;
        match part.iter().position(|&b| b == 0) {
            Some(end) => {
                text.extend_from_slice(&part[..end]);
                return String::from_utf8(text).ok();
            }
            None => text.extend_from_slice(&part),
        }
    }
    None
}
