// SPDX-License-Identifier: Apache-2.0
//! The inline half of a read on a head that this test has made: without a call to C, so that Miri can
//! run it (`cargo +nightly miri test -p mmsync-sys --test alone`).

use mmsync_sys::*;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

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
