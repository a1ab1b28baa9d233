// SPDX-License-Identifier: Apache-2.0
//! What readers of a region have checked: which generation, by which check. As `handle/checked.c`
//! has it for the types of `mmsc`.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::Mutex;

/// Whether bytes are looked at before they are taken for a value.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Check {
    No,
    /// Once for each generation and checker.
    Once,
    /// Each time: of files whose writers may change the bytes of a version.
    Always,
}

/// The address of a function that checks bytes: one word to compare, where a `TypeId` is two. Two
/// types may have one address if the compiler has made the same code of both; then whatever is right
/// for one of them is right for the other. If one type has two, its bytes are checked twice.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Checker(usize);

impl Checker {
    pub(crate) const NONE: Self = Checker(0);

    #[inline(always)]
    pub(crate) fn of(check: fn(&[u8]) -> Result<(), String>) -> Self {
        Checker(check as usize)
    }
}

/// A note is one word, so that nobody sees half of it: generation << 16 | number of the checker.
/// A generation is one value forever, so a note stays true.
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

    pub(crate) fn has(&self, generation: u64, checker: Checker) -> bool {
        let Some(token) = token_of(checker).filter(|_| self.shared) else { return false };
        // Pair: the release in `note`.
        self.place(token).load(Ordering::Acquire) == generation << TOKEN_BITS | token
    }

    /// After the bytes were found to be right while the view was held.
    pub(crate) fn note(&self, generation: u64, checker: Checker) {
        if let Some(token) = token_of(checker).filter(|_| self.shared) {
            // An older note over a newer one only costs another check.
            self.place(token).store(generation << TOKEN_BITS | token, Ordering::Release);
        }
    }
}

/// A number for each checker of this process; the first 65,535 have one.
fn token_of(checker: Checker) -> Option<u64> {
    static CHECKERS: Mutex<Vec<Checker>> = Mutex::new(Vec::new());
    let mut checkers = CHECKERS.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let index = checkers.iter().position(|c| *c == checker).unwrap_or_else(|| {
        if checkers.len() < (1 << TOKEN_BITS) - 1 {
            checkers.push(checker);
        }
        checkers.len() - 1
    });
    (checkers.get(index) == Some(&checker)).then_some(index as u64 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(bytes: &[u8]) -> Result<(), String> {
        bytes.first().map(|_| ()).ok_or("nothing".into())
    }
    fn two(bytes: &[u8]) -> Result<(), String> {
        bytes.get(1).map(|_| ()).ok_or("too few".into())
    }

    #[test]
    fn checkers_have_numbers_of_their_own() {
        let (one, two) = (Checker::of(one), Checker::of(two));
        assert_ne!(token_of(one), token_of(two));
        assert_eq!(token_of(one), token_of(one));
        assert_ne!(one, Checker::NONE);
    }

    #[test]
    fn a_note_is_of_one_generation_and_checker() {
        let (checked, one, two) = (Checked::new(true), Checker::of(one), Checker::of(two));
        checked.note(7, one);
        assert!(checked.has(7, one));
        assert!(!checked.has(8, one));
        assert!(!checked.has(7, two));
    }

    #[test]
    fn notes_that_are_not_shared_are_not_found() {
        let (checked, one) = (Checked::new(false), Checker::of(one));
        checked.note(7, one);
        assert!(!checked.has(7, one));
    }
}
