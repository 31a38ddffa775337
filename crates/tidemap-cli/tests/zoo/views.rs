//! The views over processes and recordings.
