//! Made from std-1.95.txt by `UPDATE_GOLDEN=1 cargo test -p tidemap --test parity`.
#![allow(dead_code, unused_imports, clippy::all)]

use super::*;

mod hash_map_entry {
    use super::hash_map::*;
    use super::*;
    use super::RandomState;

    // 1.0.0, hash_map::Entry::or_insert
    fn m0<'a, K, V>(_: (&'a K, &'a V, )) {
        let _: fn(Entry<'a, K, V>, V) -> &'a mut V = <Entry<'a, K, V>>::or_insert;
    }

    // 1.0.0, hash_map::Entry::or_insert_with
    fn m1<'a, K, V, F: FnOnce() -> V>(_: (&'a K, &'a V, )) {
        let _: fn(Entry<'a, K, V>, F) -> &'a mut V = <Entry<'a, K, V>>::or_insert_with::<F>;
    }

    // 1.50.0, hash_map::Entry::or_insert_with_key
    fn m2<'a, K, V, F: FnOnce(&K) -> V>(_: (&'a K, &'a V, )) {
        let _: fn(Entry<'a, K, V>, F) -> &'a mut V = <Entry<'a, K, V>>::or_insert_with_key::<F>;
    }

    // 1.10.0, hash_map::Entry::key
    fn m3<'a, K, V>(_: (&'a K, &'a V, )) {
        let _: for<'s> fn(&'s Entry<'a, K, V>) -> &'s K = <Entry<'a, K, V>>::key;
    }

    // 1.26.0, hash_map::Entry::and_modify
    fn m4<'a, K, V, F>(_: (&'a K, &'a V, )) where F: FnOnce(&mut V) {
        let _: fn(Entry<'a, K, V>, F) -> Entry<'a, K, V> = <Entry<'a, K, V>>::and_modify::<F>;
    }

    // 1.83.0, hash_map::Entry::insert_entry
    fn m5<'a, K, V>(_: (&'a K, &'a V, )) {
        let _: fn(Entry<'a, K, V>, V) -> OccupiedEntry<'a, K, V> = <Entry<'a, K, V>>::insert_entry;
    }

    // 1.28.0, hash_map::Entry::or_default
    fn m6<'a, K, V: Default>(_: (&'a K, &'a V, )) {
        let _: fn(Entry<'a, K, V>) -> &'a mut V = <Entry<'a, K, V>>::or_default;
    }

    // 1.12.0, hash_map::Entry: Debug for Entry<'_, K, V>
    fn i7<'x, K: Debug, V: Debug>(it: Entry<'x, K, V>, _: (&'x K, &'x V, )) -> impl Debug {
        it
    }

    // auto, hash_map::Entry: RefUnwindSafe for Entry<'a, K, V, A>
    fn i8<'a, K, V>(it: Entry<'a, K, V>, _: (&'a K, &'a V, )) -> impl RefUnwindSafe where K: RefUnwindSafe, V: RefUnwindSafe {
        it
    }

    // auto, hash_map::Entry: Send for Entry<'a, K, V, A>
    fn i9<'a, K, V>(it: Entry<'a, K, V>, _: (&'a K, &'a V, )) -> impl Send where K: Send, V: Send {
        it
    }

    // auto, hash_map::Entry: Sync for Entry<'a, K, V, A>
    fn i10<'a, K, V>(it: Entry<'a, K, V>, _: (&'a K, &'a V, )) -> impl Sync where K: Sync, V: Sync {
        it
    }

    // auto, hash_map::Entry: Unpin for Entry<'a, K, V, A>
    fn i11<'a, K, V>(it: Entry<'a, K, V>, _: (&'a K, &'a V, )) -> impl Unpin where K: Unpin {
        it
    }
}

mod hash_map_drain {
    use super::hash_map::*;
    use super::*;
    use super::RandomState;

    // 1.16.0, hash_map::Drain: Debug for Drain<'_, K, V, A>
    fn i22<'x, K, V>(it: Drain<'x, K, V>, _: (&'x K, &'x V, )) -> impl Debug where K: Debug, V: Debug {
        it
    }

    // 1.6.0, hash_map::Drain: ExactSizeIterator for Drain<'_, K, V, A>
    fn i23<'x, K, V>(it: Drain<'x, K, V>, _: (&'x K, &'x V, )) -> impl ExactSizeIterator {
        it
    }

    // 1.6.0, hash_map::Drain: Iterator for Drain<'a, K, V, A>
    fn i24<'a, K, V>(it: Drain<'a, K, V>, _: (&'a K, &'a V, )) -> impl Iterator {
        it
    }

    // 1.26.0, hash_map::Drain: FusedIterator for Drain<'_, K, V, A>
    fn i25<'x, K, V>(it: Drain<'x, K, V>, _: (&'x K, &'x V, )) -> impl FusedIterator {
        it
    }

    // auto, hash_map::Drain: RefUnwindSafe for Drain<'a, K, V, A>
    fn i26<'a, K, V>(it: Drain<'a, K, V>, _: (&'a K, &'a V, )) -> impl RefUnwindSafe where K: RefUnwindSafe, V: RefUnwindSafe {
        it
    }

    // auto, hash_map::Drain: Send for Drain<'a, K, V, A>
    fn i27<'a, K, V>(it: Drain<'a, K, V>, _: (&'a K, &'a V, )) -> impl Send where K: Send, V: Send {
        it
    }

    // auto, hash_map::Drain: Sync for Drain<'a, K, V, A>
    fn i28<'a, K, V>(it: Drain<'a, K, V>, _: (&'a K, &'a V, )) -> impl Sync where K: Sync, V: Sync {
        it
    }

    // auto, hash_map::Drain: Unpin for Drain<'a, K, V, A>
    fn i29<'a, K, V>(it: Drain<'a, K, V>, _: (&'a K, &'a V, )) -> impl Unpin {
        it
    }

    // auto, hash_map::Drain: UnwindSafe for Drain<'a, K, V, A>
    fn i30<'a, K, V>(it: Drain<'a, K, V>, _: (&'a K, &'a V, )) -> impl UnwindSafe where K: RefUnwindSafe, V: RefUnwindSafe {
        it
    }
}

mod hash_map_extractif {
    use super::hash_map::*;
    use super::*;
    use super::RandomState;

    // 1.88.0, hash_map::ExtractIf: Debug for ExtractIf<'_, K, V, F, A>
    fn i31<'x, K, V, F>(it: ExtractIf<'x, K, V, F>, _: (&'x K, &'x V, &'x F, )) -> impl Debug where K: Debug, V: Debug {
        it
    }

    // 1.88.0, hash_map::ExtractIf: Iterator for ExtractIf<'_, K, V, F, A>
    fn i32<'x, K, V, F>(it: ExtractIf<'x, K, V, F>, _: (&'x K, &'x V, &'x F, )) -> impl Iterator where F: FnMut(&K, &mut V) -> bool {
        it
    }

    // 1.88.0, hash_map::ExtractIf: FusedIterator for ExtractIf<'_, K, V, F, A>
    fn i33<'x, K, V, F>(it: ExtractIf<'x, K, V, F>, _: (&'x K, &'x V, &'x F, )) -> impl FusedIterator where F: FnMut(&K, &mut V) -> bool {
        it
    }

    // auto, hash_map::ExtractIf: RefUnwindSafe for ExtractIf<'a, K, V, F, A>
    fn i34<'a, K, V, F>(it: ExtractIf<'a, K, V, F>, _: (&'a K, &'a V, &'a F, )) -> impl RefUnwindSafe where F: RefUnwindSafe, K: RefUnwindSafe, V: RefUnwindSafe {
        it
    }

    // auto, hash_map::ExtractIf: Send for ExtractIf<'a, K, V, F, A>
    fn i35<'a, K, V, F>(it: ExtractIf<'a, K, V, F>, _: (&'a K, &'a V, &'a F, )) -> impl Send where F: Send, K: Send, V: Send {
        it
    }

    // auto, hash_map::ExtractIf: Sync for ExtractIf<'a, K, V, F, A>
    fn i36<'a, K, V, F>(it: ExtractIf<'a, K, V, F>, _: (&'a K, &'a V, &'a F, )) -> impl Sync where F: Sync, K: Sync, V: Sync {
        it
    }

    // auto, hash_map::ExtractIf: Unpin for ExtractIf<'a, K, V, F, A>
    fn i37<'a, K, V, F>(it: ExtractIf<'a, K, V, F>, _: (&'a K, &'a V, &'a F, )) -> impl Unpin where F: Unpin {
        it
    }
}

mod hash_map_hashmap {
    use super::hash_map::*;
    use super::*;
    use super::RandomState;

    // 1.0.0, hash_map::HashMap::new
    fn m38<K, V>(_: ()) {
        let _: fn() -> HashMap<K, V, RandomState> = <HashMap<K, V, RandomState>>::new;
    }

    // 1.0.0, hash_map::HashMap::with_capacity
    fn m39<K, V>(_: ()) {
        let _: fn(usize) -> HashMap<K, V, RandomState> = <HashMap<K, V, RandomState>>::with_capacity;
    }

    // 1.7.0, hash_map::HashMap::with_hasher
    fn m40<K, V, S>(_: ()) {
        let _: fn(S) -> HashMap<K, V, S> = <HashMap<K, V, S>>::with_hasher;
    }

    // 1.7.0, hash_map::HashMap::with_capacity_and_hasher
    fn m41<K, V, S>(_: ()) {
        let _: fn(usize, S) -> HashMap<K, V, S> = <HashMap<K, V, S>>::with_capacity_and_hasher;
    }

