// SPDX-License-Identifier: Apache-2.0
//! Paths and times, as the C library takes them.

use crate::error::{Code, Error, Result};
use mmsync_sys as sys;
use std::ffi::{c_int, CString};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::Duration;

pub(crate) fn c_path(path: &Path) -> Result<CString> {
    CString::new(path.as_os_str().as_bytes())
        .map_err(|_| Error::new(Code::Invalid, "the path of a region has a 0 byte"))
}

/// The path of a region, and of nothing else: files of mmap-sync are refused, as their writers may
/// change bytes that a view still lends.
pub(crate) fn region_path(path: &Path) -> Result<CString> {
    let text = c_path(path)?;
    let bytes = text.as_bytes();
    if bytes.starts_with(b"mmsync:") {
        return Ok(text);
    }
    // SAFETY: a C string.
    if unsafe { sys::mms_is_mmap_sync(text.as_ptr()) } {
        let detail = format!(
            "{} leads to files of mmap-sync, whose writers take values from readers after a time; \
             copy them (mmsync::read_copy), or use mmsync::compat",
            path.display()
        );
        return Err(Error::new(Code::Invalid, detail));
    }
    Ok(CString::new([b"mmsync:", bytes].concat()).expect("no 0 byte"))
}

/// Milliseconds, rounded up; `None`: forever.
pub(crate) fn timeout_ms(timeout: Option<Duration>) -> c_int {
    timeout.map_or(sys::MMS_FOREVER, |time| {
        let ms = time.as_nanos().div_ceil(1_000_000);
        c_int::try_from(ms).unwrap_or(c_int::MAX)
    })
}

/// As options have it, where 0 means the default.
pub(crate) fn option_ms(time: Option<Duration>) -> i32 {
    match timeout_ms(time) {
        0 => sys::MMS_NO_WAIT,
        other => other,
    }
}
