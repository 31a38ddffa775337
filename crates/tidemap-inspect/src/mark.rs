//! What is reachable: a mark from variables and stacks.
//!
//! Variables and objects are read by their pointer bits, as the collector reads
//! them; stacks, and what has no plain bits, word by word: every word that
//! points into an object keeps it. Spans are the unit of work:
//! each is read once for all of its objects that wait, so that a large heap is
//! read in large pieces. On the way, words that tell types are collected:
//! allocator type words, interfaces, channels.
//!
//! Memory: 9 bytes for each object slot of the heap.

use std::collections::VecDeque;

use crate::heap::{Heap, Use};
use crate::layout::Field;
use crate::memory::{Memory, field, word};
use crate::reading::{CHUNK_BYTES, Context};
use crate::types::{Shape, TypeRef, Types};

/// Typed places that are collected at most.
const SEEDS_MAX: usize = 16 << 20;
/// Slots that hold one candidate, kept for `show`.
const REFERRERS_MAX: usize = 6;

/// A place whose type is known without debug information.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seed {
    /// Where.
    pub address: u64,
    /// Type of each element.
    pub kind: TypeRef,
    /// Elements.
    pub count: u64,
    /// Word that told so, for paths.
    pub slot: u64,
}

/// The type word of an interface and the pointer behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pair {
    /// Type in the interface.
    pub kind: TypeRef,
    /// Data word.
    pub data: u64,
    /// Address of the data word.
    pub slot: u64,
}

/// Result of the mark.
#[derive(Debug, Default)]
pub struct Marks {
    reached: Vec<u8>,
    parent: Vec<u64>,
    /// Places with types.
    pub seeds: Vec<Seed>,
    /// Interface values seen.
    pub pairs: Vec<Pair>,
    /// The same on stacks, where words may be stale.
    pub hints: Vec<Pair>,
    /// Slots that hold candidates.
    pub referrers: std::collections::HashMap<u64, Vec<u64>>,
}

/// How an object was reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reach {
    /// Not at all.
    No = 0,
    /// Only from objects that nothing reaches.
    Dead = 1,
    /// From a variable or stack.
    Live = 2,
}

/// Pointer bits of a range.
#[derive(Debug, Clone, Copy)]
struct Mask<'m> {
    bits: &'m [u8],
    /// Words after which the bits repeat; 0: they do not.
    words: u64,
    /// Word of the mask that the range starts with.
    first: u64,
}

impl<'m> Mask<'m> {
    fn new(bits: &'m [u8], words: u64) -> Mask<'m> {
        Mask {
            bits,
            words,
            first: 0,
        }
    }

    /// The mask of a range that starts some bytes later.
    fn after(self, bytes: u64) -> Mask<'m> {
        Mask {
            first: self.first + bytes / 8,
            ..self
        }
    }

    /// Whether a word is a pointer.
    fn bit(&self, index: u64) -> bool {
        let mut at = self.first + index;
        if self.words > 0 {
            at %= self.words;
        }
        self.bits
            .get((at / 8) as usize)
            .is_some_and(|byte| byte >> (at % 8) & 1 == 1)
    }
}

/// Where words come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    /// Variables.
    Global,
    /// A stack.
    Stack,
    /// An object without a known type.
    Object,
    /// An object whose type the allocator knows.
    Typed,
}

/// Offsets of a channel.
#[derive(Debug, Clone, Copy)]
pub struct ChannelOffsets {
    /// Bytes of the structure.
    pub bytes: u64,
    slots: Field,
    buffer: Field,
    elem_bytes: Field,
    elem_type: Field,
}

impl ChannelOffsets {
    /// Takes them from a layout.
    ///
    /// # Errors
    /// [`crate::Error::Layout`].
    pub fn new(layout: &crate::Layout) -> crate::Result<Self> {
        let f = |name: &str| layout.field("hchan", &[name]);
        Ok(ChannelOffsets {
            bytes: layout.size("hchan")?,
            slots: f("dataqsiz")?,
            buffer: f("buf")?,
            elem_bytes: f("elemsize")?,
            elem_type: f("elemtype")?,
        })
    }

