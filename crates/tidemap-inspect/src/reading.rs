//! Reading one map: what a reading is, and when it holds.
//!
//! A reading walks the map while its program runs on. It holds when the header
//! is the same before and after, and the entries found in the arrays sum to the
//! header's count. Otherwise it is done again, a bounded number of times.

use crate::heap::{Heap, Object};
use crate::layout::Layout;
use crate::memory::Memory;
use crate::model::{ClassicState, Growth, Histogram, Proof, SwissState, TableState};
use crate::sizes::Sizes;
use crate::target::Fault;

/// Readings of one map at most.
pub const ATTEMPTS_MAX: u32 = 48;
/// Bytes that all readings of one map may take, the first one excepted.
pub const RETRY_BYTES_MAX: u64 = 1 << 30;
/// Bytes of an array that are held at a time.
pub const CHUNK_BYTES: u64 = 1 << 20;

/// Bytes and pointers of a bucket or group: all that reading needs to know of a type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BucketShape {
    /// Bytes of a bucket or group.
    pub bytes: u64,
    /// It holds no pointers.
    pub noscan: bool,
}

/// What a reading needs.
pub struct Context<'t> {
    /// Memory of the target.
    pub memory: Memory<'t>,
    /// Its heap.
    pub heap: &'t Heap,
    /// Layout of its release.
    pub layout: &'t Layout,
    /// Size arithmetic of its release.
    pub sizes: Sizes,
}

/// One reading.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Reading {
    /// Entries by the header.
    pub count: u64,
    /// Entries in the arrays.
    pub counted: u64,
    /// Slots in main buckets or groups.
    pub slots: u64,
    /// Classic fields.
    pub classic: Option<ClassicState>,
    /// Swiss fields.
    pub swiss: Option<SwissState>,
    /// Growth in progress.
    pub growth: Option<Growth>,
    /// Bytes, boxes excepted.
    pub bytes: u64,
    /// Of those, of the old array.
    pub old_bytes: u64,
    /// A write was in progress.
    pub writer_active: bool,
    /// Header unchanged and entries sum up.
    pub holds: bool,
    /// Readings done.
    pub attempts: u32,
    /// Addresses of the arrays, for matching referrers and duplicates.
    pub arrays: Vec<u64>,
    /// Entries per main bucket or group: index is the number of entries.
    pub fill: Vec<u64>,
    /// Swiss tables, the first few.
    pub tables: Vec<TableState>,
    /// Largest table and its growth left, for the next growth.
    pub nearest_growth: Option<(u64, u64)>,
}

impl Reading {
    /// The proof state of a row with this reading.
    pub fn proof(&self) -> Proof {
        match (self.holds, self.attempts) {
            (true, 0 | 1) => Proof::Verified,
            (true, _) => Proof::Retried,
            (false, _) => Proof::Racy,
        }
    }

    /// Counts one bucket with so many entries.
    pub(crate) fn fill(&mut self, entries: usize) {
        let entries = entries.min(255);
        if self.fill.len() <= entries {
            self.fill.resize(entries + 1, 0);
        }
        self.fill[entries] += 1;
    }

    /// The fill against what random hashing gives.
    pub fn histogram(&self) -> Option<Histogram> {
        let buckets: u64 = self.fill.iter().sum();
        if buckets == 0 {
            return None;
        }
        let load = self.counted as f64 / buckets as f64;
        let classic = self.classic.is_some();
        let expected = if classic {
            let len = self.fill.len().max(12);
            match self.growth {
                None => poisson(load, buckets, len),
                Some(growth) => {
                    // Only buckets whose old chain is evacuated hold entries.
                    let inside: u64 = self.fill.iter().zip(0..).map(|(n, k)| n * k).sum();
                    let filled =
                        (growth.evacuated * (buckets / growth.old_buckets.max(1))).min(buckets);
                    let mut expected = poisson(inside as f64 / filled.max(1) as f64, filled, len);
                    expected[0] += (buckets - filled) as f64;
                    expected
                }
            }
        } else {
            crate::swiss::expected_fill(&self.tables, self.counted, buckets)
        };
        Some(Histogram {
            what: if classic {
                "entries per bucket chain".into()
            } else {
                "entries per group".into()
            },
            observed: self.fill.clone(),
            expected,
        })
    }
}

fn poisson(load: f64, buckets: u64, len: usize) -> Vec<f64> {
    let mut probability = (-load).exp();
    (0..len)
        .map(|k| {
            let expected = probability * buckets as f64;
            probability *= load / (k as f64 + 1.0);
            expected
        })
        .collect()
}

