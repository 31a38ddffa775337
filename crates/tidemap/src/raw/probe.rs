//! The probe: where a table tells `tidemap-probe` what it does.
//!
//! P1. Hooks are in slow paths only: where memory is got or given back, where entries move, where chains
//!     grow. A table that is not observed tests one null pointer there; without the feature `probe`
//!     nothing is left of them, not even a field.
//! P2. A table with a cold part keeps its handle there. Before, `floor` has room for a number beside
//!     the policy's bits (I8): the row's, or where what is known of the map was noted down.
//! P3. A hook runs no code of the user's, and is called when the table is valid.
//! P4. `Probe::bound` hears of every change of `credit` that is not made up for by `len`, so an
//!     observer knows how long the table can be by now.
//!
//! The engine reads no clock: the hooks do, and only for observed tables.

#[cfg(all(feature = "probe", target_pointer_width = "64"))]
mod on;
#[cfg(all(feature = "probe", target_pointer_width = "64"))]
pub(crate) use on::{Birth, Probe};

#[cfg(not(all(feature = "probe", target_pointer_width = "64")))]
mod off;
#[cfg(not(all(feature = "probe", target_pointer_width = "64")))]
pub(crate) use off::{Birth, Probe};
