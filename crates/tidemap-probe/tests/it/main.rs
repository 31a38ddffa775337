//! The probe from outside: its public face under load, and its bounds.
//!
//! Maps are played by their hooks; the crate `tidemap` has tests of its own with real ones.

mod bounds;
mod events;
mod played;
mod totals;