    // 1.0.0, hash_map::HashMap::capacity
    fn m42<K, V, S>(_: ()) {
        let _: for<'s> fn(&'s HashMap<K, V, S>) -> usize = <HashMap<K, V, S>>::capacity;
    }

    // 1.0.0, hash_map::HashMap::keys
    fn m43<K, V, S>(_: ()) {
        let _: for<'s> fn(&'s HashMap<K, V, S>) -> Keys<'s, K, V> = <HashMap<K, V, S>>::keys;
    }

    // 1.54.0, hash_map::HashMap::into_keys
    fn m44<K, V, S>(_: ()) {
        let _: fn(HashMap<K, V, S>) -> IntoKeys<K, V> = <HashMap<K, V, S>>::into_keys;
    }

    // 1.0.0, hash_map::HashMap::values
    fn m45<K, V, S>(_: ()) {
        let _: for<'s> fn(&'s HashMap<K, V, S>) -> Values<'s, K, V> = <HashMap<K, V, S>>::values;
    }

    // 1.10.0, hash_map::HashMap::values_mut
    fn m46<K, V, S>(_: ()) {
        let _: for<'s> fn(&'s mut HashMap<K, V, S>) -> ValuesMut<'s, K, V> = <HashMap<K, V, S>>::values_mut;
    }

    // 1.54.0, hash_map::HashMap::into_values
    fn m47<K, V, S>(_: ()) {
        let _: fn(HashMap<K, V, S>) -> IntoValues<K, V> = <HashMap<K, V, S>>::into_values;
    }

    // 1.0.0, hash_map::HashMap::iter
    fn m48<K, V, S>(_: ()) {
        let _: for<'s> fn(&'s HashMap<K, V, S>) -> Iter<'s, K, V> = <HashMap<K, V, S>>::iter;
    }

    // 1.0.0, hash_map::HashMap::iter_mut
    fn m49<K, V, S>(_: ()) {
        let _: for<'s> fn(&'s mut HashMap<K, V, S>) -> IterMut<'s, K, V> = <HashMap<K, V, S>>::iter_mut;
    }

    // 1.0.0, hash_map::HashMap::len
    fn m50<K, V, S>(_: ()) {
        let _: for<'s> fn(&'s HashMap<K, V, S>) -> usize = <HashMap<K, V, S>>::len;
    }

    // 1.0.0, hash_map::HashMap::is_empty
    fn m51<K, V, S>(_: ()) {
        let _: for<'s> fn(&'s HashMap<K, V, S>) -> bool = <HashMap<K, V, S>>::is_empty;
    }

    // 1.6.0, hash_map::HashMap::drain
    fn m52<K, V, S>(_: ()) {
        let _: for<'s> fn(&'s mut HashMap<K, V, S>) -> Drain<'s, K, V> = <HashMap<K, V, S>>::drain;
    }

    // 1.88.0, hash_map::HashMap::extract_if
    fn m53<K, V, S, F>(_: ()) where F: FnMut(&K, &mut V) -> bool {
        let _: for<'s> fn(&'s mut HashMap<K, V, S>, F) -> ExtractIf<'s, K, V, F> = <HashMap<K, V, S>>::extract_if::<F>;
    }

    // 1.18.0, hash_map::HashMap::retain
    fn m54<K, V, S, F>(_: ()) where F: FnMut(&K, &mut V) -> bool {
        let _: for<'s> fn(&'s mut HashMap<K, V, S>, F) = <HashMap<K, V, S>>::retain::<F>;
    }

    // 1.0.0, hash_map::HashMap::clear
    fn m55<K, V, S>(_: ()) {
        let _: for<'s> fn(&'s mut HashMap<K, V, S>) = <HashMap<K, V, S>>::clear;
    }

    // 1.9.0, hash_map::HashMap::hasher
    fn m56<K, V, S>(_: ()) {
        let _: for<'s> fn(&'s HashMap<K, V, S>) -> &'s S = <HashMap<K, V, S>>::hasher;
    }

    // 1.0.0, hash_map::HashMap::reserve
    fn m57<K, V, S>(_: ()) where K: Eq + Hash, S: BuildHasher {
        let _: for<'s> fn(&'s mut HashMap<K, V, S>, usize) = <HashMap<K, V, S>>::reserve;
    }

    // 1.57.0, hash_map::HashMap::try_reserve
    fn m58<K, V, S>(_: ()) where K: Eq + Hash, S: BuildHasher {
        let _: for<'s> fn(&'s mut HashMap<K, V, S>, usize) -> Result<(), TryReserveError> = <HashMap<K, V, S>>::try_reserve;
    }

    // 1.0.0, hash_map::HashMap::shrink_to_fit
    fn m59<K, V, S>(_: ()) where K: Eq + Hash, S: BuildHasher {
        let _: for<'s> fn(&'s mut HashMap<K, V, S>) = <HashMap<K, V, S>>::shrink_to_fit;
    }

    // 1.56.0, hash_map::HashMap::shrink_to
    fn m60<K, V, S>(_: ()) where K: Eq + Hash, S: BuildHasher {
        let _: for<'s> fn(&'s mut HashMap<K, V, S>, usize) = <HashMap<K, V, S>>::shrink_to;
    }

    // 1.0.0, hash_map::HashMap::entry
    fn m61<K, V, S>(_: ()) where K: Eq + Hash, S: BuildHasher {
        let _: for<'s> fn(&'s mut HashMap<K, V, S>, K) -> Entry<'s, K, V> = <HashMap<K, V, S>>::entry;
    }

    // 1.0.0, hash_map::HashMap::get
    fn m62<K, V, S, Q>(_: ()) where K: Eq + Hash, S: BuildHasher, K: Borrow<Q>, Q: Hash + Eq + ?Sized {
        let _: for<'s> fn(&'s HashMap<K, V, S>, &Q) -> Option<&'s V> = <HashMap<K, V, S>>::get::<Q>;
    }

    // 1.40.0, hash_map::HashMap::get_key_value
    fn m63<K, V, S, Q>(_: ()) where K: Eq + Hash, S: BuildHasher, K: Borrow<Q>, Q: Hash + Eq + ?Sized {
        let _: for<'s> fn(&'s HashMap<K, V, S>, &Q) -> Option<(&'s K, &'s V)> = <HashMap<K, V, S>>::get_key_value::<Q>;
    }

    // 1.86.0, hash_map::HashMap::get_disjoint_mut
    fn m64<K, V, S, Q, const N: usize>(_: ()) where K: Eq + Hash, S: BuildHasher, K: Borrow<Q>, Q: Hash + Eq + ?Sized {
        let _: for<'s> fn(&'s mut HashMap<K, V, S>, [&Q; N]) -> [Option<&'s mut V>; N] = <HashMap<K, V, S>>::get_disjoint_mut::<Q, N>;
    }

    // 1.86.0, hash_map::HashMap::get_disjoint_unchecked_mut
    fn m65<K, V, S, Q, const N: usize>(_: ()) where K: Eq + Hash, S: BuildHasher, K: Borrow<Q>, Q: Hash + Eq + ?Sized {
        let _: for<'s> unsafe fn(&'s mut HashMap<K, V, S>, [&Q; N]) -> [Option<&'s mut V>; N] = <HashMap<K, V, S>>::get_disjoint_unchecked_mut::<Q, N>;
    }

    // 1.0.0, hash_map::HashMap::contains_key
    fn m66<K, V, S, Q>(_: ()) where K: Eq + Hash, S: BuildHasher, K: Borrow<Q>, Q: Hash + Eq + ?Sized {
        let _: for<'s> fn(&'s HashMap<K, V, S>, &Q) -> bool = <HashMap<K, V, S>>::contains_key::<Q>;
    }

    // 1.0.0, hash_map::HashMap::get_mut
    fn m67<K, V, S, Q>(_: ()) where K: Eq + Hash, S: BuildHasher, K: Borrow<Q>, Q: Hash + Eq + ?Sized {
        let _: for<'s> fn(&'s mut HashMap<K, V, S>, &Q) -> Option<&'s mut V> = <HashMap<K, V, S>>::get_mut::<Q>;
    }

    // 1.0.0, hash_map::HashMap::insert
    fn m68<K, V, S>(_: ()) where K: Eq + Hash, S: BuildHasher {
        let _: for<'s> fn(&'s mut HashMap<K, V, S>, K, V) -> Option<V> = <HashMap<K, V, S>>::insert;
    }

    // 1.0.0, hash_map::HashMap::remove
    fn m69<K, V, S, Q>(_: ()) where K: Eq + Hash, S: BuildHasher, K: Borrow<Q>, Q: Hash + Eq + ?Sized {
        let _: for<'s> fn(&'s mut HashMap<K, V, S>, &Q) -> Option<V> = <HashMap<K, V, S>>::remove::<Q>;
    }

    // 1.27.0, hash_map::HashMap::remove_entry
    fn m70<K, V, S, Q>(_: ()) where K: Eq + Hash, S: BuildHasher, K: Borrow<Q>, Q: Hash + Eq + ?Sized {
        let _: for<'s> fn(&'s mut HashMap<K, V, S>, &Q) -> Option<(K, V)> = <HashMap<K, V, S>>::remove_entry::<Q>;
    }

    // 1.0.0, hash_map::HashMap: Clone for HashMap<K, V, S, A>
    fn i71<K, V, S>(it: HashMap<K, V, S>, _: ()) -> impl Clone where K: Clone, V: Clone, S: Clone {
        it
    }

    // 1.0.0, hash_map::HashMap: Debug for HashMap<K, V, S, A>
    fn i72<K, V, S>(it: HashMap<K, V, S>, _: ()) -> impl Debug where K: Debug, V: Debug {
        it
    }

    // 1.0.0, hash_map::HashMap: Default for HashMap<K, V, S>
    fn i73<K, V, S>(it: HashMap<K, V, S>, _: ()) -> impl Default where S: Default {
        it
    }

    // 1.4.0, hash_map::HashMap: Extend<(&'a K, &'a V)> for HashMap<K, V, S, A>
    fn i74<'a, K, V, S>(it: HashMap<K, V, S>, _: (&'a K, &'a V, &'a S, )) -> impl Extend<(&'a K, &'a V)> where K: Eq + Hash + Copy, V: Copy, S: BuildHasher {
        it
    }

    // 1.0.0, hash_map::HashMap: Extend<(K, V)> for HashMap<K, V, S, A>
    fn i75<K, V, S>(it: HashMap<K, V, S>, _: ()) -> impl Extend<(K, V)> where K: Eq + Hash, S: BuildHasher {
        it
    }

    // 1.56.0, hash_map::HashMap: From<[(K, V); N]> for HashMap<K, V, RandomState>
    fn i76<K, V, const N: usize>(it: HashMap<K, V, RandomState>, _: ()) -> impl From<[(K, V); N]> where K: Eq + Hash {
        it
    }

    // 1.0.0, hash_map::HashMap: FromIterator<(K, V)> for HashMap<K, V, S>
    fn i77<K, V, S>(it: HashMap<K, V, S>, _: ()) -> impl FromIterator<(K, V)> where K: Eq + Hash, S: BuildHasher + Default {
        it
    }

    // 1.0.0, hash_map::HashMap: Index<&Q> for HashMap<K, V, S, A>
    fn i78<'x, K, Q, V, S>(it: HashMap<K, V, S>, _: (&'x K, &'x Q, &'x V, &'x S, )) -> impl Index<&'x Q> where K: Eq + Hash + Borrow<Q>, Q: Eq + Hash + ?Sized, S: BuildHasher {
        it
    }

    // 1.0.0, hash_map::HashMap: IntoIterator for &'a HashMap<K, V, S, A>
    fn i79<'a, K, V, S>(it: &'a HashMap<K, V, S>, _: (&'a K, &'a V, &'a S, )) -> impl IntoIterator {
        it
    }

    // 1.0.0, hash_map::HashMap: IntoIterator for &'a mut HashMap<K, V, S, A>
    fn i80<'a, K, V, S>(it: &'a mut HashMap<K, V, S>, _: (&'a K, &'a V, &'a S, )) -> impl IntoIterator {
        it
    }

    // 1.0.0, hash_map::HashMap: IntoIterator for HashMap<K, V, S, A>
    fn i81<K, V, S>(it: HashMap<K, V, S>, _: ()) -> impl IntoIterator {
        it
    }

    // 1.0.0, hash_map::HashMap: PartialEq for HashMap<K, V, S, A>
    fn i82<K, V, S>(it: HashMap<K, V, S>, _: ()) -> impl PartialEq<HashMap<K, V, S>> where K: Eq + Hash, V: PartialEq, S: BuildHasher {
        it
    }

    // 1.0.0, hash_map::HashMap: Eq for HashMap<K, V, S, A>
    fn i83<K, V, S>(it: HashMap<K, V, S>, _: ()) -> impl Eq where K: Eq + Hash, V: Eq, S: BuildHasher {
        it
    }

    // 1.36.0, hash_map::HashMap: UnwindSafe for HashMap<K, V, S>
    fn i84<K, V, S>(it: HashMap<K, V, S>, _: ()) -> impl UnwindSafe where K: UnwindSafe, V: UnwindSafe, S: UnwindSafe {
        it
    }

    // auto, hash_map::HashMap: RefUnwindSafe for HashMap<K, V, S, A>
    fn i85<K, V, S>(it: HashMap<K, V, S>, _: ()) -> impl RefUnwindSafe where S: RefUnwindSafe, K: RefUnwindSafe, V: RefUnwindSafe {
        it
    }

    // auto, hash_map::HashMap: Send for HashMap<K, V, S, A>
    fn i86<K, V, S>(it: HashMap<K, V, S>, _: ()) -> impl Send where S: Send, K: Send, V: Send {
        it
    }

    // auto, hash_map::HashMap: Sync for HashMap<K, V, S, A>
    fn i87<K, V, S>(it: HashMap<K, V, S>, _: ()) -> impl Sync where S: Sync, K: Sync, V: Sync {
        it
    }

    // auto, hash_map::HashMap: Unpin for HashMap<K, V, S, A>
    fn i88<K, V, S>(it: HashMap<K, V, S>, _: ()) -> impl Unpin where S: Unpin, K: Unpin, V: Unpin {
        it
    }
}

