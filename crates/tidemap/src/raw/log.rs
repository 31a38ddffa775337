//! The log of growths: a fixed number of records, in memory of the map's own allocator.

use core::alloc::Layout;
use core::ptr::{self, NonNull};

use crate::alloc::Allocator;
use crate::stats::Growth;

/// How many growths a table remembers.
const RECORDS_MAX: usize = 64;

/// Room of a new log, in records: a map that grew once or twice should not hold kilobytes of them.
const RECORDS_FIRST: usize = 2;

/// The last [`RECORDS_MAX`] growths, oldest first. Allocates with the first record, and twice as much
/// whenever it is full, up to the limit.
pub(crate) struct Log<A: Allocator> {
    records: NonNull<Growth>,
    len: usize,
    room: usize,
    alloc: A,
}

/// The memory of a log with room for so many records.
fn layout(room: usize) -> Layout {
    debug_assert!(room <= RECORDS_MAX, "more records than are ever kept");
    Layout::array::<Growth>(room).unwrap_or(Layout::new::<Growth>()) // never: at most 64
}

impl<A: Allocator> Log<A> {
    pub(crate) const fn new(alloc: A) -> Log<A> {
        Log {
            records: NonNull::dangling(),
            len: 0,
            room: 0,
            alloc,
        }
    }

    /// Adds a record; the oldest makes way. When memory is refused the log keeps the room it has, and
    /// without any forgets the record: one lost is no reason to fail. At most two allocator calls.
    pub(crate) fn push(&mut self, growth: Growth) {
        if self.len == self.room && self.room < RECORDS_MAX {
            self.grow();
        }
        if self.room == 0 {
            return;
        }
        // SAFETY: the memory holds `room` records, the first `len` of them written.
        unsafe {
            let records = self.records.as_ptr();
            if self.len == self.room {
                ptr::copy(records.add(1), records, self.room - 1);
                self.len -= 1;
            }
            records.add(self.len).write(growth);
        }
        self.len += 1;
    }

    /// Twice the room, if memory is granted.
    fn grow(&mut self) {
        let room = (2 * self.room).clamp(RECORDS_FIRST, RECORDS_MAX);
        let Ok(memory) = self.alloc.allocate(layout(room)) else {
            return;
        };
        let memory = memory.cast::<Growth>();
        // SAFETY: `len` records are written, and the fresh memory has room for more.
        unsafe { memory.copy_from_nonoverlapping(self.records, self.len) };
        self.free();
        (self.records, self.room) = (memory, room);
    }

    fn free(&mut self) {
        if self.room > 0 {
            // SAFETY: allocated with this layout; records need no dropping.
            unsafe {
                self.alloc
                    .deallocate(self.records.cast(), layout(self.room))
            };
        }
    }

    pub(crate) fn records(&self) -> &[Growth] {
        // SAFETY: the first `len` records are written; dangling is fine for none.
        unsafe { core::slice::from_raw_parts(self.records.as_ptr(), self.len) }
    }

    /// Bytes of memory.
    pub(crate) fn bytes(&self) -> usize {
        layout(self.room).size()
    }
}

impl<A: Allocator> Drop for Log<A> {
    fn drop(&mut self) {
        self.free();
    }
}
