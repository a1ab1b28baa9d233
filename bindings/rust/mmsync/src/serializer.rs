// SPDX-License-Identifier: Apache-2.0
//! Writing values of rkyv 0.7.

use crate::error::{check, Code, Error, Result};
use crate::writer::{Receipt, Writer};
use mmsync_sys as sys;
use rkyv::ser::serializers::{AllocScratch, FallbackScratch, HeapScratch, SharedSerializeMap};
use rkyv::ser::{ScratchSpace, Serializer as _, SharedSerializeRegistry};
use rkyv::{Fallible, Serialize};
use std::alloc::Layout;
use std::any::type_name;
use std::fmt;
use std::mem::MaybeUninit;
use std::ptr::{self, NonNull};

impl Writer {
    /// Publish a value as an archive of rkyv 0.7. A large one is built in place, in the slot that will
    /// be published.
    ///
    /// # Errors
    /// Those of [`Writer::write_bytes`]; [`Code::Invalid`] if the value's own implementation of
    /// `Serialize` fails. Nothing is published then.
    #[inline]
    pub fn write<T>(&mut self, value: &T) -> Result<Receipt>
    where
        T: for<'w> Serialize<Serializer<'w>>,
    {
        let mut serializer = Serializer::new(self);
        match serializer.serialize_value(value) {
            Ok(_) => serializer.publish(),
            Err(why) => Err(serializer.failed(why, type_name::<T>())),
        }
    }
}

/// A value of this size is built in memory of this process, where the last one was, and copied: the
/// writer's steps for building in place cost more.
const SMALL: usize = 4096;

/// What a writer keeps from one value to the next, unless serializing has failed or panicked.
#[derive(Default)]
pub(crate) struct Kept {
    room: Option<Box<Room>>,
    /// Of the last value.
    size: usize,
}

#[repr(C, align(64))]
struct Room {
    small: [MaybeUninit<u8>; SMALL],
    scratch: FallbackScratch<HeapScratch<1024>, AllocScratch>,
}

/// What [`Writer::write`] serializes with.
pub struct Serializer<'w> {
    writer: &'w mut Writer,
    /// The writer's own, which is left alone until the end.
    room: NonNull<Room>,
    /// In `room`, or in the slot of a write that was begun.
    start: NonNull<u8>,
    size: usize,
    capacity: usize,
    begun: bool,
    published: bool,
    shared: Option<SharedSerializeMap>,
    why: Option<Error>,
}

/// Why a [`Serializer`] has failed; [`Writer::write`] returns the error itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Failed {
    /// There is no more room in the region.
    Room,
    /// Scratch space was given back in another order than it was taken.
    Scratch,
    /// A shared pointer was added twice.
    Shared,
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Failed::Room => "no more room",
            Failed::Scratch => "scratch space was given back in the wrong order",
            Failed::Shared => "a shared pointer was added twice",
        })
    }
}

impl std::error::Error for Failed {}

impl Drop for Serializer<'_> {
    #[inline]
    fn drop(&mut self) {
        if !self.published {
            self.abort();
        }
    }
}

impl<'w> Serializer<'w> {
    #[inline]
    fn new(writer: &'w mut Writer) -> Self {
        let room = NonNull::from(&mut **writer.kept.room.get_or_insert_with(new_room));
        // SAFETY: the writer's room, which nothing else uses until this is dropped.
        let start = unsafe { NonNull::new_unchecked(&raw mut (*room.as_ptr()).small) }.cast();
        // As the first write to a full buffer: if the last value was large, begin with its size.
        let capacity = if writer.kept.size > SMALL { 0 } else { SMALL };
        let (shared, why, begun, published) = (None, None, false, false);
        Serializer { writer, room, start, size: 0, capacity, begun, published, shared, why }
    }

    #[cold]
    fn abort(&mut self) {
        self.writer.kept = Kept::default();
        if self.begun {
            // SAFETY: begun, and neither committed nor aborted.
            unsafe { sys::mms_write_abort(self.writer.as_ptr()) };
        }
    }

    fn begin(&mut self, capacity: usize) -> Result<()> {
        let mut buffer = ptr::null_mut();
        // SAFETY: open, and nothing was begun.
        check(unsafe {
            sys::mms_write_begin(self.writer.as_ptr(), capacity, &mut buffer, ptr::null_mut())
        })?;
        self.begun = true;
        let slot = NonNull::new(buffer.cast()).expect("a slot");
        // SAFETY: so many bytes were written, and there is room for as many.
        unsafe { ptr::copy_nonoverlapping(self.start.as_ptr(), slot.as_ptr(), self.size) };
        (self.start, self.capacity) = (slot, capacity);
        Ok(())
    }

    fn grow(&mut self, capacity: usize) -> Result<()> {
        let mut buffer = ptr::null_mut();
        // SAFETY: begun.
        check(unsafe { sys::mms_write_grow(self.writer.as_ptr(), capacity, &mut buffer) })?;
        self.start = NonNull::new(buffer.cast()).expect("a slot");
        self.capacity = capacity;
        Ok(())
    }

