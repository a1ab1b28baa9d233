// SPDX-License-Identifier: Apache-2.0
//! A region, as a process that reads has it.

use crate::checked::Checked;
use crate::error::{check, Code, Error, Result};
use crate::path::{region_path, timeout_ms};
use crate::reader::Reader;
use crate::wait_fd::WaitFd;
use mmsync_sys as sys;
use std::ffi::CStr;
use std::path::Path;
use std::ptr::{self, NonNull};
use std::sync::Arc;
use std::time::Duration;

/// The open handle; readers keep it open.
pub(crate) struct Inner {
    raw: NonNull<sys::mms_region>,
    pub(crate) checked: Checked,
}

impl std::fmt::Debug for Inner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Inner {{ generation: {} }}", self.generation())
    }
}

// SAFETY: an mms_region serves all threads, says mmsync.h.
unsafe impl Send for Inner {}
// SAFETY: as above.
unsafe impl Sync for Inner {}

impl Drop for Inner {
    fn drop(&mut self) {
        // Its readers are closed: each holds the Arc that this is in.
        // SAFETY: open, and nobody has it any longer.
        unsafe { sys::mms_region_close(self.raw.as_ptr()) };
    }
}

impl Inner {
    /// # Safety
    /// If the path may lead to files of mmap-sync, or the options allow eviction, whoever reads
    /// must expect that the bytes of a view change.
    pub(crate) unsafe fn open(path: &CStr, options: &sys::mms_region_options) -> Result<Arc<Self>> {
        assert!(sys::layout_matches(), "mmsync was built with headers of another version");
        let mut raw = ptr::null_mut();
        // SAFETY: a C string, options with their size, and a place for the handle.
        check(unsafe { sys::mms_region_open(path.as_ptr(), options, &mut raw) })?;
        let raw = NonNull::new(raw).expect("a handle");
        Ok(Arc::new(Inner { raw, checked: Checked::new(!options.check_always) }))
    }

    pub(crate) fn as_ptr(&self) -> *mut sys::mms_region {
        self.raw.as_ptr()
    }

    pub(crate) fn generation(&self) -> u64 {
        // SAFETY: open.
        unsafe { sys::mms_generation(self.as_ptr()) }
    }

    pub(crate) fn copy(&self, out: &mut Vec<u8>) -> Result<u64> {
        out.clear();
        loop {
            let (mut size, mut generation) = (0, 0);
            // SAFETY: as many bytes as the vector has room for.
            let code = unsafe {
                let room = out.spare_capacity_mut();
                let (data, capacity) = (room.as_mut_ptr().cast(), room.len());
                sys::mms_read_copy(self.as_ptr(), data, capacity, &mut size, &mut generation)
            };
            if code == sys::MMS_E_TOO_BIG && size > out.capacity() {
                out.try_reserve_exact(size)
                    .map_err(|e| Error::new(Code::Os(12), format!("copying {size} bytes: {e}")))?;
                continue;
            }
            check(code)?;
            // SAFETY: that many were copied.
            unsafe { out.set_len(size) };
            return Ok(generation);
        }
    }

    pub(crate) fn wait(&self, seen: u64, timeout: Option<Duration>) -> Result<bool> {
        // SAFETY: open.
        match unsafe { sys::mms_region_wait(self.as_ptr(), seen, timeout_ms(timeout)) } {
            sys::MMS_E_TIMEOUT => Ok(false),
            code => check(code).map(|()| true),
        }
    }
}

/// A region that this process reads. Open it once for a process; clones are the same handle, and
/// any thread may use them. Each thread reads through a [`Reader`] of its own.
#[derive(Clone)]
pub struct Region {
    inner: Arc<Inner>,
}

