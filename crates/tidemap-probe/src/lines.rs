//! `TIDEMAP_TRACE=1`: a line on standard error for every growth that ended.
//!
//! The line is put together on the stack and written at once, after the map's row was written: no lock
//! of ours is held, nothing is allocated, and an error is ignored. Fields: `docs/probe.md`.

use std::fmt::{self, Write as _};
use std::io::Write as _;

use crate::growth::GrowthDone;
use crate::registry::ROWS;
use crate::row::{self, Row, Text};

/// The longest line; of a longer one the end is missing.
const LINE_BYTES_MAX: usize = 512;

struct Line {
    bytes: [u8; LINE_BYTES_MAX],
    len: usize,
}

impl fmt::Write for Line {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        // One byte stays for the line's end.
        let room = LINE_BYTES_MAX - 1 - self.len;
        let mut fit = text.len().min(room);
        while !text.is_char_boundary(fit) {
            fit -= 1;
        }
        self.bytes[self.len..][..fit].copy_from_slice(&text.as_bytes()[..fit]);
        self.len += fit;
        Ok(())
    }
}

/// Writes the line of a growth of the map in that row.
#[cold]
pub(crate) fn write(row: usize, done: &GrowthDone) {
    let mut line = Line {
        bytes: [0; LINE_BYTES_MAX],
        len: 0,
    };
    // Writing to the buffer cannot fail.
    let _ = put(&mut line, row, done);
    line.bytes[line.len] = b'\n';
    // A standard error that is closed or full is no reason to fail.
    let _ = std::io::stderr().write_all(&line.bytes[..=line.len]);
}

fn put(line: &mut Line, index: usize, done: &GrowthDone) -> fmt::Result {
    let Some(row) = ROWS.get(index) else {
        return Ok(());
    };
    let growth = &done.growth;
    let ms = |ns: u64| ns as f64 / 1e6;
    let id = crate::MapId(row.get(row::ID));
    write!(line, "tidemap: @{:.3}s {id} ", done.ended_ns as f64 / 1e9)?;
    put_text(line, row, row::NAME, "-")?;
    let end = if done.is_complete { "" } else { " given-up" };
    write!(
        line,
        " {}{end} {}->{} buckets {}->{} entries {} steps {:.3} ms work {:.3} ms max {:.3} ms wall",
        growth.kind.as_str(),
        growth.from_buckets,
        growth.to_buckets,
        growth.len_at_start,
        done.len_at_end,
        growth.steps,
        ms(growth.work_ns),
        ms(growth.step_ns_max),
        ms(done.wall_ns()),
    )?;
    write!(
        line,
        " {} moved {} B released {} B live {} B old {} overflow at ",
        growth.entries_moved,
        growth.bytes_released,
        row.get(row::BYTES_LIVE),
        row.get(row::BYTES_OLD),
        row.get(row::OVERFLOW_BUCKETS),
    )?;
    put_text(line, row, row::FILE, "?")?;
    write!(line, ":{}", row.get(row::LINE_COLUMN) >> 32)
}

fn put_text(line: &mut Line, row: &Row, text: Text, none: &str) -> fmt::Result {
    let mut bytes = [0; 128];
    let mut len = 0;
    for word in text.words() {
        for byte in row.get(word).to_ne_bytes() {
            if byte == 0 || len == bytes.len() {
                break;
            }
            bytes[len] = byte;
            len += 1;
        }
    }
    if len == 0 {
        return line.write_str(none);
    }
    // A name with spaces or line ends must not look like fields.
    for c in std::str::from_utf8(&bytes[..len]).unwrap_or("?").chars() {
        let is_plain = !c.is_whitespace() && !c.is_control();
        line.write_char(if is_plain { c } else { '_' })?;
    }
    Ok(())
}
