//! Does the content of a map fit a type?
//!
//! For maps that nothing typed leads to, every map type of the program is
//! tried: size of the array, its pointer bits, and the values in live slots.
//! A type that passes is possible, not proven.

use crate::design::Offsets;
use crate::memory::word;
use crate::model::Design;
use crate::reading::{BucketShape, Context};
use crate::types::{MapLayout, Shape, TypeRef, Types};

/// Live slots that are looked at.
const SLOTS_MAX: usize = 256;
/// Depth of values inside values.
const DEPTH_MAX: u32 = 16;
/// Bytes of a string that is taken for real.
const STRING_BYTES_MAX: u64 = 1 << 34;

/// Tries types on maps.
pub struct Fit<'c> {
    /// Memory and heap.
    pub context: &'c Context<'c>,
    /// Types of the program.
    pub types: &'c Types<'c>,
    /// Offsets of the design.
    pub offsets: &'c Offsets,
    /// Whether an address may be a map header.
    pub is_map: &'c dyn Fn(u64) -> bool,
    /// Range of the program's own memory: variables, constants, code.
    pub program: (u64, u64),
}

impl Fit<'_> {
    /// Whether all live slots looked at can be of this type.
    pub fn content_fits(&self, map: u64, layout: &MapLayout) -> bool {
        let shape = BucketShape {
            bytes: layout.bucket_bytes,
            noscan: layout.noscan,
        };
        let swiss = self.context.layout.design() == Design::Swiss;
        let mut looked = 0;
        let mut fits = true;
        self.offsets
            .visit(self.context, map, shape, &mut |bucket, _| {
                if !fits || looked >= SLOTS_MAX {
                    return;
                }
                for slot in 0..8u64 {
                    let state = bucket[slot as usize];
                    if if swiss { state >= 0x80 } else { state < 5 } {
                        continue;
                    }
                    looked += 1;
                    for ((offset, stride), kind, boxed) in [
                        (layout.keys, layout.key, layout.boxed_key),
                        (layout.elems, layout.elem, layout.boxed_elem),
                    ] {
                        let at = (offset + slot * stride) as usize;
                        let data = bucket.get(at..).unwrap_or_default();
                        fits &= if boxed {
                            self.pointer(word(data, 0), kind, true)
                        } else {
                            self.value(data, kind, DEPTH_MAX)
                        };
                    }
                }
            });
        fits
    }

    fn value(&self, data: &[u8], kind: TypeRef, depth: u32) -> bool {
        let Some(found) = self.types.get(kind) else {
            return true;
        };
        if found.bytes == 0 || depth == 0 {
            return true;
        }
        if data.len() < found.bytes as usize {
            return false;
        }
        let first = word(data, 0);
        match &found.shape {
            Shape::Opaque if found.pointers => {
                // A string; an empty one may point anywhere.
                let len = word(data, 8);
                len == 0 || (len <= STRING_BYTES_MAX && self.bytes_at(first, len))
            }
            Shape::Opaque => found.name != "bool" || data[0] <= 1,
            Shape::Pointer(to) => self.pointer(first, *to, false),
            Shape::Untyped => true,
            Shape::Func => {
                // A closure starts with the address of its code.
                first == 0
                    || (self.address(first)
                        && self
                            .context
                            .memory
                            .u64(first)
                            .is_ok_and(|code| (self.program.0..self.program.1).contains(&code)))
            }
            Shape::Chan => {
                first == 0
                    || self
                        .context
                        .heap
                        .object_at(first)
                        .is_some_and(|object| object.bytes >= 96)
            }
            Shape::Map(..) => first == 0 || (self.is_map)(first),
            Shape::Eface => {
                first == 0
                    || (self.any_type(first) && (word(data, 8) == 0 || self.address(word(data, 8))))
            }
            Shape::Iface => first == 0 || (self.address(first) && first.is_multiple_of(8)),
            Shape::Slice(elem) => {
                let (len, cap) = (word(data, 8), word(data, 16));
                let bytes = self.types.get(*elem).map_or(0, |t| t.bytes);
                len <= cap
                    && (cap == 0
                        || cap
                            .checked_mul(bytes)
                            .is_some_and(|n| self.bytes_at(first, n)))
            }
            Shape::Array(elem, count) => {
                let bytes = self.types.get(*elem).map_or(0, |t| t.bytes);
                bytes == 0
                    || data
                        .chunks_exact(bytes as usize)
                        .take((*count).min(64) as usize)
                        .all(|part| self.value(part, *elem, depth - 1))
            }
            Shape::Struct(fields) => fields.iter().all(|(_, offset, field)| {
                self.value(
                    data.get(*offset as usize..).unwrap_or_default(),
                    *field,
                    depth - 1,
                )
            }),
        }
    }

    fn any_type(&self, address: u64) -> bool {
        self.types.holds(address) && self.types.get(address).is_some()
            // Types made by reflection are objects of the heap.
            || self.context.heap.object_at(address).is_some()
    }

    /// Inside the program or a live object of the heap.
    fn address(&self, address: u64) -> bool {
        (self.program.0..self.program.1).contains(&address)
            || self.context.heap.span_at(address).is_some()
    }

    /// `bytes` bytes that one object, or the program, can hold.
    fn bytes_at(&self, address: u64, bytes: u64) -> bool {
        if bytes == 0 {
            return true;
        }
        if let Some(object) = self.context.heap.object_at(address) {
            return self.context.heap.spans[object.span].alive(object.index)
                && bytes <= object.bytes - (address - object.base);
        }
        if self.context.heap.span_at(address).is_some() {
            return false;
        }
        // Constants of the program, or memory mapped by hand.
        address >= 4096
            && address
                .checked_add(bytes)
                .is_some_and(|end| end < crate::memory::ADDRESS_END)
    }

    fn pointer(&self, value: u64, to: TypeRef, exact: bool) -> bool {
        if value == 0 {
            return !exact;
        }
        let Some(found) = self.types.get(to) else {
            return self.address(value);
        };
        let Some(object) = self.context.heap.object_at(value) else {
            return self.context.heap.span_at(value).is_none()
                && (4096..crate::memory::ADDRESS_END).contains(&value);
        };
        let span = &self.context.heap.spans[object.span];
        let rest = object.bytes - (value - object.base);
        if !span.alive(object.index) || found.bytes > rest || (found.pointers && span.noscan) {
            return false;
        }
        if (self.is_map)(value) && found.bytes > 0 {
            return false;
        }
        if exact {
            let slot = self.context.sizes.slot(found.bytes, !found.pointers);
            return span.noscan != found.pointers && (slot == object.bytes || found.bytes < 16);
        }
        // A whole object: no slot more than one size class too large by far.
        value != object.base + self.context.heap.header_bytes(span)
            || found.bytes == 0
            || found.pointers != span.noscan
            || !span.noscan
    }
}
