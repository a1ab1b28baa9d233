// SPDX-License-Identifier: Apache-2.0
//! Whether a writer keeps others out.
//!
//! A region has one writer at a time in any case. On mmap-sync's files all writers must have the
//! same strategy: one that takes no lock is not kept out.

/// A strategy: [`LockDisabled`] or [`SingleWriter`].
#[allow(private_bounds)]
pub trait WriteLockStrategy<'a>: Strategy {}

pub(crate) trait Strategy {
    const LOCKED: bool;
}

/// No lock. The caller sees to it that there is one writer.
pub struct LockDisabled(());

impl Strategy for LockDisabled {
    const LOCKED: bool = false;
}
impl WriteLockStrategy<'_> for LockDisabled {}

/// The first write takes a lock, which is held until the synchronizer is dropped; writes of others
/// fail meanwhile.
pub struct SingleWriter(());

impl Strategy for SingleWriter {
    const LOCKED: bool = true;
}
impl WriteLockStrategy<'_> for SingleWriter {}
