// SPDX-License-Identifier: Apache-2.0
//! The harness's interface, as ../contestant.h has it.
#![allow(dead_code)]

use std::ffi::{c_char, c_int, c_void, CStr, CString, OsStr};
use std::os::unix::ffi::OsStrExt;
use std::sync::Mutex;

pub const IN_PROCESS: u32 = 1;
pub const TAKES_TURNS: u32 = 4;
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
    pub texts: bool,
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

/// A key of a store that has keys.
#[repr(C)]
pub struct Key {
    data: *const u8,
    size: usize,
}

impl Key {
    pub fn word(&self) -> u64 {
        unsafe { self.data.cast::<u64>().read_unaligned() }
    }

    pub fn text(&self) -> &str {
        unsafe { std::str::from_utf8_unchecked(std::slice::from_raw_parts(self.data, self.size)) }
    }
}

#[repr(C)]
pub struct Chosen {
    keys: *const Key,
    numbers: *const u64,
    count: usize,
    pub stamp: u64,
}

impl Chosen {
    /// The keys, with the numbers of their entries.
    pub fn iter(&self) -> impl Iterator<Item = (&Key, u64)> {
        let (keys, numbers) =
            unsafe { (std::slice::from_raw_parts(self.keys, self.count), std::slice::from_raw_parts(self.numbers, self.count)) };
        keys.iter().zip(numbers.iter().copied())
    }
}

/// The values of words and of texts, as ../contestants/values.h has them.
pub const WORD_VALUE: usize = 4;
pub const TEXT_VALUE: usize = 100;

pub fn word_value(number: u64, stamp: u64) -> [u64; WORD_VALUE] {
    [number, stamp, stamp, stamp]
}

pub fn is_word_value(value: &[u64; WORD_VALUE], number: u64, stamp: u64) -> bool {
    value[0] == number && value[1] == value[3] && value[1] >= stamp
}

pub fn text_value(number: u64, stamp: u64) -> [u8; TEXT_VALUE] {
    let mut value = [0; TEXT_VALUE];
    for (at, part) in value.chunks_mut(8).enumerate() {
        part.copy_from_slice(&(if at == 0 { number } else { stamp }).to_ne_bytes()[..part.len()]);
    }
    value
}

pub fn is_text_value(value: &[u8; TEXT_VALUE], number: u64, stamp: u64) -> bool {
    let word = |at: usize| u64::from_ne_bytes(value[at..at + 8].try_into().unwrap());
    word(0) == number && word(8) == word(88) && word(8) >= stamp
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Keys {
    pub load_begin: Option<extern "C" fn(usize) -> c_int>,
    pub load: Option<extern "C" fn(&Chosen) -> c_int>,
    pub load_end: Option<extern "C" fn(&mut u64) -> c_int>,
    pub put: Option<extern "C" fn(&Chosen) -> c_int>,
    pub get: Option<extern "C" fn(*mut c_void, &Chosen) -> u64>,
    pub get_many: Option<extern "C" fn(*mut c_void, &Chosen) -> u64>,
}
pub const NO_KEYS: Keys = Keys { load_begin: None, load: None, load_end: None, put: None, get: None, get_many: None };

pub const ABI: u32 = 3;

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
    pub write: Option<extern "C" fn(*const u8, usize) -> c_int>,
    pub write_typed: Option<extern "C" fn(u32) -> c_int>,
    pub begin: Option<extern "C" fn(usize) -> *mut c_void>,
    pub commit: Option<extern "C" fn(usize) -> c_int>,
    pub reader_open: extern "C" fn(&Place) -> *mut c_void,
    pub reader_close: extern "C" fn(*mut c_void),
    pub read: Option<extern "C" fn(*mut c_void, usize) -> u64>,
    pub read_checked: Option<extern "C" fn(*mut c_void, usize) -> u64>,
    pub touch: Option<extern "C" fn(*mut c_void, usize) -> u64>,
    pub wait: Option<extern "C" fn(*mut c_void, u32) -> c_int>,
    pub table_build: Option<extern "C" fn(usize, &mut u64) -> c_int>,
    pub table_find: Option<extern "C" fn(*mut c_void, *const u64, usize) -> u64>,
    pub records: Parts,
    pub entries: Parts,
    pub keys: Keys,
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
