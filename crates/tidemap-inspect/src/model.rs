//! What is told about maps: one [`Snapshot`] per look, one [`MapRow`] per map.
//!
//! Plain data, serialisable both ways: views, recordings and exporters take it
//! from here and need nothing else. Fields are only ever added.

use serde::{Deserialize, Serialize};

/// Version of the JSON form of [`Snapshot`].
pub const SCHEMA: &str = "tidemap.go.list/1";

/// Everything one look at a target found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// [`SCHEMA`].
    pub schema: String,
    /// What was looked at.
    pub target: TargetInfo,
    /// When, in milliseconds since 1970; `None` for a core.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taken_unix_ms: Option<u64>,
    /// Sums over all maps, whatever is filtered out of `maps`.
    pub summary: Summary,
    /// One row per map, in no promised order.
    pub maps: Vec<MapRow>,
}

/// The process or core behind a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetInfo {
    /// Process or core.
    pub kind: TargetKind,
    /// Process id, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pid: Option<i32>,
    /// Path of the core file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub core: Option<String>,
    /// Path of the executable that was read.
    pub binary: String,
    /// Go release that built it, `go1.23.9`.
    pub go_version: String,
    /// Design of its maps.
    pub design: Design,
    /// Debug information was there and used.
    pub dwarf: bool,
    /// Position independent: loaded at another address than linked.
    pub load_bias: u64,
}

/// Kind of target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TargetKind {
    /// A live process.
    Process,
    /// A core file.
    Core,
}

/// Design of the maps of a Go release.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Design {
    /// Buckets of eight with overflow chains, to Go 1.23.
    Classic,
    /// Groups of eight in tables behind a directory, from Go 1.24.
    Swiss,
}

/// Sums and times of a snapshot.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// Maps found.
    pub maps: u64,
    /// Entries in them.
    pub entries: u64,
    /// Bytes they hold, with size-class rounding.
    pub bytes: u64,
    /// Bytes of old arrays still held.
    pub old_bytes: u64,
    /// Bytes that rebuilding every map would free.
    pub rebuild_frees: u64,
    /// Maps in the middle of a growth.
    pub growing: u64,
    /// Rows per proof state.
    pub proofs: ProofCounts,
    /// Rows whose type is known exactly.
    pub typed: u64,
    /// Rows that nothing alive reaches.
    pub unreachable: u64,
    /// Bytes in live heap objects.
    pub heap_bytes: u64,
    /// Live 48-byte objects with pointers: a map header is one of them.
    pub header_sized_objects: u64,
    /// Of those, how many have the pointer pattern of a map header.
    pub header_shaped_objects: u64,
    /// Of those, how many are shown to be maps.
    pub header_shaped_accepted: u64,
    /// Of those, how many are typed as something else, or fail the checks.
    pub header_shaped_rejected: u64,
    /// Microseconds that the whole look took.
    pub elapsed_us: u64,
    /// Microseconds that the target stood still (`--pause`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paused_us: Option<u64>,
    /// How goroutine stacks were read.
    pub stacks: StackReading,
    /// What could not be read or decided, in plain words.
    #[serde(default)]
    pub notes: Vec<String>,
    /// Advice over all maps, in plain words.
    #[serde(default)]
    pub advice: Vec<String>,
}

/// How goroutine stacks were searched for references.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StackReading {
    /// Every word of the used part that looks like a pointer counts.
    #[default]
    Conservative,
    /// Stacks were not read.
    None,
}

/// Rows per proof state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProofCounts {
    /// [`Proof::Verified`].
    pub verified: u64,
    /// [`Proof::Retried`].
    pub retried: u64,
    /// [`Proof::Racy`].
    pub racy: u64,
}

/// One map.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MapRow {
    /// Address of the header: the value of the map variable.
    pub address: u64,
    /// Classic or Swiss.
    pub design: Design,
    /// The type, or what is known of it.
    #[serde(rename = "type")]
    pub map_type: MapTypeInfo,
    /// Where it is reached from.
    pub reached: Reached,
    /// Entries, by the header.
    pub count: u64,
    /// Entries counted in the arrays; equals `count` unless the row is racy.
    pub counted: u64,
    /// Slots in main buckets or groups.
    pub slots: u64,
    /// `count / slots`; 0 for a map without slots.
    pub load: f64,
    /// Classic fields.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub classic: Option<ClassicState>,
    /// Swiss fields.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub swiss: Option<SwissState>,
    /// The growth in progress, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub growth: Option<Growth>,
    /// Bytes held: header, arrays, overflow buckets, boxes; slots of size classes.
    pub bytes: u64,
    /// Of those, bytes of boxed keys and elements (over 128 bytes each).
    pub boxed_bytes: u64,
    /// Of those, bytes of the old array and its overflow buckets.
    pub old_bytes: u64,
    /// Bytes that a fresh map with the same entries would save.
    pub rebuild_frees: u64,
    /// Entry count whose insertion starts the next growth, for a map that is
    /// not growing; Swiss maps of many tables: the nearest table's, as an estimate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_growth: Option<NextGrowth>,
    /// A write was in progress when the header was read.
    pub writer_active: bool,
    /// How sure the numbers are.
    pub proof: Proof,
    /// Reads that were needed; 1 means the first one held.
    pub attempts: u32,
    /// The header lives in a stack frame: the map does not escape.
    #[serde(default)]
    pub on_stack: bool,
    /// Nothing alive reaches it: dead, not yet collected.
    pub unreachable: bool,
    /// Advice in plain words, with numbers.
    #[serde(default)]
    pub advice: Vec<String>,
}

