//! The bytes of a recording. Numbers are little-endian.
//!
//! ```text
//! header, 64 bytes:   "tidemap live rec" (16)  version u32  segments u32  segment_bytes u64  zeros
//! segment:            frames, one after another; what follows the last one is old or zero
//! frame head, 48:     "tmfr" (4)  body_bytes u32  filling u64  index u32  is_key u32  start_ns u64  end_ns u64
//!                     check u64 (of the head's other words)
//! frame body:         zstd of a JSON [`Body`]
//! ```

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use tidemap_probe::{Counters, Event, MapId, MapRow, Snapshot};

pub(crate) const MAGIC: &[u8; 16] = b"tidemap live rec";
pub(crate) const VERSION: u32 = 1;
pub(crate) const HEADER_BYTES: u64 = 64;
pub(crate) const HEAD_BYTES: usize = 48;
const FRAME_MAGIC: &[u8; 4] = b"tmfr";

/// Segments of a recording: each time one is begun anew, this share of the past is lost.
pub const SEGMENTS: u32 = 8;
/// Frames between two that stand alone.
pub const KEY_EVERY: u32 = 64;
/// Events of one frame at most; more are left out, steps and their like first, and counted.
pub const FRAME_EVENTS_MAX: usize = 5_000;
/// Bytes that a frame may unpack to.
pub(crate) const BODY_BYTES_MAX: u64 = 64 << 20;
/// Segments that a reader believes in.
pub(crate) const SEGMENTS_MAX: u32 = 1024;

/// The head of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) body_bytes: u32,
    /// Which filling of segments this is, counted from 1 over the whole recording.
    pub(crate) filling: u64,
    /// Frames before it in the filling.
    pub(crate) index: u32,
    pub(crate) is_key: bool,
    /// The earliest event, or the snapshot's time.
    pub(crate) start_ns: u64,
    /// The snapshot's time.
    pub(crate) end_ns: u64,
}

impl Head {
    pub(crate) fn to_bytes(self) -> [u8; HEAD_BYTES] {
        let mut bytes = [0; HEAD_BYTES];
        bytes[..4].copy_from_slice(FRAME_MAGIC);
        bytes[4..8].copy_from_slice(&self.body_bytes.to_le_bytes());
        bytes[8..16].copy_from_slice(&self.filling.to_le_bytes());
        bytes[16..20].copy_from_slice(&self.index.to_le_bytes());
        bytes[20..24].copy_from_slice(&u32::from(self.is_key).to_le_bytes());
        bytes[24..32].copy_from_slice(&self.start_ns.to_le_bytes());
        bytes[32..40].copy_from_slice(&self.end_ns.to_le_bytes());
        let check = check(&bytes[..40]);
        bytes[40..].copy_from_slice(&check.to_le_bytes());
        bytes
    }

    /// `None` for bytes that are no head.
    pub(crate) fn from_bytes(bytes: &[u8; HEAD_BYTES]) -> Option<Head> {
        let half = |at: usize| {
            u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
        };
        let word = |at: usize| u64::from(half(at)) | u64::from(half(at + 4)) << 32;
        if &bytes[..4] != FRAME_MAGIC || word(40) != check(&bytes[..40]) {
            return None;
        }
        Some(Head {
            body_bytes: half(4),
            filling: word(8),
            index: half(16),
            is_key: half(20) == 1,
            start_ns: word(24),
            end_ns: word(32),
        })
    }
}

