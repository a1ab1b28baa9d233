// SPDX-License-Identifier: Apache-2.0
//! Old values, looking from outside, descriptors for event loops.

mod common;

use common::Scratch;
use mmsync::{Code, Durable, Inspector, Region, WaitFd, Writer};
use std::os::fd::AsRawFd;
use std::path::Path;
use std::time::Duration;

fn generations(path: &Scratch) -> Vec<u64> {
    mmsync::history(path).unwrap().iter().map(|value| value.generation).collect()
}

fn newest(region: &Region) -> (u64, Vec<u8>) {
    let mut bytes = Vec::new();
    (region.copy(&mut bytes).unwrap(), bytes)
}

#[test]
fn what_is_kept_is_listed_and_comes_back() {
    let path = Scratch::new();
    let mut writer = Writer::options().keep(3).tag(7).checksum(true).open(&path).unwrap();

    assert_eq!(writer.rollback(None).unwrap_err().code(), Code::Empty);
    assert_eq!(mmsync::history(&path).unwrap().len(), 0);
    for number in 1..=20u8 {
        writer.write_bytes(&vec![number; number.into()]).unwrap();
    }
    let values = mmsync::history(&path).unwrap();
    assert_eq!(values[..4].iter().map(|v| v.generation).collect::<Vec<_>>(), [20, 19, 18, 17]);
    assert!(values[0].current && values[1..].iter().all(|value| !value.current));
    assert!(values[1..4].iter().all(|value| value.kept && value.tag == 7));
    assert_eq!((values[3].size, values[3].checksum.is_some()), (17, true));

    let region = Region::open(&path).unwrap();
    assert_eq!(writer.rollback(None).unwrap().generation, 21);
    assert_eq!(newest(&region), (21, vec![19; 19]));
    assert_eq!(writer.rollback(Some(18)).unwrap().size, 18);
    assert_eq!(newest(&region), (22, vec![18; 18]));
    assert_eq!(writer.rollback(Some(1)).unwrap_err().code(), Code::Forgotten);
    assert_eq!(writer.rollback(Some(22)).unwrap_err().code(), Code::Invalid);
    assert_eq!(newest(&region).0, 22);
    writer.write_bytes(b"goes on").unwrap();
    assert_eq!(generations(&path)[0], 23);
    assert_eq!(mmsync::inspect(&path).unwrap().keep, 3);
}

#[test]
fn durable_writers_wait_for_the_disk() {
    let memory = Scratch::new();
    let refused = Writer::options().durable(Durable::Commit).open(&memory).unwrap_err();
    assert_eq!(refused.code(), Code::Filesystem);
    let mut writer = Writer::open(&memory).unwrap();
    assert_eq!(writer.sync().unwrap_err().code(), Code::Invalid);
    assert_eq!(mmsync::inspect(&memory).unwrap().durable_generation, None);

    let path =
        Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("durable-{}", std::process::id()));
    let durable = || mmsync::inspect(&path).unwrap().durable_generation;
    let mut writer = match Writer::options().durable(Durable::Commit).open(&path) {
        Err(error) if error.code() == Code::Filesystem => return, // the tree is in memory, too
        other => other.unwrap(),
    };
    writer.write_bytes(b"one").unwrap();
    assert_eq!(durable(), Some(1));
    drop(writer);
    let mut writer = Writer::options().durable(Durable::Sync).open(&path).unwrap();
    writer.write_bytes(b"two").unwrap();
    assert_eq!(durable(), Some(1));
    writer.sync().unwrap();
    assert_eq!(durable(), Some(2));
    assert_eq!(mmsync::inspect(&path).unwrap().durable_lost, None);
    drop(writer);
    mmsync::remove(&path).unwrap();
}

#[test]
fn an_inspector_tells_what_is_there_now() {
    let path = Scratch::new();
    assert_eq!(Inspector::open(&path).unwrap_err().code(), Code::Os(2));
    let mut writer = Writer::open(&path).unwrap();
    let mut inspector = Inspector::open(&path).unwrap();

    assert_eq!(inspector.look().unwrap().generation, 0);
    writer.write_bytes(b"value").unwrap();
    let info = inspector.look().unwrap();
    assert_eq!((info.generation, info.size, info.writer_alive), (1, 5, Some(true)));
    assert_eq!(info.region_id, mmsync::inspect(&path).unwrap().region_id);
    drop(writer);
    mmsync::remove(&path).unwrap();
    assert!(inspector.look().is_err());
    Writer::open(&path).unwrap().write_bytes(b"another").unwrap();
    let another = inspector.look().unwrap();
    assert_eq!((another.size, another.writer_alive), (7, Some(false)));
    assert_ne!(another.region_id, info.region_id);
}

#[test]
fn readers_are_listed() {
    let path = Scratch::new();
    let mut writer = Writer::open(&path).unwrap();
    writer.write_bytes(b"value").unwrap();
    assert!(mmsync::inspect_readers(&path).unwrap().is_empty());
    let region = Region::open(&path).unwrap();
    let mut readers: Vec<_> = (0..40).map(|_| region.reader().unwrap()).collect();
    let view = readers[0].read_bytes().unwrap();

    let found = mmsync::inspect_readers(&path).unwrap();
    assert_eq!(found.len(), 40);
    let pid = std::process::id() as i32;
    assert!(found.iter().all(|reader| reader.alive && reader.pid == pid && !reader.allow_evict));
    assert_eq!(found.iter().filter_map(|reader| reader.held).collect::<Vec<_>>(), [1]);
    drop(view);
}

extern "C" {
    fn poll(fds: *mut [i32; 2], count: u64, timeout_ms: i32) -> i32;
}

/// POLLIN, within so many milliseconds; -1: however long it takes.
fn is_readable(fd: &WaitFd, timeout_ms: i32) -> bool {
    let mut fds = [fd.as_raw_fd(), 1];
    // SAFETY: a struct pollfd: a descriptor, then two halves of a word.
    unsafe { poll(&mut fds, 1, timeout_ms) == 1 }
}

#[test]
fn a_descriptor_is_readable_when_something_is_published() {
    fn is_both<T: Send + Sync>() {}
    is_both::<WaitFd>();
    let path = Scratch::new();
    let mut writer = Writer::open(&path).unwrap();
    let fd = Region::open(&path).unwrap().wait_fd().unwrap(); // it keeps the region open

    assert!(!is_readable(&fd, 0));
    assert_eq!(fd.acknowledge().unwrap(), 0);
    for generation in 1..=3 {
        writer.write_bytes(b"value").unwrap();
        assert!(is_readable(&fd, -1));
        assert_eq!(fd.acknowledge().unwrap(), generation);
        assert!(!is_readable(&fd, 0));
    }
    drop(writer);
    mmsync::remove(&path).unwrap();
    assert!(is_readable(&fd, -1));
    assert_eq!(fd.acknowledge().unwrap_err().code(), Code::Gone);
}

#[test]
fn a_schema_travels_with_the_value() {
    let path = Scratch::new();
    let mut writer = Writer::open(&path).unwrap();
    let region = Region::open(&path).unwrap();
    let text = "struct A { b: u32 }".repeat(20);

    assert_eq!(region.schema().unwrap_err().code(), Code::Empty);
    let mut draft = writer.build(4).unwrap();
    draft.set_type([1, 2], &text).unwrap();
    draft.commit(4).unwrap();
    assert_eq!(region.schema().unwrap(), text.as_bytes());
    writer.write_bytes(b"none").unwrap();
    assert_eq!(region.schema().unwrap(), b"");
    assert!(!region.wait(2, Some(Duration::ZERO)).unwrap());
}
