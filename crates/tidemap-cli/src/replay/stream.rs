//! The parsed workload: a compact stream of operations over interned keys.
//!
//! Terms: *key id*, the position of a distinct key in [`Keys`]; *operation*, one
//! [`Op`], which may call the map twice ([`OpKind::Fetch`] looks up and fills).
//!
//! R1. Every `op.key` of a stream is below `keys.len()`.
//! R2. `times` is empty, or as long as `ops`.
//! R3. The memory of a stream never exceeds [`STREAM_BYTES_MAX`].
//!
//! Everything is parsed before anything is measured, so that the timed loop
//! reads 16 bytes per operation and nothing else of the input.

use thiserror::Error;

/// Most memory a parsed stream may take: operations, times and keys.
pub(crate) const STREAM_BYTES_MAX: u64 = 4 << 30;
/// Longest key. Longer ones are mistakes (a file without line ends) more often than keys.
pub(crate) const KEY_BYTES_MAX: usize = 1 << 20;

/// What an operation does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub(crate) enum OpKind {
    /// Look up; an expired entry is removed and counts as a miss.
    Get = 0,
    /// Insert or replace.
    Put = 1,
    /// Look up; where nothing live is found, insert (a cache fill).
    Fetch = 2,
    /// Remove.
    Delete = 3,
    /// Change the value in place if the key is present.
    Update = 4,
    /// Remove everything.
    Clear = 5,
}

impl OpKind {
    /// All kinds, by code.
    pub(crate) const ALL: [OpKind; 6] = [
        OpKind::Get,
        OpKind::Put,
        OpKind::Fetch,
        OpKind::Delete,
        OpKind::Update,
        OpKind::Clear,
    ];

    /// The word in the `tidemap` format and in messages.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            OpKind::Get => "get",
            OpKind::Put => "put",
            OpKind::Fetch => "fetch",
            OpKind::Delete => "delete",
            OpKind::Update => "update",
            OpKind::Clear => "clear",
        }
    }
}

/// One operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(C)]
pub(crate) struct Op {
    /// The value that is stored, if any.
    pub value: u64,
    /// Key id.
    pub key: u32,
    /// What to do.
    pub kind: OpKind,
}

/// When an operation happens and how long its entry lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Timing {
    /// Time of the operation, microseconds.
    pub now_us: u64,
    /// Life of the stored entry, microseconds; [`Timing::FOREVER`], or 0 = do not store.
    pub ttl_us: u64,
}

impl Timing {
    /// The entry never expires.
    pub(crate) const FOREVER: u64 = u64::MAX;
}

/// The distinct keys of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Keys {
    /// Fixed-size keys.
    Ints(Vec<u64>),
    /// Byte strings, one after another: key `i` is `arena[ends[i - 1]..ends[i]]`.
    Bytes {
        /// All keys, joined.
        arena: Vec<u8>,
        /// Where each key ends.
        ends: Vec<u64>,
    },
}

impl Keys {
    /// Distinct keys.
    pub(crate) fn len(&self) -> usize {
        match self {
            Keys::Ints(keys) => keys.len(),
            Keys::Bytes { ends, .. } => ends.len(),
        }
    }

    /// What kind of key, for reports.
    pub(crate) fn type_name(&self) -> &'static str {
        match self {
            Keys::Ints(_) => "u64",
            Keys::Bytes { .. } => "bytes",
        }
    }

    /// Key `id` for a message.
    pub(crate) fn display(&self, id: u32) -> String {
        match self {
            Keys::Ints(keys) => format!("{:#x}", keys[id as usize]),
            Keys::Bytes { arena, ends } => {
                let key = bytes_of(arena, ends, id);
                let shown = &key[..key.len().min(120)];
                let more = if shown.len() < key.len() { "…" } else { "" };
                format!("`{}{more}`", String::from_utf8_lossy(shown))
            }
        }
    }
}

/// The bytes of key `id`.
pub(crate) fn bytes_of<'a>(arena: &'a [u8], ends: &[u64], id: u32) -> &'a [u8] {
    let id = id as usize;
    let start = if id == 0 { 0 } else { ends[id - 1] as usize };
    &arena[start..ends[id] as usize]
}

