//! Pages: what the memory of a large map is made of.

use crate::alloc::Allocator;
use crate::map::HashMap;
use crate::set::HashSet;

/// The pages that large arrays ask the system for.
///
/// Small ones cost their first touch when an entry reaches them, a microsecond or two each, which keeps
/// every insertion short. Huge ones (2 MiB on most machines) make look-ups in tables beyond
/// the reach of the address cache faster, because one miss there stands for a walk through memory; but
/// whoever touches one first waits until all of it is cleared, often longer than a hundred small ones.
/// So they belong to [`prepare_memory`](HashMap::prepare_memory), or to maps that are filled before
/// anyone waits for them. Figures: `docs/experiments.md`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Pages {
    /// The smallest that the system has, even where it would give huge ones unasked.
    #[default]
    Small,
    /// Huge ones where the system gives them to who asks (Linux with transparent huge pages set to
    /// `madvise` or `always`), else small ones.
    Huge,
}

impl<K, V, S, A: Allocator + Clone> HashMap<K, V, S, A> {
    /// Chooses the pages of this map's large arrays: what it touches from now on in the present one, and
    /// all of those to come. Whether the present array will have them: not if it is small (up
    /// to [`HEAP_ARRAY_BYTES_MAX`](crate::bounds::HEAP_ARRAY_BYTES_MAX)), not if the system has no huge
    /// pages. A map of a single bucket forgets the choice, so reserve first. At most one system
    /// call; moves nothing.
    ///
    /// # Example
    /// ```
    /// use tidemap::{Budget, Pages};
    ///
    /// let mut index: tidemap::HashMap<u64, u64> = tidemap::HashMap::with_capacity(1_000_000);
    /// let huge = index.set_pages(Pages::Huge);
    /// println!("huge pages: {huge}");
    /// index.extend((0..100_000).map(|i| (i, i)));
    /// ```
    pub fn set_pages(&mut self, pages: Pages) -> bool {
        self.table.set_pages(pages)
    }
}

impl<T, S, A: Allocator + Clone> HashSet<T, S, A> {
    /// As [`HashMap::set_pages`].
    pub fn set_pages(&mut self, pages: Pages) -> bool {
        self.map.set_pages(pages)
    }
}
