//! Types of the program: descriptors of the runtime, and debug information
//! for what has no descriptor.
//!
//! Both live in one space of [`TypeRef`]s. A type that debug information
//! connects to its descriptor *is* that descriptor.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use crate::error::Result;
use crate::layout::{Field, Layout};
use crate::memory::{Memory, field, number};
use crate::model::Design;
use crate::module::Module;

/// Names a type: address of its descriptor, or an offset of debug information
/// with [`DWARF_BIT`] set.
pub type TypeRef = u64;

/// Marks a [`TypeRef`] into debug information.
pub const DWARF_BIT: u64 = 1 << 63;
/// Bytes of descriptors at most.
const TYPES_BYTES_MAX: u64 = 512 << 20;
/// Fields of a struct at most.
const FIELDS_MAX: u64 = 4096;
/// Bytes of a type's name at most.
const NAME_BYTES_MAX: u64 = 4096;
/// Bytes of a pointer mask at most.
const MASK_BYTES_MAX: u64 = 4096;
/// Bytes of a type at most.
pub const TYPE_BYTES_MAX: u64 = 1 << 40;

/// A type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Type {
    /// As Go prints it, `map[string]int`.
    pub name: String,
    /// Bytes.
    pub bytes: u64,
    /// Holds pointers.
    pub pointers: bool,
    /// Kind and parts.
    pub shape: Shape,
}

/// Kind and parts of a type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shape {
    /// No pointers inside, or none that lead to maps (functions, strings).
    Opaque,
    /// `*T`.
    Pointer(TypeRef),
    /// `unsafe.Pointer`.
    Untyped,
    /// `func`: points to a closure.
    Func,
    /// `chan T`.
    Chan,
    /// An interface without methods.
    Eface,
    /// An interface with methods.
    Iface,
    /// `[]T`.
    Slice(TypeRef),
    /// `[n]T`.
    Array(TypeRef, u64),
    /// Fields: name, offset, type.
    Struct(Vec<(String, u64, TypeRef)>),
    /// A map, with the layout of its buckets when the runtime describes it.
    Map(TypeRef, TypeRef, Option<Rc<MapLayout>>),
}

/// Where keys and elements are in a bucket or group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MapLayout {
    /// Descriptor of the map type.
    pub descriptor: u64,
    /// Name of the map type.
    pub name: String,
    /// Key type.
    pub key: TypeRef,
    /// Element type.
    pub elem: TypeRef,
    /// Descriptor of the bucket or group type.
    pub bucket: u64,
    /// Bytes of it.
    pub bucket_bytes: u64,
    /// It holds no pointers.
    pub noscan: bool,
    /// Offset of key 0, and distance between keys.
    pub keys: (u64, u64),
    /// Offset of element 0, and distance between elements.
    pub elems: (u64, u64),
    /// Keys are boxed.
    pub boxed_key: bool,
    /// Elements are boxed.
    pub boxed_elem: bool,
    /// Bytes of a key and of an element, boxed or not.
    pub sizes: (u64, u64),
    /// Key and element hold pointers.
    pub pointers: (bool, bool),
}

/// Reads types and keeps them.
pub struct Types<'t> {
    memory: Memory<'t>,
    start: u64,
    bytes: Vec<u8>,
    design: Design,
    layout: Fields,
    known: RefCell<HashMap<TypeRef, Option<Rc<Type>>>>,
    masks: RefCell<HashMap<TypeRef, Option<Rc<Vec<u8>>>>>,
    /// Debug information, when there is any.
    pub dwarf: Option<crate::dwarf::DwarfTypes>,
}

struct Fields {
    size: Field,
    ptr_bytes: Field,
    tflag: Field,
    gc_data: Field,
    kind: Field,
    str: Field,
    type_bytes: u64,
    elem_of_pointer: u64,
    elem_of_slice: u64,
    array: (u64, u64),
    methods: u64,
    fields: u64,
    struct_field: (u64, u64, u64, u64),
    map: MapFields,
    extra_star: u64,
    mask_elsewhere: (u64, u64),
}

struct MapFields {
    size: u64,
    key: Field,
    elem: Field,
    bucket: Field,
    flags: Field,
    key_size: Option<Field>,
    value_size: Option<Field>,
    bucket_size: Field,
    slot_size: Option<Field>,
    elem_off: Option<Field>,
    keys_off: Option<Field>,
    key_stride: Option<Field>,
    elems_off: Option<Field>,
    elem_stride: Option<Field>,
    boxed: (u64, u64),
}

