//! What std's documentation shows its maps doing, told anew and run on both.

use super::hash_map::Entry;
use super::{HashMap, HashSet};

fn sorted<T: Ord>(items: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut items: Vec<T> = items.into_iter().collect();
    items.sort();
    items
}

#[test]
fn ratings_are_kept_by_title() {
    let mut ratings = HashMap::new();
    for (title, stars) in [("Moby-Dick", 5), ("Dracula", 4), ("Emma", 3), ("Walden", 2)] {
        ratings.insert(title.to_owned(), stars);
    }
    assert!(!ratings.contains_key("Ulysses"));
    ratings.remove("Walden");
    let asked = ["Emma", "Hamlet"].map(|title| ratings.get(title));
    assert_eq!(asked, [Some(&3), None]);
    assert_eq!(ratings["Moby-Dick"], 5);
    assert_eq!(
        sorted(ratings.keys().map(String::as_str)),
        ["Dracula", "Emma", "Moby-Dick"]
    );
}

#[test]
#[should_panic]
fn an_index_that_is_not_there_panics() {
    let _ = HashMap::from([("here", 1)])["there"];
}

#[test]
fn a_ship_s_stores_by_entry() {
    let mut stores: HashMap<&str, u8> = HashMap::new();
    stores.entry("rope").or_insert(100);
    stores.entry("rum").or_insert_with(|| 42);
    let sails = stores.entry("sails").or_insert(7);
    *sails += 3;
    stores.entry("rum").and_modify(|rum| *rum -= 1).or_insert(0);
    stores.entry("tar").and_modify(|tar| *tar -= 1).or_insert(9);
    *stores.entry("salt").or_default() += 2;
    assert_eq!(
        *stores
            .entry("hardtack")
            .or_insert_with_key(|k| k.len() as u8),
        8
    );
    let all = sorted(stores.drain());
    let expected = [
        ("hardtack", 8),
        ("rope", 100),
        ("rum", 41),
        ("sails", 10),
        ("salt", 2),
        ("tar", 9),
    ];
    assert_eq!(all, expected);
}

/// Equal by name and harbour; what else it has does not matter.
#[derive(Debug, Clone)]
struct Boat {
    name: &'static str,
    coats: u32,
}
impl PartialEq for Boat {
    fn eq(&self, other: &Boat) -> bool {
        self.name == other.name
    }
}
impl Eq for Boat {}
impl std::hash::Hash for Boat {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}
fn boat(name: &'static str, coats: u32) -> Boat {
    Boat { name, coats }
}

#[test]
fn equal_keys_stay_as_they_were_first() {
    let mut map = HashMap::from([(boat("Ann", 1), "in")]);
    assert_eq!(map.insert(boat("Ann", 2), "out"), Some("in"));
    let (there, state) = map.get_key_value(&boat("Ann", 9)).unwrap();
    assert_eq!((there.coats, *state), (1, "out"));
    if let Entry::Occupied(entry) = map.entry(boat("Ann", 3)) {
        assert_eq!(entry.key().coats, 1);
        assert_eq!(entry.remove_entry().0.coats, 1);
    }
    let entry = map.entry(boat("Ann", 4)).insert_entry("back");
    assert_eq!((entry.key().coats, *entry.get()), (4, "back"));

    let mut set = HashSet::from([boat("Bob", 1)]);
    assert!(!set.insert(boat("Bob", 2)));
    assert_eq!(set.get(&boat("Bob", 0)).unwrap().coats, 1);
    assert_eq!(set.replace(boat("Bob", 3)).unwrap().coats, 1);
    assert_eq!(set.take(&boat("Bob", 0)).unwrap().coats, 3);
    assert!(set.replace(boat("Bob", 5)).is_none() && set.len() == 1);
}

#[test]
fn distances_are_sorted_collected_and_compared() {
    let km = [("Skagen", 10), ("Helgoland", 62), ("Texel", 3)];
    let map = HashMap::from(km);
    let again: HashMap<&str, i32> = km.iter().copied().rev().collect();
    assert_eq!(map, again);
    let mut more = again.clone();
    more.extend([("Sylt", 1), ("Texel", 4)]);
    more.extend(&HashMap::from([("Amrum", 2)]));
    assert_ne!(map, more);
    assert_eq!((more["Texel"], more.len()), (4, 5));
    assert_eq!(format!("{:?}", HashMap::from([(1, 'a')])), "{1: 'a'}");
    assert_eq!(format!("{:?}", HashSet::from(['b'])), "{'b'}");
    assert_eq!(sorted(map.into_values()), [3, 10, 62]);
    assert_eq!(sorted(more.into_keys())[..2], ["Amrum", "Helgoland"]);
}

#[test]
fn several_values_are_borrowed_at_once() {
    let mut holds = HashMap::from([("fore", 1), ("mid", 2), ("aft", 3)]);
    let [fore, aft, none] = holds.get_disjoint_mut(["fore", "aft", "bilge"]);
    std::mem::swap(fore.unwrap(), aft.unwrap());
    assert_eq!(none, None);
    assert_eq!((holds["fore"], holds["aft"]), (3, 1));
    let twice = std::panic::AssertUnwindSafe(|| {
        holds.get_disjoint_mut(["mid", "mid"]);
    });
    assert!(std::panic::catch_unwind(twice).is_err());
}

#[test]
fn crews_are_combined() {
    let a = HashSet::from([1, 2, 3]);
    let b = HashSet::from([4, 2, 3, 4]);
    assert_eq!(sorted(a.union(&b)), [&1, &2, &3, &4]);
    assert_eq!(sorted(a.intersection(&b)), [&2, &3]);
    assert_eq!(sorted(a.difference(&b)), [&1]);
    assert_eq!(sorted(a.symmetric_difference(&b)), [&1, &4]);
    assert_eq!(sorted(&a | &b), [1, 2, 3, 4]);
    assert_eq!(sorted(&a & &b), [2, 3]);
    assert_eq!(sorted(&a ^ &b), [1, 4]);
    assert_eq!(sorted(&a - &b), [1]);
    assert!(!a.is_disjoint(&b) && a.is_disjoint(&HashSet::from([9])));
    assert!(HashSet::from([2]).is_subset(&b) && b.is_superset(&HashSet::new()));
    let union = a.union(&b);
    assert_eq!(union.clone().count(), union.count());
}

#[test]
fn iterators_tell_what_is_left() {
    let map: HashMap<u8, u8> = (0..10).map(|i| (i, i)).collect();
    let mut iter = map.iter();
    iter.next();
    assert_eq!((iter.len(), iter.clone().count(), iter.count()), (9, 9, 9));
    let mut all = map.into_iter();
    while all.next().is_some() {}
    assert!(all.next().is_none());
    let mut nothing = super::hash_map::Iter::<u8, u8>::default();
    assert_eq!((nothing.len(), nothing.next()), (0, None));
    let mut nothing = super::hash_set::IntoIter::<u8>::default();
    assert_eq!(nothing.next(), None);
}

#[test]
fn a_map_may_be_a_constant_with_a_hasher_of_its_own() {
    type Fixed = std::hash::BuildHasherDefault<std::hash::DefaultHasher>;
    static EMPTY: HashMap<u8, u8, Fixed> = HashMap::with_hasher(Fixed::new());
    static NONE: HashSet<u8, Fixed> = HashSet::with_hasher(Fixed::new());
    assert!(EMPTY.is_empty() && NONE.is_empty() && !EMPTY.contains_key(&1));
}
