//! A ledger of values: each is born once and dropped once. Values can be told
//! to panic at the n-th call of user code.

use std::cell::{Cell, RefCell};
use std::hash::{Hash, Hasher};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

thread_local! {
    /// Whether value number i is alive.
    static ALIVE: RefCell<Vec<bool>> = const { RefCell::new(Vec::new()) };
    /// Calls of user code until one panics; negative: none does.
    static FUSE: Cell<i64> = const { Cell::new(-1) };
    static DROPS_PANIC: Cell<bool> = const { Cell::new(false) };
}

/// The payload of a planned panic.
struct Planned;

/// A call of user code: panics if it is the chosen one.
pub(crate) fn tick() {
    let left = FUSE.get();
    if left >= 0 {
        FUSE.set(left - 1);
        if left == 0 {
            // No hook runs, so nothing is printed.
            resume_unwind(Box::new(Planned));
        }
    }
}

/// Runs `act` with a panic at user call number `at`; whether there was one.
pub(crate) fn with_panic_at(at: i64, act: impl FnOnce()) -> bool {
    run_with_panic(at, false, act)
}

/// As [`with_panic_at`], where dropping a value is a call of user code, too.
pub(crate) fn with_panic_at_or_in_drop(at: i64, act: impl FnOnce()) -> bool {
    run_with_panic(at, true, act)
}

fn run_with_panic(at: i64, in_drop: bool, act: impl FnOnce()) -> bool {
    FUSE.set(at);
    DROPS_PANIC.set(in_drop);
    let result = catch_unwind(AssertUnwindSafe(act));
    FUSE.set(-1);
    DROPS_PANIC.set(false);
    match result {
        Ok(()) => false,
        Err(payload) if payload.is::<Planned>() => true,
        Err(payload) => resume_unwind(payload),
    }
}

/// Values that were born and not dropped, in this thread.
pub(crate) fn alive() -> usize {
    ALIVE.with_borrow(|alive| alive.iter().filter(|&&alive| alive).count())
}

/// Forgets everything: the next test in this thread starts afresh.
pub(crate) fn reset() {
    ALIVE.with_borrow_mut(Vec::clear);
}

/// A value in the ledger that equals others of the same name.
#[derive(Debug)]
pub(crate) struct Entered<const PADDING: usize> {
    pub(crate) name: u64,
    number: usize,
    padding: [u8; PADDING],
}

impl<const PADDING: usize> Entered<PADDING> {
    pub(crate) fn new(name: u64) -> Self {
        let number = ALIVE.with_borrow_mut(|alive| {
            alive.push(true);
            alive.len() - 1
        });
        Entered {
            name,
            number,
            padding: [name as u8; PADDING],
        }
    }

    pub(crate) fn assert_alive(&self) {
        assert!(
            ALIVE.with_borrow(|alive| alive[self.number]),
            "value {} is used after its drop",
            self.number
        );
        assert!(self.padding.iter().all(|&byte| byte == self.name as u8));
    }
}

impl<const PADDING: usize> Drop for Entered<PADDING> {
    fn drop(&mut self) {
        self.assert_alive();
        ALIVE.with_borrow_mut(|alive| alive[self.number] = false);
        if DROPS_PANIC.get() {
            tick();
        }
    }
}

impl<const PADDING: usize> Clone for Entered<PADDING> {
    fn clone(&self) -> Self {
        self.assert_alive();
        tick();
        Entered::new(self.name)
    }
}

impl<const PADDING: usize> PartialEq for Entered<PADDING> {
    fn eq(&self, other: &Self) -> bool {
        self.assert_alive();
        other.assert_alive();
        tick();
        self.name == other.name
    }
}

impl<const PADDING: usize> Eq for Entered<PADDING> {}

impl<const PADDING: usize> Hash for Entered<PADDING> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.assert_alive();
        tick();
        self.name.hash(state);
    }
}