mod hash_map_intoiter {
    use super::hash_map::*;
    use super::*;
    use super::RandomState;

    // 1.16.0, hash_map::IntoIter: Debug for IntoIter<K, V, A>
    fn i89<K: Debug, V: Debug>(it: IntoIter<K, V>, _: ()) -> impl Debug {
        it
    }

    // 1.83.0, hash_map::IntoIter: Default for IntoIter<K, V>
    fn i90<K, V>(it: IntoIter<K, V>, _: ()) -> impl Default {
        it
    }

    // 1.0.0, hash_map::IntoIter: ExactSizeIterator for IntoIter<K, V, A>
    fn i91<K, V>(it: IntoIter<K, V>, _: ()) -> impl ExactSizeIterator {
        it
    }

    // 1.0.0, hash_map::IntoIter: Iterator for IntoIter<K, V, A>
    fn i92<K, V>(it: IntoIter<K, V>, _: ()) -> impl Iterator {
        it
    }

    // 1.26.0, hash_map::IntoIter: FusedIterator for IntoIter<K, V, A>
    fn i93<K, V>(it: IntoIter<K, V>, _: ()) -> impl FusedIterator {
        it
    }

    // auto, hash_map::IntoIter: RefUnwindSafe for IntoIter<K, V, A>
    fn i94<K, V>(it: IntoIter<K, V>, _: ()) -> impl RefUnwindSafe where K: RefUnwindSafe, V: RefUnwindSafe {
        it
    }

    // auto, hash_map::IntoIter: Send for IntoIter<K, V, A>
    fn i95<K, V>(it: IntoIter<K, V>, _: ()) -> impl Send where K: Send, V: Send {
        it
    }

    // auto, hash_map::IntoIter: Sync for IntoIter<K, V, A>
    fn i96<K, V>(it: IntoIter<K, V>, _: ()) -> impl Sync where K: Sync, V: Sync {
        it
    }

    // auto, hash_map::IntoIter: Unpin for IntoIter<K, V, A>
    fn i97<K, V>(it: IntoIter<K, V>, _: ()) -> impl Unpin where K: Unpin, V: Unpin {
        it
    }

    // auto, hash_map::IntoIter: UnwindSafe for IntoIter<K, V, A>
    fn i98<K, V>(it: IntoIter<K, V>, _: ()) -> impl UnwindSafe where K: UnwindSafe + RefUnwindSafe, V: UnwindSafe + RefUnwindSafe {
        it
    }
}

mod hash_map_intokeys {
    use super::hash_map::*;
    use super::*;
    use super::RandomState;

    // 1.54.0, hash_map::IntoKeys: Debug for IntoKeys<K, V, A>
    fn i99<K: Debug, V>(it: IntoKeys<K, V>, _: ()) -> impl Debug {
        it
    }

    // 1.83.0, hash_map::IntoKeys: Default for IntoKeys<K, V>
    fn i100<K, V>(it: IntoKeys<K, V>, _: ()) -> impl Default {
        it
    }

    // 1.54.0, hash_map::IntoKeys: ExactSizeIterator for IntoKeys<K, V, A>
    fn i101<K, V>(it: IntoKeys<K, V>, _: ()) -> impl ExactSizeIterator {
        it
    }

    // 1.54.0, hash_map::IntoKeys: Iterator for IntoKeys<K, V, A>
    fn i102<K, V>(it: IntoKeys<K, V>, _: ()) -> impl Iterator {
        it
    }

    // 1.54.0, hash_map::IntoKeys: FusedIterator for IntoKeys<K, V, A>
    fn i103<K, V>(it: IntoKeys<K, V>, _: ()) -> impl FusedIterator {
        it
    }

    // auto, hash_map::IntoKeys: RefUnwindSafe for IntoKeys<K, V, A>
    fn i104<K, V>(it: IntoKeys<K, V>, _: ()) -> impl RefUnwindSafe where K: RefUnwindSafe, V: RefUnwindSafe {
        it
    }

    // auto, hash_map::IntoKeys: Send for IntoKeys<K, V, A>
    fn i105<K, V>(it: IntoKeys<K, V>, _: ()) -> impl Send where K: Send, V: Send {
        it
    }

    // auto, hash_map::IntoKeys: Sync for IntoKeys<K, V, A>
    fn i106<K, V>(it: IntoKeys<K, V>, _: ()) -> impl Sync where K: Sync, V: Sync {
        it
    }

    // auto, hash_map::IntoKeys: Unpin for IntoKeys<K, V, A>
    fn i107<K, V>(it: IntoKeys<K, V>, _: ()) -> impl Unpin where K: Unpin, V: Unpin {
        it
    }

    // auto, hash_map::IntoKeys: UnwindSafe for IntoKeys<K, V, A>
    fn i108<K, V>(it: IntoKeys<K, V>, _: ()) -> impl UnwindSafe where K: UnwindSafe + RefUnwindSafe, V: UnwindSafe + RefUnwindSafe {
        it
    }
}

mod hash_map_intovalues {
    use super::hash_map::*;
    use super::*;
    use super::RandomState;

    // 1.54.0, hash_map::IntoValues: Debug for IntoValues<K, V, A>
    fn i109<K, V: Debug>(it: IntoValues<K, V>, _: ()) -> impl Debug {
        it
    }

    // 1.83.0, hash_map::IntoValues: Default for IntoValues<K, V>
    fn i110<K, V>(it: IntoValues<K, V>, _: ()) -> impl Default {
        it
    }

    // 1.54.0, hash_map::IntoValues: ExactSizeIterator for IntoValues<K, V, A>
    fn i111<K, V>(it: IntoValues<K, V>, _: ()) -> impl ExactSizeIterator {
        it
    }

    // 1.54.0, hash_map::IntoValues: Iterator for IntoValues<K, V, A>
    fn i112<K, V>(it: IntoValues<K, V>, _: ()) -> impl Iterator {
        it
    }

    // 1.54.0, hash_map::IntoValues: FusedIterator for IntoValues<K, V, A>
    fn i113<K, V>(it: IntoValues<K, V>, _: ()) -> impl FusedIterator {
        it
    }

    // auto, hash_map::IntoValues: RefUnwindSafe for IntoValues<K, V, A>
    fn i114<K, V>(it: IntoValues<K, V>, _: ()) -> impl RefUnwindSafe where K: RefUnwindSafe, V: RefUnwindSafe {
        it
    }

    // auto, hash_map::IntoValues: Send for IntoValues<K, V, A>
    fn i115<K, V>(it: IntoValues<K, V>, _: ()) -> impl Send where K: Send, V: Send {
        it
    }

    // auto, hash_map::IntoValues: Sync for IntoValues<K, V, A>
    fn i116<K, V>(it: IntoValues<K, V>, _: ()) -> impl Sync where K: Sync, V: Sync {
        it
    }

    // auto, hash_map::IntoValues: Unpin for IntoValues<K, V, A>
    fn i117<K, V>(it: IntoValues<K, V>, _: ()) -> impl Unpin where K: Unpin, V: Unpin {
        it
    }

    // auto, hash_map::IntoValues: UnwindSafe for IntoValues<K, V, A>
    fn i118<K, V>(it: IntoValues<K, V>, _: ()) -> impl UnwindSafe where K: UnwindSafe + RefUnwindSafe, V: UnwindSafe + RefUnwindSafe {
        it
    }
}

mod hash_map_iter {
    use super::hash_map::*;
    use super::*;
    use super::RandomState;

