// SPDX-License-Identifier: Apache-2.0
//! One type that writes and reads, as in mmap-sync.

use crate::checked::Check;
use crate::compat::guard::ReadResult;
use crate::compat::instance::InstanceVersion;
use crate::compat::locks::{LockDisabled, WriteLockStrategy};
use crate::compat::place::{is_stale, read_error, state_error, write_error, Kind, Place};
use crate::error::Error;
use crate::reader::{Pinned, Reader};
use crate::writer::Writer;
use bytecheck::CheckBytes;
use rkyv::ser::serializers::{
    AlignedSerializer, AllocScratch, AllocSerializer, FallbackScratch, HeapScratch,
};
use rkyv::ser::Serializer as _;
use rkyv::validation::validators::DefaultValidator;
use rkyv::{check_archived_root, AlignedVec, Archive, Serialize};
use std::ffi::OsStr;
use std::hash::Hasher;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::Arc;
use std::time::Duration;
use std::{error, fmt, io};
use wyhash::WyHash;
use SynchronizerError::*;

/// Which files a [`Synchronizer`] works on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Files {
    /// What the path says: `mmsync:PATH` is a region, `mmap-sync:PREFIX` are mmap-sync's files.
    /// Without such a scheme it is a region if one exists there, else mmap-sync's files.
    ByPath,
    /// The files of mmap-sync: `PREFIX_state`, `PREFIX_data_0` and `PREFIX_data_1`.
    MmapSync,
    /// A region of mmsync. A bare name is in `/dev/shm`.
    Region,
}

/// Writes values for readers in other processes, and reads them, in place.
///
/// - `H`: the hasher of the checksum in the version (mmap-sync's files)
/// - `WL`: whether a writer keeps others out
/// - `N`: scratch space for serializing, in bytes
/// - `SD`: was the writer's pause between two looks at the readers; nothing depends on it here
pub struct Synchronizer<
    H: Hasher + Default = WyHash,
    WL = LockDisabled,
    const N: usize = 1024,
    const SD: u64 = 1_000_000_000,
> {
    place: Place,
    reader: Option<(Kind, Reader)>,
    writer: Option<(Kind, Writer)>,
    /// Of the bytes that are being written; the open writer knows where it is.
    hash: Arc<AtomicU64>,
    buffer: AlignedVec,
    scratch: Option<FallbackScratch<HeapScratch<N>, AllocScratch>>,
    parameters: PhantomData<fn() -> (H, WL)>,
}

// SAFETY: nothing can be done with a shared one.
unsafe impl<H: Hasher + Default, WL, const N: usize, const SD: u64> Sync
    for Synchronizer<H, WL, N, SD>
{
}

/// What can fail.
#[derive(Debug)]
pub enum SynchronizerError {
    /// Writing the data failed; the last value stays.
    FailedDataWrite(io::Error),
    /// Reading the data failed.
    FailedDataRead(io::Error),
    /// The state file, or the region, could not be opened.
    FailedStateRead(io::Error),
    /// The value could not be serialized.
    FailedEntityWrite,
    /// The bytes are not a value of this type.
    FailedEntityRead,
    /// Nothing was written yet.
    UninitializedState,
    /// The value is larger than a version has room for.
    InvalidInstanceVersionParams,
    /// Another writer has the lock.
    WriteLockConflict,
}

impl fmt::Display for SynchronizerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FailedDataWrite(error) => write!(f, "error writing data file: {error}"),
            FailedDataRead(error) => write!(f, "error reading data file: {error}"),
            FailedStateRead(error) => write!(f, "error reading state file: {error}"),
            FailedEntityWrite => f.write_str("error writing entity"),
            FailedEntityRead => f.write_str("error reading entity"),
            UninitializedState => f.write_str("uninitialized state"),
            InvalidInstanceVersionParams => f.write_str("invalid instance version params"),
            WriteLockConflict => f.write_str("write blocked by conflicting lock"),
        }
    }
}

impl error::Error for SynchronizerError {}

