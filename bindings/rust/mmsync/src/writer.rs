// SPDX-License-Identifier: Apache-2.0
//! The writer of a region.

use crate::error::{check, Code, Error, Result};
use crate::path::{option_ms, region_path};
use mmsync_sys as sys;
use std::ffi::{c_void, CStr};
use std::mem::MaybeUninit;
use std::ops::{Deref, DerefMut, RangeBounds};
use std::path::Path;
use std::ptr::{self, NonNull};
use std::time::Duration;
use std::{fmt, slice};

/// What a publish had to do.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Receipt {
    /// The number of the value.
    pub generation: u64,
    /// Its size in bytes.
    pub size: usize,
    /// Where it is.
    pub slot: u32,
    /// Slots that this write got back from readers.
    pub reclaimed: u32,
    /// Slots that it took away from readers that allow it ([`WriterOptions::evict`]).
    pub evicted: u32,
    /// How long it waited for readers, in nanoseconds.
    pub waited_ns: u64,
    /// Tables: entries that were evicted because of `max_bytes`.
    pub evicted_entries: u64,
    /// Tables: entries that were removed after they had expired.
    pub expired_entries: u64,
}

impl Receipt {
    #[inline(always)]
    pub(crate) fn of(raw: &sys::mms_receipt) -> Self {
        Receipt {
            generation: raw.generation,
            size: raw.size,
            slot: raw.slot,
            reclaimed: raw.reclaimed,
            evicted: raw.evicted,
            waited_ns: raw.waited_ns,
            evicted_entries: raw.table_evicted,
            expired_entries: raw.table_expired,
        }
    }
}

/// Publishes values to a region. There is one at a time, in one process, for one thread at a time.
pub struct Writer {
    raw: NonNull<sys::mms_writer>,
    tracks: bool,
    #[cfg(feature = "rkyv")]
    pub(crate) kept: crate::serializer::Kept,
}

// SAFETY: an mms_writer serves one thread at a time; all calls take `&mut self`.
unsafe impl Send for Writer {}

impl Drop for Writer {
    fn drop(&mut self) {
        // SAFETY: open.
        unsafe { sys::mms_writer_close(self.raw.as_ptr()) };
    }
}

