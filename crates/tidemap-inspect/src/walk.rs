//! The typed walk: from variables and typed objects along their types.
//!
//! Every slot of a map type is evidence for the map it holds; every typed
//! pointer to something else is evidence against. Paths are kept as a tree, so
//! that a row can say `main.server.users[…].tags`.
//!
//! Memory: about 60 bytes for each typed place, [`PLACES_MAX`] of them.

use std::collections::{HashMap, HashSet, VecDeque};
use std::rc::Rc;

use crate::layout::Layout;
use crate::mark::ChannelOffsets;
use crate::memory::{ADDRESS_END, word};
use crate::reading::{BucketShape, CHUNK_BYTES, Context};
use crate::types::{MapLayout, Shape, Type, TypeRef, Types};

/// Typed places at most.
pub const PLACES_MAX: usize = 4 << 20;
/// Depth of values inside values.
const DEPTH_MAX: u32 = 64;
/// Steps of a path that are printed.
const STEPS_MAX: usize = 24;
/// Evidence that is kept for one map.
const EVIDENCE_MAX: usize = 8;

/// A step of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Root(Rc<str>),
    Field(TypeRef, u32),
    Pointer,
    Element,
    Key,
    Value,
    Interface(TypeRef),
    Channel,
}

/// Visits the buckets of the map at an address: content and address of each.
pub type VisitBuckets<'c> = dyn Fn(u64, BucketShape, &mut dyn FnMut(&[u8], u64)) + 'c;

/// Path in the tree; 0 is none.
pub type Path = u32;

/// A typed slot that holds a map.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// Type of the slot.
    pub kind: TypeRef,
    /// Address of the slot.
    pub slot: u64,
    /// How it was reached.
    pub path: Path,
    /// The slot is the data word of an interface.
    pub interface: bool,
    /// The type is what code passes together with the slot.
    pub from_code: bool,
}

/// The walk and what it found.
pub struct Walk<'c> {
    context: &'c Context<'c>,
    types: &'c Types<'c>,
    channel: ChannelOffsets,
    itab_type: u64,
    buckets: &'c VisitBuckets<'c>,
    seen: HashSet<(u64, TypeRef)>,
    queue: VecDeque<(u64, TypeRef, u64, Path)>,
    steps: Vec<(Path, Step)>,
    itabs: HashMap<u64, TypeRef>,
    /// Maps, with the slots that hold them.
    pub maps: HashMap<u64, Vec<Evidence>>,
    /// Addresses that typed pointers of other types lead to.
    pub others: HashMap<u64, TypeRef>,
    candidates: &'c dyn Fn(u64) -> bool,
    /// Places were left out for want of room.
    pub full: bool,
}

impl<'c> Walk<'c> {
    /// Prepares a walk; `buckets` visits the buckets of a map.
    ///
    /// # Errors
    /// [`crate::Error::Layout`].
    pub fn new(
        context: &'c Context<'c>,
        types: &'c Types<'c>,
        layout: &Layout,
        buckets: &'c VisitBuckets<'c>,
        candidates: &'c dyn Fn(u64) -> bool,
    ) -> crate::Result<Self> {
        Ok(Walk {
            context,
            types,
            channel: ChannelOffsets::new(layout)?,
            itab_type: layout.field("itab", &["Type", "_type"])?.offset,
            buckets,
            seen: HashSet::new(),
            queue: VecDeque::new(),
            steps: vec![(0, Step::Root("".into()))],
            itabs: HashMap::new(),
            maps: HashMap::new(),
            others: HashMap::new(),
            candidates,
            full: false,
        })
    }

    /// Starts from a variable.
    pub fn variable(&mut self, name: &str, address: u64, kind: TypeRef) {
        let path = self.step(0, Step::Root(name.into()));
        self.push(address, kind, 1, path);
    }

    /// Starts from a typed place without a name.
    pub fn place(&mut self, address: u64, kind: TypeRef, count: u64) {
        self.push(address, kind, count, 0);
    }

    /// An interface value that holds a map.
    pub fn interface(&mut self, kind: TypeRef, map: u64, slot: u64) {
        if let Some(found) = self.types.get(kind) {
            self.map(&found, kind, map, slot, 0, true);
        }
    }

