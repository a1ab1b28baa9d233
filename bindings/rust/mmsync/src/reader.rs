// SPDX-License-Identifier: Apache-2.0
//! Readers, and the views that they lend.

use crate::checked::Checker;
use crate::error::{check, Result};
use crate::path::timeout_ms;
use crate::region::Inner;
use mmsync_sys as sys;
use std::cell::Cell;
use std::fmt;
use std::marker::PhantomData;
use std::ops::{Deref, Range};
use std::ptr::{self, NonNull};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// Reads a region, for one thread at a time. A read pins the newest value and lends a [`View`] of
/// it; the reader can read again when that view is gone.
pub struct Reader {
    raw: NonNull<sys::mms_reader>,
    own: NonNull<Own>,
}

/// What a reader has besides the handle. It has memory of its own, so that nothing off the inline path
/// gets the address of a [`Reader`], which can then be in registers.
pub(crate) struct Own {
    /// By which check the value that was pinned last was found to be right. If it is here on the
    /// inline path, that value needs no other look: the slow path, by which others come, forgets it.
    #[cfg_attr(not(feature = "rkyv"), allow(dead_code))]
    pub(crate) checked: Cell<Checker>,
    pub(crate) region: Arc<Inner>,
    /// mmap-sync's files: inline reads until the library looks whether they are still there.
    #[cfg_attr(not(feature = "rkyv"), allow(dead_code))]
    unlooked: Cell<u32>,
}

/// Of mmap-sync's files: where the library reads, it also looks at the clock, and takes as long as
/// three reads do.
#[cfg(feature = "rkyv")]
const READS_UNLOOKED: u32 = 63;

// SAFETY: an mms_reader serves one thread at a time, and one that is detached belongs to none. All
// calls that touch it take `&mut self`.
unsafe impl Send for Reader {}

impl Drop for Reader {
    fn drop(&mut self) {
        // SAFETY: open; no view is lent. What it owns came from a box.
        unsafe {
            sys::mms_reader_close(self.raw.as_ptr());
            drop(Box::from_raw(self.own.as_ptr()));
        }
    }
}

impl Reader {
    pub(crate) fn open(region: &Arc<Inner>) -> Result<Self> {
        let mut raw = ptr::null_mut();
        // SAFETY: the region is open.
        check(unsafe { sys::mms_reader_open(region.as_ptr(), &mut raw) })?;
        let raw = NonNull::new(raw).expect("a handle");
        let own = Own {
            checked: Cell::new(Checker::NONE),
            region: Arc::clone(region),
            unlooked: Cell::new(0),
        };
        Ok(Reader { raw, own: NonNull::from(Box::leak(Box::new(own))) })
    }

    #[inline(always)]
    pub(crate) fn as_ptr(&self) -> *mut sys::mms_reader {
        self.raw.as_ptr()
    }

    fn region(&self) -> &Inner {
        // SAFETY: from open to drop.
        unsafe { &self.own.as_ref().region }
    }

    /// Pin the newest value, and lend its bytes, in place. Wait-free: one store and one load while
    /// the value stays the same.
    ///
    /// # Errors
    /// [`Code::Empty`](crate::Code::Empty): nothing was published yet.
    /// [`Code::Gone`](crate::Code::Gone), [`Code::Type`](crate::Code::Type),
    /// [`Code::Corrupt`](crate::Code::Corrupt).
    #[inline(always)]
    pub fn read_bytes(&mut self) -> Result<View<'_>> {
        let pinned = self.pin()?;
        // SAFETY: just pinned, and this reader is borrowed.
        Ok(unsafe { pinned.lend() })
    }

    #[inline(always)]
    pub(crate) fn pin(&mut self) -> Result<Pinned> {
        let (reader, own) = (self.raw, self.own);
        // SAFETY: open, and `&mut self` keeps others away.
        let changed = unsafe {
            if sys::read_fast(reader.as_ptr()) {
                false
            } else {
                pin_slow(reader, own)?
            }
        };
        Ok(Pinned { reader, own, changed })
    }

    /// The same for a reader of mmap-sync's files.
    #[cfg(feature = "rkyv")]
    #[inline(always)]
    pub(crate) fn pin_mmap_sync(&mut self) -> Result<Pinned> {
        let (reader, own) = (self.raw, self.own);
        // SAFETY: open, and `&mut self` keeps others away.
        let changed = unsafe {
            let unlooked = &own.as_ref().unlooked;
            let left = unlooked.get();
            if left > 0 && sys::mmap_sync::read_fast(reader.as_ptr()) {
                unlooked.set(left - 1);
                false
            } else {
                unlooked.set(READS_UNLOOKED);
                pin_slow(reader, own)?
            }
        };
        Ok(Pinned { reader, own, changed })
    }

    /// Whether the region was removed, or belongs to the parent process.
    #[cfg(feature = "rkyv")]
    pub(crate) fn is_stale(&mut self) -> bool {
        // SAFETY: open.
        let code = unsafe { sys::mms_wait(self.as_ptr(), u64::MAX, 0) };
        matches!(code, sys::MMS_E_GONE | sys::MMS_E_FORKED)
    }

    /// The newest generation; 0 if there is no value yet.
    pub fn generation(&self) -> u64 {
        self.region().generation()
    }

    /// Wait until the newest generation is not `seen`; `false` on a timeout.
    /// Without a timeout it waits forever.
    ///
    /// # Errors
    /// [`Code::Gone`](crate::Code::Gone); `EINTR` after a signal.
    pub fn wait(&mut self, seen: u64, timeout: Option<Duration>) -> Result<bool> {
        // SAFETY: open.
        match unsafe { sys::mms_wait(self.as_ptr(), seen, timeout_ms(timeout)) } {
            sys::MMS_E_TIMEOUT => Ok(false),
            code => check(code).map(|()| true),
        }
    }
}

