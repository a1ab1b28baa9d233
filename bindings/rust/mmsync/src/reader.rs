// SPDX-License-Identifier: Apache-2.0
//! Readers, and the views that they lend.

use crate::error::{check, Result};
use crate::path::timeout_ms;
use crate::region::Inner;
use mmsync_sys as sys;
use std::any::TypeId;
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
    region: Arc<Inner>,
    /// The generation that was last found to be right, and as which type.
    #[cfg_attr(not(feature = "rkyv"), allow(dead_code))]
    pub(crate) checked: (u64, TypeId),
}

// SAFETY: an mms_reader serves one thread at a time, and one that is detached belongs to none. All
// calls that touch it take `&mut self`.
unsafe impl Send for Reader {}

impl Drop for Reader {
    fn drop(&mut self) {
        // SAFETY: open; no view is lent.
        unsafe { sys::mms_reader_close(self.raw.as_ptr()) };
    }
}

impl Reader {
    pub(crate) fn open(region: &Arc<Inner>) -> Result<Self> {
        let mut raw = ptr::null_mut();
        // SAFETY: the region is open.
        check(unsafe { sys::mms_reader_open(region.as_ptr(), &mut raw) })?;
        let raw = NonNull::new(raw).expect("a handle");
        Ok(Reader { raw, region: Arc::clone(region), checked: (0, TypeId::of::<()>()) })
    }

    #[inline(always)]
    pub(crate) fn as_ptr(&self) -> *mut sys::mms_reader {
        self.raw.as_ptr()
    }

    pub(crate) fn region(&self) -> &Inner {
        &self.region
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
        // SAFETY: just pinned.
        Ok(unsafe { self.lend(&pinned) })
    }

    #[inline(always)]
    pub(crate) fn pin(&mut self) -> Result<Pinned> {
        let (reader, mut raw) = (self.raw, sys::EMPTY_VIEW);
        // SAFETY: open, and `&mut self` keeps others away.
        check(unsafe { sys::mms_read(reader.as_ptr(), &mut raw) })?;
        Ok(Pinned {
            data: raw.data.cast(),
            size: raw.size,
            generation: raw.generation,
            changed: raw.changed,
            reader,
        })
    }

    /// # Safety
    /// The last call was `pin`, which returned this.
    #[inline(always)]
    pub(crate) unsafe fn lend(&mut self, pinned: &Pinned) -> View<'_> {
        View {
            // SAFETY: never null, says fast.rs.
            data: unsafe { NonNull::new_unchecked(pinned.data.cast_mut()) },
            size: pinned.size,
            generation: pinned.generation,
            changed: pinned.changed,
            reader: pinned.reader,
            lent: PhantomData,
        }
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
        self.region.generation()
    }

    /// Wait until the newest generation is not `seen`; `false` if the time is over before that.
    /// Without a time it waits for ever.
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

/// A value that the reader holds, before it is lent. It has the handle, so that the compiler keeps
/// that in a register: a store to shared memory could have changed the reader's, for all it knows.
#[derive(Clone, Copy)]
pub(crate) struct Pinned {
    pub(crate) data: *const u8,
    pub(crate) size: usize,
    pub(crate) generation: u64,
    pub(crate) changed: bool,
    pub(crate) reader: NonNull<sys::mms_reader>,
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
        let mut raw = sys::EMPTY_VIEW;
        // SAFETY: open; `&mut self`: nothing borrows from the view.
        let code = unsafe { sys::mms_refresh(self.reader.as_ptr(), &mut raw) };
        self.data = NonNull::new(raw.data.cast_mut().cast()).unwrap_or(NonNull::dangling());
        (self.size, self.generation, self.changed) = (raw.size, raw.generation, raw.changed);
        check(code)?;
        Ok(self.changed)
    }

    /// End the view, and find out whether it was whole. It always was, unless somebody wrote to
    /// the region's files who should not have; dropping the view does the same without a word.
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
    /// [`Code::Forgotten`](crate::Code::Forgotten): all of it may differ, as a value since then was
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
