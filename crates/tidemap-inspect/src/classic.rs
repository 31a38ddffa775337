//! Reading a classic map (to Go 1.23): buckets, chains, the old array.
//!
//! C1. A chain of the old array whose main bucket is evacuated counts for nothing.
//! C2. Every other old chain and every new chain counts.
//! C3. The sum is the header's count, unless somebody writes.

use crate::Result;
use crate::layout::Field;
use crate::memory::{ADDRESS_END, field, number, word};
use crate::model::{ClassicState, Growth, GrowthKind};
use crate::reading::{BucketShape, CHUNK_BYTES, Context, ReadOnce, Reading, Reject};

/// Slots of a bucket.
const SLOTS: usize = 8;
/// B above this is no map: 2^40 buckets are more than the address space.
const B_MAX: u64 = 40;
/// Readings of a map whose writer stands in the middle of a write.
const WRITER_ATTEMPTS: u32 = 6;
/// Buckets in one chain at most.
const CHAIN_MAX: u32 = 1 << 16;

/// Offsets of a header.
#[derive(Debug, Clone, Copy)]
pub struct Offsets {
    count: Field,
    flags: Field,
    b: Field,
    noverflow: Field,
    hash0: Field,
    buckets: Field,
    oldbuckets: Field,
    nevacuate: Field,
    extra: Field,
    /// Bytes of a header.
    pub bytes: u64,
    extra_bytes: u64,
    writing: u64,
    same_size: u64,
}

impl Offsets {
    /// Takes them from a layout.
    ///
    /// # Errors
    /// [`crate::Error::Layout`].
    pub fn new(layout: &crate::Layout) -> Result<Offsets> {
        let f = |name: &str| layout.field("hmap", &[name]);
        Ok(Offsets {
            count: f("count")?,
            flags: f("flags")?,
            b: f("B")?,
            noverflow: f("noverflow")?,
            hash0: f("hash0")?,
            buckets: f("buckets")?,
            oldbuckets: f("oldbuckets")?,
            nevacuate: f("nevacuate")?,
            extra: f("extra")?,
            bytes: layout.size("hmap")?,
            extra_bytes: layout.size("mapextra")?,
            writing: layout.constant(&["hashWriting"]).unwrap_or(4),
            same_size: layout.constant(&["sameSizeGrow"]).unwrap_or(8),
        })
    }

    /// Bits of the words that are pointers.
    pub fn pointer_words(&self) -> u64 {
        1 << (self.buckets.offset / 8)
            | 1 << (self.oldbuckets.offset / 8)
            | 1 << (self.extra.offset / 8)
    }

    /// Whether the numbers of a header go together.
    pub fn plausible(&self, header: &[u8]) -> bool {
        let get = |f: Field| field(header, f);
        let b = get(self.b);
        let (buckets, old) = (get(self.buckets), get(self.oldbuckets));
        let same_size = get(self.flags) & self.same_size != 0;
        if get(self.flags) > 15 || get(self.hash0) == 0 || b > B_MAX {
            return false;
        }
        let main = 1u64 << b;
        // A same-size growth may pass the load factor; a full bucket each is beyond any.
        if get(self.count) > main.saturating_mul(8).max(8) || get(self.nevacuate) > main {
            return false;
        }
        if old != 0 && (buckets == 0 || (b == 0 && !same_size)) {
            return false;
        }
        if same_size && old == 0 {
            return false;
        }
        if buckets == 0
            && (get(self.count) != 0
                || b != 0
                || get(self.extra) != 0
                || get(self.nevacuate) != 0
                || get(self.noverflow) != 0)
        {
            return false;
        }
        buckets < ADDRESS_END && old < ADDRESS_END
    }

    /// Entries by a header.
    pub fn count(&self, header: &[u8]) -> u64 {
        field(header, self.count)
    }

    /// B by a header.
    pub fn log2_buckets(&self, header: &[u8]) -> u32 {
        field(header, self.b) as u32
    }

