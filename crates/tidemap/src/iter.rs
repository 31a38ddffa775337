//! Iterators over maps. All visit entries in no particular order, know how many
//! are left, and cost time in proportion to the map's buckets.

use core::fmt;
use core::iter::FusedIterator;
use core::marker::PhantomData;
use core::ptr::NonNull;

use crate::alloc::{Allocator, Global};
use crate::map::{HashMap, key_of, value_of};
use crate::raw::{RawIter, RawTable};

/// Iterator of [`HashMap::iter`].
pub struct Iter<'a, K, V> {
    inner: RawIter<(K, V)>,
    marker: PhantomData<&'a (K, V)>,
}

/// Iterator of [`HashMap::iter_mut`].
pub struct IterMut<'a, K, V> {
    inner: RawIter<(K, V)>,
    marker: PhantomData<(&'a K, &'a mut V)>,
}

/// Iterator of a map by value.
pub struct IntoIter<K, V, A: Allocator + Clone = Global> {
    inner: RawIter<(K, V)>,
    table: RawTable<(K, V), A>,
}

/// Iterator of [`HashMap::drain`].
pub struct Drain<'a, K, V, A: Allocator + Clone = Global> {
    inner: RawIter<(K, V)>,
    /// What is drained; `home` is an empty table until the end.
    table: RawTable<(K, V), A>,
    /// A unique borrow. A pointer, so that the drain is covariant like std's: what is
    /// given back at the end holds no entry of any lifetime.
    home: NonNull<RawTable<(K, V), A>>,
    marker: PhantomData<&'a (K, V)>,
}

// SAFETY: an `Iter` is a shared borrow of entries.
unsafe impl<K: Sync, V: Sync> Send for Iter<'_, K, V> {}
// SAFETY: as above.
unsafe impl<K: Sync, V: Sync> Sync for Iter<'_, K, V> {}
// SAFETY: an `IterMut` borrows its entries uniquely, keys included, and each comes once.
unsafe impl<K: Send, V: Send> Send for IterMut<'_, K, V> {}
// SAFETY: as above.
unsafe impl<K: Sync, V: Sync> Sync for IterMut<'_, K, V> {}
// SAFETY: an `IntoIter` owns its entries.
unsafe impl<K: Send, V: Send, A: Allocator + Clone + Send> Send for IntoIter<K, V, A> {}
// SAFETY: as above.
unsafe impl<K: Sync, V: Sync, A: Allocator + Clone + Sync> Sync for IntoIter<K, V, A> {}
// SAFETY: a `Drain` owns its entries and borrows their table uniquely.
unsafe impl<K: Send, V: Send, A: Allocator + Clone + Send> Send for Drain<'_, K, V, A> {}
// SAFETY: as above.
unsafe impl<K: Sync, V: Sync, A: Allocator + Clone + Sync> Sync for Drain<'_, K, V, A> {}

/// Entries are never pinned through a drain.
impl<K, V, A: Allocator + Clone> Unpin for Drain<'_, K, V, A> {}

impl<'a, K, V> Iter<'a, K, V> {
    pub(crate) fn new(inner: RawIter<(K, V)>) -> Self {
        Iter {
            inner,
            marker: PhantomData,
        }
    }
}

impl<'a, K, V> IterMut<'a, K, V> {
    pub(crate) fn new(inner: RawIter<(K, V)>) -> Self {
        IterMut {
            inner,
            marker: PhantomData,
        }
    }

    pub(crate) fn rest(&self) -> Iter<'_, K, V> {
        Iter::new(self.inner.clone())
    }
}

impl<K, V, A: Allocator + Clone> IntoIter<K, V, A> {
    pub(crate) fn new(table: RawTable<(K, V), A>) -> Self {
        IntoIter {
            inner: table.iter(),
            table,
        }
    }

    pub(crate) fn rest(&self) -> Iter<'_, K, V> {
        Iter::new(self.inner.clone())
    }
}

impl<'a, K, V, A: Allocator + Clone> Drain<'a, K, V, A> {
    pub(crate) fn new(home: &'a mut RawTable<(K, V), A>) -> Self {
        let table = home.take();
        Drain {
            inner: table.iter(),
            table,
            home: NonNull::from(home),
            marker: PhantomData,
        }
    }

    pub(crate) fn rest(&self) -> Iter<'_, K, V> {
        Iter::new(self.inner.clone())
    }
}

