//! Why a map could not get memory.

/// The error of the `try_` methods that need memory. The map is intact.
///
/// # Example
/// ```
/// let mut map: tidemap::HashMap<u64, u64> = tidemap::HashMap::new();
/// let error = map.try_reserve(usize::MAX).unwrap_err();
/// assert_eq!(error, tidemap::TryReserveError::CapacityOverflow);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum TryReserveError {
    /// The number of bytes exceeds what memory can address.
    CapacityOverflow,
    /// The allocator or the system refused.
    AllocError {
        /// Bytes asked for.
        bytes: usize,
    },
}

impl core::fmt::Display for TryReserveError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            TryReserveError::CapacityOverflow => {
                f.write_str("capacity exceeds what memory can address; ask for fewer entries")
            }
            TryReserveError::AllocError { bytes } => {
                write!(
                    f,
                    "{bytes} bytes were refused; free memory or raise the limit, then retry"
                )
            }
        }
    }
}

impl core::error::Error for TryReserveError {}

impl TryReserveError {
    /// What the infallible methods do with it.
    #[cold]
    #[inline(never)]
    pub(crate) fn raise(self) -> ! {
        match self {
            TryReserveError::CapacityOverflow => panic!("capacity overflow"),
            TryReserveError::AllocError { bytes } => {
                let layout = core::alloc::Layout::from_size_align(bytes, 1);
                alloc_crate::alloc::handle_alloc_error(
                    layout.unwrap_or(core::alloc::Layout::new::<u8>()),
                )
            }
        }
    }
}
