//! Facts that hold at compile time: threads, variance, sizes.

use std::rc::Rc;

use tidemap::{Drain, HashMap, HashSet, IntoIter, Iter, IterMut};

fn send<T: Send>() {}
fn sync<T: Sync>() {}

#[test]
fn small_maps_cross_threads_when_their_parts_do() {
    send::<HashMap<String, Vec<u8>>>();
    sync::<HashMap<String, Vec<u8>>>();
    send::<HashSet<String>>();
    send::<Iter<'_, String, u8>>();
    send::<IterMut<'_, String, u8>>();
    send::<IntoIter<String, u8>>();
    send::<Drain<'_, String, u8>>();
    sync::<Drain<'_, String, u8>>();
    // A value that may move but not be shared.
    send::<HashMap<u8, std::cell::Cell<u8>>>();
    send::<IterMut<'_, u8, std::cell::Cell<u8>>>();
}

/// Whether `T` is `Send` or `Sync`, found out without a compile error: the inherent
/// constant wins where its bound holds.
struct Is<T>(std::marker::PhantomData<T>);
trait Not {
    const SEND: bool = false;
    const SYNC: bool = false;
}
impl<T> Not for Is<T> {}
impl<T: Send> Is<T> {
    const SEND: bool = true;
}
struct IsSync<T>(std::marker::PhantomData<T>);
impl<T> Not for IsSync<T> {}
impl<T: Sync> IsSync<T> {
    const SYNC: bool = true;
}

#[test]
fn small_maps_stay_in_their_thread_when_a_part_must() {
    type Cell = std::cell::Cell<u8>;
    const {
        assert!(Is::<HashMap<u8, u8>>::SEND && IsSync::<HashMap<u8, u8>>::SYNC);
        assert!(!Is::<HashMap<Rc<u8>, u8>>::SEND);
        assert!(!Is::<HashMap<u8, Rc<u8>>>::SEND);
        assert!(!IsSync::<HashMap<u8, Cell>>::SYNC);
        assert!(!Is::<Iter<'static, u8, Cell>>::SEND);
        assert!(!IsSync::<IterMut<'static, u8, Cell>>::SYNC);
        assert!(!Is::<IntoIter<Rc<u8>, u8>>::SEND);
        assert!(!Is::<Drain<'static, u8, Rc<u8>>>::SEND);
        assert!(!Is::<tidemap::OccupiedEntry<'static, u8, Rc<u8>>>::SEND);
        assert!(!Is::<tidemap::VacantEntry<'static, u8, Rc<u8>>>::SEND);
    }
}

/// Compiles only if maps are covariant in keys and values, as std's are.
fn shorten<'a>(
    map: HashMap<&'static str, &'static str>,
    _life: &'a str,
) -> HashMap<&'a str, &'a str> {
    map
}

#[test]
fn small_maps_are_covariant() {
    let owned = String::from("here");
    let mut map = shorten(HashMap::from([("a", "b")]), &owned);
    map.insert(&owned, &owned);
    assert_eq!(map.len(), 2);
}

#[test]
fn small_a_map_is_a_few_words() {
    assert!(size_of::<HashMap<u64, u64>>() <= 120);
    // The table has a null pointer to offer, or not: no promise, but no growth either.
    assert!(size_of::<Option<HashMap<u64, u64>>>() <= 120);
}
