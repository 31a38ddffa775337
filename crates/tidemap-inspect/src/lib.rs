//! Reads the maps of live Go processes and core dumps.
//!
//! Read-only, no stop by default, every number from the target checked before
//! use. The reading order:
//!
//! | question | module |
//! |---|---|
//! | what is told about a map | [`model`] |
//! | what can go wrong | [`error`] |
//! | where does a Go release keep its data | [`layout`] |
//! | how is memory read | [`target`] |
//! | how is a series of looks kept | [`recording`] |
//! | what changed between two looks | [`diff`](mod@diff) |
//! | how does pprof see maps | [`pprof`] |
#![deny(unsafe_code)]

pub mod model;

pub mod error;

pub mod layout;

pub mod target;

pub mod recording;

pub mod diff;

pub mod pprof;

pub use error::{Error, Result};
pub use layout::Layout;
pub use model::{MapDetail, MapRow, Snapshot};
