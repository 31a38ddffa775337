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
#![deny(unsafe_code)]

pub mod model;

pub mod error;

pub mod layout;

pub mod target;

pub use error::{Error, Result};
pub use layout::Layout;
pub use model::{MapDetail, MapRow, Snapshot};
