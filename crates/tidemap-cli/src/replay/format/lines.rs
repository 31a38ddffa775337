//! Reading line formats: bounded lines, numbered errors.

use std::io::{BufRead, Read};

use super::{FormatError, RecordError};
use crate::replay::source::Source;
use crate::replay::stream::{Builder, KEY_BYTES_MAX, Stream};

/// Longest line: the longest key and room for the other fields. A longer one
/// ends the replay before it is read whole.
const LINE_BYTES_MAX: usize = KEY_BYTES_MAX + 4096;

/// A format of lines.
pub(super) trait Lines: Default {
    /// A builder for its kind of keys.
    fn builder() -> Builder;
    /// Reads one line (without its end) into `builder`.
    fn line(&mut self, line: &[u8], builder: &mut Builder) -> Result<(), RecordError>;
}

/// Reads all lines of `source`.
pub(super) fn read_lines<F: Lines>(mut source: Source) -> Result<Stream, FormatError> {
    let mut builder = F::builder();
    let mut format = F::default();
    let mut line = Vec::new();
    let mut number = 0;
    loop {
        line.clear();
        let mut bounded = (&mut source.reader).take(LINE_BYTES_MAX as u64 + 1);
        let read = bounded
            .read_until(b'\n', &mut line)
            .map_err(|error| FormatError::Read {
                name: source.name.clone(),
                place: format!("line {number}"),
                compression: source.compression,
                error,
            })?;
        if read == 0 {
            break;
        }
        number += 1;
        if line.last() == Some(&b'\n') {
            line.pop();
            if line.last() == Some(&b'\r') {
                line.pop();
            }
        } else if line.len() > LINE_BYTES_MAX {
            return Err(FormatError::LongLine {
                name: source.name,
                line: number,
                limit: LINE_BYTES_MAX,
                key_limit: KEY_BYTES_MAX,
            });
        }
        format
            .line(&line, &mut builder)
            .map_err(|error| FormatError::Line {
                name: source.name.clone(),
                line: number,
                error,
            })?;
    }
    if builder.len() == 0 {
        return Err(FormatError::NoOperation {
            name: source.name,
            lines: number,
        });
    }
    Ok(builder.finish())
}

/// A decimal number.
pub(super) fn decimal<T: std::str::FromStr>(field: &[u8]) -> Option<T> {
    let text = std::str::from_utf8(field).ok()?;
    // `parse` accepts a plus sign; a log does not write one.
    if text.starts_with('+') {
        None
    } else {
        text.parse().ok()
    }
}
