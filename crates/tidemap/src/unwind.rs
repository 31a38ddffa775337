//! Which types may be used again after a panic: those that std says of its own.
//!
//! Raw pointers and borrows inside would decide otherwise, though entries and the table
//! stay valid whatever user code panics.

use core::panic::{RefUnwindSafe, UnwindSafe};

use crate::alloc::Allocator;
use crate::iter;
use crate::map::HashMap;
use crate::raw::RawTable;

impl<K, V, S, A> UnwindSafe for HashMap<K, V, S, A>
where
    K: UnwindSafe,
    V: UnwindSafe,
    S: UnwindSafe,
    A: Allocator + Clone + UnwindSafe,
{
}

impl<T, A> RefUnwindSafe for RawTable<T, A>
where
    T: RefUnwindSafe,
    A: Allocator + Clone + RefUnwindSafe,
{
}

impl<K, V, A> UnwindSafe for iter::IntoIter<K, V, A>
where
    K: UnwindSafe + RefUnwindSafe,
    V: UnwindSafe + RefUnwindSafe,
    A: Allocator + Clone + UnwindSafe,
{
}

impl<K, V, A> UnwindSafe for iter::Drain<'_, K, V, A>
where
    K: RefUnwindSafe,
    V: RefUnwindSafe,
    A: Allocator + Clone + RefUnwindSafe,
{
}
