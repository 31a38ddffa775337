//! Integration tests of the maps, in one binary. Tests whose names begin with
//! `small_` (or contain it) are quick enough for Miri.

mod model;
mod reserve;
mod support;
