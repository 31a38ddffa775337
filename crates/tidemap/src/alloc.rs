//! Where a map's memory comes from: the global allocator, or one of your own.
//!
//! With the feature `allocator-api2` these are that crate's trait and type, and every map
//! takes an allocator as its last parameter: [`HashMap::new_in`](crate::HashMap::new_in)
//! and its like. Without the feature there is just [`Global`].
//!
//! An allocator must be [`Clone`], because a map's arrays and pools each keep one; clones
//! share their memory by the trait's contract. A reference to an allocator is an
//! allocator, too.
//!
//! A map with an allocator of its own takes everything from it: no page runs, so no
//! growth in place. Its growths relocate into a new array, step by step as always; arrays
//! are asked for, and given back, whole.

#[cfg(feature = "allocator-api2")]
pub use allocator_api2::alloc::{Allocator, Global};

#[cfg(not(feature = "allocator-api2"))]
pub use global::{Allocator, Global};

/// Whether `A` is the global allocator, which page runs and segments may stand in for.
#[inline]
pub(crate) fn is_global<A>() -> bool {
    typeid::of::<A>() == typeid::of::<Global>()
}

/// What is left of the allocator interface without the feature.
#[cfg(not(feature = "allocator-api2"))]
mod global {
    use core::alloc::Layout;
    use core::ptr::NonNull;

    /// Something that gives memory. Nobody but [`Global`] does without the
    /// feature `allocator-api2`.
    ///
    /// # Safety
    /// Memory stays valid until it is returned, to the allocator or a clone of it.
    pub unsafe trait Allocator: sealed::Sealed {
        /// Fresh memory of this layout.
        #[doc(hidden)]
        fn allocate(&self, layout: Layout) -> Result<NonNull<[u8]>, Refused>;

        #[doc(hidden)]
        fn allocate_zeroed(&self, layout: Layout) -> Result<NonNull<[u8]>, Refused>;

        /// # Safety
        /// `memory` came from this allocator with this layout.
        #[doc(hidden)]
        unsafe fn deallocate(&self, memory: NonNull<u8>, layout: Layout);
    }

    /// Memory was refused.
    #[derive(Debug, Clone, Copy)]
    pub struct Refused;

    mod sealed {
        #[allow(unnameable_types)]
        pub trait Sealed {}
        impl Sealed for super::Global {}
    }

    /// The global allocator.
    #[derive(Debug, Clone, Copy, Default)]
    pub struct Global;

    // SAFETY: the global allocator is one for all, so clones are the same.
    unsafe impl Allocator for Global {
        #[inline]
        fn allocate(&self, layout: Layout) -> Result<NonNull<[u8]>, Refused> {
            debug_assert!(layout.size() > 0, "the engine asks for bytes");
            // SAFETY: no layout of the engine is empty.
            let start = unsafe { alloc_crate::alloc::alloc(layout) };
            whole(start, layout)
        }

        #[inline]
        fn allocate_zeroed(&self, layout: Layout) -> Result<NonNull<[u8]>, Refused> {
            debug_assert!(layout.size() > 0, "the engine asks for bytes");
            // SAFETY: as above.
            let start = unsafe { alloc_crate::alloc::alloc_zeroed(layout) };
            whole(start, layout)
        }

        #[inline]
        unsafe fn deallocate(&self, memory: NonNull<u8>, layout: Layout) {
            // SAFETY: by the caller's promise.
            unsafe { alloc_crate::alloc::dealloc(memory.as_ptr(), layout) }
        }
    }

    fn whole(start: *mut u8, layout: Layout) -> Result<NonNull<[u8]>, Refused> {
        let start = NonNull::new(start).ok_or(Refused)?;
        Ok(NonNull::slice_from_raw_parts(start, layout.size()))
    }
}
