//! The clock of hooks: nanoseconds since the process first asked.

use std::sync::OnceLock;
use std::time::{Instant, SystemTime};

struct Epoch {
    start: Instant,
    unix_ns: u64,
}

fn epoch() -> &'static Epoch {
    static EPOCH: OnceLock<Epoch> = OnceLock::new();
    EPOCH.get_or_init(|| Epoch {
        start: Instant::now(),
        unix_ns: SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .map_or(0, |since| u64::try_from(since.as_nanos()).unwrap_or(0)),
    })
}

/// Monotonic nanoseconds since [`epoch_unix_ns`]; 0 only for the very first call.
pub(crate) fn now_ns() -> u64 {
    let epoch = epoch();
    u64::try_from(epoch.start.elapsed().as_nanos()).unwrap_or(u64::MAX)
}

/// The wall clock when the counting began, in nanoseconds since 1970.
pub(crate) fn epoch_unix_ns() -> u64 {
    epoch().unix_ns
}