impl Writer {
    /// Open a region for writing, and create it if there is none. A bare name is in `/dev/shm`.
    /// Generations go on where the last writer stopped.
    ///
    /// # Errors
    /// [`Code::Busy`](crate::Code::Busy): there is another writer.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        WriterOptions::new().open(path)
    }

    /// To open it with other options.
    pub fn options() -> WriterOptions {
        WriterOptions::new()
    }

    pub(crate) fn open_raw(path: &CStr, options: &sys::mms_writer_options) -> Result<Self> {
        assert!(sys::layout_matches(), "mmsync was built with headers of another version");
        let mut raw = ptr::null_mut();
        // SAFETY: a C string, options with their size, and a place for the handle.
        check(unsafe { sys::mms_writer_open(path.as_ptr(), options, &mut raw) })?;
        Ok(Writer {
            raw: NonNull::new(raw).expect("a handle"),
            tracks: options.track != sys::MMS_TRACK_TOUCHES,
            #[cfg(feature = "rkyv")]
            kept: Default::default(),
        })
    }

    /// Not open: nothing may be done with it, and it must not be dropped.
    #[cfg(all(test, feature = "rkyv"))]
    pub(crate) fn dangling() -> Self {
        Writer { raw: NonNull::dangling(), tracks: false, kept: Default::default() }
    }

    pub(crate) fn as_ptr(&self) -> *mut sys::mms_writer {
        self.raw.as_ptr()
    }

    /// Change how long a write waits for readers that hold every slot; `None`: forever.
    #[inline]
    pub fn set_grace(&mut self, grace: Option<Duration>) -> Result<()> {
        // SAFETY: open.
        check(unsafe { sys::mms_writer_set_grace(self.as_ptr(), option_ms(grace)) })
    }

    /// Make the newest value of a durable region ([`WriterOptions::durable`]) survive a power cut, if
    /// it does not yet.
    pub fn sync(&mut self) -> Result<()> {
        // SAFETY: open, and no write has begun: that would borrow the writer.
        check(unsafe { sys::mms_sync(self.as_ptr()) })
    }

    /// Whether the last write took its value from readers: of mmap-sync's files alone.
    #[cfg(feature = "rkyv")]
    pub(crate) fn was_reset(&self) -> bool {
        // SAFETY: open.
        unsafe { sys::mms_mmap_sync_was_reset(self.as_ptr()) }
    }

    /// Publish a copy of bytes.
    ///
    /// # Errors
    /// [`Code::TooBig`](crate::Code::TooBig), [`Code::Again`](crate::Code::Again) while readers
    /// hold every slot, `ENOSPC`, [`Code::Gone`](crate::Code::Gone). Then the last value stays.
    #[inline]
    pub fn write_bytes(&mut self, data: &[u8]) -> Result<Receipt> {
        let mut receipt = MaybeUninit::uninit();
        let (at, size) = (data.as_ptr().cast(), data.len());
        // SAFETY: the bytes of a slice.
        check(unsafe { sys::mms_write(self.as_ptr(), at, size, receipt.as_mut_ptr()) })?;
        // SAFETY: filled on success.
        Ok(Receipt::of(unsafe { receipt.assume_init_ref() }))
    }

    /// Make an older value the newest one again, under a generation of its own: the one before the
    /// current one, or that of a generation that [`history`](crate::history) lists. Its bytes are not
    /// copied unless a reader holds them.
    ///
    /// # Errors
    /// [`Code::Forgotten`]: it is no longer there ([`WriterOptions::keep`]). [`Code::Invalid`]: it is
    /// the current one. [`Code::Empty`].
    pub fn rollback(&mut self, generation: Option<u64>) -> Result<Receipt> {
        let (mut receipt, generation) = (MaybeUninit::uninit(), generation.unwrap_or(0));
        // SAFETY: open.
        check(unsafe { sys::mms_write_rollback(self.as_ptr(), generation, receipt.as_mut_ptr()) })?;
        // SAFETY: filled on success.
        Ok(Receipt::of(unsafe { receipt.assume_init_ref() }))
    }

    /// Without a receipt.
    #[cfg(feature = "rkyv")]
    #[inline]
    pub(crate) fn write_quietly(&mut self, data: &[u8]) -> Result<()> {
        let (at, size) = (data.as_ptr().cast(), data.len());
        // SAFETY: the bytes of a slice.
        check(unsafe { sys::mms_write(self.as_ptr(), at, size, ptr::null_mut()) })
    }

    /// Build a value in place: room for `capacity` bytes, with anything in them.
    #[inline]
    pub fn build(&mut self, capacity: usize) -> Result<Draft<'_>> {
        let mut buffer = ptr::null_mut();
        // SAFETY: open.
        check(unsafe {
            sys::mms_write_begin(self.as_ptr(), capacity, &mut buffer, ptr::null_mut())
        })?;
        Ok(Draft { write: Write::new(self, buffer, capacity), schema: None })
    }

    /// Change the newest value: all its bytes, and room for `capacity` at least. It costs
    /// what it changes, and readers learn which bytes differ ([`crate::View::changes_since`]).
    pub fn update(&mut self, capacity: usize) -> Result<Update<'_>> {
        let (mut buffer, mut size) = (ptr::null_mut(), 0);
        // SAFETY: open.
        let code = unsafe {
            let writer = self.as_ptr();
            sys::mms_write_update(writer, capacity, &mut buffer, &mut size, ptr::null_mut())
        };
        check(code)?;
        let capacity = capacity.max(size);
        Ok(Update { write: Write::new(self, buffer, capacity), size })
    }
}

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Writer")
    }
}

/// A write that was begun; it is aborted when it is dropped.
pub(crate) struct Write<'w> {
    writer: &'w mut Writer,
    buffer: *mut u8,
    capacity: usize,
}

// SAFETY: the exclusive use of a writer, which may move, and of memory that belongs to its write.
unsafe impl Send for Write<'_> {}
// SAFETY: what takes `&self` only reads that memory.
unsafe impl Sync for Write<'_> {}

