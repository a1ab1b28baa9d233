// SPDX-License-Identifier: Apache-2.0
//! The harness's interface, as ../contestant.h has it.
#![allow(dead_code)]

use std::ffi::{c_char, c_int, c_void, CStr, CString, OsStr};
use std::os::unix::ffi::OsStrExt;
use std::sync::Mutex;

pub const IN_PROCESS: u32 = 1;
pub const VERSION_AT: usize = 12;
pub const HELLO_SIZE: usize = 36;
pub const TABLE_LONGEST: u64 = 8;

#[repr(C)]
pub struct Place {
    directory: *const c_char,
    pub max_size: usize,
    pub readers: u32,
    pub prefault: bool,
    pub waits: bool,
}

impl Place {
    pub fn path(&self, name: &str) -> std::path::PathBuf {
        let directory = unsafe { CStr::from_ptr(self.directory) };
        std::path::Path::new(OsStr::from_bytes(directory.to_bytes())).join(name)
    }
}

/// Changes of a part; no crate here can do that.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Parts {
    functions: [Option<extern "C" fn()>; 3],
}
pub const NO_PARTS: Parts = Parts { functions: [None; 3] };

pub const ABI: u32 = 2;

pub type Text = extern "C" fn() -> *const c_char;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Contestant {
    pub abi: u32,
    pub flags: u32,
    pub name: *const c_char,
    pub version: Text,
    pub detail: Text,
    pub prepare: Option<extern "C" fn(&Place) -> c_int>,
    pub create: extern "C" fn(&Place) -> c_int,
    pub destroy: Option<extern "C" fn()>,
    pub write: extern "C" fn(*const u8, usize) -> c_int,
    pub write_typed: Option<extern "C" fn(u32) -> c_int>,
    pub begin: Option<extern "C" fn(usize) -> *mut c_void>,
    pub commit: Option<extern "C" fn(usize) -> c_int>,
    pub reader_open: extern "C" fn(&Place) -> *mut c_void,
    pub reader_close: extern "C" fn(*mut c_void),
    pub read: extern "C" fn(*mut c_void, usize) -> u64,
    pub read_checked: Option<extern "C" fn(*mut c_void, usize) -> u64>,
    pub touch: Option<extern "C" fn(*mut c_void, usize) -> u64>,
    pub wait: Option<extern "C" fn(*mut c_void, u32) -> c_int>,
    pub table_build: Option<extern "C" fn(usize, &mut u64) -> c_int>,
    pub table_find: Option<extern "C" fn(*mut c_void, *const u64, usize) -> u64>,
    pub records: Parts,
    pub entries: Parts,
}
unsafe impl Sync for Contestant {}

static DETAIL: Mutex<Option<CString>> = Mutex::new(None);

pub fn fail(detail: impl std::fmt::Display) -> c_int {
    *DETAIL.lock().unwrap() = CString::new(detail.to_string()).ok();
    -1
}

pub extern "C" fn detail() -> *const c_char {
    DETAIL.lock().unwrap().as_ref().map_or(c"".as_ptr(), |text| text.as_ptr())
}

/// The version that cargo resolved; build.rs puts it into the environment of the compiler.
pub extern "C" fn version() -> *const c_char {
    const TEXT: &str = concat!(env!("PEER_VERSION"), "\0");
    TEXT.as_ptr().cast()
}

pub fn version_of(bytes: &[u8]) -> u32 {
    let at = bytes.len() - VERSION_AT;
    u32::from_ne_bytes(bytes[at..at + 4].try_into().unwrap())
}

pub fn touch_pages(bytes: &[u8]) {
    let sum: u64 = bytes.iter().step_by(4096).map(|byte| u64::from(*byte)).sum();
    std::hint::black_box(sum);
}

pub fn table_key(i: u64) -> u64 {
    let mut z = (i.wrapping_add(1)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ z >> 31
}
