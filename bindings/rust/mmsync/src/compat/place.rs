// SPDX-License-Identifier: Apache-2.0
//! Where the values of a synchronizer are, and the handles that read and write them.

use crate::compat::synchronizer::{Files, SynchronizerError};
use crate::error::{Code, Error};
use crate::reader::Reader;
use crate::region::Inner;
use crate::writer::Writer;
use mmsync_sys as sys;
use std::ffi::{c_void, CString, OsStr, OsString};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::Arc;

/// The path that a synchronizer was given, without a scheme.
pub(crate) struct Place {
    path: OsString,
    files: Files,
}

/// Where it is now: files of mmap-sync, or a region.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Kind {
    MmapSync,
    Region,
}

impl Place {
    pub(crate) fn new(prefix: &OsStr, files: Files) -> Self {
        let bytes = prefix.as_bytes();
        let (rest, files) = match (bytes.strip_prefix(b"mmsync:"), files) {
            (Some(rest), Files::ByPath) => (rest, Files::Region),
            _ => match (bytes.strip_prefix(b"mmap-sync:"), files) {
                (Some(rest), Files::ByPath) => (rest, Files::MmapSync),
                _ => (bytes, files),
            },
        };
        let mut path = OsString::new();
        // mmap-sync takes a bare name as it is; mmsync would look in /dev/shm.
        if files != Files::Region && !rest.contains(&b'/') {
            path.push("./");
        }
        path.push(OsStr::from_bytes(rest));
        Place { path, files }
    }

    /// A region if it says so, or if there is one.
    pub(crate) fn kind(&self) -> Kind {
        match self.files {
            Files::Region => Kind::Region,
            Files::MmapSync => Kind::MmapSync,
            Files::ByPath if Path::new(&self.path).join("control").exists() => Kind::Region,
            Files::ByPath => Kind::MmapSync,
        }
    }

    fn c_path(&self, kind: Kind) -> Result<CString, Error> {
        let scheme: &[u8] = if kind == Kind::Region { b"mmsync:" } else { b"mmap-sync:" };
        CString::new([scheme, self.path.as_bytes()].concat())
            .map_err(|_| Error::new(Code::Os(22), "the path has a 0 byte"))
    }

    pub(crate) fn open_reader(&self) -> Result<(Kind, Reader), Error> {
        let kind = self.kind();
        let mut options = sys::region_options();
        options.detached = true;
        // SAFETY: Synchronizer::read is unsafe, and says when bytes may change.
        let region = unsafe { Inner::open(&self.c_path(kind)?, &options) }?;
        Ok((kind, Reader::open(&region)?))
    }

    /// `hash` must live as long as the writer.
    pub(crate) fn open_writer(
        &self, locked: bool, hash: &Arc<AtomicU64>,
    ) -> Result<(Kind, Writer), Error> {
        let kind = self.kind();
        let mut options = sys::writer_options();
        let mut own = sys::mmap_sync_writer_options();
        if locked {
            options.lock_wait_ms = sys::MMS_NO_WAIT;
        }
        if kind == Kind::MmapSync {
            own.unlocked = !locked;
            own.reset = true;
            own.hash = Some(given_hash);
            own.hash_context = Arc::as_ptr(hash).cast_mut().cast();
            options.lock_wait_ms = sys::MMS_NO_WAIT;
            options.force_filesystem = true;
            options.mmap_sync = &own;
        }
        Ok((kind, Writer::open_raw(&self.c_path(kind)?, &options)?))
    }
}

/// The checksum that the synchronizer has made of the bytes: no hasher of a user runs below C.
unsafe extern "C" fn given_hash(context: *mut c_void, _: *const c_void, _: usize) -> u64 {
    // SAFETY: the word that open_writer was given.
    unsafe { (*context.cast::<AtomicU64>()).load(Relaxed) }
}

/// What has happened to a handle that a new one may do better.
pub(crate) fn is_stale(error: &Error) -> bool {
    matches!(error.code(), Code::Gone | Code::Forked)
}

/// An error of the system as mmap-sync has it, or else with the C library's text.
fn io_error(error: Error) -> io::Error {
    match error.code() {
        Code::Os(errno) => io::Error::from_raw_os_error(errno),
        _ => error.into(),
    }
}

/// At the state file, or the region as a whole.
pub(crate) fn state_error(error: Error) -> SynchronizerError {
    match error.code() {
        Code::Busy => SynchronizerError::WriteLockConflict,
        Code::Empty => SynchronizerError::UninitializedState,
        _ => SynchronizerError::FailedStateRead(io_error(error)),
    }
}

/// At a value.
pub(crate) fn read_error(error: Error) -> SynchronizerError {
    match error.code() {
        Code::Empty => SynchronizerError::UninitializedState,
        Code::Corrupt => SynchronizerError::FailedEntityRead,
        _ => SynchronizerError::FailedDataRead(io_error(error)),
    }
}

pub(crate) fn write_error(error: Error) -> SynchronizerError {
    SynchronizerError::FailedDataWrite(io_error(error))
}