    /// A variable whose type code tells.
    pub fn code(&mut self, kind: TypeRef, slot: u64) {
        let Ok(map) = self.context.memory.u64(slot) else {
            return;
        };
        let Some(found) = self.types.get(kind) else {
            return;
        };
        let known = self.maps.get(&map).map_or(0, Vec::len);
        self.map(&found, kind, map, slot, 0, false);
        if let Some(evidence) = self.maps.get_mut(&map) {
            for piece in evidence.iter_mut().skip(known) {
                piece.from_code = true;
            }
        }
    }

    /// Walks until nothing new is found.
    pub fn run(&mut self) {
        while let Some((address, kind, count, path)) = self.queue.pop_front() {
            let Some(found) = self.types.get(kind) else {
                continue;
            };
            if found.bytes == 0 || !found.pointers {
                continue;
            }
            let Some(total) = found.bytes.checked_mul(count) else {
                continue;
            };
            if found.bytes > CHUNK_BYTES * 64 {
                continue;
            }
            let per_chunk = (CHUNK_BYTES / found.bytes).max(1);
            let mut from = 0;
            while from < count {
                let n = per_chunk.min(count - from);
                let start = address + from * found.bytes;
                let Ok(content) = self.context.memory.bytes(start, n * found.bytes) else {
                    break;
                };
                for index in 0..n {
                    let at = (index * found.bytes) as usize;
                    let data = &content[at..at + found.bytes as usize];
                    let path = if total > found.bytes && path != 0 {
                        self.step(path, Step::Element)
                    } else {
                        path
                    };
                    self.value(data, start + at as u64, &found, kind, path, DEPTH_MAX);
                }
                from += n;
            }
        }
    }

    fn step(&mut self, from: Path, step: Step) -> Path {
        if self.steps.len() >= PLACES_MAX * 2 {
            return 0;
        }
        // Without a root a path says nothing.
        if from == 0 && !matches!(step, Step::Root(_)) {
            return 0;
        }
        if let Some((parent, last)) = self.steps.last()
            && *parent == from
            && *last == step
        {
            return (self.steps.len() - 1) as Path;
        }
        self.steps.push((from, step));
        (self.steps.len() - 1) as Path
    }

    fn push(&mut self, address: u64, kind: TypeRef, count: u64, path: Path) {
        let end = self
            .types
            .get(kind)
            .and_then(|t| t.bytes.checked_mul(count)?.checked_add(address));
        if address == 0 || !address.is_multiple_of(8) || end.is_none_or(|end| end > ADDRESS_END) {
            return;
        }
        if self.seen.len() >= PLACES_MAX {
            self.full = true;
            return;
        }
        if self.seen.insert((address, kind)) {
            self.queue.push_back((address, kind, count, path));
        }
    }

    /// Looks at one value.
    fn value(
        &mut self,
        data: &[u8],
        address: u64,
        kind: &Rc<Type>,
        reference: TypeRef,
        path: Path,
        depth: u32,
    ) {
        if depth == 0 || !kind.pointers {
            return;
        }
        let first = word(data, 0);
        match &kind.shape {
            Shape::Opaque | Shape::Untyped | Shape::Func => {}
            Shape::Pointer(to) => self.pointer(first, *to, path),
            Shape::Map(..) => self.map(kind, reference, first, address, path, false),
            Shape::Chan => {
                if first != 0
                    && let Ok(bytes) = self.context.memory.bytes(first, self.channel.bytes)
                    && let Some((buffer, kind, count)) = self.channel.parse(&bytes, self.types)
                    && self.room(buffer, kind, count)
                {
                    let path = self.step(path, Step::Channel);
                    self.push(buffer, kind, count, path);
                }
            }
            Shape::Slice(elem) => {
                let (len, cap) = (word(data, 8), word(data, 16));
                if len <= cap && cap > 0 && self.room(first, *elem, cap) {
                    let path = self.step(path, Step::Element);
                    self.push(first, *elem, cap, path);
                }
            }
            Shape::Eface => {
                if self.types.holds(first) {
                    self.dynamic(first, word(data, 8), address + 8, path);
                }
            }
            Shape::Iface => {
                if first != 0 {
                    let kind = self.itab(first);
                    if kind != 0 {
                        self.dynamic(kind, word(data, 8), address + 8, path);
                    }
                }
            }
            Shape::Array(elem, count) => {
                let Some(found) = self.types.get(*elem) else {
                    return;
                };
                if found.bytes == 0 || !found.pointers {
                    return;
                }
                let path = self.step(path, Step::Element);
                for (index, part) in data.chunks_exact(found.bytes as usize).enumerate() {
                    if index as u64 >= *count {
                        break;
                    }
                    let at = address + index as u64 * found.bytes;
                    self.value(part, at, &found, *elem, path, depth - 1);
                }
            }
            Shape::Struct(fields) => {
                for (index, (name, offset, field)) in fields.iter().enumerate() {
                    let Some(found) = self.types.get(*field) else {
                        continue;
                    };
                    let start = *offset as usize;
                    let Some(part) = data.get(start..start.saturating_add(found.bytes as usize))
                    else {
                        continue;
                    };
                    if found.shape == Shape::Untyped {
                        // atomic.Pointer[T] says T in a field of no size.
                        if name == "v"
                            && let Some(to) = self.atomic_pointer(fields)
                        {
                            self.pointer(word(part, 0), to, path);
                        }
                        continue;
                    }
                    if !found.pointers {
                        continue;
                    }
                    let inner = self.step(path, Step::Field(reference, index as u32));
                    self.value(part, address + offset, &found, *field, inner, depth - 1);
                }
            }
        }
    }

