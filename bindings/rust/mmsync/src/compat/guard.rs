// SPDX-License-Identifier: Apache-2.0
//! What a read gives.

use crate::compat::place::Kind;
use crate::compat::synchronizer::SynchronizerError;
use crate::error::check;
use crate::reader::Pinned;
use mmsync_sys as sys;
use rkyv::{archived_root, Archive, Archived};
use std::ffi::c_int;
use std::io;
use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::ops::Deref;

/// A value, in place, until it is dropped: it dereferences to `Archived<T>`.
pub struct ReadResult<'a, T: Archive> {
    entity: &'a Archived<T>,
    pinned: Pinned,
    kind: Kind,
    lent: PhantomData<&'a mut ()>,
}

// SAFETY: a reference, and the exclusive use of a reader, which may move.
unsafe impl<T: Archive> Send for ReadResult<'_, T> where Archived<T>: Sync {}
// SAFETY: through `&self` nothing can be reached but the entity, and a flag.
unsafe impl<T: Archive> Sync for ReadResult<'_, T> where Archived<T>: Sync {}

impl<T: Archive> Drop for ReadResult<'_, T> {
    #[inline(always)]
    fn drop(&mut self) {
        // SAFETY: nothing borrows from it.
        unsafe { self.release() };
    }
}

impl<'a, T: Archive> ReadResult<'a, T> {
    /// # Safety
    /// It was just pinned, in files of this kind; it is an archive of `T`, and its reader is borrowed
    /// for `'a`.
    #[inline(always)]
    pub(crate) unsafe fn new(pinned: Pinned, kind: Kind) -> Self {
        let held = pinned.held();
        // SAFETY: the caller's contract; the bytes of a value are never at null, says fast.rs.
        let entity =
            unsafe { archived_root::<T>(std::slice::from_raw_parts(held.data.cast(), held.size)) };
        ReadResult { entity, pinned, kind, lent: PhantomData }
    }

    /// # Safety
    /// Once, and the entity is not used after it.
    #[inline(always)]
    unsafe fn release(&self) -> c_int {
        // SAFETY: the reader is open, and holds this.
        unsafe {
            match self.kind {
                Kind::Region => sys::mms_release(self.pinned.reader()),
                Kind::MmapSync => sys::mmap_sync::release(self.pinned.reader()),
            }
        }
    }

    /// Whether it is another value than this synchronizer's last read gave.
    #[inline]
    pub fn is_switched(&self) -> bool {
        self.pinned.is_changed()
    }

    /// End the read, and find out whether the value was there until now. Not in mmap-sync, where
    /// nobody knows.
    ///
    /// # Errors
    /// [`SynchronizerError::FailedDataRead`]: a writer did not wait for this read, as its grace was
    /// over. Discard what you read.
    pub fn finish(self) -> Result<(), SynchronizerError> {
        let lost = |error| SynchronizerError::FailedDataRead(io::Error::from(error));
        // SAFETY: the drop does not run.
        check(unsafe { ManuallyDrop::new(self).release() }).map_err(lost)
    }
}

impl<T: Archive> Deref for ReadResult<'_, T> {
    type Target = Archived<T>;

    #[inline(always)]
    fn deref(&self) -> &Archived<T> {
        self.entity
    }
}