/// What the reader holds, before it is lent. It has the handle, so that the compiler keeps that in a
/// register: a store to shared memory could have changed the reader's, for all it knows.
#[derive(Clone, Copy)]
pub(crate) struct Pinned {
    reader: NonNull<sys::mms_reader>,
    pub(crate) own: NonNull<Own>,
    changed: bool,
}

impl Pinned {
    #[cfg(feature = "rkyv")]
    #[inline(always)]
    pub(crate) fn reader(&self) -> *mut sys::mms_reader {
        self.reader.as_ptr()
    }

    #[cfg(feature = "rkyv")]
    #[inline(always)]
    pub(crate) fn is_changed(&self) -> bool {
        self.changed
    }

    #[inline(always)]
    pub(crate) fn held(&self) -> sys::mms__view_head {
        // SAFETY: the reader is open, and holds a view.
        unsafe { sys::held(self.reader.as_ptr()) }
    }

    /// # Safety
    /// It was just pinned, and its reader is borrowed for `'r`.
    #[inline(always)]
    pub(crate) unsafe fn lend<'r>(self) -> View<'r> {
        let held = self.held();
        View {
            // SAFETY: never null, says fast.rs.
            data: unsafe { NonNull::new_unchecked(held.data.cast_mut().cast()) },
            size: held.size,
            generation: held.generation,
            changed: self.changed,
            reader: self.reader,
            own: self.own,
            lent: PhantomData,
        }
    }
}

/// Whether the value has changed.
///
/// # Safety
/// The reader is open, what it owns is `own`, and nothing else uses them during the call.
#[cold]
#[inline(never)]
unsafe fn pin_slow(reader: NonNull<sys::mms_reader>, own: NonNull<Own>) -> Result<bool> {
    // SAFETY: the caller's contract.
    let (code, changed) = unsafe { sys::read_slow(reader.as_ptr()) };
    if code != 0 || changed {
        // SAFETY: as above.
        unsafe { own.as_ref() }.checked.set(Checker::NONE);
    }
    check(code)?;
    Ok(changed)
}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader").field("generation", &self.generation()).finish_non_exhaustive()
    }
}

/// A value, in place: its bytes do not change while the view exists. They are aligned to 64.
///
/// A view holds a slot of the region, so do not keep it for longer than you need it.
pub struct View<'r> {
    data: NonNull<u8>,
    size: usize,
    generation: u64,
    changed: bool,
    reader: NonNull<sys::mms_reader>,
    own: NonNull<Own>,
    lent: PhantomData<&'r mut Reader>,
}

// SAFETY: bytes that do not change, and the exclusive use of a reader, which may move. Not Sync:
// some calls use the reader; share the bytes instead.
unsafe impl Send for View<'_> {}

impl Drop for View<'_> {
    #[inline(always)]
    fn drop(&mut self) {
        // The one error there could be, an eviction, is only for readers that allow it.
        // SAFETY: the reader is open, and nothing borrows from the view.
        unsafe { sys::mms_release(self.reader.as_ptr()) };
    }
}

impl Deref for View<'_> {
    type Target = [u8];

    #[inline(always)]
    fn deref(&self) -> &[u8] {
        self.as_bytes()
    }
}

impl AsRef<[u8]> for View<'_> {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

