//! [`Builder`]: a map with several settings at once.

use core::hash::{BuildHasher, Hash};
use core::marker::PhantomData;

use crate::alloc::{Allocator, Global};
use crate::error::TryReserveError;
use crate::hash::DefaultHashBuilder;
use crate::map::HashMap;
use crate::shrink::Shrink;

/// Makes a map with settings that are otherwise made one by one. From [`HashMap::builder`].
///
/// # Example
/// ```
/// use tidemap::{HashMap, Shrink};
///
/// let map: HashMap<u64, String> = HashMap::builder()
///     .capacity(1_000)
///     .shrink_policy(Shrink::WhenBelow(0.25))
///     .build();
/// assert!(map.capacity() >= 1_000);
/// ```
#[derive(Debug, Clone)]
#[must_use = "a builder makes nothing before `build`"]
pub struct Builder<'n, K, V, S = DefaultHashBuilder, A = Global> {
    capacity: usize,
    policy: Shrink,
    name: Option<&'n str>,
    hash_builder: S,
    alloc: A,
    marker: PhantomData<fn() -> (K, V)>,
}

impl<K, V> HashMap<K, V> {
    /// A builder of an empty map with the default hasher and allocator.
    pub fn builder<'n>() -> Builder<'n, K, V> {
        Builder {
            capacity: 0,
            policy: Shrink::Never,
            name: None,
            hash_builder: DefaultHashBuilder::default(),
            alloc: Global,
            marker: PhantomData,
        }
    }
}

impl<'n, K, V, S, A> Builder<'n, K, V, S, A> {
    /// Room for so many entries before the first growth.
    pub fn capacity(mut self, entries: usize) -> Self {
        self.capacity = entries;
        self
    }

    /// When the map gives memory back by itself.
    pub fn shrink_policy(mut self, policy: Shrink) -> Self {
        self.policy = policy;
        self
    }

    /// The name under which the map is observed; see [`HashMap::observe`].
    ///
    /// # Example
    /// ```
    /// let map: tidemap::HashMap<u64, u64> = tidemap::HashMap::builder().name("builder-example").build();
    /// assert!(tidemap_probe::snapshot().named("builder-example").is_some());
    /// # drop(map);
    /// ```
    #[cfg(feature = "probe")]
    pub fn name(mut self, name: &'n str) -> Self {
        self.name = Some(name);
        self
    }

    /// Another hasher.
    ///
    /// # Example
    /// ```
    /// use std::hash::RandomState;
    ///
    /// let mut map = tidemap::HashMap::builder().hasher(RandomState::new()).build();
    /// map.insert("std's hasher", true);
    /// ```
    pub fn hasher<H>(self, hash_builder: H) -> Builder<'n, K, V, H, A> {
        Builder {
            capacity: self.capacity,
            policy: self.policy,
            name: self.name,
            hash_builder,
            alloc: self.alloc,
            marker: PhantomData,
        }
    }

    /// Another allocator.
    pub fn allocator<B: Allocator + Clone>(self, alloc: B) -> Builder<'n, K, V, S, B> {
        Builder {
            capacity: self.capacity,
            policy: self.policy,
            name: self.name,
            hash_builder: self.hash_builder,
            alloc,
            marker: PhantomData,
        }
    }
}

impl<K: Eq + Hash, V, S: BuildHasher, A: Allocator + Clone> Builder<'_, K, V, S, A> {
    /// The map. With a name, the calling line is noted as the place that made it.
    ///
    /// # Panics
    /// If the capacity exceeds what memory can address.
    #[must_use]
    #[track_caller]
    pub fn build(self) -> HashMap<K, V, S, A> {
        match self.try_build() {
            Ok(map) => map,
            Err(error) => error.raise(),
        }
    }

    /// The map, or why there is no memory for it.
    ///
    /// # Errors
    /// When the capacity overflows or memory is refused.
    ///
    /// # Example
    /// ```
    /// let tide = tidemap::HashMap::<u64, u64>::builder().capacity(usize::MAX).try_build();
    /// assert!(tide.is_err());
    /// ```
    #[track_caller]
    pub fn try_build(self) -> Result<HashMap<K, V, S, A>, TryReserveError> {
        let mut map = HashMap::with_hasher_in(self.hash_builder, self.alloc);
        #[cfg(feature = "probe")]
        match self.name {
            Some(name) => map.observe(name),
            None => map = map.born(crate::raw::Birth::here::<K, V>()),
        }
        map.set_shrink_policy(self.policy);
        map.try_reserve(self.capacity)?;
        Ok(map)
    }
}
