//! Tests of the model as a whole.

mod bad_traces;
mod model;
mod plan;
mod traces;