    fn atomic_pointer(&self, fields: &[(String, u64, TypeRef)]) -> Option<TypeRef> {
        fields.iter().find_map(|(name, _, kind)| {
            let Shape::Array(elem, 0) = self.types.get(*kind)?.shape else {
                return None;
            };
            match self.types.get(elem)?.shape {
                Shape::Pointer(to) if name == "_" => Some(to),
                _ => None,
            }
        })
    }

    fn pointer(&mut self, value: u64, to: TypeRef, path: Path) {
        if value == 0 {
            return;
        }
        let Some(found) = self.types.get(to) else {
            return;
        };
        if found.bytes > 0 && (self.candidates)(value) {
            let header = matches!(
                found.name.as_str(),
                "runtime.hmap" | "maps.Map" | "internal/runtime/maps.Map"
            );
            if !header {
                self.others.insert(value, to);
            }
        }
        if found.pointers && self.room(value, to, 1) {
            let path = self.step(path, Step::Pointer);
            self.push(value, to, 1, path);
        }
    }

    /// What an interface holds.
    fn dynamic(&mut self, kind: TypeRef, data: u64, slot: u64, path: Path) {
        let Some(found) = self.types.get(kind) else {
            return;
        };
        let path = self.step(path, Step::Interface(kind));
        match &found.shape {
            Shape::Pointer(to) => self.pointer(data, *to, path),
            Shape::Map(..) => self.map(&found, kind, data, slot, path, true),
            Shape::Chan => self.value(&data.to_le_bytes(), slot, &found, kind, path, DEPTH_MAX),
            Shape::Func | Shape::Untyped => {}
            // One pointer in a struct or array is stored directly.
            Shape::Struct(_) | Shape::Array(..) if found.bytes == 8 && found.pointers => {
                self.value(&data.to_le_bytes(), slot, &found, kind, path, DEPTH_MAX);
            }
            _ => {
                if found.pointers && self.room(data, kind, 1) {
                    self.push(data, kind, 1, path);
                }
            }
        }
    }

    fn itab(&mut self, itab: u64) -> TypeRef {
        if let Some(&kind) = self.itabs.get(&itab) {
            return kind;
        }
        let kind = self
            .context
            .memory
            .u64(itab.wrapping_add(self.itab_type))
            .ok()
            .filter(|&kind| self.types.holds(kind) && self.types.get(kind).is_some())
            .unwrap_or(0);
        self.itabs.insert(itab, kind);
        kind
    }

    /// Whether `count` elements fit into the object at `address`, if it is one.
    fn room(&self, address: u64, kind: TypeRef, count: u64) -> bool {
        let Some(bytes) = self
            .types
            .get(kind)
            .and_then(|t| t.bytes.checked_mul(count))
        else {
            return false;
        };
        match self.context.heap.object_at(address) {
            Some(object) => {
                self.context.heap.spans[object.span].alive(object.index)
                    && address - object.base <= object.bytes
                    && bytes <= object.bytes - (address - object.base)
            }
            None => bytes <= 1 << 30,
        }
    }

