// SPDX-License-Identifier: Apache-2.0
//! What a read gives.

use crate::compat::synchronizer::SynchronizerError;
use crate::reader::View;
use rkyv::{Archive, Archived};
use std::io;
use std::ops::Deref;

/// A value, in place, until it is dropped: it dereferences to `Archived<T>`.
pub struct ReadResult<'a, T: Archive> {
    entity: &'a Archived<T>,
    view: View<'a>,
}

// SAFETY: the entity is shared, and nothing else of it can be reached through `&self` but a flag.
unsafe impl<T: Archive> Sync for ReadResult<'_, T> where Archived<T>: Sync {}

impl<'a, T: Archive> ReadResult<'a, T> {
    /// # Safety
    /// The entity is in the bytes of the view.
    #[inline(always)]
    pub(crate) unsafe fn new(view: View<'a>, entity: *const Archived<T>) -> Self {
        // SAFETY: the caller's contract; it goes when the view does.
        ReadResult { entity: unsafe { &*entity }, view }
    }

    /// Whether it is another value than this synchronizer's last read gave.
    #[inline]
    pub fn is_switched(&self) -> bool {
        self.view.is_changed()
    }

    /// End the read, and find out whether the value was there until now. Not in mmap-sync, where
    /// nobody knows.
    ///
    /// # Errors
    /// [`SynchronizerError::FailedDataRead`]: a writer did not wait for this read, as its grace was
    /// over. Discard what you read.
    pub fn finish(self) -> Result<(), SynchronizerError> {
        let lost = |error| SynchronizerError::FailedDataRead(io::Error::from(error));
        self.view.release().map_err(lost)
    }
}

impl<T: Archive> Deref for ReadResult<'_, T> {
    type Target = Archived<T>;

    #[inline(always)]
    fn deref(&self) -> &Archived<T> {
        self.entity
    }
}
