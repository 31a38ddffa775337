//! Why memory could not be reserved.

/// Address space or memory was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReserveError {
    /// The request does not fit the address space at all.
    #[error("{bytes} bytes exceed what one array may address; ask for fewer entries")]
    TooLarge {
        /// Bytes asked for; `usize::MAX` when the product itself overflowed.
        bytes: usize,
    },
    /// The system said no (limits such as `RLIMIT_AS`, strict overcommit, or no memory).
    #[error("the system refused {bytes} bytes; raise its memory or address-space limit")]
    Refused {
        /// Bytes asked for.
        bytes: usize,
    },
    /// All page runs together may not reserve more than
    /// [`RESERVED_BYTES_MAX`](crate::RESERVED_BYTES_MAX).
    #[error("reserving {bytes} more bytes would exceed this process's share of address space")]
    ShareUsedUp {
        /// Bytes asked for.
        bytes: usize,
    },
    /// This system has no page runs.
    #[error("page runs are not available on this system")]
    Unsupported,
}