    // 1.0.0, hash_map::Iter: Clone for Iter<'_, K, V>
    fn i119<'x, K, V>(it: Iter<'x, K, V>, _: (&'x K, &'x V, )) -> impl Clone {
        it
    }

    // 1.16.0, hash_map::Iter: Debug for Iter<'_, K, V>
    fn i120<'x, K: Debug, V: Debug>(it: Iter<'x, K, V>, _: (&'x K, &'x V, )) -> impl Debug {
        it
    }

    // 1.83.0, hash_map::Iter: Default for Iter<'_, K, V>
    fn i121<'x, K, V>(it: Iter<'x, K, V>, _: (&'x K, &'x V, )) -> impl Default {
        it
    }

    // 1.0.0, hash_map::Iter: ExactSizeIterator for Iter<'_, K, V>
    fn i122<'x, K, V>(it: Iter<'x, K, V>, _: (&'x K, &'x V, )) -> impl ExactSizeIterator {
        it
    }

    // 1.0.0, hash_map::Iter: Iterator for Iter<'a, K, V>
    fn i123<'a, K, V>(it: Iter<'a, K, V>, _: (&'a K, &'a V, )) -> impl Iterator {
        it
    }

    // 1.26.0, hash_map::Iter: FusedIterator for Iter<'_, K, V>
    fn i124<'x, K, V>(it: Iter<'x, K, V>, _: (&'x K, &'x V, )) -> impl FusedIterator {
        it
    }

    // auto, hash_map::Iter: RefUnwindSafe for Iter<'a, K, V>
    fn i125<'a, K, V>(it: Iter<'a, K, V>, _: (&'a K, &'a V, )) -> impl RefUnwindSafe where K: RefUnwindSafe, V: RefUnwindSafe {
        it
    }

    // auto, hash_map::Iter: Send for Iter<'a, K, V>
    fn i126<'a, K, V>(it: Iter<'a, K, V>, _: (&'a K, &'a V, )) -> impl Send where K: Sync, V: Sync {
        it
    }

    // auto, hash_map::Iter: Sync for Iter<'a, K, V>
    fn i127<'a, K, V>(it: Iter<'a, K, V>, _: (&'a K, &'a V, )) -> impl Sync where K: Sync, V: Sync {
        it
    }

    // auto, hash_map::Iter: Unpin for Iter<'a, K, V>
    fn i128<'a, K, V>(it: Iter<'a, K, V>, _: (&'a K, &'a V, )) -> impl Unpin {
        it
    }

    // auto, hash_map::Iter: UnwindSafe for Iter<'a, K, V>
    fn i129<'a, K, V>(it: Iter<'a, K, V>, _: (&'a K, &'a V, )) -> impl UnwindSafe where K: RefUnwindSafe, V: RefUnwindSafe {
        it
    }
}

mod hash_map_itermut {
    use super::hash_map::*;
    use super::*;
    use super::RandomState;

    // 1.16.0, hash_map::IterMut: Debug for IterMut<'_, K, V>
    fn i130<'x, K, V>(it: IterMut<'x, K, V>, _: (&'x K, &'x V, )) -> impl Debug where K: Debug, V: Debug {
        it
    }

    // 1.83.0, hash_map::IterMut: Default for IterMut<'_, K, V>
    fn i131<'x, K, V>(it: IterMut<'x, K, V>, _: (&'x K, &'x V, )) -> impl Default {
        it
    }

    // 1.0.0, hash_map::IterMut: ExactSizeIterator for IterMut<'_, K, V>
    fn i132<'x, K, V>(it: IterMut<'x, K, V>, _: (&'x K, &'x V, )) -> impl ExactSizeIterator {
        it
    }

    // 1.0.0, hash_map::IterMut: Iterator for IterMut<'a, K, V>
    fn i133<'a, K, V>(it: IterMut<'a, K, V>, _: (&'a K, &'a V, )) -> impl Iterator {
        it
    }

    // 1.26.0, hash_map::IterMut: FusedIterator for IterMut<'_, K, V>
    fn i134<'x, K, V>(it: IterMut<'x, K, V>, _: (&'x K, &'x V, )) -> impl FusedIterator {
        it
    }

    // auto, hash_map::IterMut: RefUnwindSafe for IterMut<'a, K, V>
    fn i135<'a, K, V>(it: IterMut<'a, K, V>, _: (&'a K, &'a V, )) -> impl RefUnwindSafe where K: RefUnwindSafe, V: RefUnwindSafe {
        it
    }

    // auto, hash_map::IterMut: Send for IterMut<'a, K, V>
    fn i136<'a, K, V>(it: IterMut<'a, K, V>, _: (&'a K, &'a V, )) -> impl Send where K: Send, V: Send {
        it
    }

    // auto, hash_map::IterMut: Sync for IterMut<'a, K, V>
    fn i137<'a, K, V>(it: IterMut<'a, K, V>, _: (&'a K, &'a V, )) -> impl Sync where K: Sync, V: Sync {
        it
    }

    // auto, hash_map::IterMut: Unpin for IterMut<'a, K, V>
    fn i138<'a, K, V>(it: IterMut<'a, K, V>, _: (&'a K, &'a V, )) -> impl Unpin {
        it
    }
}

mod hash_map_keys {
    use super::hash_map::*;
    use super::*;
    use super::RandomState;

    // 1.0.0, hash_map::Keys: Clone for Keys<'_, K, V>
    fn i139<'x, K, V>(it: Keys<'x, K, V>, _: (&'x K, &'x V, )) -> impl Clone {
        it
    }

    // 1.16.0, hash_map::Keys: Debug for Keys<'_, K, V>
    fn i140<'x, K: Debug, V>(it: Keys<'x, K, V>, _: (&'x K, &'x V, )) -> impl Debug {
        it
    }

    // 1.83.0, hash_map::Keys: Default for Keys<'_, K, V>
    fn i141<'x, K, V>(it: Keys<'x, K, V>, _: (&'x K, &'x V, )) -> impl Default {
        it
    }

    // 1.0.0, hash_map::Keys: ExactSizeIterator for Keys<'_, K, V>
    fn i142<'x, K, V>(it: Keys<'x, K, V>, _: (&'x K, &'x V, )) -> impl ExactSizeIterator {
        it
    }

    // 1.0.0, hash_map::Keys: Iterator for Keys<'a, K, V>
    fn i143<'a, K, V>(it: Keys<'a, K, V>, _: (&'a K, &'a V, )) -> impl Iterator {
        it
    }

    // 1.26.0, hash_map::Keys: FusedIterator for Keys<'_, K, V>
    fn i144<'x, K, V>(it: Keys<'x, K, V>, _: (&'x K, &'x V, )) -> impl FusedIterator {
        it
    }

    // auto, hash_map::Keys: RefUnwindSafe for Keys<'a, K, V>
    fn i145<'a, K, V>(it: Keys<'a, K, V>, _: (&'a K, &'a V, )) -> impl RefUnwindSafe where K: RefUnwindSafe, V: RefUnwindSafe {
        it
    }

    // auto, hash_map::Keys: Send for Keys<'a, K, V>
    fn i146<'a, K, V>(it: Keys<'a, K, V>, _: (&'a K, &'a V, )) -> impl Send where K: Sync, V: Sync {
        it
    }

    // auto, hash_map::Keys: Sync for Keys<'a, K, V>
    fn i147<'a, K, V>(it: Keys<'a, K, V>, _: (&'a K, &'a V, )) -> impl Sync where K: Sync, V: Sync {
        it
    }

    // auto, hash_map::Keys: Unpin for Keys<'a, K, V>
    fn i148<'a, K, V>(it: Keys<'a, K, V>, _: (&'a K, &'a V, )) -> impl Unpin {
        it
    }

    // auto, hash_map::Keys: UnwindSafe for Keys<'a, K, V>
    fn i149<'a, K, V>(it: Keys<'a, K, V>, _: (&'a K, &'a V, )) -> impl UnwindSafe where K: RefUnwindSafe, V: RefUnwindSafe {
        it
    }
}

mod hash_map_occupiedentry {
    use super::hash_map::*;
    use super::*;
    use super::RandomState;

    // 1.10.0, hash_map::OccupiedEntry::key
    fn m150<'a, K, V>(_: (&'a K, &'a V, )) {
        let _: for<'s> fn(&'s OccupiedEntry<'a, K, V>) -> &'s K = <OccupiedEntry<'a, K, V>>::key;
    }

    // 1.12.0, hash_map::OccupiedEntry::remove_entry
    fn m151<'a, K, V>(_: (&'a K, &'a V, )) {
        let _: fn(OccupiedEntry<'a, K, V>) -> (K, V) = <OccupiedEntry<'a, K, V>>::remove_entry;
    }

    // 1.0.0, hash_map::OccupiedEntry::get
    fn m152<'a, K, V>(_: (&'a K, &'a V, )) {
        let _: for<'s> fn(&'s OccupiedEntry<'a, K, V>) -> &'s V = <OccupiedEntry<'a, K, V>>::get;
    }

    // 1.0.0, hash_map::OccupiedEntry::get_mut
    fn m153<'a, K, V>(_: (&'a K, &'a V, )) {
        let _: for<'s> fn(&'s mut OccupiedEntry<'a, K, V>) -> &'s mut V = <OccupiedEntry<'a, K, V>>::get_mut;
    }

    // 1.0.0, hash_map::OccupiedEntry::into_mut
    fn m154<'a, K, V>(_: (&'a K, &'a V, )) {
        let _: fn(OccupiedEntry<'a, K, V>) -> &'a mut V = <OccupiedEntry<'a, K, V>>::into_mut;
    }

    // 1.0.0, hash_map::OccupiedEntry::insert
    fn m155<'a, K, V>(_: (&'a K, &'a V, )) {
        let _: for<'s> fn(&'s mut OccupiedEntry<'a, K, V>, V) -> V = <OccupiedEntry<'a, K, V>>::insert;
    }

    // 1.0.0, hash_map::OccupiedEntry::remove
    fn m156<'a, K, V>(_: (&'a K, &'a V, )) {
        let _: fn(OccupiedEntry<'a, K, V>) -> V = <OccupiedEntry<'a, K, V>>::remove;
    }

    // 1.12.0, hash_map::OccupiedEntry: Debug for OccupiedEntry<'_, K, V, A>
    fn i157<'x, K: Debug, V: Debug>(it: OccupiedEntry<'x, K, V>, _: (&'x K, &'x V, )) -> impl Debug {
        it
    }

    // auto, hash_map::OccupiedEntry: RefUnwindSafe for OccupiedEntry<'a, K, V, A>
    fn i158<'a, K, V>(it: OccupiedEntry<'a, K, V>, _: (&'a K, &'a V, )) -> impl RefUnwindSafe where K: RefUnwindSafe, V: RefUnwindSafe {
        it
    }

    // auto, hash_map::OccupiedEntry: Send for OccupiedEntry<'a, K, V, A>
    fn i159<'a, K, V>(it: OccupiedEntry<'a, K, V>, _: (&'a K, &'a V, )) -> impl Send where K: Send, V: Send {
        it
    }

    // auto, hash_map::OccupiedEntry: Sync for OccupiedEntry<'a, K, V, A>
    fn i160<'a, K, V>(it: OccupiedEntry<'a, K, V>, _: (&'a K, &'a V, )) -> impl Sync where K: Sync, V: Sync {
        it
    }

    // auto, hash_map::OccupiedEntry: Unpin for OccupiedEntry<'a, K, V, A>
    fn i161<'a, K, V>(it: OccupiedEntry<'a, K, V>, _: (&'a K, &'a V, )) -> impl Unpin {
        it
    }
}

