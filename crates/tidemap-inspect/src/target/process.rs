//! A live process.
