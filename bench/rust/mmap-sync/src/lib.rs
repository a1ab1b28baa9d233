// SPDX-License-Identifier: Apache-2.0
//! The crate mmap-sync, as its own benchmark uses it. Its writer polls for readers in sleeps of one second by default; here
//! of one microsecond, which is kinder to it. The grace is one second: with the ten nanoseconds of its own benchmark it would
//! overwrite what readers use. ../../mmsync-drop-in compiles this file with mmsync in its place.
#[path = "../../abi.rs"]
mod abi;
mod keys;

use abi::*;
use bytecheck::CheckBytes;
use mmap_sync::locks::LockDisabled;
use mmap_sync::synchronizer::Synchronizer;
use rkyv::{Archive, Deserialize, Serialize};
use std::collections::HashMap;
use std::ffi::{c_int, c_void};
use std::time::Duration;
use wyhash::WyHash;

#[derive(Archive, Deserialize, Serialize)]
#[archive_attr(derive(CheckBytes))]
struct HelloWorld {
    version: u32,
    messages: Vec<String>,
}

#[derive(Archive, Deserialize, Serialize)]
#[archive_attr(derive(CheckBytes))]
struct Table {
    map: HashMap<u64, Vec<f32>>,
}

type Sync = Synchronizer<WyHash, LockDisabled, 1024, 1_000>;
const GRACE: Duration = Duration::from_secs(1);
static mut WRITER: Option<Sync> = None;
static mut HELLO: Option<HelloWorld> = None;

#[allow(static_mut_refs)]
fn writer() -> &'static mut Sync {
    unsafe { WRITER.as_mut().expect("created") }
}

/// With the feature, which is for mmsync's drop-in, in a region.
fn open(place: &Place) -> Sync {
    let mut path = std::ffi::OsString::from(if cfg!(feature = "region") { "mmsync:" } else { "" });
    path.push(place.path("value"));
    Sync::with_params(&path)
}

extern "C" fn create(place: &Place) -> c_int {
    keys::choose(place.texts);
    let messages = ["Hello", "World", "!"].map(String::from).to_vec();
    unsafe {
        WRITER = Some(open(place));
        HELLO = Some(HelloWorld { version: 0, messages });
    }
    0
}

extern "C" fn write(data: *const u8, size: usize) -> c_int {
    let data = unsafe { std::slice::from_raw_parts(data, size) };
    writer().write_raw::<HelloWorld>(data, GRACE).map_or_else(fail, |_| 0)
}

#[allow(static_mut_refs)]
extern "C" fn write_typed(version: u32) -> c_int {
    let hello = unsafe { HELLO.as_mut().expect("created") };
    hello.version = version;
    writer().write(hello, GRACE).map_or_else(fail, |_| 0)
}

extern "C" fn reader_open(place: &Place) -> *mut c_void {
    keys::choose(place.texts);
    Box::into_raw(Box::new(open(place))).cast()
}

extern "C" fn reader_close(reader: *mut c_void) {
    drop(unsafe { Box::from_raw(reader.cast::<Sync>()) });
}

fn read_all<const CHECKED: bool>(reader: *mut c_void, times: usize) -> u64 {
    let reader = unsafe { &mut *reader.cast::<Sync>() };
    (0..times).map(|_| u64::from(unsafe { reader.read::<HelloWorld>(CHECKED) }.expect("read").version)).sum()
}

extern "C" fn read(reader: *mut c_void, times: usize) -> u64 {
    read_all::<false>(reader, times)
}

extern "C" fn read_checked(reader: *mut c_void, times: usize) -> u64 {
    read_all::<true>(reader, times)
}

extern "C" fn touch(reader: *mut c_void, size: usize) -> u64 {
    let reader = unsafe { &mut *reader.cast::<Sync>() };
    let value = unsafe { reader.read::<HelloWorld>(false) }.expect("read");
    let end = std::ptr::from_ref(&*value).cast::<u8>().wrapping_add(VERSION_AT);
    touch_pages(unsafe { std::slice::from_raw_parts(end.wrapping_sub(size), size) });
    u64::from(value.version)
}

extern "C" fn table_build(count: usize, bytes: &mut u64) -> c_int {
    let items = |i: u64| (0..i % TABLE_LONGEST + 1).map(|j| (i + j) as f32).collect();
    let table = Table { map: (0..count as u64).map(|i| (table_key(i), items(i))).collect() };
    match writer().write(&table, GRACE) {
        Ok((size, _)) => {
            *bytes = size as u64;
            0
        }
        Err(error) => fail(error),
    }
}

extern "C" fn table_find(reader: *mut c_void, indices: *const u64, count: usize) -> u64 {
    let reader = unsafe { &mut *reader.cast::<Sync>() };
    let indices = unsafe { std::slice::from_raw_parts(indices, count) };
    let found = |i: &&u64| {
        let table = unsafe { reader.read::<Table>(false) }.expect("read");
        table.map.get(&table_key(**i)).is_some_and(|items| items[0] == **i as f32)
    };
    indices.iter().filter(found).count() as u64
}

#[no_mangle]
pub extern "C" fn bench_contestant() -> &'static Contestant {
    static CONTESTANT: Contestant = Contestant {
        abi: ABI,
        flags: 0,
        name: c"mmap-sync".as_ptr(),
        version,
        detail,
        prepare: None,
        create,
        destroy: None,
        write: Some(write),
        write_typed: Some(write_typed),
        begin: None,
        commit: None,
        reader_open,
        reader_close,
        read: Some(read),
        read_checked: Some(read_checked),
        touch: Some(touch),
        wait: None,
        table_build: Some(table_build),
        table_find: Some(table_find),
        records: NO_PARTS,
        entries: NO_PARTS,
        keys: keys::KEYS,
    };
    &CONTESTANT
}
