// SPDX-License-Identifier: Apache-2.0
//! The crate left-right: readers are threads of one process. Each write publishes.
#[path = "../../abi.rs"]
mod abi;

use abi::*;
use left_right::{Absorb, ReadHandle, WriteHandle};
use std::ffi::{c_int, c_void};

#[derive(Clone)]
struct Value(Vec<u8>);
struct Replace(Vec<u8>);

impl Absorb<Replace> for Value {
    fn absorb_first(&mut self, operation: &mut Replace, _: &Self) {
        self.0.clone_from(&operation.0);
    }
    fn absorb_second(&mut self, operation: Replace, _: &Self) {
        self.0 = operation.0;
    }
    fn sync_with(&mut self, first: &Self) {
        self.0.clone_from(&first.0);
    }
}

static mut WRITER: Option<WriteHandle<Value, Replace>> = None;

#[allow(static_mut_refs)]
fn writer() -> &'static mut WriteHandle<Value, Replace> {
    unsafe { WRITER.as_mut().expect("created") }
}

extern "C" fn create(_: &Place) -> c_int {
    let (write, _) = left_right::new_from_empty::<Value, Replace>(Value(vec![0; HELLO_SIZE]));
    unsafe { WRITER = Some(write) };
    0
}

extern "C" fn write(data: *const u8, size: usize) -> c_int {
    let data = unsafe { std::slice::from_raw_parts(data, size) };
    writer().append(Replace(data.to_vec()));
    writer().publish();
    0
}

extern "C" fn reader_open(_: &Place) -> *mut c_void {
    Box::into_raw(Box::new(ReadHandle::clone(writer()))).cast()
}

extern "C" fn reader_close(reader: *mut c_void) {
    drop(unsafe { Box::from_raw(reader.cast::<ReadHandle<Value>>()) });
}

extern "C" fn read(reader: *mut c_void, times: usize) -> u64 {
    let reader = unsafe { &*reader.cast::<ReadHandle<Value>>() };
    (0..times).map(|_| u64::from(version_of(&reader.enter().expect("the writer is there").0))).sum()
}

extern "C" fn touch(reader: *mut c_void, _: usize) -> u64 {
    let reader = unsafe { &*reader.cast::<ReadHandle<Value>>() };
    let value = reader.enter().expect("the writer is there");
    touch_pages(&value.0);
    u64::from(version_of(&value.0))
}

#[no_mangle]
pub extern "C" fn bench_contestant() -> &'static Contestant {
    static CONTESTANT: Contestant = Contestant {
        abi: ABI,
        flags: IN_PROCESS,
        name: c"left-right".as_ptr(),
        version,
        detail,
        prepare: None,
        create,
        destroy: None,
        write: Some(write),
        write_typed: None,
        begin: None,
        commit: None,
        reader_open,
        reader_close,
        read: Some(read),
        read_checked: None,
        touch: Some(touch),
        wait: None,
        table_build: None,
        table_find: None,
        records: NO_PARTS,
        entries: NO_PARTS,
        keys: NO_KEYS,
    };
    &CONTESTANT
}