impl<'a, K, V> Iterator for Iter<'a, K, V> {
    type Item = (&'a K, &'a V);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let entry = self.inner.next_entry()?;
        // SAFETY: the map is borrowed for 'a, so entries stay.
        let (key, value) = unsafe { entry.as_ref() };
        Some((key, value))
    }

    #[inline]
    fn fold<B, F: FnMut(B, Self::Item) -> B>(self, init: B, mut f: F) -> B {
        self.inner.fold(init, |folded, entry| {
            // SAFETY: as in `next`.
            let (key, value) = unsafe { entry.as_ref() };
            f(folded, (key, value))
        })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.inner.size_hint()
    }
}

impl<'a, K, V> Iterator for IterMut<'a, K, V> {
    type Item = (&'a K, &'a mut V);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let mut entry = self.inner.next_entry()?;
        // SAFETY: the map is borrowed mutably for 'a, and each entry comes once.
        let (key, value) = unsafe { entry.as_mut() };
        Some((&*key, value))
    }

    #[inline]
    fn fold<B, F: FnMut(B, Self::Item) -> B>(self, init: B, mut f: F) -> B {
        self.inner.fold(init, |folded, mut entry| {
            // SAFETY: as in `next`.
            let (key, value) = unsafe { entry.as_mut() };
            f(folded, (&*key, value))
        })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.inner.size_hint()
    }
}

/// Iterators that take entries out of a table of their own.
macro_rules! taking {
    ($($name:ty),*) => {$(
        impl<K, V, A: Allocator + Clone> Iterator for $name {
            type Item = (K, V);

            #[inline]
            fn next(&mut self) -> Option<(K, V)> {
                let place = self.inner.next()?;
                // SAFETY: each entry comes once; it is taken out of the table we hold.
                Some(unsafe { self.table.take_at(place) })
            }

            fn size_hint(&self) -> (usize, Option<usize>) {
                self.inner.size_hint()
            }
        }
    )*};
}

taking!(IntoIter<K, V, A>, Drain<'_, K, V, A>);

impl<K, V, A: Allocator + Clone> Drop for Drain<'_, K, V, A> {
    fn drop(&mut self) {
        /// Gives the memory back to the map, whatever the entries' `drop` does.
        struct Return<'b, 'a, K, V, A: Allocator + Clone>(&'b mut Drain<'a, K, V, A>);
        impl<K, V, A: Allocator + Clone> Drop for Return<'_, '_, K, V, A> {
            fn drop(&mut self) {
                self.0.table.clear();
                // SAFETY: the drain borrows its home uniquely.
                let home = unsafe { self.0.home.as_mut() };
                core::mem::swap(home, &mut self.0.table);
            }
        }
        let guard = Return(self);
        guard.0.table.clear();
    }
}

macro_rules! shared {
    ($name:ident <$($lifetime:lifetime,)? K, V $(, $a:ident)?>) => {
        impl<$($lifetime,)? K, V $(, $a: Allocator + Clone)?> ExactSizeIterator for $name<$($lifetime,)? K, V $(, $a)?> {}
        impl<$($lifetime,)? K, V $(, $a: Allocator + Clone)?> FusedIterator for $name<$($lifetime,)? K, V $(, $a)?> {}
    };
}

macro_rules! debug_rest {
    ($($name:ident <$($lifetime:lifetime,)? K, V $(, $a:ident)?>),*) => {$(
        shared!($name<$($lifetime,)? K, V $(, $a)?>);
        impl<$($lifetime,)? K: fmt::Debug, V: fmt::Debug $(, $a: Allocator + Clone)?> fmt::Debug for $name<$($lifetime,)? K, V $(, $a)?> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_list().entries(self.rest()).finish()
            }
        }
    )*};
}

impl<K, V> Iter<'_, K, V> {
    pub(crate) fn rest(&self) -> Iter<'_, K, V> {
        self.clone()
    }
}

debug_rest!(Iter<'a, K, V>, IterMut<'a, K, V>, IntoIter<K, V, A>, Drain<'a, K, V, A>);

impl<K, V> Clone for Iter<'_, K, V> {
    fn clone(&self) -> Self {
        Iter::new(self.inner.clone())
    }
}

impl<K, V> Default for Iter<'_, K, V> {
    fn default() -> Self {
        Iter::new(RawIter::empty())
    }
}

