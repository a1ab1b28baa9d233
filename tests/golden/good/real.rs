#!/usr/bin/env run-cargo-script
// SPDX-License-Identifier: Apache-2.0
//! What stands between types in real files.
#![allow(dead_code)]
#![cfg_attr(not(feature = "std"), no_std)]
/*! Inner, /* nested */ docs. */
extern crate alloc;
extern crate rkyv as archive;

use rkyv::{
    ser::{serializers::AllocSerializer, Serializer},
    Archive as Archivable, Deserialize, Serialize,
};
use std::collections::{self, BTreeMap as Sorted, HashMap};
use std::{fmt::{self, Display}, time};
pub use self::parts::{Part, *};

mod elsewhere;
pub(in crate) mod parts {
    use super::*;

    pub const HEADER: usize = super::KIB / 64;

    /// A part.
    #[derive(Archivable, Serialize, Deserialize, Clone)]
    pub struct Part {
        pub(in crate::parts) id: Id,
        pub(super) header: [u8; HEADER],
        pub whole: Option<Box<Self>>,
    }

    #[derive(Archivable)]
    pub struct Unit;
}

const KIB: usize = 1 << 10;
const PAGE: usize = 4 * KIB;
const SHIFT: u32 = 3;
pub(crate) const LIMITS: &[(&str, u8)] = &[("a;b", b';'), (r#"}"{"#, b'\''), ("\"", 0)];
static NAME: &'static str = "}";
const _: () = {
    assert!(KIB == 1024);
};

pub type Id = u64;
type Table<V = u8> = HashMap<String, V>;
type Pair<A, B> = Result<Vec<A>, B>;
type Nested<'a, T> = Pair<Option<T>, Id>;

macro_rules! make {
    ($name:ident { $($field:ident: $kind:ty),* }) => { struct $name { $($field: $kind),* } };
}
make!(Made { a: u8 });
make! { Other { struct: (u8, u8) } }
lazy_static::lazy_static! { static ref X: u8 = 1; }
thread_local!(static Y: u8 = const { 2 });

pub trait Named {
    const NAME: &'static str;
    type Kind;
    fn name<'a>(&'a self) -> &'a str { "struct Fake { a: u8 }" }
}

/// Everything that a real one has.
#[derive(Archivable, Serialize, Deserialize, Debug, Clone, PartialEq, Default)]
#[archive(check_bytes, compare(PartialEq), archived = "StoredConfig", resolver = "Solve", bound(archive = "u8: Copy"))]
#[archive_attr(derive(Debug, Hash), doc = "x", repr(C))]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "camelCase"))]
#[doc = "Said by an attribute."]
#[must_use]
pub struct Config
where
    u8: Copy,
{
    #[serde(default, rename = "type")]
    pub r#type: u8,
    pub page: [u8; PAGE],
    pub bits: [u8; (1 << SHIFT) as usize + Self::EXTRA - Config::EXTRA],
    pub sizes: [u16; std::mem::size_of::<u64>() * { 2 } % 7 + u8::MAX as usize / 0x0f_usize],
    pub odd: [u8; (0b1010 | 0o7) ^ b'\x01' as usize],
    pub table: Table,
    pub wide: Table<(u16)>,
    pub nested: Nested<'static, char>,
    pub hashed: HashMap<u8, u8, std::hash::BuildHasherDefault<FxHasher>>,
    pub set: collections::HashSet<u8, RandomState>,
    pub sorted: Sorted<Id, ()>,
    pub wait: time::Duration,
    pub own: core::option::Option<::std::boxed::Box<[Id]>>,
    #[omit_bounds]
    pub parts: Vec<parts::Part>,
    pub more: Vec<self::parts::Part,>,
    pub unit: crate::parts::Unit,
    pub kind: Kind,
    pub wrapped: Meters,
}

impl Config {
    const EXTRA: usize = 2 * 3;
    pub const fn new() -> Self { loop { let _ = 'a'; let _x: &'static str = "{"; break 'outer; } }
    async unsafe fn f(&self) -> impl Fn(u8) -> u8 { |x| x << 1 }
}
impl<T: Into<u8>> From<T> for Config where T: Copy { fn from(_: T) -> Self { todo!("{}", '}') } }
unsafe impl Send for Config {}
impl Display for Config { fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { write!(f, "größe") } }

#[derive(Archivable)]
#[archive_attr(repr(u8))]
#[repr(u16)]
pub enum Kind {
    #[default]
    A = 1 << 3,
    B { #[doc(hidden)] a: u8 } = { 7 },
    C(pub (u8)) = Config::EXTRA as isize,
}

#[derive(Archivable)]
#[archive_attr(repr(transparent))]
#[repr(transparent)]
pub struct Meters(pub f64) where u8: Copy;

/** Not archived: */
#[derive(Debug)]
pub struct Cache<'a, K: Eq + 'a, const N: usize = { 1 + 1 }> {
    map: &'a dyn Fn(K) -> (u8, [u8; N]),
}
union Bits { a: u32, b: f32 }
pub enum Never {}

extern "C" {
    fn puts(text: *const u8) -> i32;
}
pub extern "C" fn exported<const N: usize>(_: [u8; N]) -> Wrapper<{ 1 }> { unimplemented!() }
pub fn größe() -> char { 'ö' }
async fn run() {}
unsafe fn raw() {}

#[cfg(test)]
mod tests {
    use super::*;
    #[derive(Archivable)]
    struct Fixture { text: &'static str }
    #[test]
    fn works() { assert_eq!(1, 1); }
}
