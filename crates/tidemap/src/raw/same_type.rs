//! Type equality in generic code, lifetimes aside.
//!
//! Stable Rust has no specialisation; identities of types stand in for it.
//!
//! E1. `typeid::of::<A>() == typeid::of::<B>()` means that `A` and `B` are one type but for
//!     lifetimes. A `B` without lifetimes therefore *is* `A`.
//!
//! The comparison is of constants and vanishes when optimised.

use alloc_crate::boxed::Box;
use alloc_crate::rc::Rc;
use alloc_crate::string::String;
use alloc_crate::sync::Arc;
use alloc_crate::vec::Vec;

/// `value` as a `B`, if that is what it is. `B` has no lifetimes.
#[inline(always)]
pub(crate) fn as_type<A, B: 'static>(value: &A) -> Option<&B> {
    // SAFETY: by E1 both are the same type.
    (typeid::of::<A>() == typeid::of::<B>()).then(|| unsafe { &*(&raw const *value).cast::<B>() })
}

/// `value` as a `B` for change, if that is what it is. `B` has no lifetimes.
#[inline(always)]
pub(crate) fn as_type_mut<A, B: 'static>(value: &mut A) -> Option<&mut B> {
    // SAFETY: by E1 both are the same type.
    (typeid::of::<A>() == typeid::of::<B>()).then(|| unsafe { &mut *(&raw mut *value).cast::<B>() })
}

/// Whether [`text_of`] knows keys of this type.
#[inline(always)]
pub(crate) fn has_text<K>() -> bool {
    macro_rules! any {
        ($($known:ty),*) => { false $(|| typeid::of::<K>() == typeid::of::<$known>())* };
    }
    any!(
        String,
        Box<str>,
        Rc<str>,
        Arc<str>,
        Vec<u8>,
        Box<[u8]>,
        &'static str,
        &'static [u8]
    )
}

/// Where a key of the common text types keeps its bytes; null for all others.
#[inline(always)]
pub(crate) fn text_of<K>(key: &K) -> *const u8 {
    macro_rules! owned {
        ($($known:ty),*) => {$(
            if let Some(text) = as_type::<K, $known>(key) {
                return text.as_ptr().cast();
            }
        )*};
    }
    owned!(String, Box<str>, Vec<u8>, Box<[u8]>);
    if let Some(text) = as_type::<K, Rc<str>>(key) {
        return text.as_ptr();
    }
    if let Some(text) = as_type::<K, Arc<str>>(key) {
        return text.as_ptr();
    }
    if typeid::of::<K>() == typeid::of::<&'static str>() {
        // SAFETY: by E1 a string slice; its lifetime is longer than this borrow of it.
        return unsafe { (*(&raw const *key).cast::<&str>()).as_ptr() };
    }
    if typeid::of::<K>() == typeid::of::<&'static [u8]>() {
        // SAFETY: by E1 a slice of bytes; as above.
        return unsafe { (*(&raw const *key).cast::<&[u8]>()).as_ptr() };
    }
    core::ptr::null()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text<K>(key: &K) -> *const u8 {
        assert_eq!(has_text::<K>(), !text_of(key).is_null());
        text_of(key)
    }

    #[test]
    fn small_types_are_told_apart_whatever_their_lifetimes() {
        let own = String::from("tide");
        let borrowed: &str = &own;
        assert_eq!(text(&own), own.as_ptr());
        assert_eq!(text(&borrowed), own.as_ptr());
        assert_eq!(text(&own.as_bytes()), own.as_ptr());
        let shared: Arc<str> = Arc::from("tide");
        assert_eq!(text(&shared), shared.as_ptr());
        let counted: Rc<str> = Rc::from("tide");
        assert_eq!(text(&counted), counted.as_ptr());
        let boxed: Box<[u8]> = Box::from(*b"tide");
        assert_eq!(text(&boxed), boxed.as_ptr());
        assert!(text(&1u64).is_null() && text(&[own.as_str()]).is_null());

        assert_eq!(as_type::<u64, u64>(&3), Some(&3));
        assert_eq!(as_type::<u64, i64>(&3), None);
        let mut number = 4u8;
        *as_type_mut::<u8, u8>(&mut number).unwrap() += 1;
        assert_eq!(number, 5);
        assert_eq!(as_type_mut::<u8, u16>(&mut number), None);
    }
}
