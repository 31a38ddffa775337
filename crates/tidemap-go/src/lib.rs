//! Go 1.23's map runtime as an exact, safe model.
#![forbid(unsafe_code)]
