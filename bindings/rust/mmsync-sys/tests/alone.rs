// SPDX-License-Identifier: Apache-2.0
//! The inline half of a read on a head that this test has made: without a call to C, so that Miri can
//! run it (`cargo +nightly miri test -p mmsync-sys --test alone`).

use mmsync_sys::mmap_sync::State;
use mmsync_sys::*;
use std::cell::UnsafeCell;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed, Ordering::SeqCst};

const CLOSED: u32 = 5;

fn word(generation: u64, slot: u64) -> u64 {
    generation << MMS__SLOT_BITS | slot
}

fn head(announce: &AtomicU64, current: &AtomicU64, value: &[u8]) -> mms__reader_head {
    let view = mms__view_head {
        data: value.as_ptr().cast(),
        size: value.len(),
        generation: current.load(Relaxed) >> MMS__SLOT_BITS,
        changed: false,
    };
    let word = current.load(Relaxed);
    mms__reader_head { announce, current, word, view, state: MMS__READY, checked: 0 }
}

#[test]
fn a_value_that_is_still_current_is_pinned_and_released() {
    let (announce, current) = (AtomicU64::new(MMS__IDLE), AtomicU64::new(word(42, 3)));
    let mut head = head(&announce, &current, b"value");
    let reader = (&raw mut head).cast::<mms_reader>();

    for _ in 0..3 {
        let mut view = EMPTY_VIEW;
        // SAFETY: a head, and current values, so that nothing goes to the library.
        unsafe {
            assert_eq!(mms_read(reader, &mut view), 0);
            assert_eq!(std::slice::from_raw_parts(view.data.cast::<u8>(), view.size), b"value");
            assert_eq!((view.generation, view.changed), (42, false));
            assert_eq!(announce.load(Relaxed), 42 << 2 | MMS__EXACT);
            assert!(refresh_fast(reader));
            assert_eq!((held(reader).size, held(reader).generation), (5, 42));
            assert!(!read_fast(reader), "a view is held");
            assert_eq!(mms_release(reader), 0);
        }
        assert_eq!(announce.load(Relaxed), MMS__IDLE);
    }
}

#[test]
fn whatever_else_is_left_to_the_library() {
    let (announce, current) = (AtomicU64::new(MMS__IDLE), AtomicU64::new(word(42, 3)));
    let mut head = head(&announce, &current, b"value");
    let reader = (&raw mut head).cast::<mms_reader>();

    // SAFETY: as above.
    unsafe {
        current.store(word(43, 1), Relaxed);
        assert!(!read_fast(reader), "another value is current");
        assert_eq!((*reader.cast::<mms__reader_head>()).state, MMS__READY);
        current.store(word(42, 3), Relaxed);
        assert!(read_fast(reader));
        current.store(word(43, 1), Relaxed);
        assert!(!refresh_fast(reader));
        for state in (0..=CLOSED).filter(|state| *state != MMS__READY) {
            (*reader.cast::<mms__reader_head>()).state = state;
            current.store(word(42, 3), Relaxed);
            assert!(!read_fast(reader), "state {state}");
            assert_eq!(refresh_fast(reader), state == MMS__HELD);
        }
    }
}

// ---- The files of mmap-sync ----

fn state(version: u64, readers: [u32; 2]) -> State {
    State { version: AtomicU64::new(version), readers: readers.map(AtomicU32::new) }
}

fn counts(state: &State) -> [u32; 2] {
    [0, 1].map(|index| state.readers[index].load(Relaxed))
}

#[test]
fn a_version_that_is_still_current_is_counted_and_counted_out() {
    let state = state(0x2b, [5, 0]);
    assert!(state.pin(0x2b));
    assert_eq!(counts(&state), [5, 1]);
    assert!(state.pin(0x2b), "another reader's");
    assert_eq!(counts(&state), [5, 2]);
    state.version.store(0x30, Relaxed); // the other file is written, and current
    assert!(state.unpin(0x2b));
    assert!(state.unpin(0x2b));
    assert_eq!(counts(&state), [5, 0]);
    assert!(!state.pin(0x2b), "not current");
    assert_eq!(counts(&state), [5, 0]);
}

#[test]
fn a_view_that_was_taken_away_is_lost_and_takes_nothing_from_others() {
    let state = state(0x2b, [0, 0]);
    assert!(state.pin(0x2b));
    state.readers[1].store(0, Relaxed); // a writer resets the count
    assert!(!state.unpin(0x2b));
    assert_eq!(counts(&state), [0, 0]);
    assert!(state.pin(0x2b));
    state.version.store(0x4b, Relaxed); // and writes the same file
    state.readers[1].store(7, Relaxed); // where others are counted by now
    assert!(!state.unpin(0x2b));
    assert_eq!(counts(&state), [0, 7]);
    state.version.store(0, Relaxed); // the files are removed
    assert!(!state.pin(0x2b));
    assert_eq!(counts(&state), [0, 7]);
}

/// It is the library that counts again: from below 0 up to 0 is not to be seen.
#[test]
fn a_count_below_zero_pins_nothing() {
    let state = state(0x2b, [0, 2u32.wrapping_neg()]);
    assert!(!state.pin(0x2b));
    assert!(!state.unpin(0x2b));
    assert!(!state.pin(0x2b));
    assert_eq!(counts(&state), [0, 0]);
    assert!(state.pin(0x2b));
}

/// Miri finds a data race if a writer that waits for the counts could meet a reader.
#[test]
fn no_reader_is_on_the_file_that_is_written() {
    struct Files([UnsafeCell<u64>; 2]);
    // SAFETY: that is what the test is about.
    unsafe impl Sync for Files {}
    let (state, files) = (state(2 << 1, [0, 0]), Files([2, 1].map(UnsafeCell::new)));
    let (state, files) = (&state, &files);
    let rounds = if cfg!(miri) { 30 } else { 30_000 };

    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(move || {
                let mut word = 0;
                while word >> 1 < rounds {
                    word = state.version.load(SeqCst);
                    if state.pin(word) {
                        // SAFETY: pinned.
                        assert_eq!(unsafe { *files.0[(word & 1) as usize].get() }, word >> 1);
                        assert!(state.unpin(word));
                    }
                    std::thread::yield_now();
                }
            });
        }
        for number in 3..=rounds {
            let index = (number & 1) as usize;
            while state.readers[index].load(SeqCst) > 0 {
                std::thread::yield_now();
            }
            // SAFETY: nobody is counted here, and whoever comes now looks again.
            unsafe { *files.0[index].get() = number };
            state.version.store(number << 1 | number & 1, SeqCst);
        }
    });
    assert_eq!(counts(state), [0, 0]);
}
