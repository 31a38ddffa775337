//! The heap: spans, which of their objects are alive, where pointers are.

use std::cell::Cell;

use crate::binary::Binary;
use crate::error::{Error, Result};
use crate::layout::{Field, Layout};
use crate::memory::{ADDRESS_END, Memory, field, word};
use crate::module::Module;

/// Spans that are read at most.
const SPANS_MAX: u64 = 32 << 20;
/// Readings of all spans, when collections end in between.
const GENERATION_ATTEMPTS: u32 = 8;
/// Bytes of one span at most.
const SPAN_BYTES_MAX: u64 = 1 << 46;

/// What a span is used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// Objects of the collected heap.
    Heap,
    /// Stacks and other memory managed by hand.
    Manual,
}

/// A run of pages.
#[derive(Debug, Clone)]
pub struct Span {
    /// First address.
    pub base: u64,
    /// Bytes.
    pub bytes: u64,
    /// What for.
    pub used_for: Use,
    /// Bytes of an object's slot.
    pub elem_bytes: u64,
    /// Objects.
    pub elems: u32,
    /// Objects hold no pointers.
    pub noscan: bool,
    /// One object has the span for itself.
    pub large: bool,
    /// Number of the first object, counted over all heap spans.
    pub first_object: u64,
    /// Type of a large object, 0 unknown.
    pub large_type: u64,
    freeindex: u32,
    swept: bool,
    alloc: Box<[u8]>,
    mark: Box<[u8]>,
}

impl Span {
    /// Whether the object is alive, or was at the last collection and not swept since.
    pub fn alive(&self, index: u32) -> bool {
        let bit = |bits: &[u8]| {
            bits.get(index as usize / 8)
                .is_some_and(|byte| byte >> (index % 8) & 1 == 1)
        };
        if self.swept {
            index < self.freeindex || bit(&self.alloc)
        } else {
            bit(&self.mark)
        }
    }

    /// First address of an object.
    pub fn object(&self, index: u32) -> u64 {
        self.base + u64::from(index) * self.elem_bytes
    }

    /// Objects that are alive.
    pub fn live(&self) -> impl Iterator<Item = u32> + '_ {
        (0..self.elems).filter(|&index| self.alive(index))
    }
}

/// An object of the heap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Object {
    /// Index of its span in [`Heap::spans`].
    pub span: usize,
    /// Index in the span.
    pub index: u32,
    /// First address.
    pub base: u64,
    /// Bytes of its slot.
    pub bytes: u64,
}

/// All spans in use.
#[derive(Debug)]
pub struct Heap {
    /// In order of address.
    pub spans: Vec<Span>,
    /// Objects in all heap spans, alive or not.
    pub objects: u64,
    /// Objects with pointers above this size have a type word in front.
    pub header_above: Option<u64>,
    /// Spans that could not be read.
    pub unreadable_spans: u64,
    green_tea_bytes: u64,
    arenas: Option<ArenaBits>,
    last: Cell<usize>,
}

/// Where Go 1.21 keeps pointer bits.
#[derive(Debug, Clone, Copy)]
struct ArenaBits {
    table: u64,
    arena_bytes: u64,
    base_offset: u64,
    bitmap: Field,
}