mod hash_map_vacantentry {
    use super::hash_map::*;
    use super::*;
    use super::RandomState;

    // 1.10.0, hash_map::VacantEntry::key
    fn m172<'a, K: 'a, V: 'a>(_: (&'a K, &'a V, )) {
        let _: for<'s> fn(&'s VacantEntry<'a, K, V>) -> &'s K = <VacantEntry<'a, K, V>>::key;
    }

    // 1.12.0, hash_map::VacantEntry::into_key
    fn m173<'a, K: 'a, V: 'a>(_: (&'a K, &'a V, )) {
        let _: fn(VacantEntry<'a, K, V>) -> K = <VacantEntry<'a, K, V>>::into_key;
    }

    // 1.0.0, hash_map::VacantEntry::insert
    fn m174<'a, K: 'a, V: 'a>(_: (&'a K, &'a V, )) {
        let _: fn(VacantEntry<'a, K, V>, V) -> &'a mut V = <VacantEntry<'a, K, V>>::insert;
    }

    // 1.83.0, hash_map::VacantEntry::insert_entry
    fn m175<'a, K: 'a, V: 'a>(_: (&'a K, &'a V, )) {
        let _: fn(VacantEntry<'a, K, V>, V) -> OccupiedEntry<'a, K, V> = <VacantEntry<'a, K, V>>::insert_entry;
    }

    // 1.12.0, hash_map::VacantEntry: Debug for VacantEntry<'_, K, V, A>
    fn i176<'x, K: Debug, V>(it: VacantEntry<'x, K, V>, _: (&'x K, &'x V, )) -> impl Debug {
        it
    }

    // auto, hash_map::VacantEntry: RefUnwindSafe for VacantEntry<'a, K, V, A>
    fn i177<'a, K, V>(it: VacantEntry<'a, K, V>, _: (&'a K, &'a V, )) -> impl RefUnwindSafe where K: RefUnwindSafe, V: RefUnwindSafe {
        it
    }

    // auto, hash_map::VacantEntry: Send for VacantEntry<'a, K, V, A>
    fn i178<'a, K, V>(it: VacantEntry<'a, K, V>, _: (&'a K, &'a V, )) -> impl Send where K: Send, V: Send {
        it
    }

    // auto, hash_map::VacantEntry: Sync for VacantEntry<'a, K, V, A>
    fn i179<'a, K, V>(it: VacantEntry<'a, K, V>, _: (&'a K, &'a V, )) -> impl Sync where K: Sync, V: Sync {
        it
    }

    // auto, hash_map::VacantEntry: Unpin for VacantEntry<'a, K, V, A>
    fn i180<'a, K, V>(it: VacantEntry<'a, K, V>, _: (&'a K, &'a V, )) -> impl Unpin where K: Unpin {
        it
    }
}

mod hash_map_values {
    use super::hash_map::*;
    use super::*;
    use super::RandomState;

    // 1.0.0, hash_map::Values: Clone for Values<'_, K, V>
    fn i181<'x, K, V>(it: Values<'x, K, V>, _: (&'x K, &'x V, )) -> impl Clone {
        it
    }

    // 1.16.0, hash_map::Values: Debug for Values<'_, K, V>
    fn i182<'x, K, V: Debug>(it: Values<'x, K, V>, _: (&'x K, &'x V, )) -> impl Debug {
        it
    }

    // 1.83.0, hash_map::Values: Default for Values<'_, K, V>
    fn i183<'x, K, V>(it: Values<'x, K, V>, _: (&'x K, &'x V, )) -> impl Default {
        it
    }

    // 1.0.0, hash_map::Values: ExactSizeIterator for Values<'_, K, V>
    fn i184<'x, K, V>(it: Values<'x, K, V>, _: (&'x K, &'x V, )) -> impl ExactSizeIterator {
        it
    }

    // 1.0.0, hash_map::Values: Iterator for Values<'a, K, V>
    fn i185<'a, K, V>(it: Values<'a, K, V>, _: (&'a K, &'a V, )) -> impl Iterator {
        it
    }

    // 1.26.0, hash_map::Values: FusedIterator for Values<'_, K, V>
    fn i186<'x, K, V>(it: Values<'x, K, V>, _: (&'x K, &'x V, )) -> impl FusedIterator {
        it
    }

    // auto, hash_map::Values: RefUnwindSafe for Values<'a, K, V>
    fn i187<'a, K, V>(it: Values<'a, K, V>, _: (&'a K, &'a V, )) -> impl RefUnwindSafe where K: RefUnwindSafe, V: RefUnwindSafe {
        it
    }

    // auto, hash_map::Values: Send for Values<'a, K, V>
    fn i188<'a, K, V>(it: Values<'a, K, V>, _: (&'a K, &'a V, )) -> impl Send where K: Sync, V: Sync {
        it
    }

    // auto, hash_map::Values: Sync for Values<'a, K, V>
    fn i189<'a, K, V>(it: Values<'a, K, V>, _: (&'a K, &'a V, )) -> impl Sync where K: Sync, V: Sync {
        it
    }

    // auto, hash_map::Values: Unpin for Values<'a, K, V>
    fn i190<'a, K, V>(it: Values<'a, K, V>, _: (&'a K, &'a V, )) -> impl Unpin {
        it
    }

    // auto, hash_map::Values: UnwindSafe for Values<'a, K, V>
    fn i191<'a, K, V>(it: Values<'a, K, V>, _: (&'a K, &'a V, )) -> impl UnwindSafe where K: RefUnwindSafe, V: RefUnwindSafe {
        it
    }
}

mod hash_map_valuesmut {
    use super::hash_map::*;
    use super::*;
    use super::RandomState;

    // 1.16.0, hash_map::ValuesMut: Debug for ValuesMut<'_, K, V>
    fn i192<'x, K, V: Debug>(it: ValuesMut<'x, K, V>, _: (&'x K, &'x V, )) -> impl Debug {
        it
    }

    // 1.83.0, hash_map::ValuesMut: Default for ValuesMut<'_, K, V>
    fn i193<'x, K, V>(it: ValuesMut<'x, K, V>, _: (&'x K, &'x V, )) -> impl Default {
        it
    }

    // 1.10.0, hash_map::ValuesMut: ExactSizeIterator for ValuesMut<'_, K, V>
    fn i194<'x, K, V>(it: ValuesMut<'x, K, V>, _: (&'x K, &'x V, )) -> impl ExactSizeIterator {
        it
    }

    // 1.10.0, hash_map::ValuesMut: Iterator for ValuesMut<'a, K, V>
    fn i195<'a, K, V>(it: ValuesMut<'a, K, V>, _: (&'a K, &'a V, )) -> impl Iterator {
        it
    }

    // 1.26.0, hash_map::ValuesMut: FusedIterator for ValuesMut<'_, K, V>
    fn i196<'x, K, V>(it: ValuesMut<'x, K, V>, _: (&'x K, &'x V, )) -> impl FusedIterator {
        it
    }

    // auto, hash_map::ValuesMut: RefUnwindSafe for ValuesMut<'a, K, V>
    fn i197<'a, K, V>(it: ValuesMut<'a, K, V>, _: (&'a K, &'a V, )) -> impl RefUnwindSafe where K: RefUnwindSafe, V: RefUnwindSafe {
        it
    }

    // auto, hash_map::ValuesMut: Send for ValuesMut<'a, K, V>
    fn i198<'a, K, V>(it: ValuesMut<'a, K, V>, _: (&'a K, &'a V, )) -> impl Send where K: Send, V: Send {
        it
    }

    // auto, hash_map::ValuesMut: Sync for ValuesMut<'a, K, V>
    fn i199<'a, K, V>(it: ValuesMut<'a, K, V>, _: (&'a K, &'a V, )) -> impl Sync where K: Sync, V: Sync {
        it
    }

    // auto, hash_map::ValuesMut: Unpin for ValuesMut<'a, K, V>
    fn i200<'a, K, V>(it: ValuesMut<'a, K, V>, _: (&'a K, &'a V, )) -> impl Unpin {
        it
    }
}

mod hash_set_difference {
    use super::hash_set::*;
    use super::*;
    use super::RandomState;

    // 1.0.0, hash_set::Difference: Clone for Difference<'_, T, S, A>
    fn i201<'x, T, S>(it: Difference<'x, T, S>, _: (&'x T, &'x S, )) -> impl Clone {
        it
    }

    // 1.16.0, hash_set::Difference: Debug for Difference<'_, T, S, A>
    fn i202<'x, T, S>(it: Difference<'x, T, S>, _: (&'x T, &'x S, )) -> impl Debug where T: Debug + Eq + Hash, S: BuildHasher {
        it
    }

    // 1.0.0, hash_set::Difference: Iterator for Difference<'a, T, S, A>
    fn i203<'a, T, S>(it: Difference<'a, T, S>, _: (&'a T, &'a S, )) -> impl Iterator where T: Eq + Hash, S: BuildHasher {
        it
    }

    // 1.26.0, hash_set::Difference: FusedIterator for Difference<'_, T, S, A>
    fn i204<'x, T, S>(it: Difference<'x, T, S>, _: (&'x T, &'x S, )) -> impl FusedIterator where T: Eq + Hash, S: BuildHasher {
        it
    }

    // auto, hash_set::Difference: RefUnwindSafe for Difference<'a, T, S, A>
    fn i205<'a, T, S>(it: Difference<'a, T, S>, _: (&'a T, &'a S, )) -> impl RefUnwindSafe where S: RefUnwindSafe, T: RefUnwindSafe {
        it
    }

    // auto, hash_set::Difference: Send for Difference<'a, T, S, A>
    fn i206<'a, T, S>(it: Difference<'a, T, S>, _: (&'a T, &'a S, )) -> impl Send where S: Sync, T: Sync {
        it
    }

    // auto, hash_set::Difference: Sync for Difference<'a, T, S, A>
    fn i207<'a, T, S>(it: Difference<'a, T, S>, _: (&'a T, &'a S, )) -> impl Sync where S: Sync, T: Sync {
        it
    }

    // auto, hash_set::Difference: Unpin for Difference<'a, T, S, A>
    fn i208<'a, T, S>(it: Difference<'a, T, S>, _: (&'a T, &'a S, )) -> impl Unpin {
        it
    }

    // auto, hash_set::Difference: UnwindSafe for Difference<'a, T, S, A>
    fn i209<'a, T, S>(it: Difference<'a, T, S>, _: (&'a T, &'a S, )) -> impl UnwindSafe where S: RefUnwindSafe, T: RefUnwindSafe {
        it
    }
}