impl<'t> Types<'t> {
    /// Reads the descriptors of a module.
    ///
    /// # Errors
    /// [`crate::Error::Layout`]; [`crate::Error::Unreadable`] when there are none.
    pub fn read(memory: Memory<'t>, module: &Module, layout: &Layout) -> Result<Types<'t>> {
        let len = (module.etypes - module.types).min(TYPES_BYTES_MAX);
        let bytes = memory
            .bytes(module.types, len)
            .map_err(|_| crate::Error::Unreadable {
                what: "the program's type descriptors",
                address: module.types,
            })?;
        let f = |s: &str, names: &[&str]| layout.field(s, names);
        let map = |names: &[&str]| layout.field("MapType", names);
        let maybe = |name: &str| layout.optional("MapType", &[name]);
        let design = layout.design();
        let (boxed_key, boxed_elem) = match design {
            Design::Classic => (1, 2),
            Design::Swiss => (
                layout
                    .constant(&["MapIndirectKey", "SwissMapIndirectKey"])
                    .unwrap_or(4),
                layout
                    .constant(&["MapIndirectElem", "SwissMapIndirectElem"])
                    .unwrap_or(8),
            ),
        };
        let fields = Fields {
            size: f("Type", &["Size_"])?,
            ptr_bytes: f("Type", &["PtrBytes"])?,
            tflag: f("Type", &["TFlag"])?,
            gc_data: f("Type", &["GCData"])?,
            kind: f("Type", &["Kind_"])?,
            str: f("Type", &["Str"])?,
            type_bytes: layout.size("Type")?,
            elem_of_pointer: f("PtrType", &["Elem"])?.offset,
            elem_of_slice: f("SliceType", &["Elem"])?.offset,
            array: (
                f("ArrayType", &["Elem"])?.offset,
                f("ArrayType", &["Len"])?.offset,
            ),
            methods: f("InterfaceType", &["Methods"])?.offset,
            fields: f("StructType", &["Fields"])?.offset,
            struct_field: (
                layout.size("StructField")?,
                f("StructField", &["Name"])?.offset,
                f("StructField", &["Typ"])?.offset,
                f("StructField", &["Offset"])?.offset,
            ),
            map: MapFields {
                size: layout.size("MapType")?,
                key: map(&["Key"])?,
                elem: map(&["Elem"])?,
                bucket: map(&["Bucket", "Group"])?,
                flags: map(&["Flags"])?,
                key_size: maybe("KeySize")?,
                value_size: maybe("ValueSize")?,
                bucket_size: map(&["BucketSize", "GroupSize"])?,
                slot_size: maybe("SlotSize")?,
                elem_off: maybe("ElemOff")?,
                keys_off: maybe("KeysOff")?,
                key_stride: maybe("KeyStride")?,
                elems_off: maybe("ElemsOff")?,
                elem_stride: maybe("ElemStride")?,
                boxed: (boxed_key, boxed_elem),
            },
            extra_star: layout.constant(&["TFlagExtraStar"]).unwrap_or(2),
            mask_elsewhere: (
                layout.constant(&["TFlagGCMaskOnDemand"]).unwrap_or(0),
                layout.constant(&["KindGCProg"]).unwrap_or(0),
            ),
        };
        Ok(Types {
            memory,
            start: module.types,
            bytes,
            design,
            layout: fields,
            known: RefCell::default(),
            masks: RefCell::default(),
            dwarf: None,
        })
    }

    /// Address of the first descriptor; offsets count from here.
    pub fn base(&self) -> u64 {
        self.start
    }

    /// Whether an address may be a descriptor.
    pub fn holds(&self, address: u64) -> bool {
        address.is_multiple_of(8)
            && address
                .checked_sub(self.start)
                .and_then(|offset| offset.checked_add(self.layout.type_bytes))
                .is_some_and(|end| end <= self.bytes.len() as u64)
    }

    fn at(&self, address: u64, bytes: u64) -> Option<&[u8]> {
        let offset = address.checked_sub(self.start)?;
        let end = offset.checked_add(bytes)?;
        self.bytes
            .get(usize::try_from(offset).ok()?..usize::try_from(end).ok()?)
    }

    /// The type behind a reference; `None` when it is none, or damaged.
    pub fn get(&self, reference: TypeRef) -> Option<Rc<Type>> {
        if let Some(known) = self.known.borrow().get(&reference) {
            return known.clone();
        }
        let found = if reference & DWARF_BIT != 0 {
            self.dwarf.as_ref().and_then(|dwarf| dwarf.parse(reference))
        } else {
            self.parse(reference)
        }
        .map(Rc::new);
        self.known.borrow_mut().insert(reference, found.clone());
        found
    }

    fn parse(&self, address: u64) -> Option<Type> {
        if !self.holds(address) {
            return None;
        }
        let f = &self.layout;
        let head = self.at(address, f.type_bytes)?;
        let bytes = field(head, f.size);
        let ptr_bytes = field(head, f.ptr_bytes);
        if bytes > TYPE_BYTES_MAX || ptr_bytes > bytes {
            return None;
        }
        let mut name = self.name(self.start.checked_add(field(head, f.str))?)?;
        if field(head, f.tflag) & f.extra_star != 0 {
            name = name.strip_prefix('*')?.to_string();
        }
        if name.is_empty() {
            return None;
        }
        let reference = |offset: u64| Some(number(self.at(address.checked_add(offset)?, 8)?, 0, 8));
        let shape = match field(head, f.kind) & 31 {
            17 => Shape::Array(reference(f.array.0)?, reference(f.array.1)?),
            18 => Shape::Chan,
            19 => Shape::Func,
            20 if reference(f.methods.saturating_add(8))? == 0 => Shape::Eface,
            20 => Shape::Iface,
            21 => {
                let layout = self.map_layout(address, name.clone())?;
                Shape::Map(layout.key, layout.elem, Some(Rc::new(layout)))
            }
            22 => Shape::Pointer(reference(f.elem_of_pointer)?),
            23 => Shape::Slice(reference(f.elem_of_slice)?),
            25 => {
                Shape::Struct(self.fields(reference(f.fields)?, reference(f.fields + 8)?, bytes)?)
            }
            26 => Shape::Untyped,
            1..=16 | 24 => Shape::Opaque,
            _ => return None,
        };
        Some(Type {
            name,
            bytes,
            pointers: ptr_bytes > 0,
            shape,
        })
    }

    fn fields(&self, start: u64, count: u64, bytes: u64) -> Option<Vec<(String, u64, TypeRef)>> {
        if count > FIELDS_MAX {
            return None;
        }
        let (size, name, kind, offset) = self.layout.struct_field;
        (0..count)
            .map(|index| {
                let at = start.checked_add(index * size)?;
                let entry = self.at(at, size)?;
                let place = number(entry, offset as usize, 8);
                if place > bytes {
                    return None;
                }
                Some((
                    self.name(number(entry, name as usize, 8))?,
                    place,
                    number(entry, kind as usize, 8),
                ))
            })
            .collect()
    }

    /// A name of the runtime: flags, length, text.
    fn name(&self, address: u64) -> Option<String> {
        let mut len = 0u64;
        let mut at = address.checked_add(1)?;
        for shift in [0, 7] {
            let byte = *self.at(at, 1)?.first()?;
            at += 1;
            len |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                break;
            }
        }
        if len > NAME_BYTES_MAX {
            return None;
        }
        String::from_utf8(self.at(at, len)?.to_vec()).ok()
    }

