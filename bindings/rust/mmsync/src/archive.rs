// SPDX-License-Identifier: Apache-2.0
//! Values of rkyv 0.7, in place.

use crate::checked::type_id;
use crate::error::{Code, Error, Result};
use crate::reader::{Pinned, Reader, View};
use crate::writer::{Draft, Receipt, Writer};
use bytecheck::CheckBytes;
use rkyv::ser::serializers::{
    AllocScratch, CompositeSerializer, FallbackScratch, HeapScratch, SharedSerializeMap,
};
use rkyv::ser::Serializer as _;
use rkyv::validation::validators::DefaultValidator;
use rkyv::{archived_root, check_archived_root, Archive, Fallible, Serialize};
use std::any::type_name;
use std::fmt;
use std::mem::size_of;
use std::ops::Deref;

/// A typed value, in place: it dereferences to `T::Archived`. It holds a [`View`].
pub struct Value<'r, T: Archive> {
    root: *const T::Archived,
    view: View<'r>,
}

// SAFETY: a view, which may move, and a reference.
unsafe impl<T: Archive> Send for Value<'_, T> where T::Archived: Sync {}

impl<'r, T: Archive> Value<'r, T> {
    /// # Safety
    /// The view's bytes are an archive of `T`.
    #[inline(always)]
    pub(crate) unsafe fn new(view: View<'r>) -> Self {
        // SAFETY: the caller's contract.
        let root: *const T::Archived = unsafe { archived_root::<T>(view.as_bytes()) };
        Value { root, view }
    }

    pub(crate) fn into_view(self) -> View<'r> {
        self.view
    }

    /// The view that holds it.
    pub fn view(&self) -> &View<'r> {
        &self.view
    }

    /// The number of this value; it only grows.
    #[inline(always)]
    pub fn generation(&self) -> u64 {
        self.view.generation()
    }

    /// Whether it is another value than the one that this reader read before.
    #[inline(always)]
    pub fn is_changed(&self) -> bool {
        self.view.is_changed()
    }
}

impl<T: Archive> Deref for Value<'_, T> {
    type Target = T::Archived;

    #[inline(always)]
    fn deref(&self) -> &T::Archived {
        // SAFETY: in bytes that the view keeps as they are.
        unsafe { &*self.root }
    }
}

impl<T: Archive> fmt::Debug for Value<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Value<{}> of {:?}", type_name::<T>(), self.view)
    }
}

#[cold]
fn corrupt<T>(view: &View<'_>, why: impl fmt::Display) -> Error {
    let (name, generation, size) = (type_name::<T>(), view.generation(), view.len());
    let detail = format!("reading a {name}: generation {generation}, {size} bytes, is none: {why}");
    Error::new(Code::Corrupt, detail)
}

/// Whether bytes are looked at before they are taken for a value.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Check {
    No,
    /// Once for each generation and type.
    Once,
    /// Each time: of files whose writers may change the bytes of a version.
    Always,
}

impl Reader {
    /// Pin the newest value, and lend it as a `T`, in place. Its bytes are checked once for each
    /// generation and type in this process, unless [`check_always`] is on; after that, reading it
    /// costs what [`read_bytes`] does.
    ///
    /// [`check_always`]: crate::RegionOptions::check_always
    /// [`read_bytes`]: Reader::read_bytes
    ///
    /// # Errors
    /// [`Code::Corrupt`]: the bytes are not an archive of `T`. And those of [`read_bytes`].
    #[inline(always)]
    pub fn read<T>(&mut self) -> Result<Value<'_, T>>
    where
        T: Archive,
        T::Archived: for<'b> CheckBytes<DefaultValidator<'b>>,
    {
        let pinned = self.pin()?;
        self.check::<T>(&pinned, Check::Once)?;
        // SAFETY: just pinned, and checked.
        Ok(unsafe { Value::new(self.lend(&pinned)) })
    }

