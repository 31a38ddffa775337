//! `i32be`, `i64be`: a key per 4 or 8 bytes, big-endian and signed, no header.
//!
//! Such streams record look-ups only, so a replay is a cache fill: look the key
//! up; on a miss insert it with the number of the operation as its value. The
//! map never forgets, so a key misses exactly once.

use std::io::Read;

use super::FormatError;
use crate::replay::source::Source;
use crate::replay::stream::{Builder, OpKind, Stream};

/// Reads keys of `SIZE` bytes.
pub(super) fn read<const SIZE: usize>(mut source: Source) -> Result<Stream, FormatError> {
    let mut builder = Builder::ints();
    let mut chunk = vec![0; SIZE << 13];
    let mut records = 0;
    loop {
        let mut filled = 0;
        while filled < chunk.len() {
            match source.reader.read(&mut chunk[filled..]) {
                Ok(0) => break,
                Ok(n) => filled += n,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => {
                    return Err(FormatError::Read {
                        name: source.name,
                        place: format!("{} keys", records + (filled / SIZE) as u64),
                        compression: source.compression,
                        error,
                    });
                }
            }
        }
        let (keys, rest) = chunk[..filled].as_chunks::<SIZE>();
        for key in keys {
            let key = if SIZE == 4 {
                i64::from(i32::from_be_bytes(key[..4].try_into().expect("4 bytes")))
            } else {
                i64::from_be_bytes(key[..8].try_into().expect("8 bytes"))
            };
            builder
                .push_int(OpKind::Fetch, key as u64, records)
                .map_err(|error| FormatError::Record {
                    name: source.name.clone(),
                    record: records + 1,
                    error,
                })?;
            records += 1;
        }
        if !rest.is_empty() {
            return Err(FormatError::TornRecord {
                name: source.name,
                offset: records * SIZE as u64,
                extra: rest.len(),
                records,
                size: SIZE,
            });
        }
        if filled < chunk.len() {
            return Ok(builder.finish());
        }
    }
}