    /// Which words of a type are pointers, one bit a word; `None` when the
    /// descriptor keeps no plain mask, or it is larger than a page of bits.
    pub fn full_mask(&self, reference: TypeRef) -> Option<Rc<Vec<u8>>> {
        if let Some(known) = self.masks.borrow().get(&reference) {
            return known.clone();
        }
        let f = &self.layout;
        let read = || {
            let head = self.at(reference, f.type_bytes)?;
            let elsewhere = field(head, f.tflag) & f.mask_elsewhere.0 != 0
                || field(head, f.kind) & f.mask_elsewhere.1 != 0;
            let bytes = (field(head, f.ptr_bytes) / 8).div_ceil(8);
            if elsewhere || bytes > MASK_BYTES_MAX {
                return None;
            }
            let words = field(head, f.ptr_bytes) / 8;
            let mut mask = self.memory.bytes(field(head, f.gc_data), bytes).ok()?;
            if !words.is_multiple_of(8)
                && let Some(last) = mask.last_mut()
            {
                *last &= (1 << (words % 8)) - 1;
            }
            Some(Rc::new(mask))
        };
        let mask = read();
        self.masks.borrow_mut().insert(reference, mask.clone());
        mask
    }

    /// Which of the first 64 words of `count` values of a type are pointers;
    /// `None` when the descriptor keeps no plain mask.
    pub fn pointer_mask(&self, reference: TypeRef, count: u64) -> Option<u64> {
        let f = &self.layout;
        let head = self.at(reference, f.type_bytes)?;
        let elsewhere = field(head, f.tflag) & f.mask_elsewhere.0 != 0
            || field(head, f.kind) & f.mask_elsewhere.1 != 0;
        if elsewhere {
            return None;
        }
        let words = field(head, f.size) / 8;
        let masked = (field(head, f.ptr_bytes) / 8).min(64);
        let bits = self
            .memory
            .bytes(field(head, f.gc_data), masked.div_ceil(8))
            .ok()?;
        let bits = number(&bits, 0, bits.len());
        let bits = if masked == 64 {
            bits
        } else {
            bits & ((1 << masked) - 1)
        };
        let mut mask = 0u64;
        for index in 0..count {
            let at = index * words;
            if at >= 64 || words == 0 {
                break;
            }
            mask |= bits << at;
        }
        Some(mask)
    }

