// SPDX-License-Identifier: Apache-2.0
//! A store that has keys: an archived HashMap, which is serialized again for each commit.
use crate::abi::*;
use crate::{fail, writer, Sync, GRACE};
use rkyv::{Archive, Deserialize, Serialize};
use std::collections::HashMap;
use std::ffi::{c_int, c_void};

#[derive(Archive, Deserialize, Serialize, Default)]
#[archive_attr(derive(bytecheck::CheckBytes))]
struct Words {
    map: HashMap<u64, [u64; WORD_VALUE]>,
}

#[derive(Archive, Deserialize, Serialize, Default)]
#[archive_attr(derive(bytecheck::CheckBytes))]
struct Texts {
    map: HashMap<String, [u8; TEXT_VALUE]>,
}

static mut TEXTS: bool = false;
static mut OWN_WORDS: Option<Words> = None;
static mut OWN_TEXTS: Option<Texts> = None;

pub fn choose(texts: bool) {
    unsafe { TEXTS = texts }
}

fn are_texts() -> bool {
    unsafe { TEXTS }
}

#[allow(static_mut_refs)]
fn own() -> (&'static mut Words, &'static mut Texts) {
    unsafe { (OWN_WORDS.get_or_insert_with(Words::default), OWN_TEXTS.get_or_insert_with(Texts::default)) }
}

fn publish() -> Result<usize, String> {
    let (words, texts) = own();
    let done = if are_texts() { writer().write(texts, GRACE) } else { writer().write(words, GRACE) };
    done.map(|(size, _)| size).map_err(|error| error.to_string())
}

extern "C" fn load_begin(count: usize) -> c_int {
    if are_texts() {
        own().1.map.reserve(count);
    } else {
        own().0.map.reserve(count);
    }
    0
}

extern "C" fn load(some: &Chosen) -> c_int {
    let (words, texts) = own();
    for (key, number) in some.iter() {
        if are_texts() {
            let value = text_value(number, some.stamp);
            match texts.map.get_mut(key.text()) {
                Some(found) => *found = value,
                None => drop(texts.map.insert(key.text().to_owned(), value)),
            }
        } else {
            words.map.insert(key.word(), word_value(number, some.stamp));
        }
    }
    0
}

extern "C" fn load_end(bytes: &mut u64) -> c_int {
    publish().map_or_else(fail, |size| {
        *bytes = size as u64;
        0
    })
}

extern "C" fn put(some: &Chosen) -> c_int {
    load(some);
    publish().map_or_else(fail, |_| 0)
}

fn is_text(reader: &mut Sync, key: &Key, number: u64, stamp: u64) -> bool {
    let texts = unsafe { reader.read::<Texts>(false) }.expect("read");
    texts.map.get(key.text()).is_some_and(|value| is_text_value(value, number, stamp))
}

fn is_word(reader: &mut Sync, key: &Key, number: u64, stamp: u64) -> bool {
    let words = unsafe { reader.read::<Words>(false) }.expect("read");
    words.map.get(&key.word()).is_some_and(|value| is_word_value(value, number, stamp))
}

extern "C" fn get(reader: *mut c_void, some: &Chosen) -> u64 {
    let reader = unsafe { &mut *reader.cast::<Sync>() };
    if are_texts() {
        some.iter().filter(|(key, number)| is_text(reader, key, *number, some.stamp)).count() as u64
    } else {
        some.iter().filter(|(key, number)| is_word(reader, key, *number, some.stamp)).count() as u64
    }
}

extern "C" fn get_many(reader: *mut c_void, some: &Chosen) -> u64 {
    let reader = unsafe { &mut *reader.cast::<Sync>() };
    if are_texts() {
        let texts = unsafe { reader.read::<Texts>(false) }.expect("read");
        let found = |key: &Key, number| texts.map.get(key.text()).is_some_and(|value| is_text_value(value, number, some.stamp));
        some.iter().filter(|(key, number)| found(key, *number)).count() as u64
    } else {
        let words = unsafe { reader.read::<Words>(false) }.expect("read");
        let found = |key: &Key, number| words.map.get(&key.word()).is_some_and(|value| is_word_value(value, number, some.stamp));
        some.iter().filter(|(key, number)| found(key, *number)).count() as u64
    }
}

pub const KEYS: Keys = Keys {
    load_begin: Some(load_begin),
    load: Some(load),
    load_end: Some(load_end),
    put: Some(put),
    get: Some(get),
    get_many: Some(get_many),
};
