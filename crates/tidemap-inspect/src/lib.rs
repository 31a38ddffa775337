//! Reads the maps of live Go processes and core dumps, and the registry of Rust ones.
//!
//! Read-only, no stop by default, every number from the target checked before
//! use. The reading order:
//!
//! | question | module |
//! |---|---|
//! | what is told about a map | [`model`] |
//! | what can go wrong | [`error`] |
//! | where does a Go release keep its data | [`layout`] |
//! | how is memory read | [`target`], [`memory`] |
//! | what does the executable say | [`binary`] |
//! | where are functions, types, variables | [`module`] |
//! | which objects are alive | [`heap`] |
//! | what are their types | [`types`], [`dwarf`] |
//! | how is one map read, and when does a reading hold | [`reading`], [`classic`], [`swiss`], [`design`] |
//! | what is reachable, and along which types | [`mark`], [`walk`], [`stacks`] |
//! | which types does a map's content allow | [`fit`] |
//! | what does machine code say about types | [`code`] |
//! | how does all of it come together | [`inspect`] |
//! | what follows from a row | [`advice`] |
//! | what do arrays take from the allocator | [`sizes`] |
//! | how is a series of looks kept | [`recording`] |
//! | what changed between two looks | [`diff`](mod@diff) |
//! | how does pprof see maps | [`pprof`] |
//! | what do the maps of a Rust program say about themselves | [`registry`] |
#![forbid(unsafe_code)]

pub mod model;

pub mod error;

pub mod layout;

pub mod target;

pub mod memory;

pub mod binary;

pub mod module;

pub mod heap;

pub mod types;

pub mod dwarf;

pub mod sizes;

pub mod reading;

pub mod classic;

pub mod recording;
pub mod swiss;

pub mod diff;

pub mod pprof;

pub mod registry;

pub mod design;

pub mod stacks;

pub mod mark;

pub mod walk;

pub mod fit;

pub mod code;

pub mod advice;

pub mod inspect;

pub use error::{Error, Result};
pub use inspect::{Inspector, Options, Source};
pub use layout::Layout;
pub use model::{MapDetail, MapRow, Snapshot};
