//! Reading numbers, strings and slices of the target, every length checked.

use crate::target::{Fault, Target};

/// Bytes that one read takes at most.
pub const READ_BYTES_MAX: u64 = 256 << 20;
/// First address that is no user address on x86-64.
pub const ADDRESS_END: u64 = 1 << 47;

/// A target with typed reads.
#[derive(Clone, Copy)]
pub struct Memory<'t> {
    /// The target.
    pub target: &'t dyn Target,
}

impl<'t> Memory<'t> {
    /// Wraps a target.
    pub fn new(target: &'t dyn Target) -> Self {
        Memory { target }
    }

    /// Reads `bytes` bytes; more than [`READ_BYTES_MAX`] is a fault.
    pub fn bytes(&self, address: u64, bytes: u64) -> Result<Vec<u8>, Fault> {
        if bytes > READ_BYTES_MAX || address.checked_add(bytes).is_none() {
            return Err(Fault::NoMemory(address));
        }
        let mut buffer = vec![0; bytes as usize];
        self.target.read(address, &mut buffer)?;
        Ok(buffer)
    }

    /// Reads a word.
    pub fn u64(&self, address: u64) -> Result<u64, Fault> {
        let mut buffer = [0; 8];
        self.target.read(address, &mut buffer)?;
        Ok(u64::from_le_bytes(buffer))
    }

    /// Reads pieces of one size; `None` for those that cannot be read.
    pub fn many(&self, addresses: &[u64], bytes: usize) -> Result<Vec<Option<Vec<u8>>>, Fault> {
        let mut out = Vec::with_capacity(addresses.len());
        for part in addresses.chunks(1024) {
            let mut buffers: Vec<Vec<u8>> = part.iter().map(|_| vec![0; bytes]).collect();
            let mut pieces: Vec<(u64, &mut [u8])> = part
                .iter()
                .copied()
                .zip(buffers.iter_mut().map(Vec::as_mut_slice))
                .collect();
            let done = self.target.read_many(&mut pieces)?;
            out.extend(
                buffers
                    .into_iter()
                    .zip(done)
                    .map(|(buffer, done)| done.then_some(buffer)),
            );
        }
        Ok(out)
    }
}

/// The little-endian word at an offset; 0 behind the end.
pub fn word(bytes: &[u8], at: usize) -> u64 {
    number(bytes, at, 8)
}

/// A little-endian number of up to eight bytes; 0 behind the end.
pub fn number(bytes: &[u8], at: usize, len: usize) -> u64 {
    let Some(part) = at.checked_add(len).and_then(|end| bytes.get(at..end)) else {
        return 0;
    };
    part.iter()
        .take(8)
        .rev()
        .fold(0, |value, &byte| value << 8 | u64::from(byte))
}

/// A field of a structure that was read whole.
pub fn field(bytes: &[u8], field: crate::layout::Field) -> u64 {
    number(bytes, field.offset as usize, field.bytes as usize)
}
