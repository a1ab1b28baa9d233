// SPDX-License-Identifier: Apache-2.0
//! Reads of mmap-sync's files, inline: `src/mmap_sync/protocol.h` in Rust as far as the version stays
//! what it was at the last read, with the same orders. The library does everything else.

use crate::constants::{MMS__HELD_SLOW, MMS__READY_SLOW};
use crate::functions::mms__release_slow;
use crate::types::{mms__reader_head, mms_reader};
use std::ffi::c_int;
use std::sync::atomic::{fence, AtomicU32, AtomicU64, Ordering};

/// `PREFIX_state`, as all processes have it mapped.
#[repr(C)]
pub struct State {
    /// checksum (24 bits) | size (39) | index of the data file (1)
    pub version: AtomicU64,
    /// How many readers are counted on each data file.
    pub readers: [AtomicU32; 2],
}

/// A count above it is below 0: a writer had reset it, and a reader of the crate left after that.
const COUNT_MAX: u32 = 0x7fff_ffff;

impl State {
    #[inline(always)]
    fn count_of(&self, word: u64) -> &AtomicU32 {
        &self.readers[(word & 1) as usize]
    }

    /// Pin the value of `word`, which is not 0, if that is the current one. If not, nothing is pinned.
    #[inline(always)]
    pub fn pin(&self, word: u64) -> bool {
        if self.version.load(Ordering::SeqCst) != word {
            return false;
        }
        // Below 0 it is not seen, and makes up for one that left without having been counted.
        if self.count_of(word).fetch_add(1, Ordering::SeqCst) > COUNT_MAX {
            return false;
        }
        // Either the writer sees the count, or this that the version has moved on.
        if self.version.load(Ordering::SeqCst) == word {
            return true;
        }
        self.count_out(word);
        false
    }

    /// End the view of `word`. False, and nothing has happened, if it can be seen to be lost: the file
    /// is current again with another value, or the count is gone.
    #[inline(always)]
    pub fn unpin(&self, word: u64) -> bool {
        // The reads of the data come before the loads (pair: the writer's store of the count).
        fence(Ordering::Acquire);
        let now = self.version.load(Ordering::SeqCst);
        if now != word && now != 0 && now & 1 == word & 1 {
            return false;
        }
        self.count_out(word)
    }

    /// False if there is nothing to take back. Not by subtracting: that could take another reader's.
    #[inline(always)]
    fn count_out(&self, word: u64) -> bool {
        let count = self.count_of(word);
        let mut seen = count.load(Ordering::Relaxed);
        while seen != 0 && seen <= COUNT_MAX {
            let left = count.compare_exchange(seen, seen - 1, Ordering::SeqCst, Ordering::SeqCst);
            match left {
                Ok(_) => return true,
                Err(now) => seen = now,
            }
        }
        false
    }
}

/// # Safety
/// `reader` is an open reader of mmap-sync's files.
#[inline(always)]
unsafe fn state_of<'a>(reader: *mut mms_reader) -> &'a State {
    // SAFETY: what `current` points to is where the state begins (mms__mmap_sync_reader_open), and
    // stays mapped while the reader is open.
    unsafe { &*(*reader.cast::<mms__reader_head>()).current.cast::<State>() }
}

/// The inline half of `mms_read`, as [`crate::read_fast`]. It does not notice that the files were
/// deleted by hand, so let the library read now and then ([`crate::read_slow`]).
///
/// # Safety
/// `reader` is an open reader of mmap-sync's files, and no other thread uses it during the call.
#[inline(always)]
pub unsafe fn read_fast(reader: *mut mms_reader) -> bool {
    let head = reader.cast::<mms__reader_head>();
    // SAFETY: the caller's contract; in a forked child `state` is another one.
    unsafe {
        let word = (*head).word;
        if (*head).state != MMS__READY_SLOW || word == 0 || !state_of(reader).pin(word) {
            return false;
        }
        (*head).state = MMS__HELD_SLOW;
    }
    true
}

/// `mms_release`, inline.
///
/// # Safety
/// As [`read_fast`], and nothing may use the view's bytes any longer.
#[inline(always)]
pub unsafe fn release(reader: *mut mms_reader) -> c_int {
    let head = reader.cast::<mms__reader_head>();
    // SAFETY: the caller's contract.
    unsafe {
        if (*head).state == MMS__HELD_SLOW && state_of(reader).unpin((*head).word) {
            (*head).state = MMS__READY_SLOW;
            return 0;
        }
        mms__release_slow(reader)
    }
}