mod hash_set_drain {
    use super::hash_set::*;
    use super::*;
    use super::RandomState;

    // 1.16.0, hash_set::Drain: Debug for Drain<'_, K, A>
    fn i210<'x, K: Debug>(it: Drain<'x, K>, _: (&'x K, )) -> impl Debug {
        it
    }

    // 1.0.0, hash_set::Drain: ExactSizeIterator for Drain<'_, K, A>
    fn i211<'x, K>(it: Drain<'x, K>, _: (&'x K, )) -> impl ExactSizeIterator {
        it
    }

    // 1.0.0, hash_set::Drain: Iterator for Drain<'a, K, A>
    fn i212<'a, K>(it: Drain<'a, K>, _: (&'a K, )) -> impl Iterator {
        it
    }

    // 1.26.0, hash_set::Drain: FusedIterator for Drain<'_, K, A>
    fn i213<'x, K>(it: Drain<'x, K>, _: (&'x K, )) -> impl FusedIterator {
        it
    }

    // auto, hash_set::Drain: RefUnwindSafe for Drain<'a, K, A>
    fn i214<'a, K>(it: Drain<'a, K>, _: (&'a K, )) -> impl RefUnwindSafe where K: RefUnwindSafe {
        it
    }

    // auto, hash_set::Drain: Send for Drain<'a, K, A>
    fn i215<'a, K>(it: Drain<'a, K>, _: (&'a K, )) -> impl Send where K: Send {
        it
    }

    // auto, hash_set::Drain: Sync for Drain<'a, K, A>
    fn i216<'a, K>(it: Drain<'a, K>, _: (&'a K, )) -> impl Sync where K: Sync {
        it
    }

    // auto, hash_set::Drain: Unpin for Drain<'a, K, A>
    fn i217<'a, K>(it: Drain<'a, K>, _: (&'a K, )) -> impl Unpin {
        it
    }

    // auto, hash_set::Drain: UnwindSafe for Drain<'a, K, A>
    fn i218<'a, K>(it: Drain<'a, K>, _: (&'a K, )) -> impl UnwindSafe where K: RefUnwindSafe {
        it
    }
}

mod hash_set_extractif {
    use super::hash_set::*;
    use super::*;
    use super::RandomState;

    // 1.88.0, hash_set::ExtractIf: Debug for ExtractIf<'_, K, F, A>
    fn i219<'x, K, F>(it: ExtractIf<'x, K, F>, _: (&'x K, &'x F, )) -> impl Debug where K: Debug {
        it
    }

    // 1.88.0, hash_set::ExtractIf: Iterator for ExtractIf<'_, K, F, A>
    fn i220<'x, K, F>(it: ExtractIf<'x, K, F>, _: (&'x K, &'x F, )) -> impl Iterator where F: FnMut(&K) -> bool {
        it
    }

    // 1.88.0, hash_set::ExtractIf: FusedIterator for ExtractIf<'_, K, F, A>
    fn i221<'x, K, F>(it: ExtractIf<'x, K, F>, _: (&'x K, &'x F, )) -> impl FusedIterator where F: FnMut(&K) -> bool {
        it
    }

    // auto, hash_set::ExtractIf: RefUnwindSafe for ExtractIf<'a, K, F, A>
    fn i222<'a, K, F>(it: ExtractIf<'a, K, F>, _: (&'a K, &'a F, )) -> impl RefUnwindSafe where F: RefUnwindSafe, K: RefUnwindSafe {
        it
    }

    // auto, hash_set::ExtractIf: Send for ExtractIf<'a, K, F, A>
    fn i223<'a, K, F>(it: ExtractIf<'a, K, F>, _: (&'a K, &'a F, )) -> impl Send where F: Send, K: Send {
        it
    }

    // auto, hash_set::ExtractIf: Sync for ExtractIf<'a, K, F, A>
    fn i224<'a, K, F>(it: ExtractIf<'a, K, F>, _: (&'a K, &'a F, )) -> impl Sync where F: Sync, K: Sync {
        it
    }

    // auto, hash_set::ExtractIf: Unpin for ExtractIf<'a, K, F, A>
    fn i225<'a, K, F>(it: ExtractIf<'a, K, F>, _: (&'a K, &'a F, )) -> impl Unpin where F: Unpin {
        it
    }
}

mod hash_set_hashset {
    use super::hash_set::*;
    use super::*;
    use super::RandomState;

    // 1.0.0, hash_set::HashSet::new
    fn m226<T>(_: ()) {
        let _: fn() -> HashSet<T, RandomState> = <HashSet<T, RandomState>>::new;
    }

    // 1.0.0, hash_set::HashSet::with_capacity
    fn m227<T>(_: ()) {
        let _: fn(usize) -> HashSet<T, RandomState> = <HashSet<T, RandomState>>::with_capacity;
    }

    // 1.7.0, hash_set::HashSet::with_hasher
    fn m228<T, S>(_: ()) {
        let _: fn(S) -> HashSet<T, S> = <HashSet<T, S>>::with_hasher;
    }

    // 1.7.0, hash_set::HashSet::with_capacity_and_hasher
    fn m229<T, S>(_: ()) {
        let _: fn(usize, S) -> HashSet<T, S> = <HashSet<T, S>>::with_capacity_and_hasher;
    }

