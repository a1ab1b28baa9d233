// SPDX-License-Identifier: Apache-2.0
//! Values of rkyv 0.7, in place.

use crate::checked::{Check, Checker};
use crate::error::{Code, Error, Result};
use crate::reader::{Own, Pinned, Reader, View};
use bytecheck::CheckBytes;
use rkyv::validation::validators::DefaultValidator;
use rkyv::{archived_root, check_archived_root, Archive};
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

    /// [`View::release`].
    pub fn release(self) -> Result<()> {
        self.view.release()
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

/// Whether bytes are an archive of `T`, or why not. Its address is what readers remember of a check
/// ([`Checker`]).
#[inline(never)]
fn check_root<T>(bytes: &[u8]) -> std::result::Result<(), String>
where
    T: Archive,
    T::Archived: for<'b> CheckBytes<DefaultValidator<'b>>,
{
    check_archived_root::<T>(bytes).map(|_| ()).map_err(|why| why.to_string())
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
        pinned.check::<T>(Check::Once)?;
        // SAFETY: just pinned, and checked.
        Ok(unsafe { Value::new(pinned.lend()) })
    }

    /// As [`Reader::read`], without a check of the bytes.
    ///
    /// # Errors
    /// Those of [`Reader::read_bytes`].
    ///
    /// # Safety
    /// Whatever is published to the region is an archive of `T`, which has as many bytes as
    /// `T::Archived` at least.
    #[inline(always)]
    pub unsafe fn read_unchecked<T: Archive>(&mut self) -> Result<Value<'_, T>> {
        let pinned = self.pin()?;
        debug_assert!(pinned.held().size >= size_of::<T::Archived>());
        // SAFETY: just pinned; the caller's contract.
        Ok(unsafe { Value::new(pinned.lend()) })
    }
}

/// Of what was just pinned. If it is not a `T`, the view ends.
impl Pinned {
    #[inline(always)]
    pub(crate) fn check<T>(&self, how: Check) -> Result<()>
    where
        T: Archive,
        T::Archived: for<'b> CheckBytes<DefaultValidator<'b>>,
    {
        match how {
            Check::No => self.check_room::<T>(),
            Check::Once if self.own().checked.get() == Checker::of(check_root::<T>) => Ok(()),
            // By value: what has an address is in memory on the fast path, too.
            Check::Once => (*self).check_once::<T>(),
            Check::Always => (*self).check_bytes::<T>(),
        }
    }

    #[inline(always)]
    fn check_bytes<T>(self) -> Result<()>
    where
        T: Archive,
        T::Archived: for<'b> CheckBytes<DefaultValidator<'b>>,
    {
        self.check_room::<T>()?;
        // SAFETY: just pinned. If the check fails or panics, this view ends it.
        let view = unsafe { self.lend() };
        match check_archived_root::<T>(&view) {
            Ok(_) => {
                std::mem::forget(view);
                Ok(())
            }
            Err(why) => Err(corrupt::<T>(&view, why)),
        }
    }

    #[inline(always)]
    fn own(&self) -> &Own {
        // SAFETY: its reader is open.
        unsafe { self.own.as_ref() }
    }

    #[inline(always)]
    fn check_room<T: Archive>(&self) -> Result<()> {
        if self.held().size >= size_of::<T::Archived>() {
            return Ok(());
        }
        Err((*self).too_short::<T>())
    }

    #[cold]
    #[inline(never)]
    fn too_short<T: Archive>(self) -> Error {
        // SAFETY: just pinned.
        let view = unsafe { self.lend() };
        let room = size_of::<T::Archived>();
        corrupt::<T>(&view, format_args!("the root takes {room} bytes"))
    }

    #[cold]
    #[inline(never)]
    fn check_once<T>(self) -> Result<()>
    where
        T: Archive,
        T::Archived: for<'b> CheckBytes<DefaultValidator<'b>>,
    {
        let (noted, checker) = (&self.own().region.checked, Checker::of(check_root::<T>));
        let generation = self.held().generation;
        if !noted.has(generation, checker) {
            self.check_room::<T>()?;
            // SAFETY: just pinned. If the check fails or panics, this view ends it.
            let view = unsafe { self.lend() };
            check_root::<T>(&view).map_err(|why| corrupt::<T>(&view, why))?;
            std::mem::forget(view);
        }
        noted.note(generation, checker);
        self.own().checked.set(checker);
        Ok(())
    }
}
