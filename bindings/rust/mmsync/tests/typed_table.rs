// SPDX-License-Identifier: Apache-2.0
//! Typed tables: keys and values of types, checked where they are found.

mod common;

use common::{hello, HelloWorld, Scratch};
use mmsync::{Code, Region, TableOptions, Writer};
use std::collections::HashMap;

#[test]
fn keys_and_values_have_types() {
    let path = Scratch::new();
    let mut writer = Writer::open(&path).unwrap();
    let mut reader = Region::open(&path).unwrap().reader().unwrap();

    let mut table = writer.typed_table::<u64, HelloWorld>(&TableOptions::new()).unwrap();
    for key in 0..100u32 {
        table.put(&u64::from(key), &hello(key)).unwrap();
    }
    table.delete(&50).unwrap();
    assert_eq!(table.delete(&50).unwrap_err().code(), Code::NotFound);
    assert_eq!(table.view().unwrap().get(&7).unwrap().unwrap().version, 7);
    table.commit().unwrap();

    let view = reader.read_bytes().unwrap();
    let table = view.typed_table::<u64, HelloWorld>().unwrap();
    assert_eq!((table.len(), table.is_empty()), (99, false));
    assert_eq!(table.get(&99).unwrap().unwrap().messages[1].as_str(), "World");
    assert!(table.get(&50).unwrap().is_none());
    // SAFETY: so they were put.
    assert_eq!(unsafe { table.get_unchecked(&98) }.unwrap().unwrap().version, 98);
    let all: HashMap<u64, u32> =
        table.iter().map(|entry| entry.map(|(key, value)| (key, value.version)).unwrap()).collect();
    assert_eq!((all.len(), all[&0], all[&99]), (99, 0, 99));
}

#[test]
fn a_text_is_its_own_bytes() {
    let path = Scratch::new();
    let mut writer = Writer::open(&path).unwrap();
    let mut reader = Region::open(&path).unwrap().reader().unwrap();

    let mut table = writer.typed_table::<str, u32>(&TableOptions::new()).unwrap();
    table.put("tea", &3).unwrap();
    table.put("", &4).unwrap();
    table.commit().unwrap();
    let view = reader.read_bytes().unwrap();
    assert_eq!(view.table().unwrap().get("tea"), Some(&3u32.to_ne_bytes()[..]));
    let table = view.typed_table::<String, u32>().unwrap();
    assert_eq!(table.get(&String::from("tea")).unwrap(), Some(&3));
    let mut all: Vec<(&str, u32)> =
        table.iter().map(|entry| entry.map(|(key, value)| (key, *value)).unwrap()).collect();
    all.sort();
    assert_eq!(all, [("", 4), ("tea", 3)]);
}

#[test]
fn what_is_no_such_entry_is_an_error() {
    let path = Scratch::new();
    let mut writer = Writer::open(&path).unwrap();
    let mut reader = Region::open(&path).unwrap().reader().unwrap();

    let mut table = writer.table(&TableOptions::new()).unwrap();
    table.put(1u64.to_ne_bytes(), [0xff; 40]).unwrap();
    table.put(2u64.to_ne_bytes(), [0; 3]).unwrap();
    table.put("no u64", [0; 40]).unwrap();
    table.commit().unwrap();
    let view = reader.read_bytes().unwrap();
    let table = view.typed_table::<u64, HelloWorld>().unwrap();
    for key in [1, 2] {
        let error = table.get(&key).err().unwrap();
        assert_eq!(error.code(), Code::Corrupt);
        assert!(error.detail().contains("HelloWorld"), "{error}");
    }
    // SAFETY: too few bytes are refused before they are looked at.
    assert_eq!(unsafe { table.get_unchecked(&2) }.err().unwrap().code(), Code::Corrupt);
    let (found, wrong): (Vec<_>, Vec<_>) = table.iter().partition(Result::is_ok);
    assert_eq!((found.len(), wrong.len()), (0, 3));
}

#[test]
fn a_table_of_another_type_is_refused() {
    let path = Scratch::new();
    let mut writer = Writer::open(&path).unwrap();
    let prices = TableOptions::new().type_id([1, 2]);

    let mut table = writer.typed_table::<u32, u32>(&prices).unwrap();
    table.put(&1, &10).unwrap();
    assert_eq!(table.view().unwrap().bytes().info().type_id, [1, 2]);
    table.commit().unwrap();
    let other = writer.typed_table::<u32, u64>(&TableOptions::new().type_id([3, 4]));
    assert_eq!(other.err().unwrap().code(), Code::Type);
    let table = writer.typed_table::<u32, u32>(&prices).unwrap();
    assert_eq!(table.view().unwrap().get(&1).unwrap(), Some(&10));
}
