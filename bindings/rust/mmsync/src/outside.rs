// SPDX-License-Identifier: Apache-2.0
//! Calls on paths, without a handle.

use crate::error::{check, Error, Result};
use crate::path::c_path;
use mmsync_sys as sys;
use std::ffi::{c_char, c_int, c_void, CStr};
use std::fmt;
use std::path::Path;
use std::ptr::{self, NonNull};
use std::time::{Duration, SystemTime};

/// Remove a region: readers are told, and its files are deleted.
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
    /// Distinguishes this region from every other, even one that had the path before.
    pub region_id: [u64; 2],
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
    /// When it was published, to within a few milliseconds.
    pub published: SystemTime,
    /// XXH3 of its bytes, if the writer stores it.
    pub checksum: Option<u64>,
    /// Where it is.
    pub slot: u32,
    /// Whether readers execute a fence in each read.
    pub symmetric: bool,
    /// Whether a writer has the region open; `None` if that cannot be seen.
    pub writer_alive: Option<bool>,
    /// The last writer, as it calls itself.
    pub writer_pid: i32,
    /// Slots that hold a value, or what is left of one.
    pub slots_used: u32,
    /// Readers of live processes.
    pub readers: u32,
    /// Readers whose process died.
    pub readers_dead: u32,
    /// Memory or disk that the region takes.
    pub bytes_used: u64,
    /// What of that is in huge pages.
    pub bytes_huge: u64,
    /// Retired values that the last writer keeps ([`WriterOptions::keep`](crate::WriterOptions::keep)).
    pub keep: u64,
    /// Writes that failed because readers held every slot, since the region was created.
    pub refused: u64,
    /// Slots taken from readers, since the region was created.
    pub evicted: u64,
    /// The newest generation that survives a power cut, 0 if there is none yet; nothing if the region
    /// is not durable ([`WriterOptions::durable`](crate::WriterOptions::durable)).
    pub durable_generation: Option<u64>,
    /// The last generation that a recovery found damaged on the disk.
    pub durable_lost: Option<u64>,
}

fn published(nanoseconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_nanos(nanoseconds)
}

/// What such a call stores.
fn info(look: impl FnOnce(*mut sys::mms_info) -> c_int) -> Result<Info> {
    // SAFETY: zeros are a value of it.
    let mut raw: sys::mms_info = unsafe { sys::zeroed() };
    check(look(&mut raw))?;
    Ok(Info {
        region_id: raw.region_id,
        max_size: raw.max_size,
        max_slots: raw.max_slots,
        max_readers: raw.max_readers,
        generation: raw.generation,
        size: raw.size,
        type_id: raw.type_id,
        tag: raw.tag,
        published: published(raw.publish_time_ns),
        checksum: raw.has_checksum.then_some(raw.checksum),
        slot: raw.slot,
        symmetric: raw.symmetric,
        writer_alive: (raw.writer_alive >= 0).then_some(raw.writer_alive > 0),
        writer_pid: raw.writer_pid,
        slots_used: raw.slots_used,
        readers: raw.readers,
        readers_dead: raw.readers_dead,
        bytes_used: raw.bytes_used,
        bytes_huge: raw.bytes_huge,
        keep: raw.keep,
        refused: raw.refused,
        evicted: raw.evicted,
        durable_generation: raw.durable.then_some(raw.durable_generation),
        durable_lost: (raw.durable_lost != 0).then_some(raw.durable_lost),
    })
}

/// Look at a region from outside. Changes nothing.
pub fn inspect(path: impl AsRef<Path>) -> Result<Info> {
    let path = c_path(path.as_ref())?;
    // SAFETY: a C string.
    info(|out| unsafe { sys::mms_inspect(path.as_ptr(), out) })
}

/// Inspects one path repeatedly, in a fraction of the time that [`inspect`] takes. No
/// descriptor stays open. If the path leads to another region by now, the answers are about that one.
pub struct Inspector {
    raw: NonNull<sys::mms_inspector>,
}

// SAFETY: it serves one thread at a time; `look` takes `&mut self`.
unsafe impl Send for Inspector {}
// SAFETY: through `&self` nothing can be done.
unsafe impl Sync for Inspector {}

