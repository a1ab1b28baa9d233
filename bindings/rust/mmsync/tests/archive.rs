// SPDX-License-Identifier: Apache-2.0
//! Typed values: the crate's bytes, checked once.

mod common;

use bytecheck::CheckBytes;
use common::{hello, HelloWorld, Scratch};
use mmsync::{Code, Region, Writer};
use rkyv::{Archive, Deserialize, Serialize};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};

#[test]
fn a_value_is_read_in_place() {
    let path = Scratch::new();
    let mut writer = Writer::open(&path).unwrap();
    let mut reader = Region::open(&path).unwrap().reader().unwrap();

    assert_eq!(reader.read::<HelloWorld>().unwrap_err().code(), Code::Empty);
    for version in 1..4 {
        let receipt = writer.write(&hello(version)).unwrap();
        assert_eq!((receipt.generation, receipt.size), (u64::from(version), 36));
        let value = reader.read::<HelloWorld>().unwrap();
        assert_eq!((value.version, value.messages.len()), (version, 3));
        assert_eq!((value.messages[1].as_str(), value.is_changed()), ("World", true));
        assert_eq!(value.generation(), u64::from(version));
    }
}

#[test]
fn the_bytes_are_those_of_the_crate() {
    let path = Scratch::new();
    let mut writer = Writer::open(&path).unwrap();
    let mut reader = Region::open(&path).unwrap().reader().unwrap();

    for count in [0u64, 1, 100, 20_000] {
        let map: HashMap<u64, Vec<f32>> =
            (0..count).map(|i| (i, vec![i as f32; i as usize % 9])).collect();
        writer.write(&map).unwrap();
        let expected = rkyv::to_bytes::<_, 1024>(&map).unwrap();
        assert!(*reader.read_bytes().unwrap() == *expected, "{count} entries");
        assert!(*reader.read::<HashMap<u64, Vec<f32>>>().unwrap() == map);
    }
}

/// Counts how often it is checked.
#[derive(Archive, Serialize, Deserialize)]
#[archive_attr(repr(C))]
struct Counted(u64);

static CHECKS: AtomicU32 = AtomicU32::new(0);

impl<C: ?Sized> CheckBytes<C> for ArchivedCounted {
    type Error = std::convert::Infallible;

    unsafe fn check_bytes<'a>(value: *const Self, _: &mut C) -> Result<&'a Self, Self::Error> {
        CHECKS.fetch_add(1, Ordering::Relaxed);
        Ok(unsafe { &*value })
    }
}

#[test]
fn a_generation_is_checked_once_for_all_readers_of_a_region() {
    let path = Scratch::new();
    let mut writer = Writer::open(&path).unwrap();
    let region = Region::open(&path).unwrap();
    let (mut a, mut b) = (region.reader().unwrap(), region.reader().unwrap());
    let checks = |expected| assert_eq!(CHECKS.swap(0, Ordering::Relaxed), expected);

    for i in 0..3 {
        writer.write(&Counted(i)).unwrap();
        for _ in 0..10 {
            assert_eq!(a.read::<Counted>().unwrap().0, i);
            assert_eq!(b.read::<Counted>().unwrap().0, i);
        }
        checks(1);
        // Other types do not make it forget; nor does a view of the bytes.
        a.read::<u64>().unwrap();
        b.read_bytes().unwrap();
        a.read::<Counted>().unwrap();
        checks(0);
    }
    let strict = Region::options().check_always(true).open(&path).unwrap();
    for _ in 0..2 {
        let mut reader = strict.reader().unwrap();
        reader.read::<Counted>().unwrap();
        reader.read::<Counted>().unwrap();
    }
    checks(2);
}

#[test]
fn bytes_that_are_no_value_are_refused() {
    let path = Scratch::new();
    let mut writer = Writer::open(&path).unwrap();
    let mut reader = Region::open(&path).unwrap().reader().unwrap();

    for bytes in [&b"short"[..], &[0xff; 36]] {
        writer.write_bytes(bytes).unwrap();
        for _ in 0..2 {
            let error = reader.read::<HelloWorld>().unwrap_err();
            assert_eq!(error.code(), Code::Corrupt);
            assert!(error.detail().contains("HelloWorld"), "{error}");
        }
    }
    writer.write_bytes(b"short").unwrap();
    assert_eq!(reader.read::<HelloWorld>().unwrap_err().code(), Code::Corrupt);
    writer.write(&hello(5)).unwrap();
    // SAFETY: just written.
    assert_eq!(unsafe { reader.read_unchecked::<HelloWorld>() }.unwrap().version, 5);
}