    /// Address of the current array.
    pub fn array(&self, header: &[u8]) -> u64 {
        field(header, self.buckets)
    }

    /// Whether arrays of this shape fit the objects that the header points to.
    pub fn shape_fits(
        &self,
        context: &Context<'_>,
        header: &[u8],
        shape: BucketShape,
    ) -> Result<(), Reject> {
        let get = |f: Field| field(header, f);
        let b = get(self.b) as u32;
        let array = |address: u64, b: u32| -> Result<(), Reject> {
            let object = context
                .object_starting_at(address)
                .ok_or(Reject::NotAMap("its array is no heap object"))?;
            let (_, slot) = context
                .sizes
                .array(b, shape.bytes, shape.noscan)
                .ok_or(Reject::NotAMap("its array is larger than memory"))?;
            if !context.fits(object, slot, shape.noscan) {
                return Err(Reject::NotAMap("its array has another size"));
            }
            Ok(())
        };
        if get(self.buckets) != 0 {
            array(get(self.buckets), b)?;
        }
        if get(self.oldbuckets) != 0 {
            let same_size = get(self.flags) & self.same_size != 0;
            array(
                get(self.oldbuckets),
                if same_size { b } else { b.wrapping_sub(1) },
            )?;
        }
        let extra = get(self.extra);
        if extra != 0 {
            let object = context
                .object_starting_at(extra)
                .ok_or(Reject::NotAMap("its side structure is no heap object"))?;
            if !context.fits(object, context.sizes.slot(self.extra_bytes, false), false) {
                return Err(Reject::NotAMap("its side structure has another size"));
            }
        }
        Ok(())
    }
}

/// One array's share of a reading.
#[derive(Debug, Default)]
struct Walk {
    entries: u64,
    overflow: u64,
    separate: u64,
    longest: u64,
    evacuated: u64,
    fill: Reading,
}

impl ReadOnce for Offsets {
    fn header_bytes(&self) -> u64 {
        self.bytes
    }

    fn plausible(&self, header: &[u8]) -> bool {
        Offsets::plausible(self, header)
    }

    fn read_once(
        &self,
        context: &Context<'_>,
        header: &[u8],
        shape: BucketShape,
    ) -> Result<Reading, Reject> {
        attempt_once(context, self, header, shape)
    }

    fn is_final(&self, header: &[u8], attempt: u32) -> bool {
        // A writer that is not running at the moment may have stopped half-way.
        let writing = field(header, self.flags) & self.writing != 0;
        !writing || attempt >= WRITER_ATTEMPTS
    }
}

