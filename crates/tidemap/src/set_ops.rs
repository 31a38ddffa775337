//! Sets combined: lazy iterators, comparisons and operators.

use core::fmt;
use core::hash::{BuildHasher, Hash};
use core::iter::{Chain, FusedIterator};
use core::ops::{BitAnd, BitAndAssign, BitOr, BitOrAssign, BitXor, BitXorAssign, Sub, SubAssign};

use crate::alloc::{Allocator, Global};
use crate::hash::DefaultHashBuilder;
use crate::set::HashSet;
use crate::set_iter::Iter;

/// Iterator of [`HashSet::difference`].
pub struct Difference<'a, T, S = DefaultHashBuilder, A: Allocator + Clone = Global> {
    iter: Iter<'a, T>,
    other: &'a HashSet<T, S, A>,
}

/// Iterator of [`HashSet::intersection`].
pub struct Intersection<'a, T, S = DefaultHashBuilder, A: Allocator + Clone = Global> {
    iter: Iter<'a, T>,
    other: &'a HashSet<T, S, A>,
}

/// Iterator of [`HashSet::symmetric_difference`].
pub struct SymmetricDifference<'a, T, S = DefaultHashBuilder, A: Allocator + Clone = Global> {
    iter: Chain<Difference<'a, T, S, A>, Difference<'a, T, S, A>>,
}

/// Iterator of [`HashSet::union`].
pub struct Union<'a, T, S = DefaultHashBuilder, A: Allocator + Clone = Global> {
    iter: Chain<Iter<'a, T>, Difference<'a, T, S, A>>,
}

impl<T, S, A> HashSet<T, S, A>
where
    T: Eq + Hash,
    S: BuildHasher,
    A: Allocator + Clone,
{
    /// The elements that are in this set and not in `other`, lazily.
    ///
    /// # Example
    /// ```
    /// use tidemap::HashSet;
    ///
    /// let (sea, land) = (HashSet::from(["gull", "seal"]), HashSet::from(["gull", "fox"]));
    /// assert_eq!(sea.difference(&land).collect::<Vec<_>>(), [&"seal"]);
    /// assert_eq!(land.difference(&sea).collect::<Vec<_>>(), [&"fox"]);
    /// ```
    pub fn difference<'a>(&'a self, other: &'a HashSet<T, S, A>) -> Difference<'a, T, S, A> {
        Difference {
            iter: self.iter(),
            other,
        }
    }

    /// The elements that are in one of the two sets, not in both; lazily.
    ///
    /// # Example
    /// ```
    /// use tidemap::HashSet;
    ///
    /// let (sea, land) = (HashSet::from(["gull", "seal"]), HashSet::from(["gull", "fox"]));
    /// let one: HashSet<_> = sea.symmetric_difference(&land).copied().collect();
    /// assert_eq!(one, HashSet::from(["seal", "fox"]));
    /// ```
    pub fn symmetric_difference<'a>(
        &'a self,
        other: &'a HashSet<T, S, A>,
    ) -> SymmetricDifference<'a, T, S, A> {
        SymmetricDifference {
            iter: self.difference(other).chain(other.difference(self)),
        }
    }

    /// The elements that are in both sets, lazily: those of the smaller set, each looked
    /// up in the larger.
    ///
    /// # Example
    /// ```
    /// use tidemap::HashSet;
    ///
    /// let (sea, land) = (HashSet::from(["gull", "seal"]), HashSet::from(["gull", "fox"]));
    /// assert_eq!(sea.intersection(&land).collect::<Vec<_>>(), [&"gull"]);
    /// ```
    pub fn intersection<'a>(&'a self, other: &'a HashSet<T, S, A>) -> Intersection<'a, T, S, A> {
        let (smaller, larger) = if self.len() <= other.len() {
            (self, other)
        } else {
            (other, self)
        };
        Intersection {
            iter: smaller.iter(),
            other: larger,
        }
    }

    /// The elements that are in either set, each once, lazily.
    ///
    /// # Example
    /// ```
    /// use tidemap::HashSet;
    ///
    /// let (sea, land) = (HashSet::from(["gull", "seal"]), HashSet::from(["gull", "fox"]));
    /// assert_eq!(sea.union(&land).count(), 3);
    /// ```
    pub fn union<'a>(&'a self, other: &'a HashSet<T, S, A>) -> Union<'a, T, S, A> {
        let (smaller, larger) = if self.len() <= other.len() {
            (self, other)
        } else {
            (other, self)
        };
        Union {
            iter: larger.iter().chain(smaller.difference(larger)),
        }
    }

    /// Whether the sets have no element in common.
    ///
    /// # Example
    /// ```
    /// use tidemap::HashSet;
    ///
    /// let (even, odd) = (HashSet::from([2, 4]), HashSet::from([1, 3]));
    /// assert!(even.is_disjoint(&odd) && !even.is_disjoint(&even));
    /// ```
    pub fn is_disjoint(&self, other: &HashSet<T, S, A>) -> bool {
        self.intersection(other).next().is_none()
    }

    /// Whether `other` has all elements of this set.
    ///
    /// # Example
    /// ```
    /// use tidemap::HashSet;
    ///
    /// let (some, all) = (HashSet::from([2, 4]), HashSet::from([2, 4, 6]));
    /// assert!(some.is_subset(&all) && !all.is_subset(&some));
    /// ```
    pub fn is_subset(&self, other: &HashSet<T, S, A>) -> bool {
        self.len() <= other.len() && self.iter().all(|element| other.contains(element))
    }

    /// Whether this set has all elements of `other`.
    ///
    /// # Example
    /// ```
    /// use tidemap::HashSet;
    ///
    /// let (some, all) = (HashSet::from([2, 4]), HashSet::from([2, 4, 6]));
    /// assert!(all.is_superset(&some) && all.is_superset(&all));
    /// ```
    pub fn is_superset(&self, other: &HashSet<T, S, A>) -> bool {
        other.is_subset(self)
    }
}

