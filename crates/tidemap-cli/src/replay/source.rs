//! Where a workload comes from: a file, standard input, or the built-in trace;
//! and the compression around it, recognised by its first bytes.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use anyhow::{Context, Result, bail};

use super::args::is_stdin;

/// The built-in trace: every heap allocation of Android's systemui process.
/// Origin, licence and credit: `assets/sample/README.md`.
const SAMPLE: &[u8] = include_bytes!("../../assets/sample/android-systemui-malloc.txt.zst");
/// The name under which the built-in trace appears in reports.
pub(crate) const SAMPLE_NAME: &str = "android-systemui-malloc.txt.zst";

/// Buffer between decompression and parsing; detection sees at most this much.
const BUFFER_BYTES: usize = 256 << 10;

/// An opened workload, unpacked while it is read.
pub(crate) struct Source {
    /// What to call it.
    pub name: String,
    /// `zstd`, `gzip` or `none`.
    pub compression: &'static str,
    /// Whether it is the built-in trace.
    pub built_in: bool,
    /// The unpacked bytes.
    pub reader: BufReader<Box<dyn Read>>,
}

impl Source {
    /// Opens the built-in trace.
    pub(crate) fn sample() -> Result<Source> {
        let mut source = Source::unpack(SAMPLE_NAME.to_owned(), Box::new(SAMPLE))?;
        source.built_in = true;
        Ok(source)
    }

    /// Opens a file, or standard input for `-`.
    pub(crate) fn open(path: &Path) -> Result<Source> {
        if is_stdin(path) {
            return Source::unpack("standard input".to_owned(), Box::new(io::stdin()));
        }
        let name = path.display().to_string();
        let file = File::open(path).with_context(|| format!("cannot open {name}"))?;
        let metadata = file
            .metadata()
            .with_context(|| format!("cannot open {name}"))?;
        if metadata.is_dir() {
            bail!("{name} is a directory; name the files in it");
        }
        Source::unpack(name, Box::new(file))
    }

    /// Recognises the compression of `raw`.
    pub(crate) fn unpack(name: String, raw: Box<dyn Read>) -> Result<Source> {
        let mut raw = BufReader::with_capacity(BUFFER_BYTES, Prefixed::new(raw, 8)?);
        let head = raw
            .fill_buf()
            .with_context(|| format!("cannot read {name}"))?;
        let (compression, reader): (_, Box<dyn Read>) = match head {
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => (
                "zstd",
                Box::new(zstd::Decoder::with_buffer(raw).context("cannot start zstd")?),
            ),
            [0x1f, 0x8b, ..] => ("gzip", Box::new(flate2::bufread::MultiGzDecoder::new(raw))),
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => {
                bail!("{name} is packed with xz; unpack it first: xz -dc FILE | tidemap replay -")
            }
            [b'B', b'Z', b'h', b'1'..=b'9', 0x31, ..] => {
                bail!(
                    "{name} is packed with bzip2; unpack it first: bzip2 -dc FILE | tidemap replay -"
                )
            }
            [b'P', b'K', 3, 4, ..] => {
                bail!("{name} is a zip archive; unpack it first: unzip -p FILE | tidemap replay -")
            }
            _ => ("none", Box::new(raw)),
        };
        let reader = BufReader::with_capacity(BUFFER_BYTES, reader);
        Ok(Source {
            name,
            compression,
            built_in: false,
            reader,
        })
    }

    /// The first bytes of the unpacked workload, without consuming them: as much
    /// as arrives with the first reads, up to [`BUFFER_BYTES`].
    pub(crate) fn peek(&mut self) -> Result<Vec<u8>> {
        // A BufReader fills its buffer with one read, which a pipe may answer
        // with a single line. Read more, then put it back in front.
        let inner = std::mem::replace(
            &mut self.reader,
            BufReader::with_capacity(0, Box::new(io::empty())),
        );
        let mut inner = inner;
        let mut head = Vec::new();
        let outcome = inner
            .by_ref()
            .take(BUFFER_BYTES as u64 / 2)
            .read_to_end(&mut head);
        if let Err(error) = outcome {
            // What came before the tear may still tell the format; the parser
            // meets the same error again and says where.
            if head.is_empty() {
                return Err(self.torn(error));
            }
            let again = Torn(Some(error));
            let joined = io::Cursor::new(head.clone()).chain(again);
            self.reader = BufReader::with_capacity(BUFFER_BYTES, Box::new(joined));
            return Ok(head);
        }
        let joined = io::Cursor::new(head.clone()).chain(inner);
        self.reader = BufReader::with_capacity(BUFFER_BYTES, Box::new(joined));
        Ok(head)
    }

    fn torn(&self, error: io::Error) -> anyhow::Error {
        anyhow::Error::new(error).context(format!(
            "{}: cannot read the first bytes ({} compression)",
            self.name, self.compression
        ))
    }
}

/// A reader that fails once, then ends.
struct Torn(Option<io::Error>);

impl Read for Torn {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        self.0.take().map_or(Ok(0), Err)
    }
}

/// Puts the first bytes together, so that a slow pipe cannot hide a magic number.
struct Prefixed {
    head: io::Cursor<Vec<u8>>,
    rest: Box<dyn Read>,
}

impl Prefixed {
    fn new(mut rest: Box<dyn Read>, want: u64) -> Result<Self> {
        let mut head = Vec::new();
        rest.by_ref()
            .take(want)
            .read_to_end(&mut head)
            .context("cannot read the first bytes")?;
        Ok(Prefixed {
            head: io::Cursor::new(head),
            rest,
        })
    }
}

impl Read for Prefixed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.head.read(buffer)? {
            0 => self.rest.read(buffer),
            // Fill up, so that the caller sees the magic number and more.
            n => Ok(n),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text_of(bytes: Vec<u8>) -> Result<(String, &'static str)> {
        let mut source = Source::unpack("x".into(), Box::new(io::Cursor::new(bytes)))?;
        let mut text = String::new();
        source.reader.read_to_string(&mut text)?;
        Ok((text, source.compression))
    }

    #[test]
    fn compression_is_recognised_by_content() {
        let plain = b"get a\nget b\n".to_vec();
        let zst = zstd::encode_all(&plain[..], 1).unwrap();
        let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        io::Write::write_all(&mut gz, &plain).unwrap();
        let gz = gz.finish().unwrap();
        for (bytes, name) in [(plain.clone(), "none"), (zst, "zstd"), (gz, "gzip")] {
            let (text, compression) = text_of(bytes).unwrap();
            assert_eq!((text.as_bytes(), compression), (&plain[..], name));
        }
    }

    #[test]
    fn other_archives_are_named() {
        for (head, word) in [
            (&b"\xfd7zXZ\0\0\0"[..], "xz"),
            (b"BZh91AY&SY", "bzip2"),
            (b"PK\x03\x04....", "zip"),
        ] {
            let error = text_of(head.to_vec()).unwrap_err().to_string();
            assert!(
                error.contains(word) && error.contains("unpack it first"),
                "{error}"
            );
        }
    }

    #[test]
    fn peek_does_not_consume() {
        let mut source = Source::unpack(
            "x".into(),
            Box::new(io::Cursor::new(b"one\ntwo\n".to_vec())),
        )
        .unwrap();
        assert_eq!(source.peek().unwrap(), b"one\ntwo\n");
        let mut text = String::new();
        source.reader.read_to_string(&mut text).unwrap();
        assert_eq!(text, "one\ntwo\n");
    }
}
