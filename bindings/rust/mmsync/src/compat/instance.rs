// SPDX-License-Identifier: Apache-2.0
//! The version of a value.

use crate::compat::synchronizer::SynchronizerError;

/// Which value is current. On mmap-sync's files it consists of the index of the data file (1 bit),
/// the size (39 bits) and a checksum (24 bits), which differs from that of the last value; on a
/// region it is the generation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct InstanceVersion(
    /// The word itself.
    pub u64,
);

impl TryFrom<u64> for InstanceVersion {
    type Error = SynchronizerError;

    /// [`SynchronizerError::UninitializedState`] for 0.
    #[inline]
    fn try_from(word: u64) -> Result<Self, Self::Error> {
        if word == 0 {
            return Err(SynchronizerError::UninitializedState);
        }
        Ok(InstanceVersion(word))
    }
}

impl From<InstanceVersion> for u64 {
    #[inline]
    fn from(version: InstanceVersion) -> u64 {
        version.0
    }
}