    /// Size and whether it holds pointers, without reading what is inside.
    fn size_of(&self, reference: TypeRef) -> Option<(u64, bool)> {
        let head = self.at(reference, self.layout.type_bytes)?;
        let bytes = field(head, self.layout.size);
        (bytes <= TYPE_BYTES_MAX).then(|| (bytes, field(head, self.layout.ptr_bytes) > 0))
    }

    fn map_layout(&self, address: u64, name: String) -> Option<MapLayout> {
        let m = &self.layout.map;
        let head = self.at(address, m.size)?;
        let (key, elem, bucket) = (
            field(head, m.key),
            field(head, m.elem),
            field(head, m.bucket),
        );
        let (key_bytes, key_pointers) = self.size_of(key)?;
        let (elem_bytes, elem_pointers) = self.size_of(elem)?;
        let (bucket_size, bucket_pointers) = self.size_of(bucket)?;
        let flags = field(head, m.flags);
        let bucket_bytes = field(head, m.bucket_size);
        if bucket_bytes != bucket_size || !(16..=1 << 16).contains(&bucket_bytes) {
            return None;
        }
        let (keys, elems) = match self.design {
            Design::Classic => {
                let (k, v) = (field(head, m.key_size?), field(head, m.value_size?));
                if k + v > bucket_bytes / 8 || 16 + 8 * (k + v) > bucket_bytes {
                    return None;
                }
                ((8, k), (8 + 8 * k, v))
            }
            Design::Swiss => {
                let (keys, elems) = match (m.keys_off, m.slot_size) {
                    (Some(keys_off), _) => (
                        (field(head, keys_off), field(head, m.key_stride?)),
                        (field(head, m.elems_off?), field(head, m.elem_stride?)),
                    ),
                    (None, Some(slot)) => (
                        (8, field(head, slot)),
                        (
                            field(head, m.elem_off?).saturating_add(8),
                            field(head, slot),
                        ),
                    ),
                    (None, None) => return None,
                };
                for (offset, stride) in [keys, elems] {
                    if offset > bucket_bytes
                        || stride > bucket_bytes
                        || offset + 7 * stride > bucket_bytes
                    {
                        return None;
                    }
                }
                (keys, elems)
            }
        };
        Some(MapLayout {
            descriptor: address,
            name,
            key,
            elem,
            bucket,
            bucket_bytes,
            noscan: !bucket_pointers,
            keys,
            elems,
            boxed_key: flags & m.boxed.0 != 0,
            boxed_elem: flags & m.boxed.1 != 0,
            sizes: (key_bytes, elem_bytes),
            pointers: (key_pointers, elem_pointers),
        })
    }

    /// Every map type of the program: found by scanning all descriptors, with
    /// or without the runtime's list of them.
    pub fn all_maps(&self) -> Vec<Rc<MapLayout>> {
        let f = &self.layout;
        let mut found = Vec::new();
        for offset in (0..self.bytes.len().saturating_sub(f.map.size as usize)).step_by(8) {
            let head = &self.bytes[offset..];
            if field(head, f.kind) & 31 != 21
                || field(head, f.size) != 8
                || field(head, f.ptr_bytes) != 8
            {
                continue;
            }
            let address = self.start + offset as u64;
            if let Some(kind) = self.get(address)
                && let Shape::Map(_, _, Some(layout)) = &kind.shape
                && kind.name.contains(['[', '.', '_'])
                && self
                    .get(layout.bucket)
                    .is_some_and(|b| matches!(b.shape, Shape::Struct(_)))
                && self.get(layout.key).is_some()
            {
                found.push(layout.clone());
            }
        }
        found
    }

    /// Memory of the target.
    pub fn memory(&self) -> Memory<'t> {
        self.memory
    }
}
