//! Segment runs: zero, stable, counted.

use ::alloc::vec::Vec;

use super::*;

#[test]
fn segments_are_zero_and_never_move() {
    let mut run = SegmentRun::new(Layout::new::<[u32; 16]>());
    let mut seen = Vec::new();
    for index in 0..100usize {
        run.push().unwrap();
        // SAFETY: just pushed.
        let segment = unsafe { run.segment(index) };
        // SAFETY: a segment holds 16 words.
        unsafe {
            assert_eq!(segment.cast::<[u32; 16]>().read(), [0; 16]);
            segment.cast::<u32>().write(index as u32);
        }
        seen.push(segment);
    }
    for (index, &segment) in seen.iter().enumerate() {
        // SAFETY: all 100 are live.
        unsafe {
            assert_eq!(run.segment(index), segment);
            assert_eq!(segment.cast::<u32>().read(), index as u32);
        }
    }
    assert_eq!(run.bytes(), 100 * 64 + 127 * size_of::<usize>());
    run.pop();
    assert_eq!(run.len(), 99);
    // Directory levels go with their last segment, and come back.
    while run.len() > 3 {
        run.pop();
    }
    assert_eq!(run.bytes(), 3 * 64 + 3 * size_of::<usize>());
    run.push().unwrap();
    assert_eq!(run.bytes(), 4 * 64 + 7 * size_of::<usize>());
    while !run.is_empty() {
        run.pop();
    }
    assert_eq!(run.bytes(), 0);
    run.pop();
    run.push().unwrap();
}

#[test]
#[cfg_attr(miri, ignore = "Miri ends a program that asks for all memory")]
fn an_impossible_segment_is_an_error() {
    let layout = Layout::from_size_align(isize::MAX as usize - 64, 8).unwrap();
    let mut run = SegmentRun::new(layout);
    assert!(matches!(run.push(), Err(ReserveError::Refused { .. })));
    assert!(run.is_empty());
}
