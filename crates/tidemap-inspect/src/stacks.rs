//! Goroutines and their stacks, found in the heap itself: no symbol is needed.
//!
//! A goroutine is an object of the right size class whose first two words
//! bound a piece of stack memory that its saved stack pointer points into.

use crate::error::Result;
use crate::heap::{Heap, Use};
use crate::layout::Layout;
use crate::memory::{Memory, field};
use crate::module::Module;
use crate::sizes::Sizes;

/// Goroutines at most.
const GOROUTINES_MAX: usize = 4 << 20;
/// Bytes of one stack at most (Go's own limit is 1 GB).
const STACK_BYTES_MAX: u64 = 1 << 30;
/// Frames that are walked to name one.
const FRAMES_MAX: usize = 256;

/// A goroutine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Goroutine {
    /// Its number.
    pub id: u64,
    /// Lowest address of its stack.
    pub low: u64,
    /// End of its stack.
    pub high: u64,
    /// Stack pointer and program counter when it was last parked; 0 while it runs.
    pub parked: (u64, u64),
    /// First address of its function.
    pub start_pc: u64,
}

impl Goroutine {
    /// The used part of its stack.
    pub fn used(&self) -> (u64, u64) {
        (
            if self.parked.0 == 0 {
                self.low
            } else {
                self.parked.0
            },
            self.high,
        )
    }

    /// Name of the function whose frame holds `slot`, or else of the first function.
    pub fn function(&self, memory: Memory<'_>, module: &Module, slot: u64) -> Option<String> {
        let (mut sp, mut pc) = self.parked;
        for _ in 0..FRAMES_MAX {
            let (Some(index), Some(bytes)) =
                (module.function_at(pc), module.frame_bytes(memory, pc))
            else {
                break;
            };
            let Some(ret) = sp.checked_add(bytes).filter(|&ret| ret < self.high) else {
                break;
            };
            if slot < ret + 8 {
                return module.function_name(memory, index);
            }
            let Ok(next) = memory.u64(ret) else {
                break;
            };
            // Look inside the call, not behind it.
            pc = next.wrapping_sub(1);
            sp = ret + 8;
        }
        module.function_name(memory, module.function_at(self.start_pc)?)
    }
}

/// All goroutines that are not dead.
///
/// # Errors
/// [`crate::Error::Layout`].
pub fn goroutines(
    memory: Memory<'_>,
    heap: &Heap,
    layout: &Layout,
    sizes: Sizes,
) -> Result<Vec<Goroutine>> {
    let bytes = layout.size("g")?;
    let slot = sizes.slot(bytes, false);
    let f = |names: &[&str]| layout.field("g", names);
    let (low, high) = (f(&["stack.lo"])?, f(&["stack.hi"])?);
    let (sp, pc) = (f(&["sched.sp"])?, f(&["sched.pc"])?);
    let (call_sp, call_pc) = (f(&["syscallsp"])?, f(&["syscallpc"])?);
    let status = f(&["atomicstatus.value", "atomicstatus"])?;
    let (id, start) = (f(&["goid"])?, f(&["startpc"])?);
    let dead = layout.constant(&["_Gdead"]).unwrap_or(6);
    let running = layout.constant(&["_Grunning"]).unwrap_or(2);
    let scan = layout.constant(&["_Gscan"]).unwrap_or(0x1000);
    let mut found = Vec::new();
    for span in &heap.spans {
        if span.used_for != Use::Heap || span.noscan || span.elem_bytes != slot || span.large {
            continue;
        }
        let Ok(content) = memory.bytes(span.base, span.bytes) else {
            continue;
        };
        for index in span.live() {
            let at = (u64::from(index) * slot) as usize;
            let Some(g) = content.get(at..at + bytes as usize) else {
                continue;
            };
            let (lo, hi) = (field(g, low), field(g, high));
            let inside = hi > lo
                && hi - lo <= STACK_BYTES_MAX
                && heap.span_at(lo).is_some_and(|s| {
                    let stack = &heap.spans[s];
                    stack.used_for == Use::Manual && hi <= stack.base + stack.bytes
                });
            let state = field(g, status) & !scan;
            if !inside || state == dead || state == 0 || state > 16 {
                continue;
            }
            let in_stack = |address: u64| (lo..hi).contains(&address);
            let parked = match (field(g, call_sp), field(g, sp)) {
                (call, _) if in_stack(call) => (call, field(g, call_pc)),
                (_, sp) if state != running && in_stack(sp) => (sp, field(g, pc)),
                _ => (0, 0),
            };
            found.push(Goroutine {
                id: field(g, id),
                low: lo,
                high: hi,
                parked,
                start_pc: field(g, start),
            });
            if found.len() >= GOROUTINES_MAX {
                return Ok(found);
            }
        }
    }
    found.sort_by_key(|g| g.low);
    found.dedup_by_key(|g| g.low);
    Ok(found)
}