impl Heap {
    /// Finds `mheap_` and reads all spans.
    ///
    /// # Errors
    /// [`Error::Runtime`] when the heap is not found, [`Error::Layout`].
    pub fn read(
        memory: Memory<'_>,
        binary: &Binary,
        bias: u64,
        module: &Module,
        layout: &Layout,
        green_tea: bool,
    ) -> Result<Heap> {
        let candidates = match binary.variable("runtime.mheap_") {
            Some(address) => vec![address.wrapping_add(bias)],
            None => mheap_from_code(memory, module),
        };
        let all_spans = layout.field("mheap", &["allspans"])?.offset;
        let sweepgen = layout.field("mheap", &["sweepgen"])?;
        let mut reason = "runtime.mallocinit was not found in the function table".to_string();
        let mut attempt = 0;
        'again: while attempt < GENERATION_ATTEMPTS {
            attempt += 1;
            for &mheap in &candidates {
                let head = |at: u64| memory.u64(mheap.wrapping_add(at));
                let (Ok(start), Ok(count), Ok(generation)) = (
                    head(all_spans),
                    head(all_spans.saturating_add(8)),
                    head(sweepgen.offset),
                ) else {
                    reason = format!("runtime.mheap_ at {mheap:#x} cannot be read");
                    continue;
                };
                if count == 0 || count > SPANS_MAX || !(generation as u32).is_multiple_of(2) {
                    reason = format!("runtime.mheap_ at {mheap:#x} is damaged ({count} spans)");
                    continue;
                }
                let mut heap = Heap {
                    spans: Vec::new(),
                    objects: 0,
                    header_above: layout
                        .constant(&["MinSizeForMallocHeader", "minSizeForMallocHeader"]),
                    unreadable_spans: 0,
                    green_tea_bytes: if green_tea {
                        layout.size("spanInlineMarkBits").unwrap_or(128)
                    } else {
                        0
                    },
                    arenas: None,
                    last: Cell::new(0),
                };
                if heap.header_above.is_none()
                    && layout.optional("mspan", &["largeType"])?.is_some()
                {
                    heap.header_above = Some(512);
                }
                if heap.header_above.is_none() {
                    heap.arenas = Some(ArenaBits {
                        table: mheap.wrapping_add(layout.field("mheap", &["arenas"])?.offset),
                        arena_bytes: layout.constant(&["heapArenaBytes"]).unwrap_or(64 << 20),
                        base_offset: layout
                            .constant(&["arenaBaseOffset"])
                            .unwrap_or(0xffff_8000_0000_0000),
                        bitmap: layout.field("heapArena", &["bitmap"])?,
                    });
                }
                heap.read_spans(memory, layout, (start, count), generation as u32)?;
                // A collection that ended meanwhile changed what the bits mean.
                let now = head(sweepgen.offset).unwrap_or(generation) as u32;
                if now != generation as u32 && attempt < GENERATION_ATTEMPTS {
                    reason = "collections end faster than the spans can be read".into();
                    continue 'again;
                }
                if heap.spans.is_empty() {
                    reason = "no span of the heap can be read".into();
                    continue;
                }
                return Ok(heap);
            }
            break;
        }
        Err(Error::Runtime {
            what: "the heap of the Go runtime",
            reason,
            advice: "is the core whole, and is --binary the program that ran",
        })
    }

    fn read_spans(
        &mut self,
        memory: Memory<'_>,
        layout: &Layout,
        (start, count): (u64, u64),
        generation: u32,
    ) -> Result<()> {
        let f = |name: &str| layout.field("mspan", &[name]);
        let (base, pages, state) = (f("startAddr")?, f("npages")?, f("state")?);
        let (freeindex, nelems, elemsize) = (f("freeindex")?, f("nelems")?, f("elemsize")?);
        let (alloc, mark) = (f("allocBits")?, f("gcmarkBits")?);
        let (sweepgen, class) = (f("sweepgen")?, f("spanclass")?);
        let large_type = layout.optional("mspan", &["largeType"])?;
        let span_bytes = layout.size("mspan")? as usize;
        let page_bytes = layout
            .constant(&["PageSize", "_PageSize", "pageSize"])
            .unwrap_or(8192);
        let in_use = layout.constant(&["mSpanInUse"]).unwrap_or(1);
        let manual = layout.constant(&["mSpanManual"]).unwrap_or(2);
        let max_elems = layout
            .constant(&["MaxObjsPerSpan", "maxObjsPerSpan"])
            .unwrap_or(1024)
            .max(1024);
        let mut bit_addresses: Vec<(u64, u64)> = Vec::new();
        const BATCH: u64 = 4096;
        for from in (0..count).step_by(BATCH as usize) {
            let len = BATCH.min(count - from);
            let Ok(pointers) = memory.bytes(start.wrapping_add(from * 8), len * 8) else {
                self.unreadable_spans += len;
                continue;
            };
            let addresses: Vec<u64> = pointers.chunks_exact(8).map(|w| word(w, 0)).collect();
            let Ok(spans) = memory.many(&addresses, span_bytes) else {
                self.unreadable_spans += len;
                continue;
            };
            for span in spans {
                let Some(span) = span else {
                    self.unreadable_spans += 1;
                    continue;
                };
                let used_for = match field(&span, state) {
                    s if s == in_use => Use::Heap,
                    s if s == manual => Use::Manual,
                    _ => continue,
                };
                let bytes = field(&span, pages).saturating_mul(page_bytes);
                let first = field(&span, base);
                let elem_bytes = field(&span, elemsize);
                let elems = field(&span, nelems);
                let sane = bytes > 0
                    && bytes <= SPAN_BYTES_MAX
                    && first.is_multiple_of(page_bytes)
                    && first
                        .checked_add(bytes)
                        .is_some_and(|end| end <= ADDRESS_END)
                    && (used_for == Use::Manual
                        || (elem_bytes >= 8
                            && elems > 0
                            && elems <= max_elems
                            && elems.checked_mul(elem_bytes).is_some_and(|n| n <= bytes)));
                if !sane {
                    self.unreadable_spans += 1;
                    continue;
                }
                let spanclass = field(&span, class);
                let own = field(&span, sweepgen) as u32;
                self.spans.push(Span {
                    base: first,
                    bytes,
                    used_for,
                    elem_bytes,
                    elems: if used_for == Use::Heap {
                        elems as u32
                    } else {
                        0
                    },
                    noscan: spanclass & 1 == 1,
                    large: spanclass >> 1 == 0,
                    first_object: 0,
                    large_type: large_type.map_or(0, |f| field(&span, f)),
                    freeindex: field(&span, freeindex).min(elems) as u32,
                    swept: own == generation || own == generation.wrapping_add(3),
                    alloc: Box::default(),
                    mark: Box::default(),
                });
                bit_addresses.push((field(&span, alloc), field(&span, mark)));
            }
        }
        for at in (0..self.spans.len()).step_by(512) {
            let end = self.spans.len().min(at + 512);
            self.read_bits(memory, at..end, &bit_addresses);
        }
        self.spans.sort_by_key(|span| span.base);
        // Overlaps mean damage, or a span reused while it was read: keep the first.
        let mut end = 0;
        let before = self.spans.len();
        self.spans.retain(|span| {
            let keep = span.base >= end;
            if keep {
                end = span.base + span.bytes;
            }
            keep
        });
        self.unreadable_spans += (before - self.spans.len()) as u64;
        for span in &mut self.spans {
            span.first_object = self.objects;
            self.objects += u64::from(span.elems);
        }
        Ok(())
    }

    fn read_bits(
        &mut self,
        memory: Memory<'_>,
        range: std::ops::Range<usize>,
        addresses: &[(u64, u64)],
    ) {
        let green_tea_bytes = self.green_tea_bytes;
        let mut buffers: Vec<(u64, Vec<u8>)> = Vec::new();
        for index in range.clone() {
            let span = &self.spans[index];
            let bytes = (span.elems as usize).div_ceil(8);
            let (alloc, mark) = addresses[index];
            buffers.push((alloc, vec![0; bytes]));
            let inline =
                green_tea_bytes > 0 && !span.swept && (16..=512).contains(&span.elem_bytes);
            let marks = (span.base + span.bytes).saturating_sub(green_tea_bytes / 2);
            // Sweeping merges these into the mark bits and clears them: read them first.
            buffers.push((marks, vec![0; if inline { bytes.min(63) } else { 0 }]));
            buffers.push((mark, vec![0; bytes]));
        }
        let mut pieces: Vec<(u64, &mut [u8])> = buffers
            .iter_mut()
            .map(|(address, buffer)| (*address, buffer.as_mut_slice()))
            .collect();
        let Ok(_) = memory.target.read_many(&mut pieces) else {
            return;
        };
        drop(pieces);
        let mut buffers = buffers.into_iter().map(|(_, buffer)| buffer);
        for index in range {
            let (Some(alloc), Some(inline), Some(mut mark)) =
                (buffers.next(), buffers.next(), buffers.next())
            else {
                return;
            };
            for (byte, more) in mark.iter_mut().zip(inline) {
                *byte |= more;
            }
            self.spans[index].alloc = alloc.into();
            self.spans[index].mark = mark.into();
        }
    }

    /// The span that holds an address.
    pub fn span_at(&self, address: u64) -> Option<usize> {
        let holds = |index: usize| {
            self.spans
                .get(index)
                .is_some_and(|s| s.base <= address && address - s.base < s.bytes)
        };
        let last = self.last.get();
        if holds(last) {
            return Some(last);
        }
        let index = self
            .spans
            .partition_point(|span| span.base <= address)
            .checked_sub(1)?;
        if !holds(index) {
            return None;
        }
        self.last.set(index);
        Some(index)
    }

    /// The heap object that an address points into, alive or not.
    pub fn object_at(&self, address: u64) -> Option<Object> {
        let at = self.span_at(address)?;
        let span = &self.spans[at];
        if span.used_for != Use::Heap {
            return None;
        }
        let index = (address - span.base) / span.elem_bytes;
        if index >= u64::from(span.elems) {
            return None;
        }
        Some(Object {
            span: at,
            index: index as u32,
            base: span.object(index as u32),
            bytes: span.elem_bytes,
        })
    }

    /// Bytes of an object before its content: 8 when a type word is in front.
    pub fn header_bytes(&self, span: &Span) -> u64 {
        match self.header_above {
            Some(above) if !span.noscan && !span.large && span.elem_bytes > above => 8,
            _ => 0,
        }
    }

    /// Pointer bits of the first 64 words of one object; `None` when the
    /// release keeps none for this size.
    pub fn object_bits(&self, memory: Memory<'_>, object: Object) -> Option<u64> {
        let span = &self.spans[object.span];
        if span.noscan {
            return None;
        }
        if self.arenas.is_none() {
            return self
                .pointer_bits(memory, span)?
                .get(object.index as usize)
                .copied();
        }
        let arenas = self.arenas?;
        let words = (object.bytes / 8).min(64);
        let bit = object.base % arenas.arena_bytes / 8;
        // Two words of the bitmap may share the object.
        let at = self
            .arena_bitmap(memory, arenas, object.base)?
            .checked_add(bit / 64 * 8)?;
        let low = memory.u64(at).ok()?;
        let high = memory.u64(at.checked_add(8)?).unwrap_or(0);
        let shift = bit % 64;
        let bits = low >> shift | if shift == 0 { 0 } else { high << (64 - shift) };
        Some(if words == 64 {
            bits
        } else {
            bits & ((1 << words) - 1)
        })
    }

    fn arena_bitmap(&self, memory: Memory<'_>, arenas: ArenaBits, address: u64) -> Option<u64> {
        let index = address.wrapping_sub(arenas.base_offset) / arenas.arena_bytes;
        let second = memory.u64(arenas.table).ok()?;
        let arena = memory
            .u64(second.checked_add(index.checked_mul(8)?)?)
            .ok()?;
        arena.checked_add(arenas.bitmap.offset)
    }

    /// Pointer bits of a range of the heap as Go 1.21 keeps them, one a word;
    /// bits behind the last pointer of an object may be stale.
    pub fn arena_bits(&self, memory: Memory<'_>, start: u64, bytes: u64) -> Option<Vec<u8>> {
        let arenas = self.arenas?;
        let bit = start % arenas.arena_bytes / 8;
        if !bit.is_multiple_of(8) || start % arenas.arena_bytes + bytes > arenas.arena_bytes {
            return None;
        }
        let at = self
            .arena_bitmap(memory, arenas, start)?
            .checked_add(bit / 8)?;
        memory.bytes(at, bytes.div_ceil(64)).ok()
    }

    /// Pointer bits of the first words of each object of a span, one `u64` an
    /// object (64 words); `None` when the release keeps none for this size.
    pub fn pointer_bits(&self, memory: Memory<'_>, span: &Span) -> Option<Vec<u64>> {
        if span.noscan || span.large || span.elem_bytes > 512 {
            return None;
        }
        let (bitmap, first_bit) = match self.arenas {
            None => {
                let bytes = span.bytes / 64;
                let mut end = span.base + span.bytes;
                if self.green_tea_bytes > 0 && span.elem_bytes >= 16 {
                    end -= self.green_tea_bytes;
                }
                (memory.bytes(end - bytes, bytes).ok()?, 0)
            }
            Some(arenas) => {
                let word = span.base % arenas.arena_bytes / 8;
                let at = self
                    .arena_bitmap(memory, arenas, span.base)?
                    .checked_add(word / 8)?;
                (memory.bytes(at, span.bytes / 64).ok()?, 0)
            }
        };
        let words = span.elem_bytes / 8;
        Some(
            (0..u64::from(span.elems))
                .map(|object| {
                    (0..words.min(64)).fold(0u64, |bits, w| {
                        let bit = first_bit + object * words + w;
                        let set = bitmap
                            .get((bit / 8) as usize)
                            .is_some_and(|byte| byte >> (bit % 8) & 1 == 1);
                        bits | u64::from(set) << w
                    })
                })
                .collect(),
        )
    }
}