impl Drop for Write<'_> {
    fn drop(&mut self) {
        // SAFETY: begun, and neither committed nor aborted.
        unsafe { sys::mms_write_abort(self.writer.as_ptr()) };
    }
}

impl<'w> Write<'w> {
    #[inline]
    fn new(writer: &'w mut Writer, buffer: *mut c_void, capacity: usize) -> Self {
        Write { writer, buffer: buffer.cast(), capacity }
    }

    fn grow(&mut self, capacity: usize) -> Result<()> {
        let mut buffer = ptr::null_mut();
        // SAFETY: begun; `&mut self`: nothing borrows from the buffer.
        check(unsafe { sys::mms_write_grow(self.writer.as_ptr(), capacity, &mut buffer) })?;
        self.buffer = buffer.cast();
        self.capacity = self.capacity.max(capacity);
        Ok(())
    }

    #[inline]
    fn commit(self, size: usize) -> Result<Receipt> {
        let mut receipt = MaybeUninit::uninit();
        // SAFETY: begun.
        check(unsafe { sys::mms_write_commit(self.writer.as_ptr(), size, receipt.as_mut_ptr()) })?;
        std::mem::forget(self);
        // SAFETY: filled on success.
        Ok(Receipt::of(unsafe { receipt.assume_init_ref() }))
    }

    fn set_tag(&mut self, tag: u64) -> Result<()> {
        // SAFETY: begun.
        check(unsafe { sys::mms_write_set_tag(self.writer.as_ptr(), tag) })
    }

    fn bytes(&self, size: usize) -> &[u8] {
        debug_assert!(size <= self.capacity);
        // SAFETY: mapped, and the writer's alone until the commit.
        unsafe { slice::from_raw_parts(self.buffer, size) }
    }

    fn bytes_mut(&mut self, size: usize) -> &mut [u8] {
        debug_assert!(size <= self.capacity);
        // SAFETY: as above, and `&mut self`.
        unsafe { slice::from_raw_parts_mut(self.buffer, size) }
    }
}

/// A value that is built in place; it is a slice of its capacity. Without [`Draft::commit`] nothing
/// is published.
pub struct Draft<'w> {
    write: Write<'w>,
    schema: Option<Box<str>>, // C wants it to stay until the commit
}

impl Draft<'_> {
    /// Get more room; what is written stays.
    pub fn grow(&mut self, capacity: usize) -> Result<()> {
        self.write.grow(capacity)
    }

    /// The type of the value, in place of the writer's option. `schema` is text for tools, or "".
    pub fn set_type(&mut self, type_id: [u64; 2], schema: &str) -> Result<()> {
        let schema = self.schema.insert(schema.into());
        let (text, size) = (schema.as_ptr().cast(), schema.len());
        let text = if size == 0 { ptr::null() } else { text };
        // SAFETY: text that stays until the write has ended.
        check(unsafe {
            sys::mms_write_set_type(self.write.writer.as_ptr(), type_id.as_ptr(), text, size)
        })
    }

    /// The tag of the value, in place of the writer's option.
    pub fn set_tag(&mut self, tag: u64) -> Result<()> {
        self.write.set_tag(tag)
    }

    /// Publish the first `size` bytes.
    #[inline]
    pub fn commit(self, size: usize) -> Result<Receipt> {
        self.write.commit(size)
    }
}

impl Deref for Draft<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.write.bytes(self.write.capacity)
    }
}

impl DerefMut for Draft<'_> {
    fn deref_mut(&mut self) -> &mut [u8] {
        let capacity = self.write.capacity;
        self.write.bytes_mut(capacity)
    }
}

/// A change of the newest value; it is a slice of that value, to be read. Change it through
/// [`Update::patch`] and [`Update::edit`]. Without [`Update::commit`] nothing is published.
pub struct Update<'w> {
    write: Write<'w>,
    size: usize,
}

