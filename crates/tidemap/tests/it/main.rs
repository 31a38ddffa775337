//! Integration tests of the maps, in one binary.

mod model;