    // 1.0.0, hash_set::HashSet::capacity
    fn m230<T, S>(_: ()) {
        let _: for<'s> fn(&'s HashSet<T, S>) -> usize = <HashSet<T, S>>::capacity;
    }

    // 1.0.0, hash_set::HashSet::iter
    fn m231<T, S>(_: ()) {
        let _: for<'s> fn(&'s HashSet<T, S>) -> Iter<'s, T> = <HashSet<T, S>>::iter;
    }

    // 1.0.0, hash_set::HashSet::len
    fn m232<T, S>(_: ()) {
        let _: for<'s> fn(&'s HashSet<T, S>) -> usize = <HashSet<T, S>>::len;
    }

    // 1.0.0, hash_set::HashSet::is_empty
    fn m233<T, S>(_: ()) {
        let _: for<'s> fn(&'s HashSet<T, S>) -> bool = <HashSet<T, S>>::is_empty;
    }

    // 1.6.0, hash_set::HashSet::drain
    fn m234<T, S>(_: ()) {
        let _: for<'s> fn(&'s mut HashSet<T, S>) -> Drain<'s, T> = <HashSet<T, S>>::drain;
    }

    // 1.88.0, hash_set::HashSet::extract_if
    fn m235<T, S, F>(_: ()) where F: FnMut(&T) -> bool {
        let _: for<'s> fn(&'s mut HashSet<T, S>, F) -> ExtractIf<'s, T, F> = <HashSet<T, S>>::extract_if::<F>;
    }

    // 1.18.0, hash_set::HashSet::retain
    fn m236<T, S, F>(_: ()) where F: FnMut(&T) -> bool {
        let _: for<'s> fn(&'s mut HashSet<T, S>, F) = <HashSet<T, S>>::retain::<F>;
    }

    // 1.0.0, hash_set::HashSet::clear
    fn m237<T, S>(_: ()) {
        let _: for<'s> fn(&'s mut HashSet<T, S>) = <HashSet<T, S>>::clear;
    }

    // 1.9.0, hash_set::HashSet::hasher
    fn m238<T, S>(_: ()) {
        let _: for<'s> fn(&'s HashSet<T, S>) -> &'s S = <HashSet<T, S>>::hasher;
    }

    // 1.0.0, hash_set::HashSet::reserve
    fn m239<T, S>(_: ()) where T: Eq + Hash, S: BuildHasher {
        let _: for<'s> fn(&'s mut HashSet<T, S>, usize) = <HashSet<T, S>>::reserve;
    }

    // 1.57.0, hash_set::HashSet::try_reserve
    fn m240<T, S>(_: ()) where T: Eq + Hash, S: BuildHasher {
        let _: for<'s> fn(&'s mut HashSet<T, S>, usize) -> Result<(), TryReserveError> = <HashSet<T, S>>::try_reserve;
    }

    // 1.0.0, hash_set::HashSet::shrink_to_fit
    fn m241<T, S>(_: ()) where T: Eq + Hash, S: BuildHasher {
        let _: for<'s> fn(&'s mut HashSet<T, S>) = <HashSet<T, S>>::shrink_to_fit;
    }

    // 1.56.0, hash_set::HashSet::shrink_to
    fn m242<T, S>(_: ()) where T: Eq + Hash, S: BuildHasher {
        let _: for<'s> fn(&'s mut HashSet<T, S>, usize) = <HashSet<T, S>>::shrink_to;
    }

    // 1.0.0, hash_set::HashSet::difference
    fn m243<T, S>(_: ()) where T: Eq + Hash, S: BuildHasher {
        let _: for<'a> fn(&'a HashSet<T, S>, &'a HashSet<T, S>) -> Difference<'a, T, S> = <HashSet<T, S>>::difference;
    }

    // 1.0.0, hash_set::HashSet::symmetric_difference
    fn m244<T, S>(_: ()) where T: Eq + Hash, S: BuildHasher {
        let _: for<'a> fn(&'a HashSet<T, S>, &'a HashSet<T, S>) -> SymmetricDifference<'a, T, S> = <HashSet<T, S>>::symmetric_difference;
    }

    // 1.0.0, hash_set::HashSet::intersection
    fn m245<T, S>(_: ()) where T: Eq + Hash, S: BuildHasher {
        let _: for<'a> fn(&'a HashSet<T, S>, &'a HashSet<T, S>) -> Intersection<'a, T, S> = <HashSet<T, S>>::intersection;
    }

    // 1.0.0, hash_set::HashSet::union
    fn m246<T, S>(_: ()) where T: Eq + Hash, S: BuildHasher {
        let _: for<'a> fn(&'a HashSet<T, S>, &'a HashSet<T, S>) -> Union<'a, T, S> = <HashSet<T, S>>::union;
    }

    // 1.0.0, hash_set::HashSet::contains
    fn m247<T, S, Q>(_: ()) where T: Eq + Hash, S: BuildHasher, T: Borrow<Q>, Q: Hash + Eq + ?Sized {
        let _: for<'s> fn(&'s HashSet<T, S>, &Q) -> bool = <HashSet<T, S>>::contains::<Q>;
    }

    // 1.9.0, hash_set::HashSet::get
    fn m248<T, S, Q>(_: ()) where T: Eq + Hash, S: BuildHasher, T: Borrow<Q>, Q: Hash + Eq + ?Sized {
        let _: for<'s> fn(&'s HashSet<T, S>, &Q) -> Option<&'s T> = <HashSet<T, S>>::get::<Q>;
    }

    // 1.0.0, hash_set::HashSet::is_disjoint
    fn m249<T, S>(_: ()) where T: Eq + Hash, S: BuildHasher {
        let _: for<'s> fn(&'s HashSet<T, S>, &HashSet<T, S>) -> bool = <HashSet<T, S>>::is_disjoint;
    }

    // 1.0.0, hash_set::HashSet::is_subset
    fn m250<T, S>(_: ()) where T: Eq + Hash, S: BuildHasher {
        let _: for<'s> fn(&'s HashSet<T, S>, &HashSet<T, S>) -> bool = <HashSet<T, S>>::is_subset;
    }

    // 1.0.0, hash_set::HashSet::is_superset
    fn m251<T, S>(_: ()) where T: Eq + Hash, S: BuildHasher {
        let _: for<'s> fn(&'s HashSet<T, S>, &HashSet<T, S>) -> bool = <HashSet<T, S>>::is_superset;
    }

    // 1.0.0, hash_set::HashSet::insert
    fn m252<T, S>(_: ()) where T: Eq + Hash, S: BuildHasher {
        let _: for<'s> fn(&'s mut HashSet<T, S>, T) -> bool = <HashSet<T, S>>::insert;
    }

    // 1.9.0, hash_set::HashSet::replace
    fn m253<T, S>(_: ()) where T: Eq + Hash, S: BuildHasher {
        let _: for<'s> fn(&'s mut HashSet<T, S>, T) -> Option<T> = <HashSet<T, S>>::replace;
    }

    // 1.0.0, hash_set::HashSet::remove
    fn m254<T, S, Q>(_: ()) where T: Eq + Hash, S: BuildHasher, T: Borrow<Q>, Q: Hash + Eq + ?Sized {
        let _: for<'s> fn(&'s mut HashSet<T, S>, &Q) -> bool = <HashSet<T, S>>::remove::<Q>;
    }

    // 1.9.0, hash_set::HashSet::take
    fn m255<T, S, Q>(_: ()) where T: Eq + Hash, S: BuildHasher, T: Borrow<Q>, Q: Hash + Eq + ?Sized {
        let _: for<'s> fn(&'s mut HashSet<T, S>, &Q) -> Option<T> = <HashSet<T, S>>::take::<Q>;
    }

    // 1.0.0, hash_set::HashSet: BitAnd<&HashSet<T, S>> for &HashSet<T, S>
    fn i256<'x, T, S>(it: &'x HashSet<T, S>, _: (&'x T, &'x S, )) -> impl BitAnd<&'x HashSet<T, S>> where T: Eq + Hash + Clone, S: BuildHasher + Default {
        it
    }

    // 1.0.0, hash_set::HashSet: BitOr<&HashSet<T, S>> for &HashSet<T, S>
    fn i257<'x, T, S>(it: &'x HashSet<T, S>, _: (&'x T, &'x S, )) -> impl BitOr<&'x HashSet<T, S>> where T: Eq + Hash + Clone, S: BuildHasher + Default {
        it
    }

    // 1.0.0, hash_set::HashSet: BitXor<&HashSet<T, S>> for &HashSet<T, S>
    fn i258<'x, T, S>(it: &'x HashSet<T, S>, _: (&'x T, &'x S, )) -> impl BitXor<&'x HashSet<T, S>> where T: Eq + Hash + Clone, S: BuildHasher + Default {
        it
    }

    // 1.0.0, hash_set::HashSet: Clone for HashSet<T, S, A>
    fn i259<T, S>(it: HashSet<T, S>, _: ()) -> impl Clone where T: Clone, S: Clone {
        it
    }

    // 1.0.0, hash_set::HashSet: Debug for HashSet<T, S, A>
    fn i260<T, S>(it: HashSet<T, S>, _: ()) -> impl Debug where T: Debug {
        it
    }

    // 1.0.0, hash_set::HashSet: Default for HashSet<T, S>
    fn i261<T, S>(it: HashSet<T, S>, _: ()) -> impl Default where S: Default {
        it
    }

    // 1.4.0, hash_set::HashSet: Extend<&'a T> for HashSet<T, S, A>
    fn i262<'a, T, S>(it: HashSet<T, S>, _: (&'a T, &'a S, )) -> impl Extend<&'a T> where T: 'a + Eq + Hash + Copy, S: BuildHasher {
        it
    }

    // 1.0.0, hash_set::HashSet: Extend<T> for HashSet<T, S, A>
    fn i263<T, S>(it: HashSet<T, S>, _: ()) -> impl Extend<T> where T: Eq + Hash, S: BuildHasher {
        it
    }

    // 1.56.0, hash_set::HashSet: From<[T; N]> for HashSet<T, RandomState>
    fn i264<T, const N: usize>(it: HashSet<T, RandomState>, _: ()) -> impl From<[T; N]> where T: Eq + Hash {
        it
    }

    // 1.0.0, hash_set::HashSet: FromIterator<T> for HashSet<T, S>
    fn i265<T, S>(it: HashSet<T, S>, _: ()) -> impl FromIterator<T> where T: Eq + Hash, S: BuildHasher + Default {
        it
    }

    // 1.0.0, hash_set::HashSet: IntoIterator for &'a HashSet<T, S, A>
    fn i266<'a, T, S>(it: &'a HashSet<T, S>, _: (&'a T, &'a S, )) -> impl IntoIterator {
        it
    }

    // 1.0.0, hash_set::HashSet: IntoIterator for HashSet<T, S, A>
    fn i267<T, S>(it: HashSet<T, S>, _: ()) -> impl IntoIterator {
        it
    }

    // 1.0.0, hash_set::HashSet: PartialEq for HashSet<T, S, A>
    fn i268<T, S>(it: HashSet<T, S>, _: ()) -> impl PartialEq<HashSet<T, S>> where T: Eq + Hash, S: BuildHasher {
        it
    }

    // 1.0.0, hash_set::HashSet: Sub<&HashSet<T, S>> for &HashSet<T, S>
    fn i269<'x, T, S>(it: &'x HashSet<T, S>, _: (&'x T, &'x S, )) -> impl Sub<&'x HashSet<T, S>> where T: Eq + Hash + Clone, S: BuildHasher + Default {
        it
    }

    // 1.0.0, hash_set::HashSet: Eq for HashSet<T, S, A>
    fn i270<T, S>(it: HashSet<T, S>, _: ()) -> impl Eq where T: Eq + Hash, S: BuildHasher {
        it
    }

    // auto, hash_set::HashSet: RefUnwindSafe for HashSet<T, S, A>
    fn i271<T, S>(it: HashSet<T, S>, _: ()) -> impl RefUnwindSafe where S: RefUnwindSafe, T: RefUnwindSafe {
        it
    }

    // auto, hash_set::HashSet: Send for HashSet<T, S, A>
    fn i272<T, S>(it: HashSet<T, S>, _: ()) -> impl Send where S: Send, T: Send {
        it
    }

    // auto, hash_set::HashSet: Sync for HashSet<T, S, A>
    fn i273<T, S>(it: HashSet<T, S>, _: ()) -> impl Sync where S: Sync, T: Sync {
        it
    }

    // auto, hash_set::HashSet: Unpin for HashSet<T, S, A>
    fn i274<T, S>(it: HashSet<T, S>, _: ()) -> impl Unpin where S: Unpin, T: Unpin {
        it
    }

    // auto, hash_set::HashSet: UnwindSafe for HashSet<T, S, A>
    fn i275<T, S>(it: HashSet<T, S>, _: ()) -> impl UnwindSafe where S: UnwindSafe, T: UnwindSafe {
        it
    }
}

mod hash_set_intersection {
    use super::hash_set::*;
    use super::*;
    use super::RandomState;

    // 1.0.0, hash_set::Intersection: Clone for Intersection<'_, T, S, A>
    fn i276<'x, T, S>(it: Intersection<'x, T, S>, _: (&'x T, &'x S, )) -> impl Clone {
        it
    }

    // 1.16.0, hash_set::Intersection: Debug for Intersection<'_, T, S, A>
    fn i277<'x, T, S>(it: Intersection<'x, T, S>, _: (&'x T, &'x S, )) -> impl Debug where T: Debug + Eq + Hash, S: BuildHasher {
        it
    }

    // 1.0.0, hash_set::Intersection: Iterator for Intersection<'a, T, S, A>
    fn i278<'a, T, S>(it: Intersection<'a, T, S>, _: (&'a T, &'a S, )) -> impl Iterator where T: Eq + Hash, S: BuildHasher {
        it
    }

    // 1.26.0, hash_set::Intersection: FusedIterator for Intersection<'_, T, S, A>
    fn i279<'x, T, S>(it: Intersection<'x, T, S>, _: (&'x T, &'x S, )) -> impl FusedIterator where T: Eq + Hash, S: BuildHasher {
        it
    }

    // auto, hash_set::Intersection: RefUnwindSafe for Intersection<'a, T, S, A>
    fn i280<'a, T, S>(it: Intersection<'a, T, S>, _: (&'a T, &'a S, )) -> impl RefUnwindSafe where S: RefUnwindSafe, T: RefUnwindSafe {
        it
    }

    // auto, hash_set::Intersection: Send for Intersection<'a, T, S, A>
    fn i281<'a, T, S>(it: Intersection<'a, T, S>, _: (&'a T, &'a S, )) -> impl Send where S: Sync, T: Sync {
        it
    }

    // auto, hash_set::Intersection: Sync for Intersection<'a, T, S, A>
    fn i282<'a, T, S>(it: Intersection<'a, T, S>, _: (&'a T, &'a S, )) -> impl Sync where S: Sync, T: Sync {
        it
    }

    // auto, hash_set::Intersection: Unpin for Intersection<'a, T, S, A>
    fn i283<'a, T, S>(it: Intersection<'a, T, S>, _: (&'a T, &'a S, )) -> impl Unpin {
        it
    }

    // auto, hash_set::Intersection: UnwindSafe for Intersection<'a, T, S, A>
    fn i284<'a, T, S>(it: Intersection<'a, T, S>, _: (&'a T, &'a S, )) -> impl UnwindSafe where S: RefUnwindSafe, T: RefUnwindSafe {
        it
    }
}

