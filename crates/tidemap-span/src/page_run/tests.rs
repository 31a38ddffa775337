//! Page runs: zero, lazy, two planes, given back from both ends.

use super::*;
use crate::PAGE_RUNS;

#[test]
fn fresh_memory_is_zero_and_lazy() {
    if !PAGE_RUNS {
        assert_eq!(
            PageRun::reserve([1, 1], 1).unwrap_err(),
            ReserveError::Unsupported
        );
        return;
    }
    let mut run = PageRun::reserve([1, 4 << 30], 64).unwrap();
    run.commit([0, 64 << 20]).unwrap();
    let base = run.base(1).as_ptr();
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
    let mut run = PageRun::reserve([bytes, 2 * bytes], 64).unwrap();
    run.commit([0, bytes]).unwrap();
    let base = run.base(1).as_ptr();
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
            let step = run.release_prefix(1, half);
            assert!(step <= RELEASE_STEP_BYTES);
            if step == 0 {
                break;
            }
            steps += 1;
        }
        assert_eq!(steps, 2);
        assert_eq!(run.released_bytes(1), half);
        assert_eq!(base.add(half).read(), 1);
        assert_eq!(run.release_prefix(1, half), 0);
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
        let goes = run.decommittable_bytes(1, keep);
        assert!(goes > bytes / 2 && goes < bytes / 2 + 5_000);
        let (mut steps, mut gone) = (0, 0);
        loop {
            let step = run.decommit_suffix(1, keep);
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
        run.commit([0, bytes]).unwrap();
        for at in [bytes - goes, bytes - goes + 4096, bytes - 1] {
            assert_eq!(base.add(at).read(), 0, "byte {at} of {bytes}");
            base.add(at).write(2);
        }
        // Both ends of one run.
        assert!(run.release_prefix(1, RELEASE_STEP_BYTES) > 0);
        while run.decommit_suffix(1, 0) > 0 {}
        assert_eq!(run.decommittable_bytes(1, 0), 0);
        assert_eq!(run.released_bytes(1), RELEASE_STEP_BYTES);
    }
}

#[test]
fn alignment_beyond_a_page_is_honoured() {
    if !PAGE_RUNS {
        return;
    }
    for align in [1usize, 64, 4096, 1 << 16, 1 << 21] {
        for touch in [false, true] {
            let mut run = PageRun::reserve([5_000, 3 * RELEASE_STEP_BYTES], align).unwrap();
            for plane in 0..2 {
                assert_eq!(run.base(plane).as_ptr() as usize % align, 0);
            }
            if touch {
                run.commit([1, RELEASE_STEP_BYTES]).unwrap();
                // SAFETY: committed above.
                unsafe { run.base(1).as_ptr().write(1) };
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
        PageRun::reserve([1, usize::MAX], 8),
        Err(ReserveError::TooLarge { .. })
    ));
    assert!(PageRun::reserve([RESERVED_BYTES_MAX, 1], 8).is_err());
    let mut run = PageRun::reserve([1 << 20, 1 << 20], 8).unwrap();
    assert!(matches!(
        run.commit([1 << 21, 0]),
        Err(ReserveError::TooLarge { .. })
    ));
}

#[test]
fn planes_do_not_know_of_each_other() {
    if !PAGE_RUNS {
        return;
    }
    let step = RELEASE_STEP_BYTES;
    let mut run = PageRun::reserve([2 * step, 2 * step], 64).unwrap();
    run.commit([step, step]).unwrap();
    let [heads, slots] = [0, 1].map(|plane| run.base(plane).as_ptr());
    // SAFETY: committed above; what is released or decommitted is not read any more.
    unsafe {
        heads.write_bytes(1, step);
        slots.write_bytes(2, step);
        assert_eq!(run.decommit_suffix(0, 0), step);
        assert_eq!(slots.read(), 2);
        run.commit([step, 0]).unwrap();
        assert_eq!(heads.add(step - 1).read(), 0);
        heads.write(3);
        assert_eq!(run.release_prefix(1, step), step);
        assert_eq!((heads.read(), run.released_bytes(0)), (3, 0));
    }
}
