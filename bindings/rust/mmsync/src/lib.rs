// SPDX-License-Identifier: Apache-2.0
#![doc = include_str!("../README.md")]
#![warn(clippy::undocumented_unsafe_blocks)]

#[cfg(feature = "rkyv")]
pub mod archive;
mod checked;
#[cfg(feature = "rkyv")]
pub mod compat;
mod error;
mod outside;
mod path;
mod reader;
mod region;
#[cfg(feature = "rkyv")]
pub mod serializer;
pub mod table;
#[cfg(feature = "rkyv")]
pub mod typed_table;
mod wait_fd;
mod writer;

#[cfg(feature = "rkyv")]
pub use archive::Value;
// So that `mmap-sync = { package = "mmsync" }` in Cargo.toml is all that a program must change.
#[cfg(feature = "rkyv")]
#[doc(no_inline)]
pub use compat::{guard, instance, locks, synchronizer};
pub use error::{Code, Error, Result};
pub use outside::{
    history, inspect, inspect_readers, read_copy, remove, verify, version, Info, Inspector,
    PastValue, ReaderInfo,
};
pub use reader::{Reader, View, ViewInfo};
pub use region::{Region, RegionOptions};
pub use table::{Table, TableInfo, TableOptions, TableView};
#[cfg(feature = "rkyv")]
pub use typed_table::{Key, TypedTable, TypedTableView};
pub use wait_fd::WaitFd;
pub use writer::{Draft, Durable, Receipt, Track, Update, Writer, WriterOptions};

/// What the compiler must refuse.
///
/// A view cannot outlive its reader:
/// ```compile_fail,E0505
/// let mut reader = mmsync::Region::open("x").unwrap().reader().unwrap();
/// let view = reader.read_bytes().unwrap();
/// drop(reader);
/// println!("{}", view.len());
/// ```
/// Nor can its bytes outlive it:
/// ```compile_fail,E0505
/// let mut reader = mmsync::Region::open("x").unwrap().reader().unwrap();
/// let view = reader.read_bytes().unwrap();
/// let bytes = view.as_bytes();
/// drop(view);
/// println!("{}", bytes.len());
/// ```
/// Nor a refresh:
/// ```compile_fail,E0502
/// let mut reader = mmsync::Region::open("x").unwrap().reader().unwrap();
/// let mut view = reader.read_bytes().unwrap();
/// let bytes = view.as_bytes();
/// view.refresh().unwrap();
/// println!("{}", bytes.len());
/// ```
/// One view of a reader at a time:
/// ```compile_fail,E0499
/// let mut reader = mmsync::Region::open("x").unwrap().reader().unwrap();
/// let one = reader.read_bytes().unwrap();
/// let two = reader.read_bytes().unwrap();
/// println!("{}", one.len());
/// ```
/// A reader is not for two threads at once:
/// ```compile_fail,E0277
/// fn shared<T: Sync>() {}
/// shared::<mmsync::Reader>();
/// ```
/// ```compile_fail,E0277
/// fn shared<T: Sync>() {}
/// shared::<mmsync::View<'static>>();
/// ```
/// Values of a table go with the view:
/// ```compile_fail,E0505
/// let mut reader = mmsync::Region::open("x").unwrap().reader().unwrap();
/// let view = reader.read_bytes().unwrap();
/// let value = view.table().unwrap().get("key");
/// drop(view);
/// println!("{value:?}");
/// ```
/// A writer builds one value at a time:
/// ```compile_fail,E0499
/// let mut writer = mmsync::Writer::open("x").unwrap();
/// let draft = writer.build(1).unwrap();
/// writer.write_bytes(b"x").unwrap();
/// draft.commit(1).unwrap();
/// ```
#[cfg(doctest)]
pub struct Misuse;
