//! `keys`: one key per line, any bytes but a line end; each is inserted.
//!
//! The value is the line's number, from 0. A blank line is the empty key, unless
//! it is the last and only one.

use super::RecordError;
use super::lines::Lines;
use crate::replay::stream::{Builder, OpKind};

/// The format.
#[derive(Default)]
pub(super) struct OneKey {
    lines: u64,
}

impl Lines for OneKey {
    fn builder() -> Builder {
        Builder::bytes()
    }

    fn line(&mut self, line: &[u8], builder: &mut Builder) -> Result<(), RecordError> {
        builder.push_bytes(OpKind::Put, line, self.lines)?;
        self.lines += 1;
        Ok(())
    }
}
