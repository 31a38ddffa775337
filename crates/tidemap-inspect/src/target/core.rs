//! An ELF core.
