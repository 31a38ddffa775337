//! The registry as other processes see it: constants, and a decoder of raw memory.
//!
//! Everything here takes bytes that may be wrong in any way, and answers with an error.

use crate::event::MapId;
use crate::growth::{GrowthCounts, GrowthDone, GrowthKind, GrowthProgress};
use crate::histogram::{CELLS, Histogram};
use crate::registry::SHARED_ROW;
use crate::row::{self, Words, counter, growth};
use crate::snapshot::{Counters, Gauges, MapRow, Site, Snapshot};

/// The first bytes of the registry.
pub const MAGIC: [u8; 16] = *b"tidemap-registry";
/// The version of the layout that this crate writes and reads.
pub const VERSION: u32 = 1;
/// The word behind the magic, by which a reader tells the order of bytes.
pub const BYTE_ORDER: u64 = 0x0102_0304_0506_0708;
/// The exported symbol.
pub const SYMBOL: &str = "TIDEMAP_REGISTRY";
/// The section of the note.
pub const NOTE_SECTION: &str = ".note.tidemap";
/// The owner of the note, without the final zero.
pub const NOTE_OWNER: &str = "tidemap";
/// The type of the note.
pub const NOTE_TYPE: u32 = 1;

/// What a row's words say.
pub(crate) struct Decoded {
    /// `None` if no map ever had the row.
    pub(crate) map: Option<MapRow>,
    is_live: bool,
    past: Counters,
}

impl Decoded {
    pub(crate) fn put_into(self, snapshot: &mut Snapshot) {
        snapshot.dropped.merge(&self.past);
        if !self.is_live {
            return;
        }
        match self.map {
            Some(map) if map.id == MapId::OTHER => snapshot.other = Some(map),
            Some(map) => snapshot.maps.push(map),
            None => {}
        }
    }
}

/// Reads a row's words; never fails, since every word is a number.
pub(crate) fn decode_row(words: &Words, index: usize, is_consistent: bool) -> Decoded {
    let past = counters(&words[row::PAST..][..counter::WORDS]);
    let state = words[row::STATE];
    let is_shared = index == SHARED_ROW;
    let is_live = state == row::LIVE || (is_shared && state == row::SHARED);
    if words[row::ID] == 0 {
        return Decoded {
            map: None,
            is_live: false,
            past,
        };
    }
    let file = text(words, row::FILE);
    let site = (!file.is_empty()).then(|| Site {
        file,
        line: (words[row::LINE_COLUMN] >> 32) as u32,
        column: words[row::LINE_COLUMN] as u32,
    });
    let map = MapRow {
        id: MapId(words[row::ID]),
        name: text(words, row::NAME),
        key_type: text(words, row::KEY_TYPE),
        value_type: text(words, row::VALUE_TYPE),
        site,
        created_ns: words[row::CREATED_NS],
        updated_ns: words[row::UPDATED_NS],
        entry_bytes: words[row::ENTRY_BYTES],
        gauges: gauges(words),
        counters: counters(&words[row::COUNTERS..][..counter::WORDS]),
        growth: running(&words[row::GROWTH..]),
        compaction: running(&words[row::COMPACTION..]),
        last_growth: done(&words[row::LAST_GROWTH..]),
        is_consistent,
    };
    Decoded {
        map: Some(map),
        is_live,
        past,
    }
}

fn gauges(words: &Words) -> Gauges {
    Gauges {
        len: words[row::LEN],
        len_max: words[row::LEN_MAX],
        capacity: words[row::CAPACITY],
        buckets: words[row::BUCKETS],
        slots_per_bucket: words[row::SLOTS_PER_BUCKET],
        bucket_bytes: words[row::BUCKET_BYTES],
        overflow_buckets: words[row::OVERFLOW_BUCKETS],
        longest_chain: words[row::LONGEST_CHAIN],
        bytes_live: words[row::BYTES_LIVE],
        bytes_old: words[row::BYTES_OLD],
        bytes_reserved: words[row::BYTES_RESERVED],
        bytes_peak: words[row::BYTES_PEAK],
        step_ns_max: words[row::STEP_NS_MAX],
        maps: words[row::MAPS],
    }
}

