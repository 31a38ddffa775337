//! The surface, compiled against tidemap.

use core::borrow::Borrow;
use core::fmt::Debug;
use core::hash::{BuildHasher, Hash};
use core::iter::FusedIterator;
use core::ops::{BitAnd, BitOr, BitXor, Index, Sub};
use core::panic::{RefUnwindSafe, UnwindSafe};

use tidemap::DefaultHashBuilder as RandomState;
use tidemap::{HashMap, HashSet, TryReserveError, hash_map, hash_set};

#[rustfmt::skip]
#[path = "surface.rs"]
mod surface;

#[path = "examples.rs"]
mod examples;

#[path = "variance.rs"]
mod variance;