impl<'a, T, S, A> Iterator for Difference<'a, T, S, A>
where
    T: Eq + Hash,
    S: BuildHasher,
    A: Allocator + Clone,
{
    type Item = &'a T;

    #[inline]
    fn next(&mut self) -> Option<&'a T> {
        self.iter.find(|element| !self.other.contains(*element))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.iter.len();
        (left.saturating_sub(self.other.len()), Some(left))
    }

    fn fold<B, F: FnMut(B, &'a T) -> B>(self, init: B, f: F) -> B {
        let Difference { iter, other } = self;
        iter.filter(|element| !other.contains(*element))
            .fold(init, f)
    }
}

impl<'a, T, S, A> Iterator for Intersection<'a, T, S, A>
where
    T: Eq + Hash,
    S: BuildHasher,
    A: Allocator + Clone,
{
    type Item = &'a T;

    #[inline]
    fn next(&mut self) -> Option<&'a T> {
        self.iter.find(|element| self.other.contains(*element))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, Some(self.iter.len()))
    }

    fn fold<B, F: FnMut(B, &'a T) -> B>(self, init: B, f: F) -> B {
        let Intersection { iter, other } = self;
        iter.filter(|element| other.contains(*element))
            .fold(init, f)
    }
}

impl<'a, T, S, A> Iterator for SymmetricDifference<'a, T, S, A>
where
    T: Eq + Hash,
    S: BuildHasher,
    A: Allocator + Clone,
{
    type Item = &'a T;

    #[inline]
    fn next(&mut self) -> Option<&'a T> {
        self.iter.next()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.iter.size_hint()
    }

    fn fold<B, F: FnMut(B, &'a T) -> B>(self, init: B, f: F) -> B {
        self.iter.fold(init, f)
    }
}

impl<'a, T, S, A> Iterator for Union<'a, T, S, A>
where
    T: Eq + Hash,
    S: BuildHasher,
    A: Allocator + Clone,
{
    type Item = &'a T;

    #[inline]
    fn next(&mut self) -> Option<&'a T> {
        self.iter.next()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.iter.size_hint()
    }

    fn fold<B, F: FnMut(B, &'a T) -> B>(self, init: B, f: F) -> B {
        self.iter.fold(init, f)
    }
}

macro_rules! lazy {
    ($($name:ident { iter $(, $other:ident)? })*) => {$(
        impl<T, S, A> FusedIterator for $name<'_, T, S, A>
        where
            T: Eq + Hash,
            S: BuildHasher,
            A: Allocator + Clone,
        {
        }

        impl<T, S, A: Allocator + Clone> Clone for $name<'_, T, S, A> {
            fn clone(&self) -> Self {
                $name {
                    iter: self.iter.clone(),
                    $($other: self.$other,)?
                }
            }
        }

        impl<T, S, A> fmt::Debug for $name<'_, T, S, A>
        where
            T: fmt::Debug + Eq + Hash,
            S: BuildHasher,
            A: Allocator + Clone,
        {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_list().entries(self.clone()).finish()
            }
        }
    )*};
}

lazy! {
    Difference { iter, other }
    Intersection { iter, other }
    SymmetricDifference { iter }
    Union { iter }
}

