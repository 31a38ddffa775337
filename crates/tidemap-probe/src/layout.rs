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
