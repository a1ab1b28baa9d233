// SPDX-License-Identifier: Apache-2.0
use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

/// A shop's stock, as its servers look it up.
pub struct Stock {
    /// Counts the changes.
    pub revision: u64,
    pub shop: String,
    pub prices: HashMap<u64, Price>,
    pub by_name: BTreeMap<String, u64>,
    pub recalled: HashSet<u64>,
    pub shelves: Vec<Shelf>,
    pub note: Option<String>,
    pub last_count: Result<Duration, String>,
    pub root: Option<Box<Category>>,
}

pub struct Price {
    cents: i64,
    discounts: Vec<f32>,
}

pub enum Shelf {
    Empty,
    Reserved(u32),
    Filled { article: u64, amount: u16 },
}

#[repr(u8)]
pub enum Kind {
    Food,
    Tool = 7,
}

/// Recursion goes through Box or Vec.
pub struct Category {
    name: Box<str>,
    kind: Kind,
    size: Size,
    parts: Vec<Category>,
}

/// Width, height, depth.
pub struct Size([f32; 3]);
