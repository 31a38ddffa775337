//! `malloc`: Android's allocation log, replayed as the table of live blocks.
//!
//! Key = address, value = size. `malloc ptr size`, `calloc ptr count size` and
//! `memalign ptr alignment size` put; `free ptr` deletes; `realloc new old size`
//! puts where the address stayed, otherwise deletes the old one and puts the
//! new one. The null address and `thread_done` do nothing.

use super::lines::{Lines, decimal};
use super::{RecordError, malformed};
use crate::replay::stream::{Builder, OpKind};

/// The format.
#[derive(Default)]
pub(super) struct Malloc;

const EXPECTED: &str = "`tid: malloc ptr size`, `tid: calloc ptr count size`, `tid: memalign ptr alignment size`, \
     `tid: realloc new old size`, `tid: free ptr` or `tid: thread_done 0x0`";

impl Lines for Malloc {
    fn builder() -> Builder {
        Builder::ints()
    }

    fn line(&mut self, line: &[u8], builder: &mut Builder) -> Result<(), RecordError> {
        if line.is_empty() {
            return Ok(());
        }
        let wrong = || malformed(line, EXPECTED);
        let mut fields = [&b""[..]; 6];
        let mut count = 0;
        for field in line.split(|&b| b == b' ').filter(|field| !field.is_empty()) {
            *fields.get_mut(count).ok_or_else(wrong)? = field;
            count += 1;
        }
        let tid = fields[0].strip_suffix(b":").ok_or_else(wrong)?;
        decimal::<u64>(tid).ok_or_else(wrong)?;
        let pointer = |at: usize| pointer(fields[at]).ok_or_else(wrong);
        let number = |at: usize| decimal::<u64>(fields[at]).ok_or_else(wrong);
        match (fields[1], count) {
            (b"malloc", 4) => put(builder, pointer(2)?, number(3)?),
            (b"calloc", 5) => {
                let bytes = number(3)?.checked_mul(number(4)?).ok_or_else(wrong)?;
                put(builder, pointer(2)?, bytes)
            }
            (b"memalign", 5) => {
                number(3)?;
                put(builder, pointer(2)?, number(4)?)
            }
            (b"realloc", 5) => {
                let (new, old, size) = (pointer(2)?, pointer(3)?, number(4)?);
                if new != old {
                    delete(builder, old)?;
                }
                put(builder, new, size)
            }
            (b"free", 3) => delete(builder, pointer(2)?),
            (b"thread_done", 3) => Ok(()),
            _ => Err(wrong()),
        }
    }
}

/// A hexadecimal address.
fn pointer(field: &[u8]) -> Option<u64> {
    let digits = std::str::from_utf8(field.strip_prefix(b"0x")?).ok()?;
    if digits.starts_with('+') {
        return None;
    }
    u64::from_str_radix(digits, 16).ok()
}

fn put(builder: &mut Builder, address: u64, size: u64) -> Result<(), RecordError> {
    if address != 0 {
        builder.push_int(OpKind::Put, address, size)?;
    }
    Ok(())
}

fn delete(builder: &mut Builder, address: u64) -> Result<(), RecordError> {
    if address != 0 {
        builder.push_int(OpKind::Delete, address, 0)?;
    }
    Ok(())
}