    /// By a quarter, as in C, so that the slot is not much larger than the value.
    #[cold]
    #[inline(never)]
    fn make_room(&mut self, more: usize) -> std::result::Result<(), Failed> {
        let needed = self.size.saturating_add(more);
        let growth = (self.capacity / 4).clamp(SMALL, 64 << 20);
        let ample = needed.max(self.capacity.saturating_add(growth)).max(self.writer.kept.size);
        let get = if self.begun { Self::grow } else { Self::begin };
        let result = match get(self, ample) {
            Err(error) if is_about_size(&error) && ample > needed => get(self, needed),
            other => other,
        };
        result.map_err(|error| {
            self.why = Some(error);
            Failed::Room
        })
    }

    #[inline]
    fn publish(&mut self) -> Result<Receipt> {
        let mut receipt = MaybeUninit::uninit();
        let (writer, out) = (self.writer.as_ptr(), receipt.as_mut_ptr());
        // SAFETY: begun, or so many bytes of `room`.
        check(unsafe {
            if self.begun {
                sys::mms_write_commit(writer, self.size, out)
            } else {
                sys::mms_write(writer, self.start.as_ptr().cast(), self.size, out)
            }
        })?;
        self.published = true;
        self.writer.kept.size = self.size;
        // SAFETY: filled on success.
        Ok(Receipt::of(unsafe { receipt.assume_init_ref() }))
    }

    #[cold]
    fn failed(&mut self, why: Failed, name: &str) -> Error {
        let detail = |why| Error::new(Code::Invalid, format!("writing a {name}: {why}"));
        self.why.take().unwrap_or_else(|| detail(why))
    }
}

fn is_about_size(error: &Error) -> bool {
    matches!(error.code(), Code::TooBig | Code::Os(_))
}

#[cold]
fn new_room() -> Box<Room> {
    Box::new(Room { small: [const { MaybeUninit::uninit() }; SMALL], scratch: Default::default() })
}

impl Fallible for Serializer<'_> {
    type Error = Failed;
}

impl rkyv::ser::Serializer for Serializer<'_> {
    #[inline(always)]
    fn pos(&self) -> usize {
        self.size
    }

    #[inline(always)]
    fn write(&mut self, bytes: &[u8]) -> std::result::Result<(), Failed> {
        if bytes.len() > self.capacity - self.size {
            self.make_room(bytes.len())?;
        }
        // SAFETY: there is room for so many.
        unsafe {
            let to = self.start.as_ptr().add(self.size);
            ptr::copy_nonoverlapping(bytes.as_ptr(), to, bytes.len());
        }
        self.size += bytes.len();
        Ok(())
    }

    #[inline(always)]
    fn pad(&mut self, padding: usize) -> std::result::Result<(), Failed> {
        // A constant size, which takes one store: what is too much is overwritten.
        let stored = padding.max(16);
        if stored > self.capacity - self.size {
            self.make_room(stored)?;
        }
        // SAFETY: as above.
        unsafe {
            let to = self.start.as_ptr().add(self.size);
            if padding <= 16 {
                to.write_bytes(0, 16);
            } else {
                to.write_bytes(0, padding);
            }
        }
        self.size += padding;
        Ok(())
    }
}

impl ScratchSpace for Serializer<'_> {
    #[inline]
    unsafe fn push_scratch(
        &mut self, layout: Layout,
    ) -> std::result::Result<NonNull<[u8]>, Failed> {
        // SAFETY: the caller's contract; nothing else uses the room.
        unsafe { (*self.room.as_ptr()).scratch.push_scratch(layout) }.map_err(|_| Failed::Scratch)
    }

    #[inline]
    unsafe fn pop_scratch(
        &mut self, ptr: NonNull<u8>, layout: Layout,
    ) -> std::result::Result<(), Failed> {
        // SAFETY: the caller's contract; nothing else uses the room.
        unsafe { (*self.room.as_ptr()).scratch.pop_scratch(ptr, layout) }
            .map_err(|_| Failed::Scratch)
    }
}

impl SharedSerializeRegistry for Serializer<'_> {
    #[inline]
    fn get_shared_ptr(&self, value: *const u8) -> Option<usize> {
        self.shared.as_ref()?.get_shared_ptr(value)
    }

    #[inline]
    fn add_shared_ptr(&mut self, value: *const u8, pos: usize) -> std::result::Result<(), Failed> {
        let shared = self.shared.get_or_insert_with(SharedSerializeMap::new);
        shared.add_shared_ptr(value, pos).map_err(|_| Failed::Shared)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::mem::ManuallyDrop;

    /// Without a call to C, so that Miri can run it.
    #[test]
    fn small_values_have_the_bytes_of_rkyv() {
        let value: Vec<Option<Box<[String]>>> =
            vec![None, Some(["two".into(), "x".repeat(50)].into()), Some([].into()), None];
        let mut writer = ManuallyDrop::new(Writer::dangling());
        for _ in 0..3 {
            let mut serializer = Serializer::new(&mut writer);
            serializer.serialize_value(&value).unwrap();
            // SAFETY: so many were written.
            let bytes =
                unsafe { std::slice::from_raw_parts(serializer.start.as_ptr(), serializer.size) };
            assert_eq!(bytes, &rkyv::to_bytes::<_, 64>(&value).unwrap()[..]);
            serializer.published = true;
        }
        drop(std::mem::take(&mut writer.kept));
    }

    #[test]
    fn what_was_not_published_leaves_nothing() {
        let mut writer = ManuallyDrop::new(Writer::dangling());
        let mut serializer = Serializer::new(&mut writer);
        serializer.serialize_value(&String::from("text")).unwrap();
        drop(serializer);
        assert!(writer.kept.room.is_none());
    }
}