impl View<'_> {
    /// The value's bytes.
    #[inline(always)]
    pub fn as_bytes(&self) -> &[u8] {
        // SAFETY: what the read gave, pinned until the view is dropped.
        unsafe { std::slice::from_raw_parts(self.data.as_ptr(), self.size) }
    }

    /// The number of this value; it only grows.
    #[inline(always)]
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// Whether it is another value than the one that this reader read before.
    #[inline(always)]
    pub fn is_changed(&self) -> bool {
        self.changed
    }

    /// Move on to the newest value, if there is one; whether there was.
    ///
    /// # Errors
    /// As [`Reader::read_bytes`]; then the view has no bytes, and its generation is 0.
    #[inline(always)]
    pub fn refresh(&mut self) -> Result<bool> {
        // SAFETY: open; `&mut self`: nothing borrows from the view.
        if unsafe { sys::refresh_fast(self.reader.as_ptr()) } {
            self.changed = false;
            return Ok(false);
        }
        self.refresh_slow()
    }

    #[cold]
    #[inline(never)]
    fn refresh_slow(&mut self) -> Result<bool> {
        // SAFETY: as above.
        let (code, changed) = unsafe {
            self.own.as_ref().checked.set(Checker::NONE);
            sys::refresh_slow(self.reader.as_ptr())
        };
        (self.data, self.size) = (NonNull::dangling(), 0);
        (self.generation, self.changed) = (0, changed);
        check(code)?;
        // SAFETY: the reader holds a view, whose data is not null, says fast.rs.
        unsafe {
            let held = sys::held(self.reader.as_ptr());
            self.data = NonNull::new_unchecked(held.data.cast_mut().cast());
            (self.size, self.generation) = (held.size, held.generation);
        }
        Ok(changed)
    }

    /// End the view, and find out whether it was whole. It always was, unless somebody wrote to
    /// the region's files who should not have; dropping the view does the same silently.
    ///
    /// # Errors
    /// [`Code::Evicted`](crate::Code::Evicted): discard what you read.
    pub fn release(self) -> Result<()> {
        let view = std::mem::ManuallyDrop::new(self);
        // SAFETY: as in drop, which does not run.
        check(unsafe { sys::mms_release(view.reader.as_ptr()) })
    }

    /// What was published with the value.
    pub fn info(&self) -> Result<ViewInfo<'_>> {
        // SAFETY: zeros are a value of it.
        let mut raw: sys::mms_view_info = unsafe { sys::zeroed() };
        // SAFETY: the reader holds this view.
        check(unsafe { sys::mms_view_describe(self.reader.as_ptr(), &mut raw) })?;
        let schema = if raw.schema.is_null() {
            &[]
        } else {
            // SAFETY: valid while the view is held.
            unsafe { std::slice::from_raw_parts(raw.schema.cast::<u8>(), raw.schema_size) }
        };
        Ok(ViewInfo {
            type_id: raw.type_id,
            tag: raw.tag,
            published: SystemTime::UNIX_EPOCH + Duration::from_nanos(raw.publish_time_ns),
            checksum: raw.has_checksum.then_some(raw.checksum),
            schema,
        })
    }

    /// What may differ between this value and the one of generation `since`: ascending ranges of
    /// bytes. What lies outside of them is equal.
    ///
    /// # Errors
    /// [`Code::Forgotten`](crate::Code::Forgotten): all of it may differ, because a value since then was
    /// published as a whole, or it is too long ago. [`Code::Invalid`](crate::Code::Invalid):
    /// `since` is newer.
    pub fn changes_since(&self, since: u64) -> Result<Vec<Range<usize>>> {
        let mut ranges: Vec<sys::mms_range> = Vec::with_capacity(64);
        loop {
            let mut count = 0;
            // SAFETY: the reader holds this view; the vector has that much room.
            let code = unsafe {
                let out = ranges.as_mut_ptr();
                sys::mms_changes(self.reader.as_ptr(), since, out, ranges.capacity(), &mut count)
            };
            check(code)?;
            if count > ranges.capacity() {
                ranges.reserve(count);
                continue;
            }
            // SAFETY: that many were stored.
            unsafe { ranges.set_len(count) };
            let range = |r: &sys::mms_range| r.offset as usize..(r.offset + r.length) as usize;
            return Ok(ranges.iter().map(range).collect());
        }
    }

    /// As C has it.
    pub(crate) fn to_raw(&self) -> sys::mms_view {
        sys::mms_view {
            data: self.data.as_ptr().cast(),
            size: self.size,
            generation: self.generation,
            changed: self.changed,
            reserved: [0; 2],
        }
    }
}

impl fmt::Debug for View<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "View {{ generation: {}, {} bytes }}", self.generation(), self.len())
    }
}

/// What was published with a value; zeros for what was not given.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ViewInfo<'v> {
    /// The type that the writer gave.
    pub type_id: [u64; 2],
    /// The tag that the writer gave.
    pub tag: u64,
    /// When it was published, to within a few milliseconds.
    pub published: SystemTime,
    /// XXH3 of the bytes, if the writer stores it.
    pub checksum: Option<u64>,
    /// Text that describes the type, for tools; empty if there is none.
    pub schema: &'v [u8],
}