/// An operator that gives a new set of what one of the lazy operations names.
macro_rules! operator {
    ($(#[$doc:meta])* $trait:ident::$method:ident is $operation:ident) => {
        impl<T, S, A> $trait<&HashSet<T, S, A>> for &HashSet<T, S, A>
        where
            T: Eq + Hash + Clone,
            S: BuildHasher + Default,
            A: Allocator + Clone + Default,
        {
            type Output = HashSet<T, S, A>;

            $(#[$doc])*
            fn $method(self, rhs: &HashSet<T, S, A>) -> HashSet<T, S, A> {
                self.$operation(rhs).cloned().collect()
            }
        }
    };
}

operator! {
    /// The elements of either set, cloned.
    ///
    /// # Example
    /// ```
    /// use tidemap::HashSet;
    ///
    /// let (a, b) = (HashSet::from([1, 2]), HashSet::from([2, 3]));
    /// assert_eq!(&a | &b, HashSet::from([1, 2, 3]));
    /// ```
    BitOr::bitor is union
}

operator! {
    /// The elements of both sets, cloned.
    ///
    /// # Example
    /// ```
    /// use tidemap::HashSet;
    ///
    /// let (a, b) = (HashSet::from([1, 2]), HashSet::from([2, 3]));
    /// assert_eq!(&a & &b, HashSet::from([2]));
    /// ```
    BitAnd::bitand is intersection
}

operator! {
    /// The elements of one of the sets and not of both, cloned.
    ///
    /// # Example
    /// ```
    /// use tidemap::HashSet;
    ///
    /// let (a, b) = (HashSet::from([1, 2]), HashSet::from([2, 3]));
    /// assert_eq!(&a ^ &b, HashSet::from([1, 3]));
    /// ```
    BitXor::bitxor is symmetric_difference
}

operator! {
    /// The elements of the first set that the second has not, cloned.
    ///
    /// # Example
    /// ```
    /// use tidemap::HashSet;
    ///
    /// let (a, b) = (HashSet::from([1, 2]), HashSet::from([2, 3]));
    /// assert_eq!(&a - &b, HashSet::from([1]));
    /// ```
    Sub::sub is difference
}

impl<T, S, A> BitOrAssign<&HashSet<T, S, A>> for HashSet<T, S, A>
where
    T: Eq + Hash + Clone,
    S: BuildHasher,
    A: Allocator + Clone,
{
    /// Adds clones of what the other set has.
    ///
    /// # Example
    /// ```
    /// use tidemap::HashSet;
    ///
    /// let mut a = HashSet::from([1, 2]);
    /// a |= &HashSet::from([2, 3]);
    /// assert_eq!(a, HashSet::from([1, 2, 3]));
    /// ```
    fn bitor_assign(&mut self, rhs: &HashSet<T, S, A>) {
        for element in rhs {
            if !self.contains(element) {
                self.insert(element.clone());
            }
        }
    }
}

impl<T, S, A> BitAndAssign<&HashSet<T, S, A>> for HashSet<T, S, A>
where
    T: Eq + Hash,
    S: BuildHasher,
    A: Allocator + Clone,
{
    /// Keeps what the other set has, too.
    ///
    /// # Example
    /// ```
    /// use tidemap::HashSet;
    ///
    /// let mut a = HashSet::from([1, 2]);
    /// a &= &HashSet::from([2, 3]);
    /// assert_eq!(a, HashSet::from([2]));
    /// ```
    fn bitand_assign(&mut self, rhs: &HashSet<T, S, A>) {
        self.retain(|element| rhs.contains(element));
    }
}

impl<T, S, A> BitXorAssign<&HashSet<T, S, A>> for HashSet<T, S, A>
where
    T: Eq + Hash + Clone,
    S: BuildHasher,
    A: Allocator + Clone,
{
    /// Removes what the other set has, too, and adds clones of the rest of it.
    ///
    /// # Example
    /// ```
    /// use tidemap::HashSet;
    ///
    /// let mut a = HashSet::from([1, 2]);
    /// a ^= &HashSet::from([2, 3]);
    /// assert_eq!(a, HashSet::from([1, 3]));
    /// ```
    fn bitxor_assign(&mut self, rhs: &HashSet<T, S, A>) {
        for element in rhs {
            if !self.remove(element) {
                self.insert(element.clone());
            }
        }
    }
}

impl<T, S, A> SubAssign<&HashSet<T, S, A>> for HashSet<T, S, A>
where
    T: Eq + Hash,
    S: BuildHasher,
    A: Allocator + Clone,
{
    /// Removes what the other set has.
    ///
    /// # Example
    /// ```
    /// use tidemap::HashSet;
    ///
    /// let mut a = HashSet::from([1, 2]);
    /// a -= &HashSet::from([2, 3]);
    /// assert_eq!(a, HashSet::from([1]));
    /// ```
    fn sub_assign(&mut self, rhs: &HashSet<T, S, A>) {
        if rhs.len() < self.len() {
            for element in rhs {
                self.remove(element);
            }
        } else {
            self.retain(|element| !rhs.contains(element));
        }
    }
}
