//! Debug information: types and package-level variables.

use std::cell::RefCell;
use std::collections::HashMap;

use gimli::{AttributeValue, DebugInfoOffset, DwAt, EndianRcSlice, LittleEndian, Reader as _};

use crate::binary::Binary;
use crate::types::{DWARF_BIT, Shape, TYPE_BYTES_MAX, Type, TypeRef};

type R = EndianRcSlice<LittleEndian>;

/// Go's own attributes.
const GO_KIND: DwAt = DwAt(0x2900);
const GO_KEY: DwAt = DwAt(0x2901);
const GO_ELEM: DwAt = DwAt(0x2902);
const GO_RUNTIME_TYPE: DwAt = DwAt(0x2904);

/// Variables at most.
const VARIABLES_MAX: usize = 2_000_000;
/// Typedefs that are followed at most.
const TYPEDEFS_MAX: usize = 32;

/// A package-level variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variable {
    /// `main.users`.
    pub name: String,
    /// Address in the running target.
    pub address: u64,
    /// Its type.
    pub kind: TypeRef,
    /// Its bytes, once the type is known.
    pub bytes: u64,
}

/// Types in debug information, read when asked for.
pub struct DwarfTypes {
    dwarf: gimli::Dwarf<R>,
    /// Start of each unit in `.debug_info`, in order.
    units: Vec<(usize, gimli::UnitHeader<R>)>,
    open: RefCell<HashMap<usize, std::rc::Rc<gimli::Unit<R>>>>,
    types_base: u64,
    types_end: u64,
    bias: u64,
}

impl DwarfTypes {
    /// Opens the debug information of a binary; `None` when there is none, or
    /// it is damaged.
    pub fn open(binary: &Binary, bias: u64, types_base: u64, types_end: u64) -> Option<DwarfTypes> {
        if !binary.has_dwarf {
            return None;
        }
        let load = |id: gimli::SectionId| -> Result<R, gimli::Error> {
            Ok(R::new(
                binary.section_content(id.name()).into(),
                LittleEndian,
            ))
        };
        let dwarf = gimli::Dwarf::load(load).ok()?;
        let mut units = Vec::new();
        let mut headers = dwarf.units();
        while let Ok(Some(header)) = headers.next() {
            if let Some(offset) = header.debug_info_offset() {
                units.push((offset.0, header));
            }
        }
        (!units.is_empty()).then(|| DwarfTypes {
            dwarf,
            units,
            open: RefCell::default(),
            types_base,
            types_end,
            bias,
        })
    }

    fn unit(&self, index: usize) -> Option<std::rc::Rc<gimli::Unit<R>>> {
        if let Some(unit) = self.open.borrow().get(&index) {
            return Some(unit.clone());
        }
        let unit = std::rc::Rc::new(self.dwarf.unit(self.units.get(index)?.1.clone()).ok()?);
        self.open.borrow_mut().insert(index, unit.clone());
        Some(unit)
    }

    /// All package-level variables with an address.
    pub fn variables(&self) -> Vec<Variable> {
        let mut found = Vec::new();
        for index in 0..self.units.len() {
            let Some(unit) = self.unit(index) else {
                continue;
            };
            let mut entries = unit.entries();
            let mut depth_of_skip: Option<isize> = None;
            while let Ok(Some(entry)) = entries.next_dfs() {
                let depth = entry.depth();
                if depth_of_skip.is_some_and(|skip| depth > skip) {
                    continue;
                }
                depth_of_skip = None;
                match entry.tag() {
                    gimli::DW_TAG_subprogram => depth_of_skip = Some(depth),
                    gimli::DW_TAG_variable => {
                        if let Some(variable) = self.variable(&unit, entry) {
                            found.push(variable);
                            if found.len() >= VARIABLES_MAX {
                                return found;
                            }
                        }
                    }
                    _ => {}
                }
            }
        }
        found
    }

    fn variable(
        &self,
        unit: &gimli::Unit<R>,
        entry: &gimli::DebuggingInformationEntry<R>,
    ) -> Option<Variable> {
        let Some(AttributeValue::Exprloc(location)) = entry.attr_value(gimli::DW_AT_location)
        else {
            return None;
        };
        let mut operations = location.operations(unit.encoding());
        let address = match operations.next().ok()?? {
            gimli::Operation::Address { address } => address,
            gimli::Operation::AddressIndex { index } => self.dwarf.address(unit, index).ok()?,
            _ => return None,
        };
        if operations.next().ok()?.is_some() || address == 0 {
            return None;
        }
        let kind = self.reference(unit, entry.attr_value(gimli::DW_AT_type)?)?;
        Some(Variable {
            name: self.name(unit, entry)?,
            address: address.wrapping_add(self.bias),
            kind: self.resolve(kind),
            bytes: 0,
        })
    }

    fn name(
        &self,
        unit: &gimli::Unit<R>,
        entry: &gimli::DebuggingInformationEntry<R>,
    ) -> Option<String> {
        let value = entry.attr_value(gimli::DW_AT_name)?;
        let text = self.dwarf.attr_string(unit, value).ok()?;
        Some(text.to_string_lossy().ok()?.into_owned())
    }

    /// Offset in `.debug_info` that a reference names.
    fn reference(&self, unit: &gimli::Unit<R>, value: AttributeValue<R>) -> Option<usize> {
        match value {
            AttributeValue::UnitRef(offset) => offset
                .to_debug_info_offset(&unit.header)
                .map(|offset| offset.0),
            AttributeValue::DebugInfoRef(offset) => Some(offset.0),
            _ => None,
        }
    }

