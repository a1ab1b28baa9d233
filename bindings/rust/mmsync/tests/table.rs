// SPDX-License-Identifier: Apache-2.0
//! Tables.

mod common;

use common::Scratch;
use mmsync::{Code, Region, TableOptions, Writer};
use std::cell::Cell;
use std::collections::HashMap;
use std::time::{Duration, SystemTime};

#[test]
fn puts_and_deletes_are_published_together() {
    let path = Scratch::new();
    let mut writer = Writer::open(&path).unwrap();
    let mut reader = Region::open(&path).unwrap().reader().unwrap();
    let options = TableOptions::new();

    let mut table = writer.table(&options).unwrap();
    table.put("a", "one").unwrap();
    table.put(7u64.to_ne_bytes(), "two").unwrap();
    table.reserve("c", 5).unwrap().copy_from_slice(b"three");
    table.put("empty", "").unwrap();
    assert_eq!(table.view().unwrap().get("c"), Some(&b"three"[..]));
    table.commit().unwrap();

    let view = reader.read_bytes().unwrap();
    let table = view.table().unwrap();
    table.check().unwrap();
    assert_eq!((table.get("a"), table.get("b")), (Some(&b"one"[..]), None));
    assert_eq!(table.get(7u64.to_ne_bytes()), Some(&b"two"[..]));
    assert_eq!(table.get("empty"), Some(&b""[..]));
    assert_eq!(table.get_many(&["a", "b", "c"]), [Some(&b"one"[..]), None, Some(b"three")]);
    let all: HashMap<_, _> = table.iter().collect();
    assert_eq!((table.len(), all.len(), all[&b"c"[..]]), (4, 4, &b"three"[..]));

    let mut update = writer.table(&options).unwrap();
    update.delete("a").unwrap();
    assert_eq!(update.delete("a").unwrap_err().code(), Code::NotFound);
    update.commit().unwrap();
    assert_eq!(table.get("a"), Some(&b"one"[..])); // the view is what it was
    drop(view);
    assert_eq!(reader.read_bytes().unwrap().table().unwrap().get("a"), None);
}

#[test]
fn a_table_that_is_dropped_publishes_nothing() {
    let path = Scratch::new();
    let mut writer = Writer::open(&path).unwrap();
    let options = TableOptions::new();

    writer.table(&options).unwrap().put("a", "one").unwrap();
    let table = writer.table(&options).unwrap();
    assert!(table.view().unwrap().is_empty());
}

#[test]
fn keys_that_change_are_looked_up_as_they_are_at_first() {
    /// Safe code may do this: after the first time it is a longer key.
    struct Fickle(Cell<bool>);

    impl AsRef<[u8]> for Fickle {
        fn as_ref(&self) -> &[u8] {
            if self.0.replace(true) {
                b"a key that is longer than that"
            } else {
                b"a"
            }
        }
    }

    let fickle = || Fickle(Cell::new(false));
    let path = Scratch::new();
    let mut writer = Writer::open(&path).unwrap();
    let mut table = writer.table(&TableOptions::new()).unwrap();
    table.put_many(&[(fickle(), "one")]).unwrap();
    table.put("b", fickle()).unwrap();
    let view = table.view().unwrap();
    assert_eq!(view.get_many(&[fickle()]), [Some(&b"one"[..])]);
    assert_eq!((view.get(fickle()), view.get("b")), (Some(&b"one"[..]), Some(&b"a"[..])));
    table.delete(fickle()).unwrap();
    assert!(table.view().unwrap().get("a").is_none());
}

#[test]
fn entries_expire() {
    let path = Scratch::new();
    let mut writer = Writer::open(&path).unwrap();
    let mut reader = Region::open(&path).unwrap().reader().unwrap();

    let mut table = writer.table(&TableOptions::new().expiring(true)).unwrap();
    table.set_expiry(Some(SystemTime::UNIX_EPOCH + Duration::from_secs(1))).unwrap();
    table.put("old", "x").unwrap();
    table.set_expiry(None).unwrap();
    table.put("new", "y").unwrap();
    table.commit().unwrap();
    let view = reader.read_bytes().unwrap();
    let table = view.table().unwrap();
    assert_eq!((table.get("old"), table.get("new")), (None, Some(&b"y"[..])));
}

#[test]
fn what_is_no_table_is_refused() {
    let path = Scratch::new();
    let mut writer = Writer::open(&path).unwrap();
    let mut reader = Region::open(&path).unwrap().reader().unwrap();

    writer.write_bytes(b"value").unwrap();
    assert_eq!(reader.read_bytes().unwrap().table().unwrap_err().code(), Code::Type);
    assert_eq!(writer.table(&TableOptions::new()).err().unwrap().code(), Code::Type);
    writer.write_bytes(b"the writer goes on").unwrap();
}
