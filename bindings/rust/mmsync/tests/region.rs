// SPDX-License-Identifier: Apache-2.0
//! Bytes: writing, reading, waiting, updates, errors.

mod common;

use common::Scratch;
use mmsync::{Code, Reader, Region, Track, View, Writer};
use std::time::Duration;

fn both(path: &Scratch) -> (Writer, Region) {
    (Writer::open(path).unwrap(), Region::open(path).unwrap())
}

fn is_send<T: Send>() {}
fn is_sync<T: Sync>() {}

#[test]
fn handles_go_where_the_rules_for_c_let_them() {
    is_send::<Region>();
    is_sync::<Region>();
    is_send::<Writer>();
    is_send::<Reader>();
    is_send::<View<'static>>();
    is_send::<mmsync::Update<'static>>();
    is_send::<mmsync::Table<'static>>();
    is_sync::<mmsync::TableView<'static>>();
}

#[test]
fn a_read_gives_what_was_written() {
    let path = Scratch::new();
    let (mut writer, region) = both(&path);
    let mut reader = region.reader().unwrap();

    assert_eq!(reader.read_bytes().unwrap_err().code(), Code::Empty);
    let receipt = writer.write_bytes(b"Hello").unwrap();
    assert_eq!((receipt.generation, receipt.size), (1, 5));
    let view = reader.read_bytes().unwrap();
    assert_eq!((&*view, view.generation(), view.is_changed()), (&b"Hello"[..], 1, true));
    assert_eq!(view.as_bytes().as_ptr() as usize % 64, 0);
    view.release().unwrap();
    assert!(!reader.read_bytes().unwrap().is_changed());
    writer.write_bytes(b"").unwrap();
    assert_eq!(&*reader.read_bytes().unwrap(), b"");
}

#[test]
fn a_view_stays_as_it_is_while_others_are_written() {
    let path = Scratch::new();
    let (mut writer, region) = both(&path);
    let mut reader = region.reader().unwrap();

    writer.write_bytes(&[7; 4096]).unwrap();
    let mut view = reader.read_bytes().unwrap();
    for i in 0..1000u32 {
        writer.write_bytes(&[i as u8; 4096]).unwrap();
    }
    assert!(view.iter().all(|byte| *byte == 7));
    assert!(view.refresh().unwrap());
    assert_eq!((view.generation(), view[0]), (1001, 231));
    assert!(!view.refresh().unwrap());
}

#[test]
fn a_view_that_was_forgotten_ends_at_the_next_read() {
    let path = Scratch::new();
    let (mut writer, region) = both(&path);
    let mut reader = region.reader().unwrap();

    writer.write_bytes(b"one").unwrap();
    std::mem::forget(reader.read_bytes().unwrap());
    writer.write_bytes(b"two").unwrap();
    assert_eq!(&*reader.read_bytes().unwrap(), b"two");
}

#[test]
fn a_value_is_built_in_place_and_grows() {
    let path = Scratch::new();
    let (mut writer, region) = both(&path);
    let mut reader = region.reader().unwrap();

    drop(writer.build(16).unwrap()); // aborted
    let mut draft = writer.build(4).unwrap();
    draft.copy_from_slice(b"1234");
    draft.grow(1 << 20).unwrap();
    assert_eq!((&draft[..4], draft.len()), (&b"1234"[..], 1 << 20));
    draft[4..8].copy_from_slice(b"5678");
    draft.set_type([1, 2], "struct T { text: String }").unwrap();
    draft.set_tag(3).unwrap();
    draft.commit(8).unwrap();
    let view = reader.read_bytes().unwrap();
    let info = view.info().unwrap();
    assert_eq!((&*view, info.type_id, info.tag), (&b"12345678"[..], [1, 2], 3));
    assert_eq!(info.schema, b"struct T { text: String }");
}

#[test]
fn a_commit_that_is_too_large_is_refused_and_the_writer_goes_on() {
    let path = Scratch::new();
    let (mut writer, region) = both(&path);

    let error = writer.build(16).unwrap().commit(17).unwrap_err();
    assert_eq!(error.code(), Code::Invalid);
    assert!(error.detail().contains("17 bytes"), "{error}");
    assert_eq!(writer.write_bytes(b"x").unwrap().generation, region.generation());
}

