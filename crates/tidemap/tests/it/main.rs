//! Integration tests of the maps, in one binary. Tests whose names begin with
//! `small_` (or contain it) are quick enough for Miri.

#[cfg(feature = "allocator-api2")]
mod accounts;
#[cfg(feature = "allocator-api2")]
mod allocators;
mod batch;
mod bounds;
mod drops;
mod ends;
mod growth;
mod hash_table;
mod hostile;
mod kept;
mod ledger;
mod model;
mod model_long;
mod panics;
mod reserve;
mod same_size;
mod sequences;
mod shrink;
mod support;
mod sweeps;
mod turns;
mod types;
mod walk;
mod walk_ops;
