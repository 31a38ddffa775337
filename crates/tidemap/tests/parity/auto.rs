//! Auto traits, yes and no: for every type and every awkward parameter the answer is std's.

use std::cell::Cell;
use std::marker::{PhantomData, PhantomPinned};
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::rc::Rc;
use std::sync::MutexGuard;

/// Found out without a compile error: the inherent constant wins where its bound holds.
macro_rules! probes {
    ($($probe:ident $trait:ident),*) => {$(
        struct $probe<T>(PhantomData<T>);
        #[allow(dead_code)]
        impl<T: $trait> $probe<T> {
            const YES: bool = true;
        }
        impl<T> No for $probe<T> {}
    )*};
}

trait No {
    const YES: bool = false;
}

probes!(IsSend Send, IsSync Sync, IsUnpin Unpin, IsUnwind UnwindSafe, IsRefUnwind RefUnwindSafe);

macro_rules! answers {
    ($kind:ty) => {
        [
            <IsSend<$kind>>::YES,
            <IsSync<$kind>>::YES,
            <IsUnpin<$kind>>::YES,
            <IsUnwind<$kind>>::YES,
            <IsRefUnwind<$kind>>::YES,
        ]
    };
}

macro_rules! same {
    ($seen:ident, $module:ident: $($kind:ident [$($arguments:tt)*])*) => {$(
        {
            let expected = answers!(std::collections::$module::$kind<$($arguments)*>);
            let answer = answers!(tidemap::$module::$kind<$($arguments)*>);
            let name = stringify!($module::$kind<$($arguments)*>);
            if answer != expected {
                $seen.1.push(format!("{name}: {answer:?}, std's: {expected:?}"));
            }
            $seen.0.extend(expected.into_iter().enumerate());
        }
    )*};
}

macro_rules! for_parameter {
    ($seen:ident, $($param:ty),*) => {$(
        same!($seen, hash_map:
            HashMap[$param, u8] HashMap[u8, $param]
            Iter['static, $param, u8] Iter['static, u8, $param]
            IterMut['static, $param, u8] IterMut['static, u8, $param]
            IntoIter[$param, u8] IntoIter[u8, $param]
            Keys['static, $param, u8] Keys['static, u8, $param]
            Values['static, $param, u8] Values['static, u8, $param]
            ValuesMut['static, $param, u8] ValuesMut['static, u8, $param]
            IntoKeys[$param, u8] IntoKeys[u8, $param]
            IntoValues[$param, u8] IntoValues[u8, $param]
            Drain['static, $param, u8] Drain['static, u8, $param]
            Entry['static, $param, u8] Entry['static, u8, $param]
            OccupiedEntry['static, $param, u8] OccupiedEntry['static, u8, $param]
            VacantEntry['static, $param, u8] VacantEntry['static, u8, $param]);
        same!($seen, hash_set:
            HashSet[$param] Iter['static, $param] IntoIter[$param] Drain['static, $param]
            Union['static, $param, ()] Intersection['static, $param, ()]
            Difference['static, $param, ()] SymmetricDifference['static, $param, ()]);
    )*};
}

#[test]
fn auto_traits_are_std_s() {
    let mut seen = (std::collections::BTreeSet::new(), Vec::new());
    for_parameter!(
        seen,
        u8,
        Rc<u8>,
        Cell<u8>,
        MutexGuard<'static, u8>,
        &'static mut u8,
        PhantomPinned
    );
    let (answers, differences) = seen;
    assert!(
        differences.is_empty(),
        "Send, Sync, Unpin, UnwindSafe, RefUnwindSafe:\n{}",
        differences.join("\n")
    );
    assert_eq!(
        answers.len(),
        10,
        "each trait was there and missing: {answers:?}"
    );
}
