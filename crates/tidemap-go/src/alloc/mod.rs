//! Allocation arithmetic: how many bytes Go really takes for a request.
//!
//! - [`size_class`]: classes, malloc header, page rounding.
//! - [`slice_growth`]: what `append` allocates.
//!
//! Nothing here allocates; it is the arithmetic of Go 1.23's `malloc.go` and
//! `msize.go` on linux/amd64.

pub mod size_class;
pub mod slice_growth;
