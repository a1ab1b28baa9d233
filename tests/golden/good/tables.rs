// SPDX-License-Identifier: Apache-2.0
use std::collections::HashMap;
use std::net::IpAddr;

/// A price.
pub struct Price {
    pub cents: i64,
    pub tags: Vec<String>,
}

/// What each article costs.
#[cfg_attr(any(), mmsync::table)]
pub type Prices = HashMap<u64, Price>;

pub enum Kind {
    Food,
    Tool,
}

pub enum Id {
    Number(u64),
    Pair { a: u8, b: u32 },
    Nobody,
}

struct Place {
    row: u16,
    column: u32,
    kind: Kind,
}

#[mmsync::table]
pub type Names = HashMap<String, u64, RandomState>;
#[mmsync::table]
pub type Places = std::collections::HashMap<Place, [f32; 4]>;
#[mmsync::table]
type Seen = HashMap<IpAddr, ()>;
#[mmsync::table]
type ById = HashMap<Id, HashMap<Box<str>, u32>>;
#[mmsync::table]
type ByKind = rustc_hash::FxHashMap<Kind, Option<Box<Price>>>;
#[mmsync::table]
type BySize = HashMap<usize, String>;
/// Not one of them, so it may be anything.
type Unused = HashMap<f32, Foreign>;