fn attempt_once(
    context: &Context<'_>,
    offsets: &Offsets,
    header: &[u8],
    shape: BucketShape,
) -> Result<Reading, Reject> {
    offsets.shape_fits(context, header, shape)?;
    let get = |f: Field| field(header, f);
    let b = get(offsets.b) as u32;
    let flags = get(offsets.flags);
    let same_size = flags & offsets.same_size != 0;
    let (buckets, old) = (get(offsets.buckets), get(offsets.oldbuckets));
    let mut reading = Reading {
        count: get(offsets.count),
        writer_active: flags & offsets.writing != 0,
        bytes: context.sizes.slot(offsets.bytes, false),
        holds: true,
        ..Reading::default()
    };
    let mut state = ClassicState {
        b: b as u8,
        flags: flags as u8,
        hash0: get(offsets.hash0) as u32,
        noverflow: get(offsets.noverflow) as u16,
        buckets,
        oldbuckets: old,
        nevacuate: get(offsets.nevacuate),
        ..ClassicState::default()
    };
    let slot = |b: u32| context.sizes.array(b, shape.bytes, shape.noscan);
    let bucket_slot = context.sizes.slot(shape.bytes, shape.noscan);
    if buckets != 0 {
        let (total, bytes) = slot(b).ok_or(Reject::NotAMap("its array is larger than memory"))?;
        let walk = walk(context, buckets, 1 << b, total, shape, false)?;
        reading.counted += walk.entries;
        reading.slots = (1u64 << b) * SLOTS as u64;
        reading.bytes += bytes + walk.separate * bucket_slot;
        reading.fill = walk.fill.fill;
        reading.arrays.push(buckets);
        state.overflow = walk.overflow;
        state.longest_chain = walk.longest;
    }
    if old != 0 {
        let old_b = if same_size { b } else { b - 1 };
        let (total, bytes) =
            slot(old_b).ok_or(Reject::NotAMap("its old array is larger than memory"))?;
        let walk = walk(context, old, 1 << old_b, total, shape, true)?;
        reading.counted += walk.entries;
        reading.old_bytes = bytes + walk.separate * bucket_slot;
        reading.bytes += reading.old_bytes;
        reading.arrays.push(old);
        state.old_overflow = walk.overflow;
        let old_buckets = 1u64 << old_b;
        reading.growth = Some(Growth {
            kind: if same_size {
                GrowthKind::SameSize
            } else {
                GrowthKind::Doubling
            },
            old_buckets,
            evacuated: walk.evacuated,
            nevacuate: state.nevacuate,
            progress: walk.evacuated as f64 / old_buckets as f64,
            seen_for_s: None,
        });
    }
    let extra = get(offsets.extra);
    if extra != 0 {
        reading.bytes += context.sizes.slot(offsets.extra_bytes, false);
        // Lists that keep overflow buckets without pointers alive.
        let lists = context.memory.bytes(extra, 16)?;
        for list in [word(&lists, 0), word(&lists, 8)] {
            let Some(header) = context.object_starting_at(list) else {
                continue;
            };
            reading.bytes += header.bytes;
            if let Ok(backing) = context.memory.u64(list)
                && let Some(backing) = context.object_starting_at(backing)
            {
                reading.bytes += backing.bytes;
            }
        }
    }
    reading.classic = Some(state);
    Ok(reading)
}

/// Walks the main buckets of an array and their chains.
fn walk(
    context: &Context<'_>,
    array: u64,
    main: u64,
    total: u64,
    shape: BucketShape,
    is_old: bool,
) -> Result<Walk, Reject> {
    let mut walk = Walk {
        longest: 1,
        ..Walk::default()
    };
    let per_chunk = (CHUNK_BYTES / shape.bytes).max(1);
    let inside = array..array.saturating_add(total * shape.bytes);
    let mut from = 0;
    while from < main {
        let count = per_chunk.min(main - from);
        let content = context
            .memory
            .bytes(array + from * shape.bytes, count * shape.bytes)?;
        let mut entries = vec![0usize; count as usize];
        let mut skip = vec![false; count as usize];
        // Chains that go on: index of the main bucket, address of the next.
        let mut chains: Vec<(usize, u64)> = Vec::new();
        for (index, bucket) in content.chunks_exact(shape.bytes as usize).enumerate() {
            let evacuated = (2..=4).contains(&bucket[0]);
            if evacuated && !is_old {
                return Err(Reject::NotAMap(
                    "a bucket of the current array is evacuated",
                ));
            }
            walk.evacuated += u64::from(evacuated);
            skip[index] = evacuated;
            let live = check_tophash(bucket, evacuated)?;
            entries[index] = if evacuated { 0 } else { live };
            let next = word(bucket, shape.bytes as usize - 8);
            if next != 0 {
                chains.push((index, next));
            }
        }
        let mut length = 1;
        while !chains.is_empty() {
            length += 1;
            if length > CHAIN_MAX {
                return Err(Reject::NotAMap("a chain has no end"));
            }
            walk.longest = walk.longest.max(u64::from(length));
            let addresses: Vec<u64> = chains.iter().map(|&(_, address)| address).collect();
            for &address in &addresses {
                if inside.contains(&address) {
                    if address < array + main * shape.bytes
                        || !(address - array).is_multiple_of(shape.bytes)
                    {
                        return Err(Reject::NotAMap("a chain leads into the main buckets"));
                    }
                    continue;
                }
                walk.separate += 1;
                let fits = context.object_starting_at(address).is_some_and(|object| {
                    context.fits(
                        object,
                        context.sizes.slot(shape.bytes, shape.noscan),
                        shape.noscan,
                    )
                });
                if !fits {
                    return Err(Reject::NotAMap(
                        "a chain leads to something else than a bucket",
                    ));
                }
            }
            walk.overflow += addresses.len() as u64;
            let buckets = context.memory.many(&addresses, shape.bytes as usize)?;
            let mut next_chains = Vec::new();
            for ((index, address), bucket) in chains.into_iter().zip(buckets) {
                let bucket =
                    bucket.ok_or(Reject::Fault(crate::target::Fault::NoMemory(address)))?;
                let live = check_tophash(&bucket, skip[index])?;
                entries[index] += if skip[index] { 0 } else { live };
                let next = word(&bucket, shape.bytes as usize - 8);
                if next != 0 {
                    next_chains.push((index, next));
                }
            }
            chains = next_chains;
        }
        for (entries, skip) in entries.iter().zip(&skip) {
            walk.entries += *entries as u64;
            if !skip {
                walk.fill.fill(*entries);
            }
        }
        from += count;
    }
    Ok(walk)
}