/// The type of a map and how it became known.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MapTypeInfo {
    /// `map[string]int`; `None` when undecided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Address of the type descriptor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub descriptor: Option<u64>,
    /// Bytes of a key; 0 unknown.
    pub key_bytes: u64,
    /// Bytes of an element.
    pub elem_bytes: u64,
    /// Bytes of a bucket (classic) or group (Swiss), where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bucket_bytes: Option<u64>,
    /// A bucket or group holds pointers.
    #[serde(default)]
    pub bucket_pointers: bool,
    /// What the type was learnt from.
    pub evidence: TypeEvidence,
    /// Types that fit equally well, when `name` is `None`.
    #[serde(default)]
    pub candidates: Vec<String>,
}

/// Where a type was learnt from, strongest first.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum TypeEvidence {
    /// The allocator's own type word at the bucket array.
    AllocatorType,
    /// A typed variable, field, slice, channel or map leads here.
    Referrer,
    /// An interface value holds it.
    Interface,
    /// Code passes this type together with the variable.
    Code,
    /// The only type in the program that fits size and content.
    OnlyFit,
    /// Several fit, or none is known.
    #[default]
    Undecided,
}

/// Where a map is reached from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reached {
    /// Kind of root.
    pub root: RootKind,
    /// `main.server.users["…"].tags`, `goroutine 7 main.worker`, `data+0x120`; empty when unknown.
    pub path: String,
    /// Address of the word that holds the map, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slot: Option<u64>,
    /// Goroutine, when the root is a stack.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub goroutine: Option<u64>,
}

/// Kind of root.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RootKind {
    /// A package-level variable.
    Global,
    /// A goroutine's stack.
    Goroutine,
    /// Runtime memory outside the heap: finalisers, timers.
    Runtime,
    /// Reached from nothing that was read.
    #[default]
    Unknown,
}

/// Fields of a classic map.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClassicState {
    /// log2 of the main bucket count.
    #[serde(rename = "B")]
    pub b: u8,
    /// Flag byte.
    pub flags: u8,
    /// Seed.
    pub hash0: u32,
    /// Overflow buckets by the header; sampled from B = 16 on.
    pub noverflow: u16,
    /// Overflow buckets counted in the chains of the current array.
    pub overflow: u64,
    /// Overflow buckets in chains of the old array.
    pub old_overflow: u64,
    /// Buckets in the longest chain of the current array.
    pub longest_chain: u64,
    /// Address of the current array, 0 when there is none.
    pub buckets: u64,
    /// Address of the old array, 0 when not growing.
    pub oldbuckets: u64,
    /// Buckets before this one are evacuated.
    pub nevacuate: u64,
}

/// Fields of a Swiss map.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SwissState {
    /// Entries of the directory; 0 for a map of one bare group.
    pub directory: u64,
    /// log2 of the directory.
    pub global_depth: u8,
    /// Distinct tables.
    pub tables: u64,
    /// Slots of the largest table.
    pub largest_table: u64,
    /// Deleted slots that still count as used.
    pub tombstones: u64,
    /// Slots that can still be filled, summed over tables.
    pub growth_left: u64,
    /// Tables that are behind the directory's depth: their splits are still to come.
    pub tables_below_depth: u64,
    /// Seed.
    pub seed: u64,
    /// Times the map was cleared.
    pub clear_seq: u64,
    /// Address of the directory or of the one group.
    pub dir: u64,
}

/// A growth in progress (classic maps).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Growth {
    /// Doubling or same-size.
    pub kind: GrowthKind,
    /// Buckets of the old array.
    pub old_buckets: u64,
    /// Buckets really evacuated: writes evacuate their own bucket out of order.
    pub evacuated: u64,
    /// The header's cursor.
    pub nevacuate: u64,
    /// `evacuated / old_buckets`.
    pub progress: f64,
    /// Seconds since the growth was first seen, when the map was watched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen_for_s: Option<f64>,
}

/// Kind of growth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GrowthKind {
    /// Twice the buckets.
    Doubling,
    /// As many buckets, shorter chains.
    SameSize,
}

/// The growth to come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct NextGrowth {
    /// The insert that makes this many entries starts it.
    pub at_entries: u64,
    /// Bytes allocated at that moment, on top of what is held.
    pub extra_bytes: u64,
}

/// How sure a row's numbers are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Proof {
    /// The first read was consistent: header unchanged, entries sum to the count.
    Verified,
    /// A later read was.
    Retried,
    /// None was: written to all the time, or damaged. Numbers are of the last try.
    Racy,
}

/// Chain lengths of one map against what good hashing gives (`show`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Histogram {
    /// What is counted: `entries per bucket`, `groups probed per entry`.
    pub what: String,
    /// Index: value; content: how many have it.
    pub observed: Vec<u64>,
    /// The same for random hashing.
    pub expected: Vec<f64>,
}

/// One map with all that is known (`show`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MapDetail {
    /// The row.
    pub row: MapRow,
    /// Chain lengths.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub histogram: Option<Histogram>,
    /// Swiss tables, the first [`TABLES_MAX`].
    #[serde(default)]
    pub tables: Vec<TableState>,
    /// Other words that hold the map, at most a few.
    #[serde(default)]
    pub referrers: Vec<String>,
}

/// Tables that [`MapDetail`] lists at most.
pub const TABLES_MAX: usize = 64;

/// One Swiss table.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableState {
    /// Address.
    pub address: u64,
    /// First place in the directory.
    pub index: u64,
    /// Entries.
    pub used: u64,
    /// Slots.
    pub capacity: u64,
    /// Slots that can still be filled.
    pub growth_left: u64,
    /// Deleted slots that still count as used.
    pub tombstones: u64,
    /// Directory bits that this table answers to.
    pub local_depth: u8,
}
