//! `tidemap`: one operation per line, `op key [value-bytes] [ttl]`.
//!
//! ```text
//! # a comment; blank lines are skipped
//! put user:17 420          insert or replace; the value is a number, 420 here
//! put user:18 96 300       the entry lives 300 seconds of the log's clock
//! get user:17              look up
//! fetch user:19 64 300     look up; if nothing live is there, insert
//! update user:17 421       change the value in place, if the key is present
//! delete user:18           remove
//! clock 12.5               the log's clock shows 12.5 s (never goes back)
//! clear                    remove everything
//! ```
//!
//! Fields are separated by spaces, or by tabs if the line has one (keys may then
//! contain spaces). `value-bytes` is stored as a number: a replay compares maps,
//! not allocators. An entry whose time has come counts as absent, and is removed
//! by the `get` that finds it so.

use super::lines::{Lines, decimal};
use super::{RecordError, malformed};
use crate::replay::stream::{Builder, OpKind, Timing};

/// The format.
#[derive(Default)]
pub(super) struct Ops {
    now_us: u64,
}

const EXPECTED: &str = "`op key [value-bytes] [ttl-seconds]` with op one of get, put, fetch, update, delete; `clear`; or `clock seconds`";
const EXPECTED_CLOCK: &str = "`clock seconds`, not earlier than the clock before";

impl Lines for Ops {
    fn builder() -> Builder {
        Builder::bytes()
    }

    fn line(&mut self, line: &[u8], builder: &mut Builder) -> Result<(), RecordError> {
        if line.is_empty() || line.starts_with(b"#") {
            return Ok(());
        }
        let wrong = || malformed(line, EXPECTED);
        let tabs = line.contains(&b'\t');
        let separator = if tabs { b'\t' } else { b' ' };
        let mut fields = [&b""[..]; 4];
        let mut count = 0;
        // With tabs a field may be empty; runs of spaces separate once.
        for field in line
            .split(|&b| b == separator)
            .filter(|field| tabs || !field.is_empty())
        {
            *fields.get_mut(count).ok_or_else(wrong)? = field;
            count += 1;
        }
        let [op, key, value, ttl] = fields;
        let kind = match (op, count) {
            (b"clear", 1) => {
                builder.push_clear()?;
                builder.set_timing(Timing {
                    now_us: self.now_us,
                    ttl_us: Timing::FOREVER,
                });
                return Ok(());
            }
            (b"clock", 2) => {
                let now_us = micros(key).filter(|&now| now >= self.now_us);
                self.now_us = now_us.ok_or_else(|| malformed(line, EXPECTED_CLOCK))?;
                return Ok(());
            }
            (b"get", 2) => OpKind::Get,
            (b"delete", 2) => OpKind::Delete,
            (b"update", 2..=3) => OpKind::Update,
            (b"put", 2..=4) => OpKind::Put,
            (b"fetch", 2..=4) => OpKind::Fetch,
            _ => return Err(wrong()),
        };
        let value = if count > 2 {
            decimal(value).ok_or_else(wrong)?
        } else {
            0
        };
        let ttl_us = if count > 3 {
            micros(ttl).ok_or_else(wrong)?
        } else {
            Timing::FOREVER
        };
        builder.push_bytes(kind, key, value)?;
        builder.set_timing(Timing {
            now_us: self.now_us,
            ttl_us,
        });
        Ok(())
    }
}

/// Seconds with up to six decimals, as microseconds.
fn micros(field: &[u8]) -> Option<u64> {
    let (whole, part) = match field.iter().position(|&b| b == b'.') {
        None => (field, &b""[..]),
        Some(at) => (&field[..at], &field[at + 1..]),
    };
    if part.len() > 6 || !part.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let mut micros = decimal::<u64>(whole)?.checked_mul(1_000_000)?;
    let mut unit = 100_000;
    for digit in part {
        micros = micros.checked_add(u64::from(digit - b'0') * unit)?;
        unit /= 10;
    }
    (micros < Timing::FOREVER).then_some(micros)
}
