//! The surface, compiled against std.

use core::borrow::Borrow;
use core::fmt::Debug;
use core::hash::{BuildHasher, Hash};
use core::iter::FusedIterator;
use core::ops::{BitAnd, BitOr, BitXor, Index, Sub};
use core::panic::{RefUnwindSafe, UnwindSafe};

use std::collections::{HashMap, HashSet, TryReserveError, hash_map, hash_set};
use std::hash::RandomState;

#[rustfmt::skip]
#[path = "surface.rs"]
mod surface;

#[path = "examples.rs"]
mod examples;

#[path = "variance.rs"]
mod variance;