impl Synchronizer {
    /// With the default parameters. Nothing is opened before the first write or read.
    pub fn new(path_prefix: &OsStr) -> Self {
        Self::with_params(path_prefix)
    }
}

/// The largest size that a version has room for, and one more.
const SIZE_LIMIT: u64 = 1 << 39;

impl<'a, H, WL, const N: usize, const SD: u64> Synchronizer<H, WL, N, SD>
where
    H: Hasher + Default,
    WL: WriteLockStrategy<'a>,
{
    /// With the parameters of the type. Nothing is opened before the first write or read.
    pub fn with_params(path_prefix: &OsStr) -> Self {
        Self::with_files(path_prefix, Files::ByPath)
    }

    /// The same on files of a certain kind. Not in mmap-sync.
    pub fn with_files(path_prefix: &OsStr, files: Files) -> Self {
        Synchronizer {
            place: Place::new(path_prefix, files),
            reader: None,
            writer: None,
            hash: Arc::default(),
            buffer: AlignedVec::new(),
            scratch: None,
            parameters: PhantomData,
        }
    }

    /// Publish a value. Returns its size in bytes, and whether the value was taken from readers
    /// after `grace_duration` (mmap-sync's files only).
    ///
    /// # Errors
    /// [`FailedDataWrite`] also if readers hold all slots of a region for `grace_duration`. The
    /// last value stays then, and the writer goes on.
    pub fn write<T>(
        &'a mut self, entity: &T, grace_duration: Duration,
    ) -> Result<(usize, bool), SynchronizerError>
    where
        T: Serialize<AllocSerializer<N>>,
        T::Archived: for<'b> CheckBytes<DefaultValidator<'b>>,
    {
        let mut buffer = std::mem::take(&mut self.buffer);
        buffer.clear();
        // What fails or panics half-way leaves no scratch space behind.
        let scratch = self.scratch.take().unwrap_or_default();
        let mut serializer =
            AllocSerializer::<N>::new(AlignedSerializer::new(buffer), scratch, Default::default());
        serializer.serialize_value(entity).map_err(|_| FailedEntityWrite)?;
        let (serializer, scratch, _) = serializer.into_components();
        self.scratch = Some(scratch);
        let data = serializer.into_inner();
        check_archived_root::<T>(&data).map_err(|_| FailedEntityRead)?;
        let result = self.publish(&data, grace_duration);
        self.buffer = data;
        result
    }

    /// Publish bytes that represent a `T`. As [`Synchronizer::write`] otherwise.
    pub fn write_raw<T>(
        &'a mut self, data: &[u8], grace_duration: Duration,
    ) -> Result<(usize, bool), SynchronizerError>
    where
        T: Serialize<AllocSerializer<N>>,
        T::Archived: for<'b> CheckBytes<DefaultValidator<'b>>,
    {
        self.publish(data, grace_duration)
    }

    /// Read the value, in place. With `check_bytes` the bytes are checked: in a region once for
    /// each generation and type, in mmap-sync's files each time.
    ///
    /// # Errors
    /// [`UninitializedState`], [`FailedEntityRead`], and those of opening the files.
    ///
    /// # Safety
    /// Without `check_bytes`, the bytes are an archive of `T`. On mmap-sync's files the result must
    /// be dropped before the writer's `grace_duration` is over; a region has no such limit.
    #[inline(always)]
    pub unsafe fn read<T>(
        &'a mut self, check_bytes: bool,
    ) -> Result<ReadResult<'a, T>, SynchronizerError>
    where
        T: Archive,
        T::Archived: for<'b> CheckBytes<DefaultValidator<'b>>,
    {
        if self.reader.is_none() {
            self.open_reader()?;
        }
        let mut pinned = self.pin();
        if let Err(error) = pinned {
            self.renew(error)?;
            pinned = self.pin();
        }
        let (kind, pinned) = match pinned {
            Ok(pinned) => pinned,
            Err(error) => return Err(read_error(error)),
        };
        let how = match (check_bytes, kind) {
            (false, _) => Check::No,
            (true, Kind::Region) => Check::Once,
            (true, Kind::MmapSync) => Check::Always,
        };
        if let Err(error) = pinned.check::<T>(how) {
            return Err(read_error(error));
        }
        // SAFETY: just pinned; checked, or the caller's contract.
        Ok(unsafe { ReadResult::new(pinned, kind) })
    }

    /// Which value is current.
    pub fn version(&'a mut self) -> Result<InstanceVersion, SynchronizerError> {
        let (_, reader) = self.reader()?;
        let mut word = reader.generation();
        if word == 0 && reader.is_stale() {
            self.open_reader()?;
            word = self.reader()?.1.generation();
        }
        word.try_into()
    }

    /// Wait until `seen` is not the version any longer; `false` if the time is over before that.
    /// Without a version it waits for a first value, and without a time for ever. Not in mmap-sync,
    /// whose writers wake nobody: their values are seen up to 10 ms late.
    pub fn wait(
        &mut self, seen: Option<InstanceVersion>, timeout: Option<Duration>,
    ) -> Result<bool, SynchronizerError> {
        let (_, reader) = self.reader()?;
        reader.wait(seen.map_or(0, u64::from), timeout).map_err(state_error)
    }
}

