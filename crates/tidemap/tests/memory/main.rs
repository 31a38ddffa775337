//! Memory, seen from outside: tests that need their own global allocator.

mod allocator;
#[cfg(target_os = "linux")]
mod faults;
#[cfg(target_os = "linux")]
mod limit;
mod refusal;
mod witness;