/// Addresses that `runtime.mallocinit` loads before it calls `(*mheap).init`.
fn mheap_from_code(memory: Memory<'_>, module: &Module) -> Vec<u64> {
    let mut found = Vec::new();
    let mut init = None;
    let mut caller = None;
    for index in 0..module.function_count() {
        match module.function_name(memory, index).as_deref() {
            Some("runtime.(*mheap).init") => init = module.function_range(index),
            Some("runtime.mallocinit") => caller = module.function_range(index),
            _ => {}
        }
        if init.is_some() && caller.is_some() {
            break;
        }
    }
    let (Some((init, _)), Some((start, end))) = (init, caller) else {
        return found;
    };
    let Ok(code) = memory.bytes(start, (end - start).min(1 << 16)) else {
        return found;
    };
    let mut decoder = iced_x86::Decoder::with_ip(64, &code, start, iced_x86::DecoderOptions::NONE);
    let mut loaded = 0;
    for instruction in &mut decoder {
        match instruction.mnemonic() {
            iced_x86::Mnemonic::Lea if instruction.is_ip_rel_memory_operand() => {
                loaded = instruction.ip_rel_memory_address();
            }
            iced_x86::Mnemonic::Call if instruction.near_branch_target() == init => {
                found.push(loaded);
            }
            _ => {}
        }
    }
    found
}