    /// Buffer, element type and slots, if this is a channel with a buffer.
    pub fn parse(&self, bytes: &[u8], types: &Types<'_>) -> Option<(u64, TypeRef, u64)> {
        let (buffer, count) = (field(bytes, self.buffer), field(bytes, self.slots));
        let kind = field(bytes, self.elem_type);
        if buffer == 0 || count == 0 || !types.holds(kind) {
            return None;
        }
        let elem = types.get(kind)?;
        (elem.bytes == field(bytes, self.elem_bytes) && elem.bytes > 0)
            .then_some((buffer, kind, count))
    }
}

/// Marks a heap.
pub struct Marker<'c> {
    context: &'c Context<'c>,
    types: &'c Types<'c>,
    channel: ChannelOffsets,
    candidates: &'c dyn Fn(u64) -> bool,
    marks: Marks,
    queue: VecDeque<usize>,
    queued: Vec<bool>,
    waiting: Vec<Vec<u32>>,
    now: Reach,
}

impl<'c> Marker<'c> {
    /// Prepares a mark; `candidates` says which addresses may be map headers.
    pub fn new(
        context: &'c Context<'c>,
        types: &'c Types<'c>,
        channel: ChannelOffsets,
        candidates: &'c dyn Fn(u64) -> bool,
    ) -> Self {
        let heap = context.heap;
        Marker {
            context,
            types,
            channel,
            candidates,
            marks: Marks {
                reached: vec![0; heap.objects as usize],
                parent: vec![0; heap.objects as usize],
                ..Marks::default()
            },
            queue: VecDeque::new(),
            queued: vec![false; heap.spans.len()],
            waiting: vec![Vec::new(); heap.spans.len()],
            now: Reach::Live,
        }
    }

    /// Marks from all words of a range that is no object: variables, stacks.
    pub fn stack(&mut self, start: u64, end: u64) {
        self.range(start, end, Source::Stack, None);
    }

    /// Marks from variables; `mask` has a bit for each word that is a pointer.
    pub fn variables(&mut self, start: u64, end: u64, mask: Option<&[u8]>) {
        self.range(
            start,
            end,
            Source::Global,
            mask.map(|mask| Mask::new(mask, 0)),
        );
    }

    fn range(&mut self, start: u64, end: u64, source: Source, mask: Option<Mask<'_>>) {
        let first = start & !7;
        let mut at = start & !7;
        while at < end {
            let bytes = CHUNK_BYTES.min(end - at);
            let whole = self.context.memory.bytes(at, bytes);
            if whole.is_err() && matches!(source, Source::Object | Source::Typed) {
                // Damaged, or freed meanwhile; its size is not to be trusted.
                return;
            }
            if let Ok(content) = whole {
                self.words(at, &content, source, mask.map(|m| m.after(at - first)));
            } else {
                // A hole: go by pages.
                for page in (0..bytes).step_by(4096) {
                    if let Ok(content) =
                        self.context.memory.bytes(at + page, 4096.min(bytes - page))
                    {
                        self.words(
                            at + page,
                            &content,
                            source,
                            mask.map(|m| m.after(at + page - first)),
                        );
                    }
                }
            }
            at += bytes;
        }
    }

    /// Follows everything reached so far.
    pub fn run(&mut self) {
        while let Some(index) = self.queue.pop_front() {
            self.queued[index] = false;
            let waiting = std::mem::take(&mut self.waiting[index]);
            self.span(index, waiting);
        }
    }

    /// Then everything alive by the allocator that nothing reached.
    pub fn run_dead(&mut self) {
        self.now = Reach::Dead;
        for index in 0..self.context.heap.spans.len() {
            let span = &self.context.heap.spans[index];
            if span.used_for != Use::Heap || span.noscan {
                continue;
            }
            for object in span.live() {
                let id = (span.first_object + u64::from(object)) as usize;
                if self.marks.reached[id] != Reach::Live as u8 {
                    // Scanned for types; reached only if something refers to it.
                    self.waiting[index].push(object);
                }
            }
            if !self.waiting[index].is_empty() {
                let waiting = std::mem::take(&mut self.waiting[index]);
                self.span(index, waiting);
            }
        }
        self.run();
    }

