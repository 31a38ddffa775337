//! Observed maps: what their rows, events and scopes say is what happened.

mod events;
mod memory;
mod process;
mod random;
mod rows;
mod scopes;

use tidemap_probe::{MapRow, snapshot};

/// The row of the map of that name, which there is.
fn row(name: &str) -> MapRow {
    let snapshot = snapshot();
    snapshot
        .named(name)
        .unwrap_or_else(|| panic!("no row `{name}` in {snapshot:#?}"))
        .clone()
}
