//! Opening traces: plain or compressed, from a file or standard input.

use std::fs::File;
use std::io::{BufRead, BufReader, stdin};

use anyhow::Context;
use tidemap_go::trace::TraceReader;

/// The first bytes of a zstd frame.
const ZSTD_MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// Opens a trace; `-` is standard input. Compression is recognised by content.
pub(crate) fn open_trace(path: &str) -> anyhow::Result<TraceReader<Box<dyn BufRead>>> {
    let raw: Box<dyn BufRead> = if path == "-" {
        Box::new(BufReader::new(stdin()))
    } else {
        let file = File::open(path).with_context(|| format!("{path}: cannot be opened"))?;
        Box::new(BufReader::new(file))
    };
    let plain = decompressed(raw).with_context(|| format!("{path}: cannot be read"))?;
    Ok(TraceReader::new(path, plain)?)
}

fn decompressed(mut raw: Box<dyn BufRead>) -> std::io::Result<Box<dyn BufRead>> {
    let compressed = raw.fill_buf()?.starts_with(&ZSTD_MAGIC);
    if !compressed {
        return Ok(raw);
    }
    Ok(Box::new(BufReader::with_capacity(
        1 << 16,
        zstd::Decoder::with_buffer(raw)?,
    )))
}