#[test]
fn an_update_publishes_what_was_patched_and_edited() {
    let path = Scratch::new();
    let (mut writer, region) = both(&path);
    let mut reader = region.reader().unwrap();

    writer.write_bytes(&[0; 100_000]).unwrap();
    for _ in 0..3 {
        let mut update = writer.update(0).unwrap();
        assert_eq!(update.len(), 100_000);
        update.patch(500, b"patched").unwrap();
        update.edit(90_000..90_004).unwrap().fill(9);
        assert_eq!(&update[500..507], b"patched");
        update.commit().unwrap();
    }
    let view = reader.read_bytes().unwrap();
    assert_eq!((&view[500..507], &view[90_000..90_005]), (&b"patched"[..], &[9, 9, 9, 9, 0][..]));
    let changes = view.changes_since(3).unwrap();
    assert!(changes.iter().any(|range| range.contains(&503)), "{changes:?}");
    assert!(!changes.iter().any(|range| range.contains(&50_000)), "{changes:?}");
    assert_eq!(view.changes_since(9).unwrap_err().code(), Code::Invalid);
}

#[test]
fn an_update_refuses_what_is_outside() {
    let path = Scratch::new();
    let (mut writer, _region) = both(&path);

    writer.write_bytes(b"12345678").unwrap();
    let mut update = writer.update(0).unwrap();
    assert_eq!(update.edit(4..9).unwrap_err().code(), Code::Invalid);
    assert_eq!(update.edit(usize::MAX..).unwrap_err().code(), Code::Invalid);
    #[allow(clippy::reversed_empty_ranges)]
    let backwards = update.edit(8..4).map(|bytes| bytes.len());
    assert_eq!(backwards, Ok(0));
    assert_eq!(update.patch(8, b"x").unwrap_err().code(), Code::Invalid);
    update.grow(9).unwrap();
    update.edit(8..9).unwrap()[0] = b'9';
    update.commit_size(9).unwrap();
}

#[test]
fn waiting_ends_with_a_publish_and_with_the_time() {
    let path = Scratch::new();
    let (mut writer, region) = both(&path);
    let mut reader = region.reader().unwrap();

    assert!(!region.wait(0, Some(Duration::ZERO)).unwrap());
    assert!(!reader.wait(0, Some(Duration::from_micros(1))).unwrap());
    let waiter = std::thread::spawn(move || {
        assert!(reader.wait(0, None).unwrap());
        reader.read_bytes().unwrap().to_vec()
    });
    writer.write_bytes(b"now").unwrap();
    assert_eq!(waiter.join().unwrap(), b"now");
    assert!(region.wait(0, None).unwrap());
}

#[test]
fn a_reader_outlives_the_thread_that_opened_it() {
    let path = Scratch::new();
    let (mut writer, region) = both(&path);

    writer.write_bytes(b"value").unwrap();
    let opened = region.clone();
    let mut reader = std::thread::spawn(move || opened.reader().unwrap()).join().unwrap();
    drop(region);
    assert_eq!(&*reader.read_bytes().unwrap(), b"value");
}

#[test]
fn one_writer_at_a_time() {
    let path = Scratch::new();
    let (writer, _region) = both(&path);

    let options = Writer::options().lock_wait(Some(Duration::ZERO));
    let error = options.open(&path).unwrap_err();
    assert_eq!(error.code(), Code::Busy);
    drop(writer);
    options.open(&path).unwrap();
}

#[test]
fn a_region_that_was_removed_is_gone() {
    let path = Scratch::new();
    let (writer, region) = both(&path);
    let mut reader = region.reader().unwrap();

    assert_eq!(mmsync::remove(&path).unwrap_err().code(), Code::Busy);
    drop(writer);
    region.check().unwrap();
    mmsync::remove(&path).unwrap();
    assert_eq!(region.check().unwrap_err().code(), Code::Gone);
    assert_eq!(reader.read_bytes().unwrap_err().code(), Code::Gone);
    assert_eq!(Region::open(&path).unwrap_err().code(), Code::Os(2));
}

#[test]
fn errors_say_what_failed_and_become_those_of_io() {
    let path = Scratch::new();
    let error = Region::open(&path).unwrap_err();
    assert!(error.to_string().contains(path.as_ref().to_str().unwrap()), "{error}");
    assert_eq!(std::io::Error::from(error).kind(), std::io::ErrorKind::NotFound);
    assert_eq!(Writer::open("a\0b").unwrap_err().code(), Code::Invalid);
    assert_eq!(Code::Empty.to_string(), "the region holds no value yet");
    assert_eq!(Code::Os(28).as_raw(), -28);
    assert!(!Code::Os(i32::MIN).to_string().is_empty());
}