    /// The result.
    pub fn finish(self) -> Marks {
        self.marks
    }

    fn span(&mut self, index: usize, mut waiting: Vec<u32>) {
        let context = self.context;
        let span = &context.heap.spans[index];
        waiting.sort_unstable();
        waiting.dedup();
        let header = context.heap.header_bytes(span);
        if span.elem_bytes > CHUNK_BYTES {
            for object in waiting {
                let base = span.object(object);
                self.type_word(span.large_type, base, span.elem_bytes);
                let typed = if span.large_type != 0 {
                    Source::Typed
                } else {
                    Source::Object
                };
                let mask = self.type_mask(span.large_type);
                let mask = mask.as_ref().map(|(bits, words)| Mask::new(bits, *words));
                self.range(base, base + span.elem_bytes, typed, mask);
            }
            return;
        }
        let small = context.heap.pointer_bits(context.memory, span);
        // Pieces of at most a chunk, from the first waiting object to the last.
        let mut from = 0;
        while from < waiting.len() {
            let start = span.object(waiting[from]);
            let mut to = from + 1;
            while to < waiting.len()
                && span.object(waiting[to]) + span.elem_bytes - start <= CHUNK_BYTES
            {
                to += 1;
            }
            let end = span.object(waiting[to - 1]) + span.elem_bytes;
            if let Ok(content) = context.memory.bytes(start, end - start) {
                for &object in &waiting[from..to] {
                    let base = span.object(object);
                    let at = (base - start) as usize;
                    let content = &content[at..at + span.elem_bytes as usize];
                    if header > 0 {
                        self.type_word(word(content, 0), base + 8, span.elem_bytes - 8);
                    } else if span.large {
                        self.type_word(span.large_type, base, span.elem_bytes);
                    }
                    if span.elem_bytes == context.sizes.slot(self.channel.bytes, false)
                        && let Some((buffer, kind, count)) = self.channel.parse(content, self.types)
                    {
                        self.seed(buffer, kind, count, base);
                    }
                    let typed = header > 0 && self.types.holds(word(content, 0))
                        || span.large && span.large_type != 0;
                    let kind = match (header > 0, span.large) {
                        (true, _) => word(content, 0),
                        (_, true) => span.large_type,
                        _ => 0,
                    };
                    let own = small
                        .as_ref()
                        .and_then(|bits| bits.get(object as usize))
                        .map(|bits| bits.to_le_bytes());
                    let typed_mask = if kind != 0 {
                        self.type_mask(kind)
                    } else {
                        None
                    };
                    let arena = if own.is_none() && kind == 0 {
                        context
                            .heap
                            .arena_bits(context.memory, base, span.elem_bytes)
                    } else {
                        None
                    };
                    let mask = match (&own, &typed_mask, &arena) {
                        (Some(own), ..) => Some(Mask::new(own, 0)),
                        (_, Some((bits, words)), _) => Some(Mask::new(bits, *words)),
                        (.., Some(arena)) => Some(Mask::new(arena, 0)),
                        _ => None,
                    };
                    let content = &content[header as usize..];
                    self.words(
                        base + header,
                        content,
                        if typed { Source::Typed } else { Source::Object },
                        mask,
                    );
                }
            }
            from = to;
        }
    }

    /// Pointer bits of a type, and the words after which they repeat.
    fn type_mask(&self, kind: u64) -> Option<(std::rc::Rc<Vec<u8>>, u64)> {
        if !self.types.holds(kind) {
            return None;
        }
        let found = self.types.get(kind)?;
        if found.bytes < 8 {
            return None;
        }
        Some((self.types.full_mask(kind)?, found.bytes / 8))
    }

    fn type_word(&mut self, kind: u64, address: u64, bytes: u64) {
        if !self.types.holds(kind) {
            return;
        }
        if let Some(found) = self.types.get(kind)
            && found.bytes > 0
            && found.pointers
        {
            self.seed(address, kind, bytes / found.bytes, 0);
        }
    }

    fn seed(&mut self, address: u64, kind: TypeRef, count: u64, slot: u64) {
        if self.marks.seeds.len() < SEEDS_MAX && count > 0 {
            self.marks.seeds.push(Seed {
                address,
                kind,
                count,
                slot,
            });
        }
    }

