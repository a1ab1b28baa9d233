// SPDX-License-Identifier: Apache-2.0
use std::collections::HashMap;
use std::net::IpAddr;

pub struct Price {
    pub cents: i64,
    pub discounts: Vec<f32>,
    pub note: String,
}

/// With a hole.
pub struct Spot {
    pub row: i16,
    pub column: u32,
}

pub enum Owner {
    Number(u64),
    Pair { first: u8, second: u32 },
    Nobody,
}

pub enum Sort {
    Food,
    Tool,
}

#[cfg_attr(any(), mmsync::table)]
pub type Prices = HashMap<u64, Price>;
/// The same values with other keys.
#[mmsync::table]
pub type ShortPrices = HashMap<u32, Price>;
#[mmsync::table]
pub type Spots = HashMap<Spot, Spot>;
#[mmsync::table]
pub type Counts = HashMap<String, u64>;
#[mmsync::table]
pub type ByOwner = HashMap<Owner, HashMap<String, u32>>;
#[mmsync::table]
pub type Seen = HashMap<IpAddr, ()>;
#[mmsync::table]
pub type BySort = HashMap<Sort, Option<Box<Price>>>;
#[mmsync::table]
pub type BySize = HashMap<usize, String>;
#[mmsync::table]
pub type Flags = HashMap<u128, bool>;
#[mmsync::table]
pub type Letters = HashMap<char, [u8; 3]>;
#[mmsync::table]
pub type Switches = HashMap<bool, i8>;
#[mmsync::table]
pub type Hours = HashMap<[Option<u16>; 2], Duration>;
