//! The contenders every comparison uses, and the cases they run.
//!
//! All contenders get the same hasher (foldhash, fixed seeds), so that a
//! comparison compares maps and not hash functions.

pub mod contenders;