    /// As [`Reader::read`], without a check of the bytes.
    ///
    /// # Errors
    /// [`Code::Corrupt`]: there are fewer bytes than `T::Archived` has.
    ///
    /// # Safety
    /// Whatever is published to the region is an archive of `T`.
    #[inline(always)]
    pub unsafe fn read_unchecked<T: Archive>(&mut self) -> Result<Value<'_, T>> {
        let pinned = self.pin()?;
        self.check_room::<T>(&pinned)?;
        // SAFETY: just pinned; the caller's contract.
        Ok(unsafe { Value::new(self.lend(&pinned)) })
    }

    /// Whether what was just pinned is a `T`. If not, the view ends.
    #[inline(always)]
    pub(crate) fn check<T>(&mut self, pinned: &Pinned, how: Check) -> Result<()>
    where
        T: Archive,
        T::Archived: for<'b> CheckBytes<DefaultValidator<'b>>,
    {
        match how {
            Check::No => self.check_room::<T>(pinned),
            Check::Once if self.checked == (pinned.generation, type_id::<T>()) => Ok(()),
            // By value: what has an address is in memory on the fast path, too.
            how => self.check_bytes::<T>(*pinned, how),
        }
    }

    #[inline(always)]
    fn check_room<T: Archive>(&mut self, pinned: &Pinned) -> Result<()> {
        if pinned.size >= size_of::<T::Archived>() {
            return Ok(());
        }
        Err(self.too_short::<T>(*pinned))
    }

    #[cold]
    #[inline(never)]
    fn too_short<T: Archive>(&mut self, pinned: Pinned) -> Error {
        // SAFETY: just pinned.
        let view = unsafe { self.lend(&pinned) };
        let room = size_of::<T::Archived>();
        corrupt::<T>(&view, format_args!("the root takes {room} bytes"))
    }

    #[cold]
    #[inline(never)]
    fn check_bytes<T>(&mut self, pinned: Pinned, how: Check) -> Result<()>
    where
        T: Archive,
        T::Archived: for<'b> CheckBytes<DefaultValidator<'b>>,
    {
        let (generation, kind) = (pinned.generation, type_id::<T>());
        if how == Check::Always || !self.region().checked.has(generation, kind) {
            self.check_room::<T>(&pinned)?;
            // SAFETY: just pinned. If the check fails or panics, this view ends it.
            let view = unsafe { self.lend(&pinned) };
            check_archived_root::<T>(&view).map_err(|why| corrupt::<T>(&view, why))?;
            std::mem::forget(view);
        }
        if how == Check::Once {
            self.region().checked.note(generation, kind);
            self.checked = (generation, kind);
        }
        Ok(())
    }
}

// ---- Writing ----

type Scratch = FallbackScratch<HeapScratch<1024>, AllocScratch>;

/// What [`Writer::write`] serializes with: straight into the slot that will be published.
pub type Serializer<'w> = CompositeSerializer<InPlace<'w>, Scratch, SharedSerializeMap>;

/// What a writer keeps from one value to the next.
#[derive(Default)]
pub(crate) struct Room {
    scratch: Option<Scratch>,
    size: usize,
}

/// The part of a [`Serializer`] that stores bytes.
pub struct InPlace<'w> {
    draft: Draft<'w>,
    size: usize,
}

impl Fallible for InPlace<'_> {
    type Error = Error;
}

impl rkyv::ser::Serializer for InPlace<'_> {
    #[inline]
    fn pos(&self) -> usize {
        self.size
    }

    #[inline]
    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        let end = self.size + bytes.len();
        if end > self.draft.len() {
            self.grow(end)?;
        }
        self.draft[self.size..end].copy_from_slice(bytes);
        self.size = end;
        Ok(())
    }
}

impl InPlace<'_> {
    #[cold]
    fn grow(&mut self, size: usize) -> Result<()> {
        let ample = size.saturating_mul(2);
        self.draft.grow(ample).or_else(|_| self.draft.grow(size))
    }
}

impl Writer {
    /// Publish a value as an archive of rkyv 0.7, built in place.
    ///
    /// # Errors
    /// Those of [`Writer::write_bytes`]; [`Code::Invalid`] if the value's own implementation of
    /// `Serialize` fails. Nothing is published then.
    pub fn write<T>(&mut self, value: &T) -> Result<Receipt>
    where
        T: for<'w> Serialize<Serializer<'w>>,
    {
        let scratch = self.room.scratch.take().unwrap_or_default();
        let draft = self.build(self.room.size.max(1024))?;
        let in_place = InPlace { draft, size: 0 };
        let mut serializer = CompositeSerializer::new(in_place, scratch, SharedSerializeMap::new());
        serializer.serialize_value(value).map_err(|why| failed::<T>(why))?;
        let (InPlace { draft, size }, scratch, _) = serializer.into_components();
        let receipt = draft.commit(size)?;
        self.room = Room { scratch: Some(scratch), size };
        Ok(receipt)
    }
}

type Failed = <Serializer<'static> as Fallible>::Error;

#[cold]
fn failed<T>(why: Failed) -> Error {
    match why {
        rkyv::ser::serializers::CompositeSerializerError::SerializerError(error) => error,
        why => Error::new(Code::Invalid, format!("writing a {}: {why}", type_name::<T>())),
    }
}
