//! Tests of the model as a whole.

mod bad_traces;
mod claims;
mod model;
mod plan;
mod traces;