impl Update<'_> {
    /// Copy bytes to an offset within the capacity.
    pub fn patch(&mut self, offset: usize, data: &[u8]) -> Result<()> {
        let (writer, at) = (self.write.writer.as_ptr(), data.as_ptr().cast());
        // SAFETY: the bytes of a slice; the offset is checked.
        check(unsafe { sys::mms_write_patch(writer, offset, at, data.len()) })
    }

    /// Bytes of the value to change in place. All of them count as changed.
    ///
    /// # Errors
    /// [`Code::Invalid`](crate::Code::Invalid): they are not within the capacity.
    pub fn edit(&mut self, range: impl RangeBounds<usize>) -> Result<&mut [u8]> {
        use std::ops::Bound::{Excluded, Included, Unbounded};
        let start = match range.start_bound() {
            Included(start) => *start,
            Excluded(start) => start.saturating_add(1),
            Unbounded => 0,
        };
        let end = match range.end_bound() {
            Included(end) => end.saturating_add(1),
            Excluded(end) => *end,
            Unbounded => self.size,
        };
        let length = end.saturating_sub(start);
        // SAFETY: begun; the range is checked.
        check(unsafe { sys::mms_write_touch(self.write.writer.as_ptr(), start, length) })?;
        Ok(&mut self.write.bytes_mut(start + length)[start..])
    }

    /// All bytes of the value, to be stored to by anybody until the commit, with nothing to report: the
    /// writer finds out what has changed.
    ///
    /// # Errors
    /// [`Code::Invalid`](crate::Code::Invalid): the writer was opened without
    /// [`track`](WriterOptions::track).
    pub fn as_mut_slice(&mut self) -> Result<&mut [u8]> {
        if !self.write.writer.tracks {
            let detail =
                "changing a value in place: the writer was opened without `track`; use edit";
            return Err(Error::new(Code::Invalid, detail));
        }
        Ok(self.write.bytes_mut(self.size))
    }

    /// The tag of the value, in place of the writer's option.
    pub fn set_tag(&mut self, tag: u64) -> Result<()> {
        self.write.set_tag(tag)
    }

    /// Get more room; the value stays.
    pub fn grow(&mut self, capacity: usize) -> Result<()> {
        self.write.grow(capacity)
    }

    /// Publish it with another size; bytes past the old size must have been written.
    pub fn commit_size(self, size: usize) -> Result<Receipt> {
        self.write.commit(size)
    }

    /// Publish it.
    pub fn commit(self) -> Result<Receipt> {
        self.write.commit(self.size)
    }
}

impl Deref for Update<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.write.bytes(self.size)
    }
}

/// How a writer finds out what an [`Update`] has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Track {
    /// By [`Update::patch`] and [`Update::edit`] alone.
    Edits,
    /// The kernel notes stores (Linux 6.7); where it refuses, the open fails and says why.
    Pages,
    /// The same, or where it refuses, by comparing the whole value at each commit.
    Auto,
}

/// Whether the values of a region survive a power cut. That is decided when the region is created.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durable {
    /// As the region is; a new one is not durable.
    No,
    /// Each commit waits for the disk.
    Commit,
    /// Commits do not wait; what [`Writer::sync`] has returned for survives.
    Sync,
}

/// How to open a region for writing; start from [`Writer::options`].
#[derive(Clone)]
pub struct WriterOptions {
    raw: sys::mms_writer_options,
}