/// FNV-1a: tells a head from arbitrary bytes; bodies have zstd's checksum.
fn check(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// The header of a file.
pub(crate) fn header(segment_bytes: u64) -> [u8; HEADER_BYTES as usize] {
    let mut bytes = [0; HEADER_BYTES as usize];
    bytes[..16].copy_from_slice(MAGIC);
    bytes[16..20].copy_from_slice(&VERSION.to_le_bytes());
    bytes[20..24].copy_from_slice(&SEGMENTS.to_le_bytes());
    bytes[24..32].copy_from_slice(&segment_bytes.to_le_bytes());
    bytes
}

/// What a frame says: how all maps differ from the frame before, and what happened since.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Body<'a> {
    /// The program, in frames that stand alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) program: Option<Cow<'a, str>>,
    pub(crate) pid: u32,
    pub(crate) epoch_unix_ns: u64,
    pub(crate) time_ns: u64,
    pub(crate) maps_created: u64,
    pub(crate) maps_dropped: u64,
    pub(crate) maps_folded: u64,
    pub(crate) rows_max: u32,
    /// Unchanged if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) dropped: Option<Counters>,
    /// As it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) other: Option<Cow<'a, MapRow>>,
    /// Rows that are new or differ.
    pub(crate) maps: Vec<Cow<'a, MapRow>>,
    /// Maps that are gone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) gone: Vec<MapId>,
    /// Oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) events: Vec<Event>,
    /// Events that were lost before this frame's, in this frame's time.
    #[serde(default)]
    pub(crate) missed: u64,
}

/// The state that differences are taken from.
pub(crate) fn empty(from: &Body<'_>) -> Snapshot {
    Snapshot {
        schema: tidemap_probe::SCHEMA.to_owned(),
        pid: from.pid,
        epoch_unix_ns: from.epoch_unix_ns,
        time_ns: 0,
        maps: Vec::new(),
        other: None,
        dropped: Counters::default(),
        maps_created: 0,
        maps_dropped: 0,
        maps_folded: 0,
        rows_max: from.rows_max,
    }
}

impl<'a> Body<'a> {
    /// What turns `before` into `now`; with `None`, all of `now`.
    pub(crate) fn between(before: Option<&Snapshot>, now: &'a Snapshot) -> Body<'a> {
        let known: std::collections::BTreeMap<MapId, &MapRow> = before
            .into_iter()
            .flat_map(|before| &before.maps)
            .map(|row| (row.id, row))
            .collect();
        let alive: std::collections::BTreeSet<MapId> = now.maps.iter().map(|row| row.id).collect();
        Body {
            program: before.is_none().then(|| crate::source::program().into()),
            pid: now.pid,
            epoch_unix_ns: now.epoch_unix_ns,
            time_ns: now.time_ns,
            maps_created: now.maps_created,
            maps_dropped: now.maps_dropped,
            maps_folded: now.maps_folded,
            rows_max: now.rows_max,
            dropped: before
                .is_none_or(|before| before.dropped != now.dropped)
                .then_some(now.dropped),
            other: now.other.as_ref().map(Cow::Borrowed),
            maps: now
                .maps
                .iter()
                .filter(|row| known.get(&row.id).is_none_or(|old| old != row))
                .map(Cow::Borrowed)
                .collect(),
            gone: known.into_keys().filter(|id| !alive.contains(id)).collect(),
            events: Vec::new(),
            missed: 0,
        }
    }

    /// Applies it to the state before; the events are handed back.
    pub(crate) fn apply(self, state: &mut Snapshot) -> (Vec<Event>, u64) {
        let mut rows: std::collections::BTreeMap<MapId, MapRow> = std::mem::take(&mut state.maps)
            .into_iter()
            .map(|row| (row.id, row))
            .collect();
        for id in &self.gone {
            rows.remove(id);
        }
        rows.extend(self.maps.into_iter().map(|row| (row.id, row.into_owned())));
        // A registry has no more; a file may claim more.
        while rows.len() > tidemap_probe::ROWS_MAX {
            rows.pop_first();
        }
        state.maps = rows.into_values().collect();
        state.time_ns = self.time_ns;
        state.maps_created = self.maps_created;
        state.maps_dropped = self.maps_dropped;
        state.maps_folded = self.maps_folded;
        state.other = self.other.map(Cow::into_owned);
        if let Some(dropped) = self.dropped {
            state.dropped = dropped;
        }
        (self.events, self.missed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_are_told_from_noise() {
        let head = Head {
            body_bytes: 7,
            filling: 3,
            index: 9,
            is_key: true,
            start_ns: 5,
            end_ns: u64::MAX,
        };
        let bytes = head.to_bytes();
        assert_eq!(Head::from_bytes(&bytes), Some(head));
        for at in 0..HEAD_BYTES {
            let mut bad = bytes;
            bad[at] ^= 1;
            assert_eq!(Head::from_bytes(&bad), None, "byte {at}");
        }
    }
}
