// SPDX-License-Identifier: Apache-2.0
//! The crate hashbrown, a map within one process: what a look-up costs that shares nothing. There is no lock, so the harness
//! never lets readers and the writer work at the same time.
#[path = "../../abi.rs"]
mod abi;

use abi::*;
use hashbrown::HashMap;
use std::ffi::{c_int, c_void};

enum Map {
    Words(HashMap<u64, [u64; WORD_VALUE]>),
    Texts(HashMap<Box<str>, [u8; TEXT_VALUE]>),
}

static mut MAP: Option<Map> = None;

#[allow(static_mut_refs)]
fn map() -> &'static mut Map {
    unsafe { MAP.as_mut().expect("created") }
}

extern "C" fn create(place: &Place) -> c_int {
    unsafe { MAP = Some(if place.texts { Map::Texts(HashMap::new()) } else { Map::Words(HashMap::new()) }) };
    0
}

extern "C" fn destroy() {
    unsafe { MAP = None };
}

extern "C" fn reader_open(_: &Place) -> *mut c_void {
    std::ptr::from_mut(map()).cast()
}

extern "C" fn reader_close(_: *mut c_void) {}

extern "C" fn load_begin(count: usize) -> c_int {
    match map() {
        Map::Words(map) => map.reserve(count),
        Map::Texts(map) => map.reserve(count),
    }
    0
}

extern "C" fn put(some: &Chosen) -> c_int {
    match map() {
        Map::Words(map) => some.iter().for_each(|(key, number)| drop(map.insert(key.word(), word_value(number, some.stamp)))),
        Map::Texts(map) => some.iter().for_each(|(key, number)| {
            let value = text_value(number, some.stamp);
            match map.get_mut(key.text()) {
                Some(found) => *found = value,
                None => drop(map.insert(key.text().into(), value)),
            }
        }),
    }
    0
}

extern "C" fn load_end(bytes: &mut u64) -> c_int {
    *bytes = match map() {
        Map::Words(map) => map.allocation_size(),
        Map::Texts(map) => map.allocation_size() + map.keys().map(|key| key.len()).sum::<usize>(),
    } as u64;
    0
}

extern "C" fn get(reader: *mut c_void, some: &Chosen) -> u64 {
    let stamp = some.stamp;
    let found = match unsafe { &*reader.cast::<Map>() } {
        Map::Words(map) => {
            let is_there = |key: &Key, number| map.get(&key.word()).is_some_and(|value| is_word_value(value, number, stamp));
            some.iter().filter(|(key, number)| is_there(key, *number)).count()
        }
        Map::Texts(map) => {
            let is_there = |key: &Key, number| map.get(key.text()).is_some_and(|value| is_text_value(value, number, stamp));
            some.iter().filter(|(key, number)| is_there(key, *number)).count()
        }
    };
    found as u64
}

#[no_mangle]
pub extern "C" fn bench_contestant() -> &'static Contestant {
    static CONTESTANT: Contestant = Contestant {
        abi: ABI,
        flags: IN_PROCESS | TAKES_TURNS,
        name: c"hashbrown".as_ptr(),
        version,
        detail,
        prepare: None,
        create,
        destroy: Some(destroy),
        write: None,
        write_typed: None,
        begin: None,
        commit: None,
        reader_open,
        reader_close,
        read: None,
        read_checked: None,
        touch: None,
        wait: None,
        table_build: None,
        table_find: None,
        records: NO_PARTS,
        entries: NO_PARTS,
        keys: Keys {
            load_begin: Some(load_begin),
            load: Some(put),
            load_end: Some(load_end),
            put: Some(put),
            get: Some(get),
            get_many: Some(get),
        },
    };
    &CONTESTANT
}