fn counters(words: &[u64]) -> Counters {
    let finished = &words[counter::FINISHED..];
    let mut step_ns = Histogram::default();
    step_ns
        .cells
        .copy_from_slice(&words[counter::HISTOGRAM..][..CELLS]);
    Counters {
        growths: GrowthCounts {
            in_place: finished[GrowthKind::InPlace as usize],
            relocating: finished[GrowthKind::Relocating as usize],
            same_size: finished[GrowthKind::SameSize as usize],
            shrink: finished[GrowthKind::Shrink as usize],
            reseed: finished[GrowthKind::Reseed as usize],
        },
        growths_begun: words[counter::BEGUN],
        growths_given_up: words[counter::GIVEN_UP],
        growths_refused: words[counter::REFUSED],
        steps: words[counter::STEPS],
        growth_ns: words[counter::GROWTH_NS],
        entries_moved: words[counter::ENTRIES_MOVED],
        bytes_moved: words[counter::BYTES_MOVED],
        bytes_released: words[counter::BYTES_RELEASED],
        overflows: words[counter::OVERFLOWS],
        clears: words[counter::CLEARS],
        step_ns,
    }
}

/// State and progress, if the state is one that has any.
pub(crate) fn progress(words: &[u64]) -> Option<(u64, GrowthProgress)> {
    let state = words[growth::STATE] & 0xff;
    let kind = GrowthKind::from_code(words[growth::STATE] >> 8)?;
    let progress = GrowthProgress {
        kind,
        from_buckets: words[growth::FROM],
        to_buckets: words[growth::TO],
        done_buckets: words[growth::DONE],
        started_ns: words[growth::STARTED_NS],
        len_at_start: words[growth::LEN_AT_START],
        steps: words[growth::STEPS],
        entries_moved: words[growth::ENTRIES_MOVED],
        bytes_moved: words[growth::BYTES_MOVED],
        bytes_released: words[growth::BYTES_RELEASED],
        work_ns: words[growth::WORK_NS],
        step_ns_max: words[growth::STEP_NS_MAX],
    };
    Some((state, progress))
}

fn running(words: &[u64]) -> Option<GrowthProgress> {
    match progress(words)? {
        (growth::RUNS | growth::ENDS, progress) => Some(progress),
        _ => None,
    }
}

fn done(words: &[u64]) -> Option<GrowthDone> {
    let (state, growth) = progress(words)?;
    if state != growth::COMPLETE && state != growth::GIVEN_UP {
        return None;
    }
    Some(GrowthDone {
        growth,
        ended_ns: words[growth::ENDED_NS],
        len_at_end: words[growth::LEN_AT_END],
        is_complete: state == growth::COMPLETE,
    })
}

/// A text up to its first zero; what is not UTF-8 becomes replacement characters.
fn text(words: &Words, text: row::Text) -> String {
    let bytes: Vec<u8> = text
        .words()
        .flat_map(|word| words[word].to_ne_bytes())
        .take_while(|byte| *byte != 0)
        .collect();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The head of the registry, in bytes.
pub(crate) const HEAD_BYTES: usize = 104;
/// Bytes of a row.
const ROW_BYTES: usize = row::WORDS * 8;
/// Tries before a row is taken as it is.
const TRIES: usize = 16;

/// The memory of another process, or of its core.
///
/// # Example
/// A process reads itself:
/// ```
/// use tidemap_probe::layout::{self, Memory};
///
/// struct Image(u64, Vec<u8>);
///
/// impl Memory for Image {
///     fn read(&self, address: u64, into: &mut [u8]) -> bool {
///         let Some(start) = address.checked_sub(self.0) else { return false };
///         let bytes = usize::try_from(start).ok().and_then(|start| {
///             self.1.get(start..start.checked_add(into.len())?)
///         });
///         bytes.map(|bytes| into.copy_from_slice(bytes)).is_some()
///     }
/// }
///
/// let nothing = Image(0x1000, vec![0; 4096]);
/// let error = layout::read(&nothing, 0x1000).unwrap_err();
/// assert_eq!(error.to_string(), "no registry at 0x1000: the memory there does not begin with `tidemap-registry`");
/// ```
pub trait Memory {
    /// Fills `into` from this address; `false` if not all of it can be read. In a core a row may lie in two
    /// segments.
    fn read(&self, address: u64, into: &mut [u8]) -> bool;
}

/// Why a registry could not be read from outside.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum LayoutError {
    /// Memory is missing.
    Unreadable {
        /// Where.
        address: u64,
        /// How much was wanted.
        bytes: usize,
    },
    /// There is something else.
    NoRegistry {
        /// Where.
        address: u64,
    },
    /// The registry is of another version.
    Version {
        /// Which.
        found: u32,
    },
    /// The registry's head contradicts its version.
    Damaged {
        /// The field.
        field: &'static str,
        /// What it says.
        found: u64,
    },
}