macro_rules! options {
    ($($(#[$doc:meta])* $name:ident: $type:ty = |$raw:ident, $value:ident| $set:expr;)*) => {
        impl WriterOptions {
            $($(#[$doc])*
            pub fn $name(mut self, $value: $type) -> Self {
                let $raw = &mut self.raw;
                $set;
                self
            })*
        }
    };
}

options! {
    /// Geometry: the largest value in bytes (4 GiB; address space, not memory).
    max_size: u64 = |raw, bytes| raw.max_size = bytes;
    /// Geometry: the most values that are kept at a time, 2 to 32767 (128).
    max_slots: u32 = |raw, slots| raw.max_slots = slots;
    /// Geometry: the most readers, and the most processes that read, 1 to 65535 (1024).
    max_readers: u32 = |raw, readers| raw.max_readers = readers;
    /// How long a write waits for readers that hold every slot; `None`: forever (1 s).
    grace: Option<Duration> = |raw, time| raw.grace_ms = option_ms(time);
    /// How long the open waits for another writer to end; `None`: forever (2 s).
    lock_wait: Option<Duration> = |raw, time| raw.lock_wait_ms = option_ms(time);
    /// After the grace take the slots of readers that allow it
    /// ([`RegionOptions::allow_evict`](crate::RegionOptions::allow_evict)).
    evict: bool = |raw, yes| raw.on_grace = if yes { sys::MMS_EVICT } else { sys::MMS_REFUSE };
    /// When the region is created: the mode of its files (0640).
    mode: u32 = |raw, mode| raw.mode = mode;
    /// When the region is created: the mode of `readers`; others can only copy.
    readers_mode: u32 = |raw, mode| raw.readers_mode = mode;
    /// When the region is created: the group of its files.
    gid: u32 = |raw, gid| { raw.gid = gid; raw.has_gid = true };
    /// If the region has another geometry, build a new one and carry the value over.
    replace: bool = |raw, yes| raw.replace = yes;
    /// Store a checksum of each value, for `mmsync verify`; commits then take time in proportion to
    /// the size.
    checksum: bool = |raw, yes| raw.checksum = yes;
    /// Accept a file system outside the list that mmsync is tested on.
    force_filesystem: bool = |raw, yes| raw.force_filesystem = yes;
    /// Stored with each value; readers that ask for a type refuse any other.
    type_id: [u64; 2] = |raw, type_id| raw.type_id = type_id;
    /// Stored with each value, for your own use.
    tag: u64 = |raw, tag| raw.tag = tag;
    /// How much room there is to note changes, and so how far back readers can ask for them.
    changes_size: u64 = |raw, bytes| raw.changes_size = bytes;
    /// Retired values that stay in their slots, for [`Writer::rollback`] to go back to (0).
    keep: u8 = |raw, values| raw.keep = values;
    /// Whether values survive a power cut (as the region is; a new one: [`Durable::No`]).
    durable: Durable = |raw, durable| raw.durable = match durable {
        Durable::No => 0,
        Durable::Commit => 1,
        Durable::Sync => 2,
    };
    /// How updates find out what they have changed (`Edits`).
    track: Track = |raw, track| raw.track = match track {
        Track::Edits => sys::MMS_TRACK_TOUCHES,
        Track::Pages => sys::MMS_TRACK_PAGES,
        Track::Auto => sys::MMS_TRACK_AUTO,
    };
    /// Updates: refuse a commit if a change was neither reported nor tracked. For tests: each commit
    /// compares all of the value.
    check_touch: bool = |raw, yes| raw.check_touch = yes;
    /// Never use membarrier(2): readers then execute a fence in each read.
    symmetric: bool = |raw, yes|
        raw.fence = if yes { sys::MMS_FENCE_SYMMETRIC } else { sys::MMS_FENCE_AUTO };
    /// Bare names: accept a directory that belongs to this user as well.
    trust_owner: u32 = |raw, uid| { raw.trusted_uid = uid; raw.trust_owner = true };
    /// Values of 2 MiB and more in huge pages, or an error; `false`: never. By default where the
    /// kernel makes them.
    huge_pages: bool = |raw, yes|
        raw.huge_pages = if yes { sys::MMS_HUGE_PAGES_ON } else { sys::MMS_HUGE_PAGES_OFF };
}

impl WriterOptions {
    fn new() -> Self {
        WriterOptions { raw: sys::writer_options() }
    }

    /// Open the region, and create it if there is none.
    ///
    /// # Errors
    /// [`Code::Busy`](crate::Code::Busy), [`Code::Geometry`](crate::Code::Geometry),
    /// [`Code::Invalid`](crate::Code::Invalid) for a path that leads to files of mmap-sync, and
    /// those of the system.
    pub fn open(&self, path: impl AsRef<Path>) -> Result<Writer> {
        Writer::open_raw(&region_path(path.as_ref())?, &self.raw)
    }
}
