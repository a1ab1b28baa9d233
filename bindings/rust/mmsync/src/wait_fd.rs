// SPDX-License-Identifier: Apache-2.0
//! Waiting in an event loop.

use crate::error::{check, Result};
use crate::region::Inner;
use mmsync_sys as sys;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::sync::Arc;

/// A descriptor that is readable while the newest generation is not the one that was acknowledged
/// last: for epoll, mio, tokio's `AsyncFd` and the like. Any thread may use it, and a region may have
/// many; one thread of the library watches for all of them. Do not read from it.
///
/// Drop it after it was taken out of the loop.
#[derive(Debug)]
pub struct WaitFd {
    fd: RawFd,
    region: Arc<Inner>,
}

impl WaitFd {
    pub(crate) fn open(region: &Arc<Inner>) -> Result<Self> {
        let mut fd = -1;
        // SAFETY: open.
        check(unsafe { sys::mms_wait_fd(region.as_ptr(), &mut fd) })?;
        Ok(WaitFd { fd, region: Arc::clone(region) })
    }

    /// Acknowledge the newest generation and return it; 0: there is no value yet. The descriptor is
    /// not readable until something newer is published.
    ///
    /// # Errors
    /// [`Code::Gone`](crate::Code::Gone): the region was removed, and the descriptor stays readable.
    pub fn acknowledge(&self) -> Result<u64> {
        let mut generation = 0;
        // SAFETY: both are open.
        check(unsafe { sys::mms_wait_fd_ack(self.region.as_ptr(), self.fd, &mut generation) })?;
        Ok(generation)
    }
}

impl Drop for WaitFd {
    fn drop(&mut self) {
        // SAFETY: both are open.
        unsafe { sys::mms_wait_fd_close(self.region.as_ptr(), self.fd) };
    }
}

impl AsFd for WaitFd {
    fn as_fd(&self) -> BorrowedFd<'_> {
        // SAFETY: open until the drop.
        unsafe { BorrowedFd::borrow_raw(self.fd) }
    }
}

impl AsRawFd for WaitFd {
    fn as_raw_fd(&self) -> RawFd {
        self.fd
    }
}
