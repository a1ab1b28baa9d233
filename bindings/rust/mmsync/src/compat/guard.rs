// SPDX-License-Identifier: Apache-2.0
//! What a read gives.

use crate::archive::Value;
use crate::compat::synchronizer::SynchronizerError;

use rkyv::{Archive, Archived};
use std::io;
use std::ops::Deref;

/// A value, in place, until it is dropped: it dereferences to `Archived<T>`.
pub struct ReadResult<'a, T: Archive> {
    value: Value<'a, T>,
}

// SAFETY: through `&self` nothing can be reached but the entity, and a flag.
unsafe impl<T: Archive> Sync for ReadResult<'_, T> where Archived<T>: Sync {}

impl<'a, T: Archive> ReadResult<'a, T> {
    #[inline(always)]
    pub(crate) fn new(value: Value<'a, T>) -> Self {
        ReadResult { value }
    }

    /// Whether it is another value than this synchronizer's last read gave.
    #[inline]
    pub fn is_switched(&self) -> bool {
        self.value.is_changed()
    }

    /// End the read, and find out whether the value was there until now. Not in mmap-sync, where
    /// nobody knows.
    ///
    /// # Errors
    /// [`SynchronizerError::FailedDataRead`]: a writer did not wait for this read, as its grace was
    /// over. Discard what you read.
    pub fn finish(self) -> Result<(), SynchronizerError> {
        let lost = |error| SynchronizerError::FailedDataRead(io::Error::from(error));
        self.value.into_view().release().map_err(lost)
    }
}

impl<T: Archive> Deref for ReadResult<'_, T> {
    type Target = Archived<T>;

    #[inline(always)]
    fn deref(&self) -> &Archived<T> {
        &self.value
    }
}
