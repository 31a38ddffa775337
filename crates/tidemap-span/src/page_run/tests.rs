//! Page runs: zero, lazy, released from the front.

use super::*;
use crate::PAGE_RUNS;

#[test]
fn fresh_memory_is_zero_and_lazy() {
    if !PAGE_RUNS {
        assert_eq!(
            PageRun::reserve(1, 1).unwrap_err(),
            ReserveError::Unsupported
        );
        return;
    }
    let mut run = PageRun::reserve(4 << 30, 64).unwrap();
    run.commit(64 << 20).unwrap();
    let base = run.base().as_ptr();
    // SAFETY: committed above.
    unsafe {
        assert_eq!(base.add((64 << 20) - 1).read(), 0);
        base.add(12_345).write(9);
        assert_eq!(base.add(12_345).read(), 9);
    }
}

/// A run with four release steps of committed memory, where it begins, and how much that is.
fn four_steps() -> (PageRun, *mut u8, usize) {
    let bytes = 4 * RELEASE_STEP_BYTES;
    let mut run = PageRun::reserve(2 * bytes, 64).unwrap();
    run.commit(bytes).unwrap();
    let base = run.base().as_ptr();
    (run, base, bytes)
}

#[test]
fn a_prefix_goes_in_bounded_steps_and_the_rest_stays() {
    if !PAGE_RUNS {
        return;
    }
    let (mut run, base, bytes) = four_steps();
    // SAFETY: committed above; nothing below `half` is used after its release.
    unsafe {
        base.write_bytes(1, bytes);
        let half = bytes / 2;
        let mut steps = 0;
        loop {
            let step = run.release_prefix(half);
            assert!(step <= RELEASE_STEP_BYTES);
            if step == 0 {
                break;
            }
            steps += 1;
        }
        assert_eq!(steps, 2);
        assert_eq!(run.released_bytes(), half);
        assert_eq!(base.add(half).read(), 1);
        assert_eq!(run.release_prefix(half), 0);
    }
}

#[test]
fn a_suffix_goes_in_bounded_steps_and_comes_back_as_zeros() {
    if !PAGE_RUNS {
        return;
    }
    let (mut run, base, bytes) = four_steps();
    // SAFETY: committed above and again below.
    unsafe {
        base.write_bytes(1, bytes);
        let keep = bytes / 2 - 5_000;
        // A page that is kept in part is kept.
        let goes = run.decommittable_bytes(keep);
        assert!(goes > bytes / 2 && goes < bytes / 2 + 5_000);
        let (mut steps, mut gone) = (0, 0);
        loop {
            let step = run.decommit_suffix(keep);
            assert!(step <= RELEASE_STEP_BYTES);
            if step == 0 {
                break;
            }
            steps += 1;
            gone += step;
        }
        assert_eq!((steps, gone), (3, goes));
        assert_eq!(base.add(keep).read(), 1);
        assert_eq!(base.add(bytes - goes - 1).read(), 1);
        run.commit(bytes).unwrap();
        for at in [bytes - goes, bytes - goes + 4096, bytes - 1] {
            assert_eq!(base.add(at).read(), 0, "byte {at} of {bytes}");
            base.add(at).write(2);
        }
        // Both ends of one run.
        assert!(run.release_prefix(RELEASE_STEP_BYTES) > 0);
        while run.decommit_suffix(0) > 0 {}
        assert_eq!(run.decommittable_bytes(0), 0);
        assert_eq!(run.released_bytes(), RELEASE_STEP_BYTES);
    }
}

#[test]
fn alignment_beyond_a_page_is_honoured() {
    if !PAGE_RUNS {
        return;
    }
    for align in [1usize, 64, 4096, 1 << 16, 1 << 21] {
        for touch in [false, true] {
            let mut run = PageRun::reserve(3 * RELEASE_STEP_BYTES, align).unwrap();
            assert_eq!(run.base().as_ptr() as usize % align, 0);
            if touch {
                run.commit(RELEASE_STEP_BYTES).unwrap();
                // SAFETY: committed above.
                unsafe { run.base().as_ptr().write(1) };
            }
        }
    }
}

#[test]
fn impossible_requests_are_errors() {
    if !PAGE_RUNS {
        return;
    }
    assert!(matches!(
        PageRun::reserve(usize::MAX, 8),
        Err(ReserveError::TooLarge { .. })
    ));
    assert!(PageRun::reserve(RESERVED_BYTES_MAX + 1, 8).is_err());
    let mut run = PageRun::reserve(1 << 20, 8).unwrap();
    assert!(matches!(
        run.commit(1 << 21),
        Err(ReserveError::TooLarge { .. })
    ));
}
