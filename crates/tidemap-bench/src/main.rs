//! `tidemap-bench`: tidemap beside its peers, in one run.
fn main() {}
