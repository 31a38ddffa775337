//! Several values of a map at once, for change.

use core::hash::{BuildHasher, Hash};

use equivalent::Equivalent;

use crate::alloc::Allocator;
use crate::map::{HashMap, entry_hasher};

impl<K, V, S, A> HashMap<K, V, S, A>
where
    K: Eq + Hash,
    S: BuildHasher,
    A: Allocator + Clone,
{
    /// The values of several keys, for change; `None` for a key that is not there.
    ///
    /// Expected O(N²) comparisons of addresses besides N look-ups: meant for a
    /// handful of keys.
    ///
    /// # Panics
    /// If two keys name the same entry.
    ///
    /// # Example
    /// ```
    /// let mut purse = tidemap::HashMap::from([("ann", 10), ("bob", 0)]);
    /// if let [Some(from), Some(to)] = purse.get_disjoint_mut(["ann", "bob"]) {
    ///     *from -= 3;
    ///     *to += 3;
    /// }
    /// assert_eq!((purse["ann"], purse["bob"]), (7, 3));
    /// ```
    #[doc(alias = "get_many_mut")]
    pub fn get_disjoint_mut<Q, const N: usize>(&mut self, ks: [&Q; N]) -> [Option<&'_ mut V>; N]
    where
        Q: ?Sized + Hash + Equivalent<K>,
    {
        self.get_disjoint_key_value_mut(ks)
            .map(|pair| pair.map(|(_, value)| value))
    }

    /// As [`get_disjoint_mut`](Self::get_disjoint_mut) without the comparison.
    ///
    /// # Safety
    /// No two keys name the same entry, not even if both references go unused.
    ///
    /// # Example
    /// ```
    /// let mut map = tidemap::HashMap::from([(1, 'a'), (2, 'b')]);
    /// // SAFETY: the keys differ.
    /// let [one, three] = unsafe { map.get_disjoint_unchecked_mut([&1, &3]) };
    /// assert_eq!((one, three), (Some(&mut 'a'), None));
    /// ```
    #[doc(alias = "get_many_unchecked_mut")]
    pub unsafe fn get_disjoint_unchecked_mut<Q, const N: usize>(
        &mut self,
        ks: [&Q; N],
    ) -> [Option<&'_ mut V>; N]
    where
        Q: ?Sized + Hash + Equivalent<K>,
    {
        // SAFETY: by the caller's promise.
        unsafe { self.get_disjoint_key_value_unchecked_mut(ks) }
            .map(|pair| pair.map(|(_, value)| value))
    }

    /// As [`get_disjoint_mut`](Self::get_disjoint_mut), with the stored keys.
    ///
    /// # Panics
    /// If two keys name the same entry.
    ///
    /// # Example
    /// ```
    /// let mut map = tidemap::HashMap::from([("one", 1), ("two", 2)]);
    /// let [two, ten] = map.get_disjoint_key_value_mut(["two", "ten"]);
    /// assert_eq!((two, ten), (Some((&"two", &mut 2)), None));
    /// ```
    #[doc(alias = "get_many_key_value_mut")]
    pub fn get_disjoint_key_value_mut<Q, const N: usize>(
        &mut self,
        ks: [&Q; N],
    ) -> [Option<(&'_ K, &'_ mut V)>; N]
    where
        Q: ?Sized + Hash + Equivalent<K>,
    {
        let entries = self.find_each(ks);
        for (index, entry) in entries.iter().enumerate() {
            let twice = !entry.is_null() && entries[..index].contains(entry);
            assert!(
                !twice,
                "keys {index} and an earlier one name the same entry"
            );
        }
        // SAFETY: just compared.
        entries.map(|entry| unsafe { split(entry) })
    }

    /// As [`get_disjoint_key_value_mut`](Self::get_disjoint_key_value_mut) without the
    /// comparison.
    ///
    /// # Safety
    /// No two keys name the same entry, not even if both references go unused.
    ///
    /// # Example
    /// ```
    /// let mut map = tidemap::HashMap::from([("one", 1), ("two", 2)]);
    /// // SAFETY: the keys differ.
    /// let [one, two] = unsafe { map.get_disjoint_key_value_unchecked_mut(["one", "two"]) };
    /// assert_eq!((one, two), (Some((&"one", &mut 1)), Some((&"two", &mut 2))));
    /// ```
    #[doc(alias = "get_many_key_value_unchecked_mut")]
    pub unsafe fn get_disjoint_key_value_unchecked_mut<Q, const N: usize>(
        &mut self,
        ks: [&Q; N],
    ) -> [Option<(&'_ K, &'_ mut V)>; N]
    where
        Q: ?Sized + Hash + Equivalent<K>,
    {
        // SAFETY: by the caller's promise.
        self.find_each(ks).map(|entry| unsafe { split(entry) })
    }

    /// Where each key's entry is; null if it is not there.
    fn find_each<Q, const N: usize>(&mut self, ks: [&Q; N]) -> [*mut (K, V); N]
    where
        Q: ?Sized + Hash + Equivalent<K>,
    {
        self.table.pay_share(entry_hasher(&self.hash_builder));
        ks.map(|key| {
            self.find(key).map_or(core::ptr::null_mut(), |place| {
                // SAFETY: just found; nothing moves between the look-ups.
                unsafe { self.table.entry(place) }
            })
        })
    }
}

/// # Safety
/// Null, or an entry that is borrowed for `'a` by nobody else.
unsafe fn split<'a, K, V>(entry: *mut (K, V)) -> Option<(&'a K, &'a mut V)> {
    // SAFETY: by the caller's promise.
    let (key, value) = unsafe { entry.as_mut() }?;
    Some((key, value))
}
