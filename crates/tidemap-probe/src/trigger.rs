//! Who wants to know of a growth at once, in the operation that triggers it.
//!
//! Exporters of spans do: only there is the span active that the growth belongs to. Everybody else reads
//! events.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::OnceLock;

use crate::event::MapId;
use crate::growth::GrowthKind;
use crate::switch;

/// Listeners of a process at most.
const LISTENERS_MAX: usize = 4;

static LISTENERS: [OnceLock<fn(&Trigger)>; LISTENERS_MAX] =
    [const { OnceLock::new() }; LISTENERS_MAX];

/// An operation triggered a growth. The [`GrowthBegin`](crate::EventKind::GrowthBegin) of the same
/// map, kind and time tells the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trigger {
    /// Of which map.
    pub map: MapId,
    /// Of what kind.
    pub kind: GrowthKind,
    /// When, in nanoseconds since the epoch.
    pub time_ns: u64,
}

/// Calls `listener` from now on in every operation that triggers a growth of an observed map, on its
/// thread, before the event is published. It must be quick and not work on an observed map. Its panics
/// end there. Maps without a row of their own do not tell.
///
/// Gives `false` when four listen already.
///
/// # Example
/// ```
/// fn listener(trigger: &tidemap_probe::Trigger) {
///     eprintln!("{} grows", trigger.map);
/// }
/// assert!(tidemap_probe::on_trigger(listener));
/// ```
pub fn on_trigger(listener: fn(&Trigger)) -> bool {
    let found = LISTENERS.iter().any(|place| place.set(listener).is_ok());
    if found {
        switch::listen(switch::TRIGGERS);
    }
    found
}

/// Tells those who listen.
#[inline]
pub(crate) fn tell(time_ns: u64, map: MapId, kind: GrowthKind) {
    if switch::listens(switch::TRIGGERS) && map != MapId::OTHER {
        tell_listeners(&Trigger { map, kind, time_ns });
    }
}

#[cold]
fn tell_listeners(trigger: &Trigger) {
    for listener in LISTENERS.iter().filter_map(OnceLock::get) {
        // A listener that panics has spoilt its own record; the map goes on.
        let _ = catch_unwind(AssertUnwindSafe(|| listener(trigger)));
    }
}
