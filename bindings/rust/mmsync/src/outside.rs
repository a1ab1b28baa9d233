// SPDX-License-Identifier: Apache-2.0
//! Calls on paths, without a handle.

use crate::error::{check, Error, Result};
use crate::path::c_path;
use mmsync_sys as sys;
use std::ffi::{c_char, c_void, CStr};
use std::path::Path;

/// Remove a region: readers are told, and its files go.
///
/// # Errors
/// [`Code::Busy`](crate::Code::Busy) while it has a writer; `ENOENT`.
pub fn remove(path: impl AsRef<Path>) -> Result<()> {
    let path = c_path(path.as_ref())?;
    // SAFETY: a C string.
    check(unsafe { sys::mms_remove(path.as_ptr()) })
}

/// What a region is and holds, from outside.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Info {
    /// The largest value in bytes.
    pub max_size: u64,
    /// The most values that are kept at a time.
    pub max_slots: u32,
    /// The most readers.
    pub max_readers: u32,
    /// The newest generation; 0: no value yet.
    pub generation: u64,
    /// The size of the value.
    pub size: u64,
    /// Its type.
    pub type_id: [u64; 2],
    /// Its tag.
    pub tag: u64,
    /// Whether a writer has the region open; `None` if that cannot be seen.
    pub writer_alive: Option<bool>,
    /// The last writer, as it calls itself.
    pub writer_pid: i32,
    /// Readers of live processes.
    pub readers: u32,
    /// Memory or disk that the region takes.
    pub bytes_used: u64,
}

/// Look at a region from outside. Changes nothing.
pub fn inspect(path: impl AsRef<Path>) -> Result<Info> {
    let path = c_path(path.as_ref())?;
    // SAFETY: zeros are a value of it.
    let mut raw: sys::mms_info = unsafe { sys::zeroed() };
    // SAFETY: a C string.
    check(unsafe { sys::mms_inspect(path.as_ptr(), &mut raw) })?;
    Ok(Info {
        max_size: raw.max_size,
        max_slots: raw.max_slots,
        max_readers: raw.max_readers,
        generation: raw.generation,
        size: raw.size,
        type_id: raw.type_id,
        tag: raw.tag,
        writer_alive: (raw.writer_alive >= 0).then_some(raw.writer_alive > 0),
        writer_pid: raw.writer_pid,
        readers: raw.readers,
        bytes_used: raw.bytes_used,
    })
}

/// Check every structure of a region: one sentence for each finding, none if all is well.
pub fn verify(path: impl AsRef<Path>) -> Result<Vec<String>> {
    unsafe extern "C" fn report(context: *mut c_void, finding: *const c_char) {
        // SAFETY: what verify passes below, and a C string.
        let (findings, text) =
            unsafe { (&mut *context.cast::<Vec<String>>(), CStr::from_ptr(finding)) };
        findings.push(text.to_string_lossy().into_owned());
    }
    let path = c_path(path.as_ref())?;
    let mut findings: Vec<String> = Vec::new();
    let context = (&raw mut findings).cast();
    // SAFETY: a C string, and a context that stays for the call.
    let code = unsafe { sys::mms_verify(path.as_ptr(), Some(report), context) };
    match code {
        0 | sys::MMS_E_CORRUPT if code == 0 || !findings.is_empty() => Ok(findings),
        _ => Err(Error::last(code)),
    }
}

/// Copy the newest value in place of what the vector has, once, without keeping the region open,
/// and return its generation. Works on files of mmap-sync, too, whose "generation" is the version.
pub fn read_copy(path: impl AsRef<Path>, out: &mut Vec<u8>) -> Result<u64> {
    let mut options = sys::region_options();
    options.read_only = true;
    // SAFETY: only copies are read, and those are compared.
    let region = unsafe { crate::region::Inner::open(&c_path(path.as_ref())?, &options) }?;
    region.copy(out)
}

/// The version of the C library that runs.
pub fn version() -> &'static str {
    // SAFETY: static text.
    unsafe { CStr::from_ptr(sys::mms_version()) }.to_str().unwrap_or("?")
}
