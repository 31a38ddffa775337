//! Iterators over sets: those over maps without the values.

use core::fmt;
use core::iter::FusedIterator;

use crate::alloc::{Allocator, Global};
use crate::iter;
use crate::set::HashSet;

/// Iterator of [`HashSet::iter`].
pub struct Iter<'a, T> {
    pub(crate) inner: iter::Iter<'a, T, ()>,
}

/// Iterator of a set by value.
pub struct IntoIter<T, A: Allocator + Clone = Global> {
    pub(crate) inner: iter::IntoIter<T, (), A>,
}

/// Iterator of [`HashSet::drain`].
pub struct Drain<'a, T, A: Allocator + Clone = Global> {
    pub(crate) inner: iter::Drain<'a, T, (), A>,
}

macro_rules! elements {
    ($name:ident <$($lifetime:lifetime,)? T $(, $a:ident)?>, $item:ty) => {
        impl<$($lifetime,)? T $(, $a: Allocator + Clone)?> Iterator
            for $name<$($lifetime,)? T $(, $a)?>
        {
            type Item = $item;

            #[inline]
            fn next(&mut self) -> Option<$item> {
                self.inner.next().map(|(element, _)| element)
            }

            fn size_hint(&self) -> (usize, Option<usize>) {
                self.inner.size_hint()
            }

            fn fold<B, F: FnMut(B, $item) -> B>(self, init: B, mut f: F) -> B {
                self.inner.fold(init, |sum, (element, _)| f(sum, element))
            }
        }
        impl<$($lifetime,)? T $(, $a: Allocator + Clone)?> ExactSizeIterator
            for $name<$($lifetime,)? T $(, $a)?>
        {
        }
        impl<$($lifetime,)? T $(, $a: Allocator + Clone)?> FusedIterator
            for $name<$($lifetime,)? T $(, $a)?>
        {
        }
        impl<$($lifetime,)? T: fmt::Debug $(, $a: Allocator + Clone)?> fmt::Debug
            for $name<$($lifetime,)? T $(, $a)?>
        {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let rest = self.inner.rest().map(|(element, ())| element);
                f.debug_list().entries(rest).finish()
            }
        }
    };
}

elements!(Iter<'a, T>, &'a T);
elements!(IntoIter<T, A>, T);
elements!(Drain<'a, T, A>, T);

impl<T> Clone for Iter<'_, T> {
    fn clone(&self) -> Self {
        Iter {
            inner: self.inner.clone(),
        }
    }
}

impl<T> Default for Iter<'_, T> {
    fn default() -> Self {
        Iter {
            inner: Default::default(),
        }
    }
}

impl<T, A: Allocator + Clone + Default> Default for IntoIter<T, A> {
    fn default() -> Self {
        IntoIter {
            inner: Default::default(),
        }
    }
}

impl<'a, T, S, A: Allocator + Clone> IntoIterator for &'a HashSet<T, S, A> {
    type Item = &'a T;
    type IntoIter = Iter<'a, T>;

    fn into_iter(self) -> Iter<'a, T> {
        self.iter()
    }
}

impl<T, S, A: Allocator + Clone> IntoIterator for HashSet<T, S, A> {
    type Item = T;
    type IntoIter = IntoIter<T, A>;

    fn into_iter(self) -> IntoIter<T, A> {
        IntoIter {
            inner: self.map.into_iter(),
        }
    }
}