impl core::fmt::Display for LayoutError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            LayoutError::Unreadable { address, bytes } => write!(
                f,
                "{bytes} bytes at {address:#x} cannot be read; is the process still there, and is \
                 its core complete?"
            ),
            LayoutError::NoRegistry { address } => write!(
                f,
                "no registry at {address:#x}: the memory there does not begin with `tidemap-registry`"
            ),
            LayoutError::Version { found } => write!(
                f,
                "the registry has version {found}, this reader knows {VERSION}; use a reader of the \
                 program's version of tidemap-probe"
            ),
            LayoutError::Damaged { field, found } => {
                write!(f, "the registry's head is damaged: {field} is {found}")
            }
        }
    }
}

impl core::error::Error for LayoutError {}

/// How numbers lie in the memory that is read.
#[derive(Clone, Copy)]
struct Order {
    is_little: bool,
}

impl Order {
    fn word(self, bytes: &[u8]) -> u64 {
        let mut word = [0; 8];
        let n = bytes.len().min(8);
        word[..n].copy_from_slice(&bytes[..n]);
        if self.is_little {
            u64::from_le_bytes(word)
        } else {
            u64::from_be_bytes(word)
        }
    }

    fn half(self, bytes: &[u8]) -> u32 {
        let half = [bytes[0], bytes[1], bytes[2], bytes[3]];
        if self.is_little {
            u32::from_le_bytes(half)
        } else {
            u32::from_be_bytes(half)
        }
    }
}

/// Reads the registry at this address of another process (64 bits, any order of bytes).
///
/// The process need not stand still: each row is read again until its sequence word stood still, and
/// says in [`MapRow::is_consistent`] if it never did. At most 2.4 MiB are read once, whatever the memory
/// holds. [`Snapshot::time_ns`] is the time of the newest row; for a live process, set it to the wall clock
/// less [`Snapshot::epoch_unix_ns`].
///
/// # Errors
/// When memory is missing, or holds no registry of this [`VERSION`].
pub fn read(memory: &impl Memory, address: u64) -> Result<Snapshot, LayoutError> {
    let mut head = [0; HEAD_BYTES];
    read_at(memory, address, &mut head)?;
    if head[..16] != MAGIC {
        return Err(LayoutError::NoRegistry { address });
    }
    let order = match u64::from_le_bytes(head[16..24].try_into().unwrap_or_default()) {
        BYTE_ORDER => Order { is_little: true },
        other if other.swap_bytes() == BYTE_ORDER => Order { is_little: false },
        found => {
            return Err(LayoutError::Damaged {
                field: "the order of bytes",
                found,
            });
        }
    };
    let half = |at: usize| order.half(&head[at..at + 4]);
    let word = |at: usize| order.word(&head[at..at + 8]);
    let version = half(24);
    if version != VERSION {
        return Err(LayoutError::Version { found: version });
    }
    for (field, at, expected) in [
        ("the size of the head", 28, HEAD_BYTES),
        ("the size of a row", 32, ROW_BYTES),
        ("the number of rows", 36, SHARED_ROW),
    ] {
        let found = u64::from(half(at));
        if found != expected as u64 {
            return Err(LayoutError::Damaged { field, found });
        }
    }
    let rows = word(40);
    let mut snapshot = Snapshot::empty();
    snapshot.epoch_unix_ns = word(48);
    snapshot.pid = word(56) as u32;
    snapshot.maps_created = word(72);
    snapshot.maps_dropped = word(80);
    snapshot.maps_folded = word(88);
    let used = word(96);
    if used > SHARED_ROW as u64 {
        return Err(LayoutError::Damaged {
            field: "the number of rows in use",
            found: used,
        });
    }
    for index in (0..used as usize).chain([SHARED_ROW]) {
        let at = rows.wrapping_add((index * ROW_BYTES) as u64);
        let (words, is_consistent) = read_row(memory, at, order)?;
        snapshot.time_ns = snapshot.time_ns.max(words[row::UPDATED_NS]);
        decode_row(&words, index, is_consistent).put_into(&mut snapshot);
    }
    Ok(snapshot)
}

