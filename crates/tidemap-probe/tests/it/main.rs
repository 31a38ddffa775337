//! The probe from outside: its public face under load, and its bounds.
//!
//! Maps are played by their hooks; the crate `tidemap` has tests of its own with real ones.

mod bounds;
mod events;
#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
mod outside;
mod played;
#[cfg(feature = "serde")]
mod serial;
#[cfg(feature = "tracing")]
mod spans;
mod totals;
#[cfg(all(
    feature = "usdt",
    target_os = "linux",
    any(target_arch = "x86_64", target_arch = "aarch64")
))]
mod usdt;