mod hash_set_intoiter {
    use super::hash_set::*;
    use super::*;
    use super::RandomState;

    // 1.16.0, hash_set::IntoIter: Debug for IntoIter<K, A>
    fn i285<K: Debug>(it: IntoIter<K>, _: ()) -> impl Debug {
        it
    }

    // 1.83.0, hash_set::IntoIter: Default for IntoIter<K>
    fn i286<K>(it: IntoIter<K>, _: ()) -> impl Default {
        it
    }

    // 1.0.0, hash_set::IntoIter: ExactSizeIterator for IntoIter<K, A>
    fn i287<K>(it: IntoIter<K>, _: ()) -> impl ExactSizeIterator {
        it
    }

    // 1.0.0, hash_set::IntoIter: Iterator for IntoIter<K, A>
    fn i288<K>(it: IntoIter<K>, _: ()) -> impl Iterator {
        it
    }

    // 1.26.0, hash_set::IntoIter: FusedIterator for IntoIter<K, A>
    fn i289<K>(it: IntoIter<K>, _: ()) -> impl FusedIterator {
        it
    }

    // auto, hash_set::IntoIter: RefUnwindSafe for IntoIter<K, A>
    fn i290<K>(it: IntoIter<K>, _: ()) -> impl RefUnwindSafe where K: RefUnwindSafe {
        it
    }

    // auto, hash_set::IntoIter: Send for IntoIter<K, A>
    fn i291<K>(it: IntoIter<K>, _: ()) -> impl Send where K: Send {
        it
    }

    // auto, hash_set::IntoIter: Sync for IntoIter<K, A>
    fn i292<K>(it: IntoIter<K>, _: ()) -> impl Sync where K: Sync {
        it
    }

    // auto, hash_set::IntoIter: Unpin for IntoIter<K, A>
    fn i293<K>(it: IntoIter<K>, _: ()) -> impl Unpin where K: Unpin {
        it
    }

    // auto, hash_set::IntoIter: UnwindSafe for IntoIter<K, A>
    fn i294<K>(it: IntoIter<K>, _: ()) -> impl UnwindSafe where K: UnwindSafe + RefUnwindSafe {
        it
    }
}

mod hash_set_iter {
    use super::hash_set::*;
    use super::*;
    use super::RandomState;

    // 1.0.0, hash_set::Iter: Clone for Iter<'_, K>
    fn i295<'x, K>(it: Iter<'x, K>, _: (&'x K, )) -> impl Clone {
        it
    }

    // 1.16.0, hash_set::Iter: Debug for Iter<'_, K>
    fn i296<'x, K: Debug>(it: Iter<'x, K>, _: (&'x K, )) -> impl Debug {
        it
    }

    // 1.83.0, hash_set::Iter: Default for Iter<'_, K>
    fn i297<'x, K>(it: Iter<'x, K>, _: (&'x K, )) -> impl Default {
        it
    }

    // 1.0.0, hash_set::Iter: ExactSizeIterator for Iter<'_, K>
    fn i298<'x, K>(it: Iter<'x, K>, _: (&'x K, )) -> impl ExactSizeIterator {
        it
    }

    // 1.0.0, hash_set::Iter: Iterator for Iter<'a, K>
    fn i299<'a, K>(it: Iter<'a, K>, _: (&'a K, )) -> impl Iterator {
        it
    }

    // 1.26.0, hash_set::Iter: FusedIterator for Iter<'_, K>
    fn i300<'x, K>(it: Iter<'x, K>, _: (&'x K, )) -> impl FusedIterator {
        it
    }

    // auto, hash_set::Iter: RefUnwindSafe for Iter<'a, K>
    fn i301<'a, K>(it: Iter<'a, K>, _: (&'a K, )) -> impl RefUnwindSafe where K: RefUnwindSafe {
        it
    }

    // auto, hash_set::Iter: Send for Iter<'a, K>
    fn i302<'a, K>(it: Iter<'a, K>, _: (&'a K, )) -> impl Send where K: Sync {
        it
    }

    // auto, hash_set::Iter: Sync for Iter<'a, K>
    fn i303<'a, K>(it: Iter<'a, K>, _: (&'a K, )) -> impl Sync where K: Sync {
        it
    }

    // auto, hash_set::Iter: Unpin for Iter<'a, K>
    fn i304<'a, K>(it: Iter<'a, K>, _: (&'a K, )) -> impl Unpin {
        it
    }

    // auto, hash_set::Iter: UnwindSafe for Iter<'a, K>
    fn i305<'a, K>(it: Iter<'a, K>, _: (&'a K, )) -> impl UnwindSafe where K: RefUnwindSafe {
        it
    }
}

mod hash_set_symmetricdifference {
    use super::hash_set::*;
    use super::*;
    use super::RandomState;

    // 1.0.0, hash_set::SymmetricDifference: Clone for SymmetricDifference<'_, T, S, A>
    fn i306<'x, T, S>(it: SymmetricDifference<'x, T, S>, _: (&'x T, &'x S, )) -> impl Clone {
        it
    }

    // 1.16.0, hash_set::SymmetricDifference: Debug for SymmetricDifference<'_, T, S, A>
    fn i307<'x, T, S>(it: SymmetricDifference<'x, T, S>, _: (&'x T, &'x S, )) -> impl Debug where T: Debug + Eq + Hash, S: BuildHasher {
        it
    }

    // 1.0.0, hash_set::SymmetricDifference: Iterator for SymmetricDifference<'a, T, S, A>
    fn i308<'a, T, S>(it: SymmetricDifference<'a, T, S>, _: (&'a T, &'a S, )) -> impl Iterator where T: Eq + Hash, S: BuildHasher {
        it
    }

    // 1.26.0, hash_set::SymmetricDifference: FusedIterator for SymmetricDifference<'_, T, S, A>
    fn i309<'x, T, S>(it: SymmetricDifference<'x, T, S>, _: (&'x T, &'x S, )) -> impl FusedIterator where T: Eq + Hash, S: BuildHasher {
        it
    }

    // auto, hash_set::SymmetricDifference: RefUnwindSafe for SymmetricDifference<'a, T, S, A>
    fn i310<'a, T, S>(it: SymmetricDifference<'a, T, S>, _: (&'a T, &'a S, )) -> impl RefUnwindSafe where S: RefUnwindSafe, T: RefUnwindSafe {
        it
    }

    // auto, hash_set::SymmetricDifference: Send for SymmetricDifference<'a, T, S, A>
    fn i311<'a, T, S>(it: SymmetricDifference<'a, T, S>, _: (&'a T, &'a S, )) -> impl Send where S: Sync, T: Sync {
        it
    }

    // auto, hash_set::SymmetricDifference: Sync for SymmetricDifference<'a, T, S, A>
    fn i312<'a, T, S>(it: SymmetricDifference<'a, T, S>, _: (&'a T, &'a S, )) -> impl Sync where S: Sync, T: Sync {
        it
    }

    // auto, hash_set::SymmetricDifference: Unpin for SymmetricDifference<'a, T, S, A>
    fn i313<'a, T, S>(it: SymmetricDifference<'a, T, S>, _: (&'a T, &'a S, )) -> impl Unpin {
        it
    }

    // auto, hash_set::SymmetricDifference: UnwindSafe for SymmetricDifference<'a, T, S, A>
    fn i314<'a, T, S>(it: SymmetricDifference<'a, T, S>, _: (&'a T, &'a S, )) -> impl UnwindSafe where S: RefUnwindSafe, T: RefUnwindSafe {
        it
    }
}

mod hash_set_union {
    use super::hash_set::*;
    use super::*;
    use super::RandomState;

    // 1.0.0, hash_set::Union: Clone for Union<'_, T, S, A>
    fn i315<'x, T, S>(it: Union<'x, T, S>, _: (&'x T, &'x S, )) -> impl Clone {
        it
    }

    // 1.16.0, hash_set::Union: Debug for Union<'_, T, S, A>
    fn i316<'x, T, S>(it: Union<'x, T, S>, _: (&'x T, &'x S, )) -> impl Debug where T: Debug + Eq + Hash, S: BuildHasher {
        it
    }

    // 1.0.0, hash_set::Union: Iterator for Union<'a, T, S, A>
    fn i317<'a, T, S>(it: Union<'a, T, S>, _: (&'a T, &'a S, )) -> impl Iterator where T: Eq + Hash, S: BuildHasher {
        it
    }

    // 1.26.0, hash_set::Union: FusedIterator for Union<'_, T, S, A>
    fn i318<'x, T, S>(it: Union<'x, T, S>, _: (&'x T, &'x S, )) -> impl FusedIterator where T: Eq + Hash, S: BuildHasher {
        it
    }

    // auto, hash_set::Union: RefUnwindSafe for Union<'a, T, S, A>
    fn i319<'a, T, S>(it: Union<'a, T, S>, _: (&'a T, &'a S, )) -> impl RefUnwindSafe where S: RefUnwindSafe, T: RefUnwindSafe {
        it
    }

    // auto, hash_set::Union: Send for Union<'a, T, S, A>
    fn i320<'a, T, S>(it: Union<'a, T, S>, _: (&'a T, &'a S, )) -> impl Send where S: Sync, T: Sync {
        it
    }

    // auto, hash_set::Union: Sync for Union<'a, T, S, A>
    fn i321<'a, T, S>(it: Union<'a, T, S>, _: (&'a T, &'a S, )) -> impl Sync where S: Sync, T: Sync {
        it
    }

    // auto, hash_set::Union: Unpin for Union<'a, T, S, A>
    fn i322<'a, T, S>(it: Union<'a, T, S>, _: (&'a T, &'a S, )) -> impl Unpin {
        it
    }

    // auto, hash_set::Union: UnwindSafe for Union<'a, T, S, A>
    fn i323<'a, T, S>(it: Union<'a, T, S>, _: (&'a T, &'a S, )) -> impl UnwindSafe where S: RefUnwindSafe, T: RefUnwindSafe {
        it
    }
}