/// A parsed workload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stream {
    /// The keys.
    pub keys: Keys,
    /// The operations, in order.
    pub ops: Vec<Op>,
    /// Their times (R2).
    pub times: Vec<Timing>,
}

impl Stream {
    /// Memory it takes.
    pub(crate) fn bytes(&self) -> u64 {
        let keys = match &self.keys {
            Keys::Ints(keys) => keys.len() * 8,
            Keys::Bytes { arena, ends } => arena.len() + ends.len() * 8,
        };
        (keys + self.ops.len() * size_of::<Op>() + self.times.len() * size_of::<Timing>()) as u64
    }
}

/// A stream that cannot be built.
#[derive(Debug, Error, PartialEq, Eq)]
pub(crate) enum LimitError {
    /// R3 would break.
    #[error(
        "the parsed workload needs more than {} MiB; replay a part of it (head -n), tidemap holds it in memory",
        STREAM_BYTES_MAX >> 20
    )]
    Memory,
    /// A key that is too long.
    #[error("the key has {bytes} bytes; the longest that is replayed has {KEY_BYTES_MAX}")]
    LongKey {
        /// Its length.
        bytes: usize,
    },
    /// Key ids are 32 bits.
    #[error("more than {} distinct keys", u32::MAX)]
    Keys,
}

/// Builds a stream, interning its keys.
pub(crate) struct Builder {
    stream: Stream,
    index: hashbrown::HashTable<u32>,
    hasher: foldhash::fast::FixedState,
    timed: bool,
}

impl Builder {
    /// For keys that are integers.
    pub(crate) fn ints() -> Self {
        Builder::with_keys(Keys::Ints(Vec::new()))
    }

    /// For keys that are byte strings.
    pub(crate) fn bytes() -> Self {
        Builder::with_keys(Keys::Bytes {
            arena: Vec::new(),
            ends: Vec::new(),
        })
    }

    fn with_keys(keys: Keys) -> Self {
        Builder {
            stream: Stream {
                keys,
                ops: Vec::new(),
                times: Vec::new(),
            },
            index: hashbrown::HashTable::new(),
            hasher: foldhash::fast::FixedState::default(),
            timed: false,
        }
    }

    /// Operations so far.
    pub(crate) fn len(&self) -> usize {
        self.stream.ops.len()
    }

    /// Adds an operation on an integer key.
    pub(crate) fn push_int(
        &mut self,
        kind: OpKind,
        key: u64,
        value: u64,
    ) -> Result<(), LimitError> {
        use std::hash::BuildHasher;
        let Keys::Ints(keys) = &mut self.stream.keys else {
            unreachable!("an integer key in a stream of byte strings")
        };
        let hash = self.hasher.hash_one(key);
        let rehash = |&id: &u32| self.hasher.hash_one(keys[id as usize]);
        let id = match self.index.find(hash, |&id| keys[id as usize] == key) {
            Some(&id) => id,
            None => {
                let id = u32::try_from(keys.len()).map_err(|_| LimitError::Keys)?;
                self.index.insert_unique(hash, id, rehash);
                keys.push(key);
                id
            }
        };
        self.push_op(Op {
            value,
            key: id,
            kind,
        })
    }

    /// Adds an operation on a byte-string key.
    pub(crate) fn push_bytes(
        &mut self,
        kind: OpKind,
        key: &[u8],
        value: u64,
    ) -> Result<(), LimitError> {
        use std::hash::BuildHasher;
        if key.len() > KEY_BYTES_MAX {
            return Err(LimitError::LongKey { bytes: key.len() });
        }
        let Keys::Bytes { arena, ends } = &mut self.stream.keys else {
            unreachable!("a byte-string key in a stream of integers")
        };
        let hash = self.hasher.hash_one(key);
        let id = match self
            .index
            .find(hash, |&id| bytes_of(arena, ends, id) == key)
        {
            Some(&id) => id,
            None => {
                let id = u32::try_from(ends.len()).map_err(|_| LimitError::Keys)?;
                arena.extend_from_slice(key);
                ends.push(arena.len() as u64);
                let rehash = |&id: &u32| self.hasher.hash_one(bytes_of(arena, ends, id));
                self.index.insert_unique(hash, id, rehash);
                id
            }
        };
        self.push_op(Op {
            value,
            key: id,
            kind,
        })
    }

