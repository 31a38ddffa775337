//! Go 1.23's classic map runtime as an exact, safe, readable model.
//!
//! Three things in one crate:
//!
//! - an ordinary map, [`GoMap`], that behaves like Go's down to the last byte;
//! - the explanation of that design, one mechanism a file (the list below is
//!   the reading order);
//! - the tools built on it: byte-exact sizes, a planner, replay of recorded
//!   runs of real Go, and verdicts on what is said about Go maps.
//!
//! It is proved by replaying what a real Go 1.23 runtime did ([`verify`]):
//! every header field, every answer, every hash call and digests of the whole
//! memory must be equal.
//!
//! | question | module |
//! |---|---|
//! | what does a cell's state byte mean | [`tophash`] |
//! | what is in a bucket | [`bucket`] |
//! | what does a map type cost | [`shape`], [`go_type`] |
//! | how many buckets are allocated, in how many bytes | [`bucket_array`], [`alloc`] |
//! | where do full chains go | [`overflow`] |
//! | when does a map grow | [`growth`] |
//! | who moves the entries, and when | [`evacuate`] |
//! | lookup, assign, delete, clear, range | [`access`], [`assign`], [`delete`], [`clear`], [`iter`] |
//! | when is old memory really free | [`reclaim`] |
//!
//! # Example
//! ```
//! use tidemap_go::GoMap;
//! let mut m = GoMap::<u64, &str>::with_seed(7);
//! for key in 1..=9 {
//!     m.insert(key, "x").unwrap();
//! }
//! // The ninth insert started the first growth: one bucket became two.
//! assert_eq!(m.hmap().header().b, 1);
//! ```
#![forbid(unsafe_code)]

// In reading order; a blank line keeps the formatter from sorting.
pub mod tophash;

pub mod bucket;

pub mod shape;

pub mod alloc;

pub mod bucket_array;

pub mod header;

pub mod overflow;

pub mod growth;

pub mod evacuate;

pub mod assign;

pub mod access;

pub mod delete;

pub mod clear;

pub mod iter;

pub mod reclaim;

pub mod gomap;

pub mod host;

pub mod event;

mod error;

pub mod trace;

pub mod digest;

pub mod verify;

pub mod go_type;

pub mod plan;

pub mod swiss;

pub mod claims;

pub use error::MapError;
pub use gomap::GoMap;
pub use header::{Header, Hmap};
