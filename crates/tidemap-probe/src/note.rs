//! How other processes find the registry: a symbol, and a note in the executable.
//!
//! The note is an ELF note of owner [`NOTE_OWNER`](crate::layout::NOTE_OWNER) whose content is the
//! distance from itself to the registry, so it needs no relocation and survives `strip`.

#![expect(
    unsafe_code,
    reason = "an exported symbol and a note are link-time matters"
)]

use crate::layout::{BYTE_ORDER, MAGIC, VERSION};
use crate::registry::{Census, ROWS, ROWS_MAX};
use crate::row::{Row, WORDS};

/// The head of the registry. The rows lie elsewhere, in memory that is zero until used.
#[repr(C)]
pub(crate) struct Registry {
    magic: [u8; 16],
    byte_order: u64,
    version: u32,
    header_bytes: u32,
    row_bytes: u32,
    /// Rows of single maps; one more follows, which is shared.
    rows_max: u32,
    rows: &'static [Row; ROWS_MAX + 1],
    pub(crate) census: Census,
}

/// What debuggers and `tidemap list` look for.
// SAFETY: no other symbol of the program has this name, which begins with the project's.
#[unsafe(no_mangle)]
pub(crate) static TIDEMAP_REGISTRY: Registry = Registry {
    magic: MAGIC,
    byte_order: BYTE_ORDER,
    version: VERSION,
    header_bytes: size_of::<Registry>() as u32,
    row_bytes: (WORDS * 8) as u32,
    rows_max: ROWS_MAX as u32,
    rows: &ROWS,
    census: Census::new(),
};

const _: () = assert!(
    size_of::<usize>() != 8 || size_of::<Registry>() == crate::layout::HEAD_BYTES,
    "the head is as long as readers expect"
);

// A note is data: it runs nothing and changes no section but its own. Alignment, name and type are those of the
// ELF standard; the distance is computed by the linker.
#[cfg(all(
    any(target_os = "linux", target_os = "android", target_os = "freebsd"),
    target_pointer_width = "64"
))]
core::arch::global_asm!(
    ".pushsection .note.tidemap, \"a\", %note",
    ".balign 4",
    ".4byte 2f - 1f",
    ".4byte 4f - 3f",
    ".4byte {kind}",
    "1: .asciz \"tidemap\"",
    "2: .balign 4",
    "3: .8byte {registry} - .",
    ".4byte {version}",
    ".4byte 0",
    "4: .balign 4",
    ".popsection",
    kind = const crate::layout::NOTE_TYPE,
    version = const VERSION,
    registry = sym TIDEMAP_REGISTRY,
);
