//! The contenders every comparison uses, and the cases they run.
//!
//! All contenders get the same hasher (foldhash, fixed seeds), so that a
//! comparison compares maps and not hash functions.
//!
//! In reading order: [`cases`] says what is measured, [`keys`] with which keys,
//! [`lanes`] holds the timed loops, [`growth`] the runs that need a process of
//! their own, [`compare`] makes a [`report`] of them, [`table`] and [`record`]
//! print and keep it. `hooks` (feature `probe`) is about observers.
//! [`scale`], [`tail`] and [`curve`] make [`figures`] that [`plot`] draws.
//! `bench/README.md` explains the method to its critics.

#![forbid(unsafe_code)]

pub mod cases;
pub mod contenders;
pub mod keys;
pub mod measure;
pub mod memory;
pub mod stats;
pub mod values;

pub mod counters;
pub mod growth;
#[cfg(feature = "probe")]
pub mod hooks;
pub mod instructions;
pub mod lanes;
pub mod launch;
pub mod limits;
pub mod machine;
pub mod timed;

pub mod compare;
pub mod record;
pub mod report;
pub mod table;

pub mod curve;
pub mod figures;
pub mod judges;
pub mod plot;
pub mod scale;
pub mod tail;
pub mod traces;