    /// Adds an operation that empties the map. It has no key; R1 gets 0.
    pub(crate) fn push_clear(&mut self) -> Result<(), LimitError> {
        self.push_op(Op {
            value: 0,
            key: 0,
            kind: OpKind::Clear,
        })
    }

    /// Gives the operation that was added last a time. Either every operation
    /// gets one or, by [`Builder::finish`], none does.
    pub(crate) fn set_timing(&mut self, timing: Timing) {
        self.timed |= timing.ttl_us != Timing::FOREVER || timing.now_us != 0;
        let untimed = Timing {
            now_us: 0,
            ttl_us: Timing::FOREVER,
        };
        self.stream.times.resize(self.stream.ops.len() - 1, untimed);
        self.stream.times.push(timing);
    }

    fn push_op(&mut self, op: Op) -> Result<(), LimitError> {
        self.stream.ops.push(op);
        // Looked at rarely: 64 Ki operations add at most a few megabytes, or
        // one long key each, which the arena's own length gives away.
        let long_keys = matches!(&self.stream.keys, Keys::Bytes { arena, .. } if arena.len() as u64 > STREAM_BYTES_MAX / 2);
        if (self.stream.ops.len().is_multiple_of(1 << 16) || long_keys)
            && self.stream.bytes() > STREAM_BYTES_MAX
        {
            return Err(LimitError::Memory);
        }
        Ok(())
    }

    /// The stream.
    pub(crate) fn finish(mut self) -> Stream {
        if self.timed {
            let untimed = Timing {
                now_us: 0,
                ttl_us: Timing::FOREVER,
            };
            self.stream.times.resize(self.stream.ops.len(), untimed);
        } else {
            self.stream.times = Vec::new();
        }
        // R1 for streams that only clear.
        match &mut self.stream.keys {
            Keys::Ints(keys) if keys.is_empty() => keys.push(0),
            Keys::Bytes { ends, .. } if ends.is_empty() => ends.push(0),
            _ => {}
        }
        self.stream.ops.shrink_to_fit();
        self.stream
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_interned_once() {
        let mut builder = Builder::bytes();
        for key in ["a", "", "b", "a", ""] {
            builder.push_bytes(OpKind::Put, key.as_bytes(), 7).unwrap();
        }
        let stream = builder.finish();
        let ids: Vec<u32> = stream.ops.iter().map(|op| op.key).collect();
        assert_eq!(ids, [0, 1, 2, 0, 1]);
        assert_eq!(stream.keys.len(), 3);
        assert_eq!(stream.keys.display(2), "`b`");
        assert!(stream.times.is_empty());
    }

    #[test]
    fn many_integer_keys() {
        let mut builder = Builder::ints();
        for round in 0..2 {
            for key in 0..10_000u64 {
                builder.push_int(OpKind::Get, key * key, round).unwrap();
            }
        }
        let stream = builder.finish();
        assert_eq!((stream.keys.len(), stream.ops.len()), (10_000, 20_000));
        assert!(
            stream.ops[..10_000]
                .iter()
                .zip(&stream.ops[10_000..])
                .all(|(a, b)| a.key == b.key)
        );
    }

    #[test]
    fn a_long_key_is_refused() {
        let mut builder = Builder::bytes();
        let key = vec![b'k'; KEY_BYTES_MAX + 1];
        let error = builder.push_bytes(OpKind::Put, &key, 0).unwrap_err();
        assert_eq!(
            error,
            LimitError::LongKey {
                bytes: KEY_BYTES_MAX + 1
            }
        );
    }

    #[test]
    fn one_timed_operation_times_all() {
        let mut builder = Builder::bytes();
        builder.push_bytes(OpKind::Put, b"a", 0).unwrap();
        builder.push_bytes(OpKind::Put, b"b", 0).unwrap();
        builder.set_timing(Timing {
            now_us: 5,
            ttl_us: 9,
        });
        let stream = builder.finish();
        assert_eq!(
            stream.times[0],
            Timing {
                now_us: 0,
                ttl_us: Timing::FOREVER
            }
        );
        assert_eq!(
            stream.times[1],
            Timing {
                now_us: 5,
                ttl_us: 9
            }
        );
    }
}
