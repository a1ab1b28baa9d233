// SPDX-License-Identifier: Apache-2.0
//! What readers of a region have checked: which generation, as which type. As `handle/checked.c`
//! has it for the types of `mmsc`.

use std::any::TypeId;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::Mutex;

/// A note is one word, so that nobody sees half of it: generation << 16 | number of the type.
/// A generation is one value for ever, so a note stays true.
pub(crate) struct Checked {
    notes: [AtomicU64; 4],
    shared: bool,
}

const TOKEN_BITS: u32 = 16;

impl Checked {
    pub(crate) fn new(shared: bool) -> Self {
        Checked { notes: Default::default(), shared }
    }

    fn place(&self, token: u64) -> &AtomicU64 {
        &self.notes[token as usize % self.notes.len()]
    }

    pub(crate) fn has(&self, generation: u64, kind: TypeId) -> bool {
        let Some(token) = token_of(kind).filter(|_| self.shared) else { return false };
        // Pair: the release in `note`.
        self.place(token).load(Ordering::Acquire) == generation << TOKEN_BITS | token
    }

    /// After the bytes were found to be right while the view was held.
    pub(crate) fn note(&self, generation: u64, kind: TypeId) {
        if let Some(token) = token_of(kind).filter(|_| self.shared) {
            // An older note over a newer one only costs another check.
            self.place(token).store(generation << TOKEN_BITS | token, Ordering::Release);
        }
    }
}

/// A number for each type that this process reads; the first 65,535 types have one.
fn token_of(kind: TypeId) -> Option<u64> {
    static KINDS: Mutex<Vec<TypeId>> = Mutex::new(Vec::new());
    let mut kinds = KINDS.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let index = kinds.iter().position(|k| *k == kind).unwrap_or_else(|| {
        if kinds.len() < (1 << TOKEN_BITS) - 1 {
            kinds.push(kind);
        }
        kinds.len() - 1
    });
    (kinds.get(index) == Some(&kind)).then_some(index as u64 + 1)
}

/// [`TypeId::of`] for types with lifetimes, too: it is that of the type with `'static` in their
/// place. Code does not depend on lifetimes, so neither does what a check finds.
#[inline(always)]
pub(crate) fn type_id<T: ?Sized>() -> TypeId {
    trait Any {
        fn id(&self) -> TypeId
        where
            Self: 'static;
    }
    impl<T: ?Sized> Any for PhantomData<T> {
        #[inline(always)]
        fn id(&self) -> TypeId
        where
            Self: 'static,
        {
            TypeId::of::<T>()
        }
    }
    let of = PhantomData::<T>;
    // SAFETY: only the bound changes. The value has no data, and the reference ends here.
    let any = unsafe { std::mem::transmute::<&dyn Any, &(dyn Any + 'static)>(&of) };
    any.id()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_have_numbers_of_their_own() {
        assert_ne!(token_of(type_id::<u8>()), token_of(type_id::<u16>()));
        assert_eq!(token_of(type_id::<&u8>()), token_of(type_id::<&'static u8>()));
    }

    #[test]
    fn a_note_is_of_one_generation_and_type() {
        let checked = Checked::new(true);
        checked.note(7, type_id::<u8>());
        assert!(checked.has(7, type_id::<u8>()));
        assert!(!checked.has(8, type_id::<u8>()));
        assert!(!checked.has(7, type_id::<u16>()));
    }

    #[test]
    fn notes_that_are_not_shared_are_not_found() {
        let checked = Checked::new(false);
        checked.note(7, type_id::<u8>());
        assert!(!checked.has(7, type_id::<u8>()));
    }
}