#[test]
fn a_copy_needs_no_reader() {
    let path = Scratch::new();
    let (mut writer, region) = both(&path);
    let mut out = vec![1, 2, 3];

    assert_eq!(region.copy(&mut out).unwrap_err().code(), Code::Empty);
    for size in [0, 5, 100_000, 7] {
        let receipt = writer.write_bytes(&vec![size as u8; size]).unwrap();
        assert_eq!(region.copy(&mut out).unwrap(), receipt.generation);
        assert_eq!(out, vec![size as u8; size]);
    }
    assert_eq!(mmsync::read_copy(&path, &mut out).unwrap(), 4);
    let options = Region::options().read_only(true);
    let region = options.open(&path).unwrap();
    assert!(region.is_read_only());
    assert_eq!(region.reader().unwrap_err().code(), Code::ReadOnly);
}

#[test]
fn a_region_looks_right_from_outside() {
    let path = Scratch::new();
    let options = Writer::options().max_size(4096).max_slots(4).tag(5).checksum(true);
    let mut writer = options.open(&path).unwrap();

    writer.write_bytes(b"value").unwrap();
    let info = mmsync::inspect(&path).unwrap();
    assert_eq!((info.max_slots, info.size, info.tag), (4, 5, 5));
    assert_eq!(info.writer_alive, Some(true));
    assert_eq!(mmsync::verify(&path).unwrap(), Vec::<String>::new());
    assert_eq!(writer.write_bytes(&[0; 4097]).unwrap_err().code(), Code::TooBig);
    assert!(mmsync::version().starts_with("0."));
}

#[test]
fn another_type_is_refused() {
    let path = Scratch::new();
    let mut writer = Writer::options().type_id([1, 2]).open(&path).unwrap();
    writer.write_bytes(b"value").unwrap();
    let region = Region::options().type_id([1, 3]).open(&path).unwrap();
    let error = region.reader().unwrap().read_bytes().unwrap_err();
    assert_eq!(error.code(), Code::Type);
}

#[test]
fn files_of_mmap_sync_are_no_region() {
    let path = Scratch::new();
    std::fs::write(path.file("_state"), [0; 16]).unwrap();
    for error in [Region::open(&path).unwrap_err(), Writer::open(&path).unwrap_err()] {
        assert_eq!(error.code(), Code::Invalid);
        assert!(error.detail().contains("mmap-sync"), "{error}");
    }
    let scheme = format!("mmap-sync:{}", path.as_ref().display());
    assert_eq!(Region::open(scheme).unwrap_err().code(), Code::Invalid);
}

#[test]
fn a_writer_that_tracks_finds_out_what_an_update_has_changed() {
    let path = Scratch::new();
    let mut writer = Writer::options().track(Track::Auto).open(&path).unwrap();
    let mut reader = Region::open(&path).unwrap().reader().unwrap();

    writer.write_bytes(&vec![1; 1 << 20]).unwrap();
    let mut update = writer.update(0).unwrap();
    update.as_mut_slice().unwrap()[5000] = 2;
    update.set_tag(7).unwrap();
    update.commit().unwrap();
    let view = reader.read_bytes().unwrap();
    assert_eq!((view[4999], view[5000], view.info().unwrap().tag), (1, 2, 7));
    let changes = view.changes_since(1).unwrap();
    assert!(changes.iter().any(|range| range.contains(&5000)), "{changes:?}");
    assert!(changes.iter().map(|range| range.len()).sum::<usize>() < 1 << 20, "{changes:?}");
}

#[test]
fn without_tracking_changes_go_through_edit() {
    let path = Scratch::new();
    let mut writer = Writer::options().check_touch(true).open(&path).unwrap();

    writer.write_bytes(b"value").unwrap();
    let mut update = writer.update(0).unwrap();
    assert_eq!(update.as_mut_slice().unwrap_err().code(), Code::Invalid);
    update.edit(1..2).unwrap()[0] = b'o';
    update.commit().unwrap();
}

#[test]
fn a_reader_that_allows_it_is_evicted_and_its_view_says_so() {
    let path = Scratch::new();
    let mut writer =
        Writer::options().max_slots(2).grace(Some(Duration::ZERO)).evict(true).open(&path).unwrap();
    writer.write_bytes(b"value").unwrap();
    // SAFETY: only the address of the bytes is used.
    let region = unsafe { Region::options().allow_evict() }.open(&path).unwrap();
    let (mut a, mut b) = (region.reader().unwrap(), region.reader().unwrap());
    let lost = a.read_bytes().unwrap();
    writer.write_bytes(b"value").unwrap();
    let receipt = writer.write_bytes(b"other").unwrap();
    assert_eq!((receipt.evicted, receipt.reclaimed), (1, 0));
    assert_eq!(lost.release().unwrap_err().code(), Code::Evicted);
    b.read_bytes().unwrap().release().unwrap();
}
