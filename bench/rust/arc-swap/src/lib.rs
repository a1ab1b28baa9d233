// SPDX-License-Identifier: Apache-2.0
//! The crate arc-swap: readers are threads of one process. Each reads with load(), which its documentation advises for
//! short reads.
#[path = "../../abi.rs"]
mod abi;

use abi::*;
use arc_swap::ArcSwap;
use std::ffi::{c_int, c_void};
use std::sync::{Arc, OnceLock};

static VALUE: OnceLock<ArcSwap<Vec<u8>>> = OnceLock::new();

fn value() -> &'static ArcSwap<Vec<u8>> {
    VALUE.get().expect("created")
}

extern "C" fn create(_: &Place) -> c_int {
    let _ = VALUE.set(ArcSwap::from_pointee(vec![0; HELLO_SIZE]));
    0
}

extern "C" fn write(data: *const u8, size: usize) -> c_int {
    value().store(Arc::new(unsafe { std::slice::from_raw_parts(data, size) }.to_vec()));
    0
}

extern "C" fn reader_open(_: &Place) -> *mut c_void {
    std::ptr::from_ref(value()).cast_mut().cast()
}

extern "C" fn reader_close(_: *mut c_void) {}

extern "C" fn read(reader: *mut c_void, times: usize) -> u64 {
    let reader = unsafe { &*reader.cast::<ArcSwap<Vec<u8>>>() };
    (0..times).map(|_| u64::from(version_of(&reader.load()))).sum()
}

extern "C" fn touch(reader: *mut c_void, _: usize) -> u64 {
    let value = unsafe { &*reader.cast::<ArcSwap<Vec<u8>>>() }.load();
    touch_pages(&value);
    u64::from(version_of(&value))
}

#[no_mangle]
pub extern "C" fn bench_contestant() -> &'static Contestant {
    static CONTESTANT: Contestant = Contestant {
        abi: ABI,
        flags: IN_PROCESS,
        name: c"arc-swap".as_ptr(),
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
