//! Real traces against known numbers.
