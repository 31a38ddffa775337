//! Misuse of a map, as values instead of dead processes.
//!
//! Real Go ends the program on the first four (a *fatal error*, which cannot
//! be recovered) and panics on the next two. The model returns them, so that a
//! test can provoke each one and look at the map afterwards.

/// What Go would have stopped or panicked with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MapError {
    /// A lookup met the writing flag. Fatal in Go.
    #[error("concurrent map read and map write; guard the map with a lock")]
    ConcurrentReadWrite,
    /// A write met the writing flag, or lost its own. Fatal in Go.
    #[error("concurrent map writes; guard the map with a lock")]
    ConcurrentWrites,
    /// An iterator step met the writing flag. Fatal in Go.
    #[error("concurrent map iteration and map write; guard the map with a lock")]
    ConcurrentIteration,
    /// The map's memory is not in a state its own rules allow. Fatal in Go.
    #[error("bad map state: {what}; this is a bug in the model")]
    BadState {
        /// Which rule is broken, with the values.
        what: String,
    },
    /// A key was assigned to the nil map. A panic in Go.
    #[error("assignment to entry in nil map; make the map first")]
    NilMap,
    /// The key's dynamic type cannot be hashed. A panic in Go.
    #[error("hash of unhashable type {type_name}; use a comparable key")]
    Unhashable {
        /// The type found inside the interface.
        type_name: String,
    },
    /// An iterator was used with a map it was not made from.
    #[error("iterator belongs to another map or to memory this map has dropped; start a new one")]
    ForeignIterator,
}

impl MapError {
    /// The text real Go prints, without the stack traces.
    ///
    /// ```
    /// use tidemap_go::MapError;
    /// assert_eq!(MapError::ConcurrentWrites.go_text(), "fatal error: concurrent map writes");
    /// assert_eq!(MapError::NilMap.go_text(), "panic: assignment to entry in nil map");
    /// ```
    #[must_use]
    pub fn go_text(&self) -> String {
        match self {
            MapError::ConcurrentReadWrite => {
                "fatal error: concurrent map read and map write".into()
            }
            MapError::ConcurrentWrites => "fatal error: concurrent map writes".into(),
            MapError::ConcurrentIteration => {
                "fatal error: concurrent map iteration and map write".into()
            }
            MapError::BadState { .. } => "fatal error: bad map state".into(),
            MapError::NilMap => "panic: assignment to entry in nil map".into(),
            MapError::Unhashable { type_name } => {
                format!("panic: runtime error: hash of unhashable type {type_name}")
            }
            MapError::ForeignIterator => "(Go has no such check)".into(),
        }
    }
}
