//! What hash maps are doing, as numbers: a bounded registry, events, assertions for tests.
//!
//! Growth is where the latency and the memory of maps go, and it is invisible. A map that is *observed*
//! writes a few figures whenever it goes through a slow path: when it begins to grow, at every step, when
//! it takes an overflow bucket, gives memory back, shrinks, is cleared or dropped. Look-ups and
//! insertions that do nothing slow write nothing.
//!
//! ```text
//!   map ──hook──► its row ◄── snapshot()                 Prometheus, OTLP, pages, `tidemap list PID`, cores
//!              └► the ring ◄── subscribe()               traces, live views      (only while somebody listens)
//!              └► a line on stderr, spans, static probes, test scopes            (only if switched on)
//! ```
//!
//! # For users of maps
//!
//! With `tidemap`'s feature `probe`: name a map (`map.observe("sessions")`,
//! `HashMap::builder().name("sessions").build()`), or switch all on: [`observe_all`],
//! `TIDEMAP_OBSERVE=all`. `TIDEMAP_TRACE=1` prints a line for each growth. [`testing`] has assertions.
//! Fields, costs and bounds: `docs/probe.md`.
//!
//! # For exporters
//!
//! Two ways, both safe to use from any thread at any time:
//!
//! * *State*: call [`snapshot`] when you are asked (a scrape, a frame, a tick); keep nothing in
//!   between and register nothing per map. A [`Snapshot`] is plain data of bounded size: at most
//!   [`ROWS_MAX`] maps, one [`other`](Snapshot::other) row for those beyond, and what
//!   [`dropped`](Snapshot::dropped) maps have done. For process-wide counters use [`Snapshot::totals`]: its
//!   sums only rise, however many maps come and go. Counters of a single map end with it, so label
//!   them by [`MapId`] as well as by name, and show the largest few by [`Gauges::bytes_held`].
//! * *Events*: hold a [`Subscription`] from [`subscribe`] and poll it from a thread of your own.
//!   Maps never wait for you: fall behind by [`EVENTS_MAX`] events and the oldest are gone, which
//!   [`Subscription::missed`] tells; show that number. Events name maps by [`MapId`]; learn names, types and
//!   sites from a snapshot taken after subscribing and from [`describe`] on
//!   [`EventKind::Created`]. A growth is the time from its [`EventKind::GrowthBegin`] to the next
//!   [`EventKind::GrowthEnd`] of the same map and kind (or its [`EventKind::Drop`]). Of one map there is at most
//!   one growth at a time, and beside it one of kind [`GrowthKind::SameSize`]. Maps that share the row
//!   [`MapId::OTHER`] have growths that overlap: count them, do not draw them.
//!
//! Times are nanoseconds since the process first observed something; add
//! [`Snapshot::epoch_unix_ns`] for wall clock. `len` is as old as [`MapRow::updated_ns`] says and bounded by
//! [`Gauges::len_max`].
//!
//! With the feature `serde` all of it is serialised; [`SCHEMA`] names the version, and fields are only
//! ever added within one.
//!
//! # Bounds
//!
//! Everything is static and of fixed size: the registry and the ring, about 2.3 and 1.3 MiB of zero
//! pages that become memory when used. Hooks allocate nothing and wait for nothing. A dropped map leaves
//! its counts in its row's past, and no memory.
//!
//! # Other processes
//!
//! The registry can be read from outside and from cores: [`layout`] has the decoder,
//! `docs/probe-registry.md` the format.
//!
//! # Features
//!
//! | feature | gives |
//! |---|---|
//! | `serde` | `Serialize` and `Deserialize` for snapshots and events |
//! | `tracing` | a `tracing` span per growth |
//! | `usdt` | static probes (Linux on x86-64 and AArch64) |

#![deny(unsafe_code)]

#[cfg(not(target_has_atomic = "64"))]
compile_error!(
    "tidemap-probe needs 64-bit atomics; leave out tidemap's feature `probe` on this target"
);

mod about;
mod clock;
mod event;
mod growth;
mod histogram;
pub mod hook;
pub mod layout;
mod lines;
mod note;
mod registry;
mod ring;
mod row;
mod snapshot;
mod spans;
mod switch;
pub mod testing;
mod trigger;
mod usdt;

pub use event::{Event, EventKind, MapId};
pub use growth::{GrowthCounts, GrowthDone, GrowthKind, GrowthProgress};
pub use histogram::{CELLS, Histogram};
pub use registry::{NAMED_MIN, ROWS_MAX};
pub use ring::{EVENTS_MAX, Subscription, subscribe};
pub use snapshot::{Counters, Gauges, MapRow, SCHEMA, Site, Snapshot, describe, snapshot};
pub use switch::observe_all;
pub use trigger::{Trigger, on_trigger};