/// Readings that found the same header and the same sum, which is not the count.
const STILL_MAX: u32 = 4;

/// What is particular to one of the two designs.
pub(crate) trait ReadOnce {
    /// Bytes of a header.
    fn header_bytes(&self) -> u64;
    /// Whether this can be a header.
    fn plausible(&self, header: &[u8]) -> bool;
    /// Walks the map of this header once. [`Reading::holds`] says whether its parts agree.
    fn read_once(
        &self,
        context: &Context<'_>,
        header: &[u8],
        shape: BucketShape,
    ) -> Result<Reading, Reject>;
    /// Whether a rejection of the map of this header is to be believed at this attempt.
    fn is_final(&self, header: &[u8], attempt: u32) -> bool;
}

/// Reads a map until a reading holds, or too often.
///
/// # Errors
/// [`Reject`] when what is there, unchanging, cannot be a map of this shape.
pub(crate) fn read(
    context: &Context<'_>,
    design: &impl ReadOnce,
    address: u64,
    shape: BucketShape,
) -> Result<Reading, Reject> {
    let mut spent = 0u64;
    let mut last = None;
    let mut still = Still::default();
    for attempt in 1..=ATTEMPTS_MAX {
        let before = context.memory.bytes(address, design.header_bytes())?;
        if !design.plausible(&before) {
            return Err(Reject::NotAMap("its header is impossible"));
        }
        let walked = design.read_once(context, &before, shape);
        let after = context.memory.bytes(address, design.header_bytes())?;
        let same = before == after;
        match walked {
            Ok(mut reading) => {
                reading.holds &= same && reading.counted == reading.count;
                spent = spent.saturating_add(reading.bytes);
                let done = reading.holds;
                if !done && still.disagrees(same.then_some(&before), &reading) {
                    return Err(Reject::NotAMap("its entries do not sum to its count"));
                }
                let reading = last.insert(reading);
                reading.attempts = attempt;
                if done || spent > RETRY_BYTES_MAX {
                    break;
                }
            }
            Err(reject) if same && design.is_final(&before, attempt) => return Err(reject),
            Err(_) => {}
        }
        if let Some(last) = &mut last {
            last.attempts = attempt;
        }
    }
    last.ok_or(Reject::NotAMap("it never stood still"))
}

/// Tells a map that is written to from memory that never was one: the latter
/// stands still and does not add up.
#[derive(Debug, Default)]
struct Still {
    header: Vec<u8>,
    counted: u64,
    times: u32,
}

impl Still {
    /// Notes a reading that does not hold; whether that is final. `header` is
    /// `None` when it changed during the reading.
    fn disagrees(&mut self, header: Option<&Vec<u8>>, reading: &Reading) -> bool {
        // A thread that was stopped inside a write leaves one entry in between.
        let written = reading.writer_active && reading.counted.abs_diff(reading.count) <= 1;
        match header {
            Some(header) if !written => {
                if self.header == *header && self.counted == reading.counted {
                    self.times += 1;
                } else {
                    self.header.clone_from(header);
                    self.counted = reading.counted;
                    self.times = 1;
                }
                self.times >= STILL_MAX
            }
            _ => {
                self.times = 0;
                false
            }
        }
    }
}

/// Why something is not read as a map.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reject {
    /// It is none: what it points to does not fit.
    NotAMap(&'static str),
    /// Memory cannot be read.
    Fault(Fault),
}

impl From<Fault> for Reject {
    fn from(fault: Fault) -> Self {
        Reject::Fault(fault)
    }
}

impl Context<'_> {
    /// The object whose content starts at `address`: behind its type word, if it has one.
    pub fn object_starting_at(&self, address: u64) -> Option<Object> {
        let object = self.heap.object_at(address)?;
        let span = &self.heap.spans[object.span];
        (object.base + self.heap.header_bytes(span) == address).then_some(object)
    }

    /// The type word of the object whose content starts at `address`.
    pub fn type_word(&self, address: u64) -> Option<u64> {
        let object = self.object_starting_at(address)?;
        let span = &self.heap.spans[object.span];
        if span.noscan {
            return None;
        }
        if span.large {
            return (span.large_type != 0).then_some(span.large_type);
        }
        if self.heap.header_bytes(span) == 0 {
            return None;
        }
        self.memory.u64(object.base).ok().filter(|&word| word != 0)
    }

    /// Whether an object's slot and pointer class are what an array asks for.
    pub fn fits(&self, object: Object, slot: u64, noscan: bool) -> bool {
        self.heap.spans[object.span].noscan == noscan && object.bytes == slot
    }
}