fn read_at(memory: &impl Memory, address: u64, into: &mut [u8]) -> Result<(), LayoutError> {
    let bytes = into.len();
    if address.checked_add(bytes as u64).is_some() && memory.read(address, into) {
        return Ok(());
    }
    Err(LayoutError::Unreadable { address, bytes })
}

fn read_row(
    memory: &impl Memory,
    address: u64,
    order: Order,
) -> Result<(Words, bool), LayoutError> {
    let mut bytes = [0; ROW_BYTES];
    let mut is_consistent = false;
    for _ in 0..TRIES {
        let mut before = [0; 8];
        let mut after = [0; 8];
        read_at(memory, address, &mut before)?;
        read_at(memory, address, &mut bytes)?;
        read_at(memory, address, &mut after)?;
        let sequence = order.word(&before);
        if before == after && bytes[..8] == before && sequence & 1 == 0 {
            is_consistent = true;
            break;
        }
    }
    let texts = row::NAME.words().start;
    let mut words: Words = [0; row::WORDS];
    for (index, (word, bytes)) in words.iter_mut().zip(bytes.chunks_exact(8)).enumerate() {
        *word = if index < texts {
            order.word(bytes)
        } else {
            // Texts are bytes in their order, here as there.
            let mut text = [0; 8];
            text.copy_from_slice(bytes);
            u64::from_ne_bytes(text)
        };
    }
    Ok((words, is_consistent))
}

/// Finds the registry's address in ELF notes: `notes` is the content of a `PT_NOTE` segment or of
/// section [`NOTE_SECTION`], loaded at `notes_address`. `None` if they hold no note of ours.
///
/// # Example
/// ```
/// assert_eq!(tidemap_probe::layout::address_in_notes(&[1, 2, 3], 0x1000, false), None);
/// ```
#[must_use]
pub fn address_in_notes(notes: &[u8], notes_address: u64, is_big_endian: bool) -> Option<u64> {
    let order = Order {
        is_little: !is_big_endian,
    };
    let mut at = 0_usize;
    loop {
        let head = notes.get(at..at.checked_add(12)?)?;
        let (owner_bytes, content_bytes) = (order.half(head), order.half(&head[4..]));
        let kind = order.half(&head[8..]);
        let owner_at = at + 12;
        let owner_end = owner_at.checked_add(usize::try_from(owner_bytes).ok()?)?;
        let content_at = owner_end.checked_next_multiple_of(4)?;
        let content_end = content_at.checked_add(usize::try_from(content_bytes).ok()?)?;
        let owner = notes.get(owner_at..owner_end)?;
        let content = notes.get(content_at..content_end)?;
        if kind == NOTE_TYPE && owner.strip_suffix(&[0]) == Some(NOTE_OWNER.as_bytes()) {
            let distance = order.word(content.get(..8)?);
            let from = notes_address.wrapping_add(content_at as u64);
            return Some(from.wrapping_add(distance));
        }
        at = content_end.checked_next_multiple_of(4)?;
    }
}

#[cfg(test)]
mod tests;