/// Live slots of a bucket whose states are possible.
fn check_tophash(bucket: &[u8], evacuated: bool) -> Result<usize, Reject> {
    let states = number(bucket, 0, SLOTS).to_le_bytes();
    if evacuated {
        return match states.iter().all(|s| (2..=4).contains(s)) {
            true => Ok(0),
            false => Err(Reject::NotAMap("a bucket is evacuated in part")),
        };
    }
    let mut rest = false;
    let mut live = 0;
    for state in states {
        match state {
            0 => rest = true,
            _ if rest => return Err(Reject::NotAMap("a slot follows the end of its chain")),
            1 => {}
            2..=4 => return Err(Reject::NotAMap("a slot is evacuated, its bucket is not")),
            _ => live += 1,
        }
    }
    Ok(live)
}

/// Visits every bucket of a map once, without any promise against writers.
pub fn visit(
    context: &Context<'_>,
    offsets: &Offsets,
    address: u64,
    shape: BucketShape,
    visitor: &mut dyn FnMut(&[u8], u64),
) {
    let Ok(header) = context.memory.bytes(address, offsets.bytes) else {
        return;
    };
    if !offsets.plausible(&header) || offsets.shape_fits(context, &header, shape).is_err() {
        return;
    }
    let b = field(&header, offsets.b) as u32;
    let same_size = field(&header, offsets.flags) & offsets.same_size != 0;
    let old_b = if same_size { b } else { b.saturating_sub(1) };
    for (array, b) in [
        (field(&header, offsets.buckets), b),
        (field(&header, offsets.oldbuckets), old_b),
    ] {
        if array == 0 {
            continue;
        }
        let main = 1u64 << b;
        let per_chunk = (CHUNK_BYTES / shape.bytes).max(1);
        let mut from = 0;
        while from < main {
            let count = per_chunk.min(main - from);
            let start = array + from * shape.bytes;
            let Ok(content) = context.memory.bytes(start, count * shape.bytes) else {
                return;
            };
            for (index, bucket) in content.chunks_exact(shape.bytes as usize).enumerate() {
                visitor(bucket, start + index as u64 * shape.bytes);
                let mut next = word(bucket, shape.bytes as usize - 8);
                let mut length = 0;
                while next != 0 && length < CHAIN_MAX && context.heap.object_at(next).is_some() {
                    let Ok(more) = context.memory.bytes(next, shape.bytes) else {
                        break;
                    };
                    visitor(&more, next);
                    next = word(&more, shape.bytes as usize - 8);
                    length += 1;
                }
            }
            from += count;
        }
    }
}