impl Inspector {
    /// Something that can be inspected must be there.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let (path, mut raw) = (c_path(path.as_ref())?, ptr::null_mut());
        // SAFETY: a C string, and a place for the handle.
        check(unsafe { sys::mms_inspector_open(path.as_ptr(), &mut raw) })?;
        Ok(Inspector { raw: NonNull::new(raw).expect("a handle") })
    }

    /// As [`inspect`].
    pub fn look(&mut self) -> Result<Info> {
        // SAFETY: open.
        info(|out| unsafe { sys::mms_inspector_look(self.raw.as_ptr(), out) })
    }
}

impl Drop for Inspector {
    fn drop(&mut self) {
        // SAFETY: open.
        unsafe { sys::mms_inspector_close(self.raw.as_ptr()) };
    }
}

impl fmt::Debug for Inspector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inspector").finish_non_exhaustive()
    }
}

/// All that a call lists, which stores as many as there is room for and says how many there are.
fn list<T: Copy>(call: impl Fn(*mut T, usize, &mut usize) -> c_int) -> Result<Vec<T>> {
    let mut all: Vec<T> = Vec::with_capacity(16);
    loop {
        let mut count = 0;
        check(call(all.as_mut_ptr(), all.capacity(), &mut count))?;
        if count <= all.capacity() {
            // SAFETY: that many were stored.
            unsafe { all.set_len(count) };
            return Ok(all);
        }
        all.reserve(count);
    }
}

/// A line of the reader table.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct ReaderInfo {
    /// The process, as it calls itself.
    pub pid: i32,
    /// The thread that opened the reader.
    pub tid: i32,
    /// Whether the process is alive.
    pub alive: bool,
    /// Whether it holds a view, and of which generation: that one, or the lowest that it may be.
    pub held: Option<u64>,
    /// Whether it executes a fence in each read.
    pub symmetric: bool,
    /// Whether its views may be taken away.
    pub allow_evict: bool,
    /// Which line it is.
    pub line: u32,
}

/// The reader lines in use. Changes nothing.
pub fn inspect_readers(path: impl AsRef<Path>) -> Result<Vec<ReaderInfo>> {
    let path = c_path(path.as_ref())?;
    // SAFETY: a C string, and so much room.
    let lines: Vec<sys::mms_reader_info> = list(|out, capacity, count| unsafe {
        sys::mms_inspect_readers(path.as_ptr(), out, capacity, count)
    })?;
    let reader = |raw: &sys::mms_reader_info| ReaderInfo {
        pid: raw.pid,
        tid: raw.tid,
        alive: raw.alive,
        held: raw.pinned.then_some(raw.generation),
        symmetric: raw.symmetric,
        allow_evict: raw.allow_evict,
        line: raw.line,
    };
    Ok(lines.iter().map(reader).collect())
}

/// A value that is whole in its slot: the current one, or one that
/// [`Writer::rollback`](crate::Writer::rollback) can go back to.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct PastValue {
    /// Its number.
    pub generation: u64,
    /// Its size in bytes.
    pub size: u64,
    /// Its type.
    pub type_id: [u64; 2],
    /// Its tag.
    pub tag: u64,
    /// When it was published, to within a few milliseconds.
    pub published: SystemTime,
    /// XXH3 of its bytes, if the writer stores it.
    pub checksum: Option<u64>,
    /// Whether it is the newest.
    pub current: bool,
    /// Whether the last writer keeps it; of others that are not current, the next write may use the
    /// slot.
    pub kept: bool,
    /// Where it is.
    pub slot: u32,
}

/// The values that are still there, newest first. Changes nothing, and no writer need be alive.
///
/// # Errors
/// [`Code::Invalid`](crate::Code::Invalid) for files of mmap-sync, which keep nothing.
pub fn history(path: impl AsRef<Path>) -> Result<Vec<PastValue>> {
    let path = c_path(path.as_ref())?;
    // SAFETY: a C string, and so much room.
    let values: Vec<sys::mms_past_value> = list(|out, capacity, count| unsafe {
        sys::mms_history(path.as_ptr(), out, capacity, count)
    })?;
    let value = |raw: &sys::mms_past_value| PastValue {
        generation: raw.generation,
        size: raw.size,
        type_id: raw.type_id,
        tag: raw.tag,
        published: published(raw.publish_time_ns),
        checksum: raw.has_checksum.then_some(raw.checksum),
        current: raw.current,
        kept: raw.kept,
        slot: raw.slot,
    };
    Ok(values.iter().map(value).collect())
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

/// Replace the vector's content by a copy of the newest value, once, without keeping the region open,
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