impl Region {
    /// Open a region that exists. A bare name is in `/dev/shm`.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        RegionOptions::new().open(path)
    }

    /// To open it with other options.
    pub fn options() -> RegionOptions {
        RegionOptions::new()
    }

    /// A new reader. Open one for each thread; it may move to another thread.
    ///
    /// # Errors
    /// [`Code::Full`]: the region has `max_readers` already. [`Code::ReadOnly`]: this process may
    /// not write the region's file `readers`; use [`Region::copy`].
    pub fn reader(&self) -> Result<Reader> {
        Reader::open(&self.inner)
    }

    /// The newest generation; 0 if there is no value yet.
    pub fn generation(&self) -> u64 {
        self.inner.generation()
    }

    /// Wait until the newest generation is not `seen`; `false` on a timeout.
    /// Without a timeout it waits forever.
    ///
    /// # Errors
    /// [`Code::Gone`]; `EINTR` after a signal.
    pub fn wait(&self, seen: u64, timeout: Option<Duration>) -> Result<bool> {
        self.inner.wait(seen, timeout)
    }

    /// A descriptor for an event loop, which is readable when there is something newer.
    pub fn wait_fd(&self) -> Result<WaitFd> {
        WaitFd::open(&self.inner)
    }

    /// The newest value's schema: text that describes its type, for tools. Empty if there is none.
    ///
    /// # Errors
    /// As [`Region::copy`].
    pub fn schema(&self) -> Result<Vec<u8>> {
        let mut text: Vec<u8> = Vec::new();
        loop {
            let (mut size, room) = (0, text.len());
            // SAFETY: open; as many bytes as the vector has.
            let code = unsafe {
                let (out, type_id) = (text.as_mut_ptr().cast(), ptr::null_mut());
                let generation = ptr::null_mut();
                sys::mms_read_schema(self.inner.as_ptr(), out, room, &mut size, type_id, generation)
            };
            if code != sys::MMS_E_TOO_BIG || size <= room {
                check(code)?;
                text.truncate(size);
                return Ok(text);
            }
            text.resize(size, 0);
        }
    }

    /// Whether the path still leads to this region: [`Code::Gone`] if it was removed or replaced.
    /// Reads of a value that stays current do not notice, so call this now and then.
    pub fn check(&self) -> Result<()> {
        // SAFETY: open.
        check(unsafe { sys::mms_region_check(self.inner.as_ptr()) })
    }

    /// Whether only [`Region::copy`] works, as this process may not write the file `readers`.
    pub fn is_read_only(&self) -> bool {
        // SAFETY: open.
        unsafe { sys::mms_region_read_only(self.inner.as_ptr()) }
    }

    /// Replace the vector's content by a copy of the newest value, and return its generation. Needs no
    /// write permission, and no reader.
    ///
    /// # Errors
    /// [`Code::Empty`], [`Code::Gone`]; [`Code::Again`]: the writer was faster at every try.
    pub fn copy(&self, out: &mut Vec<u8>) -> Result<u64> {
        self.inner.copy(out)
    }
}

/// How to open a region for reading; start from [`Region::options`].
#[derive(Clone)]
pub struct RegionOptions {
    raw: sys::mms_region_options,
}

impl RegionOptions {
    fn new() -> Self {
        let mut raw = sys::region_options();
        // Handles may move between threads, so no thread's end may close them.
        raw.detached = true;
        RegionOptions { raw }
    }

    /// Refuse values that were published as another type, with [`Code::Type`].
    pub fn type_id(mut self, type_id: [u64; 2]) -> Self {
        self.raw.type_id = type_id;
        self
    }

    /// Map all pages of a value before the first view of it.
    pub fn prefault(mut self, yes: bool) -> Self {
        self.raw.prefault = yes;
        self
    }

    /// Never touch the file `readers`: then only [`Region::copy`] works.
    pub fn read_only(mut self, yes: bool) -> Self {
        self.raw.read_only = yes;
        self
    }

    /// Each reader checks the bytes of each generation that it reads as a type, whoever checked
    /// them before.
    pub fn check_always(mut self, yes: bool) -> Self {
        self.raw.check_always = yes;
        self
    }

    /// Never register with membarrier(2): reads get slower, and a publish wakes no threads.
    pub fn symmetric(mut self, yes: bool) -> Self {
        self.raw.fence = if yes { sys::MMS_FENCE_SYMMETRIC } else { sys::MMS_FENCE_AUTO };
        self
    }

    /// Accept a file system outside the list that mmsync is tested on.
    pub fn force_filesystem(mut self, yes: bool) -> Self {
        self.raw.force_filesystem = yes;
        self
    }

    /// Bare names: accept a directory that belongs to this user as well.
    pub fn trust_owner(mut self, uid: u32) -> Self {
        (self.raw.trusted_uid, self.raw.trust_owner) = (uid, true);
        self
    }

    /// Let a writer with [`evict`](crate::WriterOptions::evict) take slots from these readers.
    ///
    /// # Safety
    /// The bytes of a view, typed ones and those of a table included, may then change while they are
    /// lent, which Rust does not allow for what a reference leads to. Read them only in ways that
    /// may meet any bytes at any moment, such as [`std::ptr::copy`] from [`View::as_ptr`], and use
    /// nothing of it before [`View::release`] has returned `Ok`.
    ///
    /// [`View::as_ptr`]: slice::as_ptr
    /// [`View::release`]: crate::View::release
    pub unsafe fn allow_evict(mut self) -> Self {
        self.raw.allow_evict = true;
        self
    }

    /// Open the region.
    ///
    /// # Errors
    /// `ENOENT`, [`Code::NotRegion`], [`Code::Version`], [`Code::Corrupt`] and the like;
    /// [`Code::Invalid`] for a path that leads to files of mmap-sync.
    pub fn open(&self, path: impl AsRef<Path>) -> Result<Region> {
        let path = region_path(path.as_ref())?;
        // SAFETY: a region; who has called allow_evict has promised to expect changes.
        Ok(Region { inner: unsafe { Inner::open(&path, &self.raw) }? })
    }
}

impl std::fmt::Debug for Region {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Region").field("generation", &self.generation()).finish_non_exhaustive()
    }
}