    fn map(
        &mut self,
        kind: &Rc<Type>,
        reference: TypeRef,
        map: u64,
        slot: u64,
        path: Path,
        interface: bool,
    ) {
        if map == 0 || !(self.candidates)(map) {
            return;
        }
        let evidence = self.maps.entry(map).or_default();
        let new = !evidence.iter().any(|e| e.kind == reference);
        if evidence.len() < EVIDENCE_MAX
            && !evidence
                .iter()
                .any(|e| e.slot == slot && e.kind == reference)
        {
            evidence.push(Evidence {
                kind: reference,
                slot,
                path,
                interface,
                from_code: false,
            });
        }
        if new && let Shape::Map(_, _, Some(layout)) = &kind.shape {
            self.content(map, layout, path);
        }
    }

    /// Goes on to the keys and elements of a map.
    pub fn content(&mut self, map: u64, layout: &Rc<MapLayout>, path: Path) {
        if self.seen.len() >= PLACES_MAX {
            self.full = true;
            return;
        }
        if !(layout.pointers.0 || layout.pointers.1 || layout.boxed_key || layout.boxed_elem)
            || !self.seen.insert((map, layout.descriptor))
        {
            return;
        }
        let (Some(key), Some(elem)) = (self.types.get(layout.key), self.types.get(layout.elem))
        else {
            return;
        };
        let buckets = self.buckets;
        let shape = BucketShape {
            bytes: layout.bucket_bytes,
            noscan: layout.noscan,
        };
        let key_path = self.step(path, Step::Key);
        let elem_path = self.step(path, Step::Value);
        let swiss = self.context.layout.design() == crate::model::Design::Swiss;
        buckets(map, shape, &mut |bucket, address| {
            for slot in 0..8u64 {
                let state = bucket[slot as usize];
                if if swiss { state >= 0x80 } else { state < 5 } {
                    continue;
                }
                let part = |this: &mut Self,
                            (offset, stride): (u64, u64),
                            kind: &Rc<Type>,
                            reference,
                            boxed,
                            path| {
                    if !kind.pointers {
                        return;
                    }
                    let at = offset + slot * stride;
                    let bytes = if boxed { 8 } else { kind.bytes };
                    let Some(data) = bucket.get(at as usize..(at + bytes) as usize) else {
                        return;
                    };
                    if boxed {
                        let value = word(data, 0);
                        if value != 0 && this.room(value, reference, 1) {
                            this.push(value, reference, 1, path);
                        }
                    } else {
                        this.value(data, address + at, kind, reference, path, DEPTH_MAX);
                    }
                };
                part(
                    self,
                    layout.keys,
                    &key,
                    layout.key,
                    layout.boxed_key,
                    key_path,
                );
                part(
                    self,
                    layout.elems,
                    &elem,
                    layout.elem,
                    layout.boxed_elem,
                    elem_path,
                );
            }
        });
    }

    /// A path in words; empty for none.
    pub fn text(&self, mut path: Path) -> String {
        let mut steps = Vec::new();
        while path != 0 && steps.len() < 256 {
            let (parent, step) = &self.steps[path as usize];
            steps.push(step);
            path = *parent;
        }
        let mut text = String::new();
        let mut printed = 0;
        for (index, step) in steps.iter().rev().enumerate() {
            if printed >= STEPS_MAX && index + 4 < steps.len() {
                if printed == STEPS_MAX {
                    text += "…";
                    printed += 1;
                }
                continue;
            }
            match step {
                Step::Root(name) => text += name,
                Step::Field(kind, index) => {
                    let found = self.types.get(*kind);
                    if let Some(Type {
                        shape: Shape::Struct(fields),
                        ..
                    }) = found.as_deref()
                        && let Some((name, ..)) = fields.get(*index as usize)
                    {
                        text += ".";
                        text += name;
                    }
                }
                Step::Pointer => continue,
                Step::Element if text.ends_with("[]") => continue,
                Step::Element => text += "[]",
                Step::Key => text += "[key]",
                Step::Value => text += "[…]",
                Step::Interface(kind) => {
                    let name = self
                        .types
                        .get(*kind)
                        .map(|t| t.name.clone())
                        .unwrap_or_default();
                    text += &format!(".({name})");
                }
                Step::Channel => text += "<-",
            }
            printed += 1;
        }
        text
    }

    /// Whether a path starts at a named variable.
    pub fn is_rooted(&self, path: Path) -> bool {
        path != 0
    }
}
