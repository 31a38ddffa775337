//! The features `rayon` and `serde`.

mod parallel;
mod serialize;
