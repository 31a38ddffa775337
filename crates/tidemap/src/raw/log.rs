//! The log of growths: a fixed number of records, in memory of the map's own allocator.

use core::alloc::Layout;
use core::ptr::{self, NonNull};

use crate::alloc::Allocator;
use crate::stats::Growth;

/// How many growths a table remembers.
const RECORDS_MAX: usize = 64;

/// The last [`RECORDS_MAX`] growths, oldest first. Allocates with the first record.
pub(crate) struct Log<A: Allocator> {
    records: Option<NonNull<Growth>>,
    len: usize,
    alloc: A,
}

const LAYOUT: Layout = Layout::new::<[Growth; RECORDS_MAX]>();

impl<A: Allocator> Log<A> {
    pub(crate) const fn new(alloc: A) -> Log<A> {
        Log {
            records: None,
            len: 0,
            alloc,
        }
    }

    /// Adds a record; the oldest makes way. Nothing happens if memory is refused: a
    /// record lost is no reason to fail.
    pub(crate) fn push(&mut self, growth: Growth) {
        let records = match self.records {
            Some(records) => records,
            None => {
                let Ok(memory) = self.alloc.allocate(LAYOUT) else {
                    return;
                };
                *self.records.insert(memory.cast())
            }
        };
        // SAFETY: the memory holds `RECORDS_MAX` records, the first `len` of them written.
        unsafe {
            if self.len == RECORDS_MAX {
                ptr::copy(records.add(1).as_ptr(), records.as_ptr(), RECORDS_MAX - 1);
                self.len -= 1;
            }
            records.add(self.len).write(growth);
        }
        self.len += 1;
    }

    pub(crate) fn records(&self) -> &[Growth] {
        match self.records {
            // SAFETY: the first `len` records are written.
            Some(records) => unsafe { core::slice::from_raw_parts(records.as_ptr(), self.len) },
            None => &[],
        }
    }

    /// Bytes of memory.
    pub(crate) fn bytes(&self) -> usize {
        self.records.map_or(0, |_| LAYOUT.size())
    }
}

impl<A: Allocator> Drop for Log<A> {
    fn drop(&mut self) {
        if let Some(records) = self.records {
            // SAFETY: allocated with this layout; records need no dropping.
            unsafe { self.alloc.deallocate(records.cast(), LAYOUT) };
        }
    }
}