#[test]
fn what_was_checked_is_forgotten_with_its_generation() {
    let path = Scratch::new();
    let mut writer = Writer::open(&path).unwrap();
    let region = Region::open(&path).unwrap();
    let (mut a, mut b) = (region.reader().unwrap(), region.reader().unwrap());
    let refused = |reader: &mut mmsync::Reader| {
        assert_eq!(reader.read::<HelloWorld>().unwrap_err().code(), Code::Corrupt);
    };

    for _ in 0..2 {
        writer.write(&hello(1)).unwrap();
        assert_eq!(a.read::<HelloWorld>().unwrap().version, 1);
        b.read::<HelloWorld>().unwrap();
        let mut view = b.read_bytes().unwrap();
        writer.write_bytes(&[0xff; 36]).unwrap();
        // A refresh moves the pin; so does a read of bytes.
        assert!(view.refresh().unwrap());
        drop(view);
        refused(&mut b);
        drop(a.read_bytes().unwrap());
        refused(&mut a);
        // A value of another type has the same place and is as long.
        writer.write(&hello(2)).unwrap();
        a.read::<HelloWorld>().unwrap();
        assert_eq!(*a.read::<u32>().unwrap(), 3);
        assert_eq!(a.read::<HelloWorld>().unwrap().version, 2);
        let value = b.read::<HelloWorld>().unwrap();
        std::mem::forget(value);
        writer.write_bytes(&[0xff; 36]).unwrap();
        refused(&mut b);
        refused(&mut a);
    }
}

#[test]
fn small_and_large_values_take_turns() {
    let path = Scratch::new();
    let mut writer = Writer::open(&path).unwrap();
    let mut reader = Region::open(&path).unwrap().reader().unwrap();

    // Around the size up to which a value is built in memory and copied, and back.
    for count in [0, 1, 500, 509, 510, 511, 512, 5000, 3, 70_000, 0, 513] {
        let messages = (0..count).map(|i| format!("{i}")).collect();
        let value = HelloWorld { version: 7, messages };
        let receipt = writer.write(&value).unwrap();
        let expected = rkyv::to_bytes::<_, 1024>(&value).unwrap();
        let view = reader.read_bytes().unwrap();
        assert!(*view == *expected, "{count} messages");
        assert_eq!((receipt.size, receipt.generation), (expected.len(), view.generation()));
    }
}

/// Its serialization fails, or panics, half-way.
struct Stubborn(bool);

impl Archive for Stubborn {
    type Archived = u8;
    type Resolver = ();
    unsafe fn resolve(&self, _: usize, _: (), _: *mut u8) {}
}

impl Serialize<mmsync::serializer::Serializer<'_>> for Stubborn {
    fn serialize(
        &self, serializer: &mut mmsync::serializer::Serializer<'_>,
    ) -> Result<(), <mmsync::serializer::Serializer<'_> as rkyv::Fallible>::Error> {
        use rkyv::ser::Serializer;
        serializer.write(b"half of it")?;
        assert!(!self.0, "on purpose");
        serializer.write(&vec![0; 1 << 20])
    }
}

#[test]
fn a_value_that_fails_or_panics_publishes_nothing_and_the_writer_goes_on() {
    let path = Scratch::new();
    let mut writer = Writer::options().max_size(65536).open(&path).unwrap();

    assert_eq!(writer.write(&Stubborn(false)).unwrap_err().code(), Code::TooBig);
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let _ = writer.write(&Stubborn(true));
    }));
    assert!(panicked.is_err());
    let region = Region::open(&path).unwrap();
    assert_eq!(region.generation(), 0);
    writer.write(&hello(1)).unwrap();
    assert_eq!(region.reader().unwrap().read::<HelloWorld>().unwrap().version, 1);
}
