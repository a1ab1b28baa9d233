// SPDX-License-Identifier: Apache-2.0
//! mmsync's own crate for Rust: inline reads, typed values checked once.
#[path = "../../abi.rs"]
mod abi;

use abi::*;
use bytecheck::CheckBytes;
use mmsync::{Reader, Region, View, Writer};
use rkyv::{Archive, Deserialize, Serialize};
use std::collections::HashMap;
use std::ffi::{c_int, c_void};

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

static mut WRITER: Option<Writer> = None;
static mut HELLO: Option<HelloWorld> = None;

#[allow(static_mut_refs)]
fn writer() -> &'static mut Writer {
    unsafe { WRITER.as_mut().expect("created") }
}

extern "C" fn create(place: &Place) -> c_int {
    let mut options = Writer::options();
    if place.max_size > 65536 {
        options = options.max_size(place.max_size as u64 + 4096);
    }
    if place.readers > 1024 {
        options = options.max_readers(place.readers);
    }
    let messages = ["Hello", "World", "!"].map(String::from).to_vec();
    match options.open(place.path("region")) {
        Ok(writer) => unsafe {
            WRITER = Some(writer);
            HELLO = Some(HelloWorld { version: 0, messages });
            0
        },
        Err(error) => fail(error),
    }
}

extern "C" fn write(data: *const u8, size: usize) -> c_int {
    let data = unsafe { std::slice::from_raw_parts(data, size) };
    writer().write_bytes(data).map_or_else(fail, |_| 0)
}

#[allow(static_mut_refs)]
extern "C" fn write_typed(version: u32) -> c_int {
    let hello = unsafe { HELLO.as_mut().expect("created") };
    hello.version = version;
    writer().write(hello).map_or_else(fail, |_| 0)
}

extern "C" fn reader_open(place: &Place) -> *mut c_void {
    static REGION: std::sync::OnceLock<Region> = std::sync::OnceLock::new();
    let open = || Region::options().prefault(place.prefault).open(place.path("region")).expect("open");
    let reader = REGION.get_or_init(open).reader().expect("reader");
    Box::into_raw(Box::new(reader)).cast()
}

extern "C" fn reader_close(reader: *mut c_void) {
    drop(unsafe { Box::from_raw(reader.cast::<Reader>()) });
}

/// Without bounds checks, as the contestant in C has none.
fn version_in(view: &View<'_>) -> u32 {
    unsafe { view.as_ptr().add(view.len() - VERSION_AT).cast::<u32>().read_unaligned() }
}

// Functions of a `&mut Reader`, as in a program: the compiler knows that nobody else changes it.
fn sum(reader: &mut Reader, times: usize) -> u64 {
    (0..times).map(|_| u64::from(version_in(&reader.read_bytes().expect("read")))).sum()
}

fn sum_checked(reader: &mut Reader, times: usize) -> u64 {
    (0..times).map(|_| u64::from(reader.read::<HelloWorld>().expect("read").version)).sum()
}

extern "C" fn read(reader: *mut c_void, times: usize) -> u64 {
    sum(unsafe { &mut *reader.cast() }, times)
}

extern "C" fn read_checked(reader: *mut c_void, times: usize) -> u64 {
    sum_checked(unsafe { &mut *reader.cast() }, times)
}

extern "C" fn touch(reader: *mut c_void, size: usize) -> u64 {
    let reader = unsafe { &mut *reader.cast::<Reader>() };
    let view = reader.read_bytes().expect("read");
    touch_pages(&view[..size.min(view.len())]);
    u64::from(version_of(&view))
}

extern "C" fn wait(reader: *mut c_void, seen: u32) -> c_int {
    let reader = unsafe { &mut *reader.cast::<Reader>() };
    let view = reader.read_bytes().expect("read");
    let generation = if version_of(&view) == seen { view.generation() } else { 0 };
    drop(view);
    reader.wait(generation, None).map_or_else(fail, |_| 0)
}

extern "C" fn table_build(count: usize, bytes: &mut u64) -> c_int {
    let items = |i: u64| (0..i % TABLE_LONGEST + 1).map(|j| (i + j) as f32).collect();
    let table = Table { map: (0..count as u64).map(|i| (table_key(i), items(i))).collect() };
    match writer().write(&table) {
        Ok(receipt) => {
            *bytes = receipt.size as u64;
            0
        }
        Err(error) => fail(error),
    }
}

extern "C" fn table_find(reader: *mut c_void, indices: *const u64, count: usize) -> u64 {
    let reader = unsafe { &mut *reader.cast::<Reader>() };
    let indices = unsafe { std::slice::from_raw_parts(indices, count) };
    let found = |i: &&u64| {
        let table = reader.read::<Table>().expect("read");
        table.map.get(&table_key(**i)).is_some_and(|items| items[0] == **i as f32)
    };
    indices.iter().filter(found).count() as u64
}

#[no_mangle]
pub extern "C" fn bench_contestant() -> &'static Contestant {
    static CONTESTANT: Contestant = Contestant {
        abi: ABI,
        flags: 0,
        name: c"mmsync".as_ptr(),
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
        wait: Some(wait),
        table_build: Some(table_build),
        table_find: Some(table_find),
        records: NO_PARTS,
        entries: NO_PARTS,
        keys: NO_KEYS,
    };
    &CONTESTANT
}
