//! Tests of the model.
mod traces;