impl<K, V> Default for IterMut<'_, K, V> {
    fn default() -> Self {
        IterMut::new(RawIter::empty())
    }
}

impl<K, V, A: Allocator + Clone + Default> Default for IntoIter<K, V, A> {
    fn default() -> Self {
        IntoIter::new(RawTable::new_in(A::default()))
    }
}

/// Iterator of [`HashMap::keys`].
pub struct Keys<'a, K, V> {
    pub(crate) inner: Iter<'a, K, V>,
}

/// Iterator of [`HashMap::values`].
pub struct Values<'a, K, V> {
    pub(crate) inner: Iter<'a, K, V>,
}

/// Iterator of [`HashMap::values_mut`].
pub struct ValuesMut<'a, K, V> {
    pub(crate) inner: IterMut<'a, K, V>,
}

/// Iterator of [`HashMap::into_keys`].
pub struct IntoKeys<K, V, A: Allocator + Clone = Global> {
    pub(crate) inner: IntoIter<K, V, A>,
}

/// Iterator of [`HashMap::into_values`].
pub struct IntoValues<K, V, A: Allocator + Clone = Global> {
    pub(crate) inner: IntoIter<K, V, A>,
}

macro_rules! half {
    ($name:ident <$($lifetime:lifetime,)? K, V $(, $a:ident)?>, $item:ty, $half:ident, $field:tt, $take:expr) => {
        shared!($name<$($lifetime,)? K, V $(, $a)?>);

        impl<$($lifetime,)? K, V $(, $a: Allocator + Clone)?> Iterator for $name<$($lifetime,)? K, V $(, $a)?> {
            type Item = $item;

            #[inline]
            fn next(&mut self) -> Option<$item> {
                self.inner.next().map($take)
            }

            #[inline]
            fn fold<B, F: FnMut(B, $item) -> B>(self, init: B, mut f: F) -> B {
                self.inner.fold(init, |folded, entry| f(folded, ($take)(entry)))
            }

            fn size_hint(&self) -> (usize, Option<usize>) {
                self.inner.size_hint()
            }
        }

        impl<$($lifetime,)? K, V $(, $a: Allocator + Clone + Default)?> Default for $name<$($lifetime,)? K, V $(, $a)?> {
            fn default() -> Self {
                $name { inner: Default::default() }
            }
        }

        impl<$($lifetime,)? K, V $(, $a: Allocator + Clone)?> fmt::Debug for $name<$($lifetime,)? K, V $(, $a)?>
        where
            $half: fmt::Debug,
        {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_list().entries(self.inner.rest().map(|pair| pair.$field)).finish()
            }
        }
    };
}

half!(Keys<'a, K, V>, &'a K, K, 0, |(key, _)| key);
half!(Values<'a, K, V>, &'a V, V, 1, |(_, value)| value);
half!(ValuesMut<'a, K, V>, &'a mut V, V, 1, |(_, value)| value);
half!(IntoKeys<K, V, A>, K, K, 0, key_of);
half!(IntoValues<K, V, A>, V, V, 1, value_of);

impl<K, V> Clone for Keys<'_, K, V> {
    fn clone(&self) -> Self {
        Keys {
            inner: self.inner.clone(),
        }
    }
}

impl<K, V> Clone for Values<'_, K, V> {
    fn clone(&self) -> Self {
        Values {
            inner: self.inner.clone(),
        }
    }
}

impl<'a, K, V, S, A: Allocator + Clone> IntoIterator for &'a HashMap<K, V, S, A> {
    type Item = (&'a K, &'a V);
    type IntoIter = Iter<'a, K, V>;

    fn into_iter(self) -> Iter<'a, K, V> {
        self.iter()
    }
}

impl<'a, K, V, S, A: Allocator + Clone> IntoIterator for &'a mut HashMap<K, V, S, A> {
    type Item = (&'a K, &'a mut V);
    type IntoIter = IterMut<'a, K, V>;

    fn into_iter(self) -> IterMut<'a, K, V> {
        self.iter_mut()
    }
}

impl<K, V, S, A: Allocator + Clone> IntoIterator for HashMap<K, V, S, A> {
    type Item = (K, V);
    type IntoIter = IntoIter<K, V, A>;

    fn into_iter(self) -> IntoIter<K, V, A> {
        IntoIter::new(self.table)
    }
}
