// SPDX-License-Identifier: Apache-2.0
//! The steady state of reads, inline: `include/mmsync/fast.h` and `include/mmsync/pin.h` in Rust,
//! with the same orders. What is shared with other processes is reached through atomics; the head
//! of the handle belongs to the reader's thread.

use crate::constants::{MMS__EXACT, MMS__HELD, MMS__IDLE, MMS__READY, MMS__SLOT_BITS};
use crate::functions::{mms__read_slow, mms__refresh_slow, mms__release_slow};
use crate::types::{mms__reader_head, mms__view_head, mms_reader, mms_view};
use std::ffi::c_int;
use std::ptr;
use std::sync::atomic::{compiler_fence, fence, Ordering};

#[inline(always)]
unsafe fn fill(head: *const mms__reader_head, out: *mut mms_view) {
    // SAFETY: both are valid, as the callers' contracts say.
    unsafe {
        (*out).data = (*head).view.data;
        (*out).size = (*head).view.size;
        (*out).generation = (*head).view.generation;
        (*out).changed = (*head).view.changed;
    }
}

type Slow = unsafe extern "C" fn(*mut mms_reader, *mut mms_view) -> c_int;

#[cold]
#[inline(never)]
unsafe fn call_slow(call: Slow, reader: *mut mms_reader) -> (c_int, mms_view) {
    let mut view = EMPTY_VIEW;
    // SAFETY: the caller's contract.
    let code = unsafe { call(reader, &mut view) };
    (code, if code == 0 { view } else { EMPTY_VIEW })
}

/// As `mms__see_slow`: the slow call fills a view of its own, so that the caller's can live in
/// registers.
#[inline(always)]
unsafe fn see_slow(call: Slow, reader: *mut mms_reader, out: *mut mms_view) -> c_int {
    // SAFETY: the callers' contracts. C has a detail for each null pointer.
    unsafe {
        if out.is_null() {
            return call(reader, out);
        }
        let (code, view) = call_slow(call, reader);
        (*out).data = view.data;
        (*out).size = view.size;
        (*out).generation = view.generation;
        (*out).changed = view.changed;
        code
    }
}

/// The inline half of [`mms_read`]: whether the last value is still the newest, and is pinned now, so
/// that it is what [`held`] says. If not, nothing has happened, and [`read_slow`] goes on.
///
/// # Safety
/// `reader` is open, and no other thread uses it during the call.
#[inline(always)]
pub unsafe fn read_fast(reader: *mut mms_reader) -> bool {
    let head = reader.cast::<mms__reader_head>();
    // SAFETY: the head is the beginning of the handle (C's layout.c, `layout_matches`), and its two
    // words stay mapped while the reader is open.
    unsafe {
        if (*head).state != MMS__READY {
            return false;
        }
        let word = (*head).word;
        // Pair: the acquire in mms__line_read.
        (*(*head).announce).store(word >> MMS__SLOT_BITS << 2 | MMS__EXACT, Ordering::Release);
        // The light fence of the asymmetric pair; symmetric readers are never MMS__READY.
        compiler_fence(Ordering::SeqCst);
        // Pair: the release in mms__publish.
        if (*(*head).current).load(Ordering::Acquire) != word {
            return false;
        }
        (*head).state = MMS__HELD;
    }
    true
}

/// The inline half of [`mms_refresh`]: whether the view that is held is of the newest value.
///
/// # Safety
/// As [`read_fast`].
#[inline(always)]
pub unsafe fn refresh_fast(reader: *mut mms_reader) -> bool {
    let head = reader.cast::<mms__reader_head>();
    // SAFETY: as in read_fast. Only compared: the pin has acquired what belongs to this word.
    unsafe {
        (*head).state == MMS__HELD && (*(*head).current).load(Ordering::Acquire) == (*head).word
    }
}

/// What the reader holds.
///
/// # Safety
/// As [`read_fast`], and it holds a view.
#[inline(always)]
pub unsafe fn held(reader: *mut mms_reader) -> mms__view_head {
    // SAFETY: as in read_fast.
    unsafe { (*reader.cast::<mms__reader_head>()).view }
}

/// What [`read_fast`] leaves to the library: the code, and whether the value has changed.
///
/// # Safety
/// As [`read_fast`].
#[cold]
pub unsafe fn read_slow(reader: *mut mms_reader) -> (c_int, bool) {
    // SAFETY: the caller's contract.
    unsafe { slow_in_place(mms__read_slow, reader) }
}

/// What [`refresh_fast`] leaves to the library.
///
/// # Safety
/// As [`read_fast`].
#[cold]
pub unsafe fn refresh_slow(reader: *mut mms_reader) -> (c_int, bool) {
    // SAFETY: the caller's contract.
    unsafe { slow_in_place(mms__refresh_slow, reader) }
}

unsafe fn slow_in_place(call: Slow, reader: *mut mms_reader) -> (c_int, bool) {
    let mut view = EMPTY_VIEW;
    // SAFETY: the caller's contract.
    unsafe {
        let code = call(reader, &mut view);
        let held = &raw mut (*reader.cast::<mms__reader_head>()).view;
        if code == 0 && (*held).data.is_null() {
            // A value without bytes in mmap-sync's files. Rust wants slices to be somewhere.
            (*held).data = ptr::NonNull::<u64>::dangling().as_ptr().cast();
        }
        (code, view.changed)
    }
}

/// `mms_read`, inline.
///
/// # Safety
/// `reader` is null, or a reader that is open and that no other thread uses during the call; `out`
/// is null or valid for writes.
#[inline(always)]
pub unsafe fn mms_read(reader: *mut mms_reader, out: *mut mms_view) -> c_int {
    // SAFETY: the caller's contract.
    unsafe {
        if !reader.is_null() && !out.is_null() && read_fast(reader) {
            fill(reader.cast(), out);
            return 0;
        }
        see_slow(mms__read_slow, reader, out)
    }
}

/// `mms_refresh`, inline.
///
/// # Safety
/// As [`mms_read`]; what the reader's view lent before ends unless the generation stays.
#[inline(always)]
pub unsafe fn mms_refresh(reader: *mut mms_reader, out: *mut mms_view) -> c_int {
    // SAFETY: the caller's contract.
    unsafe {
        if !reader.is_null() && !out.is_null() && refresh_fast(reader) {
            fill(reader.cast(), out);
            return 0;
        }
        see_slow(mms__refresh_slow, reader, out)
    }
}

/// `mms_release`, inline.
///
/// # Safety
/// As [`mms_read`], and nothing may use the view's bytes any longer.
#[inline(always)]
pub unsafe fn mms_release(reader: *mut mms_reader) -> c_int {
    let head = reader.cast::<mms__reader_head>();
    // SAFETY: as in mms_read.
    unsafe {
        if !reader.is_null() && (*head).state == MMS__HELD {
            // The reads of the data come before the load (pair: the fence in mms__slot_take).
            fence(Ordering::Acquire);
            if (*(*head).current).load(Ordering::Relaxed) == (*head).word {
                // Pair: mms__line_read.
                (*(*head).announce).store(MMS__IDLE, Ordering::Release);
                (*head).state = MMS__READY;
                return 0;
            }
        }
        mms__release_slow(reader)
    }
}

/// A view of nothing, to be filled.
pub const EMPTY_VIEW: mms_view =
    mms_view { data: ptr::null(), size: 0, generation: 0, changed: false, reserved: [0; 2] };