impl<H: Hasher + Default, WL, const N: usize, const SD: u64> Synchronizer<H, WL, N, SD> {
    fn reader(&mut self) -> Result<&mut (Kind, Reader), SynchronizerError> {
        if self.reader.is_none() {
            self.open_reader()?;
        }
        Ok(self.open())
    }

    #[inline(always)]
    fn open(&mut self) -> &mut (Kind, Reader) {
        self.reader.as_mut().expect("opened before")
    }

    #[inline(always)]
    fn pin(&mut self) -> Result<(Kind, Pinned), Error> {
        let (kind, reader) = self.open();
        let pinned = match kind {
            Kind::Region => reader.pin()?,
            Kind::MmapSync => reader.pin_mmap_sync()?,
        };
        Ok((*kind, pinned))
    }

    #[cold]
    #[inline(never)]
    fn open_reader(&mut self) -> Result<(), SynchronizerError> {
        self.reader = None;
        self.reader = Some(self.place.open_reader().map_err(state_error)?);
        Ok(())
    }

    /// After an error: if the files were removed and made anew, or this is a forked child.
    #[cold]
    #[inline(never)]
    fn renew(&mut self, error: Error) -> Result<(), SynchronizerError> {
        if is_stale(&error) {
            self.open_reader()
        } else {
            Err(read_error(error))
        }
    }
}

impl<'a, H, WL, const N: usize, const SD: u64> Synchronizer<H, WL, N, SD>
where
    H: Hasher + Default,
    WL: WriteLockStrategy<'a>,
{
    fn publish(
        &mut self, data: &[u8], grace: Duration,
    ) -> Result<(usize, bool), SynchronizerError> {
        if data.len() as u64 >= SIZE_LIMIT {
            return Err(InvalidInstanceVersionParams);
        }
        let was_open = self.writer.is_some();
        match self.try_publish(data, grace)? {
            Err(error) if was_open && is_stale(&error) => {
                self.writer = None;
                self.try_publish(data, grace)?.map_err(write_error)
            }
            result => result.map_err(write_error),
        }
    }

    /// The inner error is that of a writer that is open.
    fn try_publish(
        &mut self, data: &[u8], grace: Duration,
    ) -> Result<Result<(usize, bool), Error>, SynchronizerError> {
        let (kind, writer) = match &mut self.writer {
            Some(open) => open,
            none => {
                let opened = self.place.open_writer(WL::LOCKED, &self.hash);
                none.insert(opened.map_err(state_error)?)
            }
        };
        if *kind == Kind::MmapSync {
            let mut hasher = H::default();
            hasher.write(data);
            self.hash.store(hasher.finish(), Relaxed);
        }
        Ok(publish_within(writer, data, grace))
    }
}

fn publish_within(
    writer: &mut Writer, data: &[u8], grace: Duration,
) -> Result<(usize, bool), Error> {
    writer.set_grace(Some(grace))?;
    writer.write_quietly(data)?;
    Ok((data.len(), writer.was_reset()))
}