    fn words(&mut self, base: u64, content: &[u8], source: Source, mask: Option<Mask<'_>>) {
        let mut previous = 0;
        let mut before = 0;
        for (index, chunk) in content.chunks_exact(8).enumerate() {
            let value = word(chunk, 0);
            if (4096..crate::memory::ADDRESS_END).contains(&value) {
                let slot = base + index as u64 * 8;
                let pointed = mask.is_none_or(|m| m.bit(index as u64)) && self.pointer(value, slot);
                if previous != 0 && pointed && source != Source::Typed && self.types.holds(previous)
                {
                    let next = word(content, index * 8 + 8);
                    self.pair(previous, value, slot, before, next, source);
                }
            }
            before = previous;
            previous = value;
        }
    }

    /// A type word and a pointer behind it: an interface, or something alike.
    fn pair(&mut self, kind: u64, data: u64, slot: u64, before: u64, next: u64, source: Source) {
        let Some(found) = self.types.get(kind) else {
            return;
        };
        let map = matches!(found.shape, Shape::Map(..));
        if source == Source::Stack {
            // Stale, or arguments of a call side by side: good for a hint only.
            if map {
                self.marks.hints.push(Pair { kind, data, slot });
            }
            return;
        }
        // The type may itself be the content of an interface (`reflect.Type`).
        if before != 0 && self.context.heap.object_at(before).is_none() {
            let inner = word_at(self.context.memory, before.wrapping_add(8));
            if self.types.holds(inner) {
                return;
            }
        }
        // `reflect.Value`: a word of flags follows, with the kind in it.
        if next != 0 && next < 1 << 12 && !map {
            return;
        }
        match &found.shape {
            Shape::Map(..) => self.marks.pairs.push(Pair { kind, data, slot }),
            // A struct or array that is one pointer is in the word itself.
            Shape::Struct(_) | Shape::Array(..) if found.bytes == 8 && found.pointers => {}
            Shape::Struct(_) | Shape::Array(..) | Shape::Slice(_) if found.pointers => {
                self.seed(data, kind, 1, slot);
            }
            Shape::Pointer(to) => self.seed(data, *to, 1, slot),
            _ => {}
        }
    }

    /// Marks what a word points into; whether it points to a live object.
    fn pointer(&mut self, value: u64, slot: u64) -> bool {
        let heap: &Heap = self.context.heap;
        let Some(object) = heap.object_at(value) else {
            return false;
        };
        let span = &heap.spans[object.span];
        if !span.alive(object.index) {
            return false;
        }
        if object.base == value && (self.candidates)(value) {
            let slots = self.marks.referrers.entry(value).or_default();
            if slots.len() < REFERRERS_MAX && !slots.contains(&slot) {
                slots.push(slot);
            }
        }
        let id = (span.first_object + u64::from(object.index)) as usize;
        if self.marks.reached[id] >= self.now as u8 {
            return true;
        }
        if self.marks.reached[id] == 0 {
            self.marks.parent[id] = slot;
        }
        self.marks.reached[id] = self.now as u8;
        if !span.noscan && self.now == Reach::Live {
            self.waiting[object.span].push(object.index);
            if !self.queued[object.span] {
                self.queued[object.span] = true;
                self.queue.push_back(object.span);
            }
        }
        true
    }
}

impl Marks {
    /// How the object at an address was reached, and from which slot.
    pub fn reach(&self, heap: &Heap, address: u64) -> (Reach, u64) {
        let Some(object) = heap.object_at(address) else {
            return (Reach::No, 0);
        };
        let id = (heap.spans[object.span].first_object + u64::from(object.index)) as usize;
        let reach = match self.reached.get(id) {
            Some(2) => Reach::Live,
            Some(1) => Reach::Dead,
            _ => Reach::No,
        };
        (reach, self.parent.get(id).copied().unwrap_or(0))
    }
}

/// Reads one word; 0 when it cannot be read.
pub fn word_at(memory: Memory<'_>, address: u64) -> u64 {
    memory.u64(address).unwrap_or(0)
}
