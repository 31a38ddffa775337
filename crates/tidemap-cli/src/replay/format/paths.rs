//! `paths`: the write history of a table path → file version, tab separated:
//! `unix_seconds  set|delete  path  size  object-id`.
//!
//! The value is the object id, 16 hexadecimal digits. The order of lines is what
//! counts, not their times.

use super::lines::{Lines, decimal};
use super::{RecordError, malformed};
use crate::replay::stream::{Builder, OpKind};

/// The format.
#[derive(Default)]
pub(super) struct Paths;

const EXPECTED: &str = "five fields separated by tabs: `seconds`, `set` or `delete`, `path`, `size`, `object id` (16 hex digits, `-` for a delete)";

impl Lines for Paths {
    fn builder() -> Builder {
        Builder::bytes()
    }

    fn line(&mut self, line: &[u8], builder: &mut Builder) -> Result<(), RecordError> {
        if line.is_empty() {
            return Ok(());
        }
        let wrong = || malformed(line, EXPECTED);
        let mut fields = line.split(|&b| b == b'\t');
        let (Some(time), Some(op), Some(path), Some(size), Some(id), None) = (
            fields.next(),
            fields.next(),
            fields.next(),
            fields.next(),
            fields.next(),
            fields.next(),
        ) else {
            return Err(wrong());
        };
        decimal::<i64>(time).ok_or_else(wrong)?;
        decimal::<i64>(size).ok_or_else(wrong)?;
        match op {
            b"set" => {
                let text = std::str::from_utf8(id).map_err(|_| wrong())?;
                if text.len() != 16 || text.starts_with('+') {
                    return Err(wrong());
                }
                let id = u64::from_str_radix(text, 16).map_err(|_| wrong())?;
                builder.push_bytes(OpKind::Put, path, id)?;
            }
            b"delete" if id == b"-" => builder.push_bytes(OpKind::Delete, path, 0)?,
            _ => return Err(wrong()),
        }
        Ok(())
    }
}
