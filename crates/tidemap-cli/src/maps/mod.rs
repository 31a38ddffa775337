//! Maps of Rust programs: `tidemap list` and `tidemap watch`.
//!
//! ```text
//! target ─▶ feed ─┬─ feed_url      a page's endpoint
//!                 ├─ feed_memory   a process or core, through its registry
//!                 └─ (recording)   `tidemap_live::Recording`
//!                      │
//!   list, plain  ◀─────┴─────▶  watch ─▶ view
//! ```

mod feed;
mod feed_url;
pub(crate) mod list;
mod plain;
mod say;
mod table;
mod view;
pub(crate) mod watch;