    fn with_entry<T>(
        &self,
        offset: usize,
        f: impl FnOnce(&gimli::Unit<R>, &gimli::DebuggingInformationEntry<R>) -> Option<T>,
    ) -> Option<T> {
        let index = self
            .units
            .partition_point(|&(start, _)| start <= offset)
            .checked_sub(1)?;
        let unit = self.unit(index)?;
        let at = DebugInfoOffset(offset).to_unit_offset(&unit.header)?;
        let entry = unit.entry(at).ok()?;
        f(&unit, &entry)
    }

    /// The descriptor of the type at an offset, or the offset itself as a [`TypeRef`].
    fn resolve(&self, offset: usize) -> TypeRef {
        self.with_entry(offset, |_, entry| {
            let value = match entry.attr_value(GO_RUNTIME_TYPE)? {
                AttributeValue::Addr(address) => address,
                other => other.udata_value()?,
            };
            if value == 0 {
                return None;
            }
            let linked = value.wrapping_add(self.bias);
            let descriptor = if (self.types_base..self.types_end).contains(&linked) {
                linked
            } else {
                self.types_base.checked_add(value)?
            };
            (descriptor < self.types_end).then_some(descriptor)
        })
        .unwrap_or(offset as u64 | DWARF_BIT)
    }

    /// Parses a type that has no descriptor.
    pub fn parse(&self, reference: TypeRef) -> Option<Type> {
        self.parse_at((reference & !DWARF_BIT) as usize, TYPEDEFS_MAX)
    }

    fn parse_at(&self, offset: usize, typedefs: usize) -> Option<Type> {
        self.with_entry(offset, |unit, entry| {
            let number = |at: DwAt| entry.attr_value(at).and_then(|v| v.udata_value());
            let target = |at: DwAt| {
                let offset = self.reference(unit, entry.attr_value(at)?)?;
                Some(self.resolve(offset))
            };
            let name = self.name(unit, entry).unwrap_or_default();
            let kind = number(GO_KIND).unwrap_or(0);
            let bytes = number(gimli::DW_AT_byte_size);
            let (shape, bytes) = match (kind, entry.tag()) {
                (21, _) => (Shape::Map(target(GO_KEY)?, target(GO_ELEM)?, None), 8),
                (18, _) => (Shape::Chan, 8),
                (19, _) => (Shape::Func, 8),
                (20, _) => {
                    let text = target(gimli::DW_AT_type)
                        .and_then(|t| self.dwarf_name(t))
                        .unwrap_or_default();
                    let shape = if text == "runtime.eface" {
                        Shape::Eface
                    } else {
                        Shape::Iface
                    };
                    (shape, 16)
                }
                (22, gimli::DW_TAG_pointer_type) => match target(gimli::DW_AT_type) {
                    Some(to) => (Shape::Pointer(to), 8),
                    None => (Shape::Untyped, 8),
                },
                (26, _) | (_, gimli::DW_TAG_pointer_type) => (Shape::Untyped, 8),
                (23, _) => (Shape::Slice(target(GO_ELEM)?), 24),
                (24, _) => (Shape::Opaque, 16),
                (17, _) | (_, gimli::DW_TAG_array_type) => {
                    let elem = target(gimli::DW_AT_type)?;
                    let bytes = bytes?;
                    let mut tree = unit.entries_tree(Some(entry.offset())).ok()?;
                    let root = tree.root().ok()?;
                    let mut children = root.children();
                    let mut count = 0;
                    while let Ok(Some(child)) = children.next() {
                        let value = |at| child.entry().attr_value(at).and_then(|v| v.udata_value());
                        if let Some(n) = value(gimli::DW_AT_count) {
                            count = n;
                        } else if let Some(n) = value(gimli::DW_AT_upper_bound) {
                            count = n.wrapping_add(1);
                        }
                    }
                    (Shape::Array(elem, count), bytes)
                }
                (_, gimli::DW_TAG_structure_type) => {
                    let mut fields = Vec::new();
                    let mut tree = unit.entries_tree(Some(entry.offset())).ok()?;
                    let root = tree.root().ok()?;
                    let mut children = root.children();
                    while let Ok(Some(child)) = children.next() {
                        let child = child.entry();
                        if child.tag() != gimli::DW_TAG_member {
                            continue;
                        }
                        let place = child
                            .attr_value(gimli::DW_AT_data_member_location)
                            .and_then(|v| v.udata_value())
                            .unwrap_or(0);
                        let kind = self.reference(unit, child.attr_value(gimli::DW_AT_type)?)?;
                        let name = self.name(unit, child).unwrap_or_default();
                        fields.push((name, place, self.resolve(kind)));
                    }
                    (Shape::Struct(fields), bytes.unwrap_or(0))
                }
                (_, gimli::DW_TAG_typedef) if typedefs > 0 => {
                    let inner = self.reference(unit, entry.attr_value(gimli::DW_AT_type)?)?;
                    let mut parsed = self.parse_at(inner, typedefs - 1)?;
                    parsed.name = name;
                    return Some(parsed);
                }
                _ => (Shape::Opaque, bytes.unwrap_or(8)),
            };
            if bytes > TYPE_BYTES_MAX {
                return None;
            }
            Some(Type {
                name,
                bytes,
                pointers: !matches!(shape, Shape::Opaque) || kind == 24,
                shape,
            })
        })
    }

    fn dwarf_name(&self, reference: TypeRef) -> Option<String> {
        if reference & DWARF_BIT == 0 {
            return None;
        }
        self.with_entry((reference & !DWARF_BIT) as usize, |unit, entry| {
            self.name(unit, entry)
        })
    }
}
