// SPDX-License-Identifier: Apache-2.0
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// One container of each kind.
pub struct Shop {
    pub names: Vec<String>,
    pub numbers: Vec<u64>,
    pub nested: Vec<Vec<u16>>,
    pub fixed: Box<[u32]>,
    pub prices: HashMap<String, f64>,
    pub flags: HashMap<u8, ()>,
    pub open: HashSet<String>,
    pub days: HashSet<u16>,
    pub by_day: BTreeMap<u16, Vec<String>>,
    pub tags: BTreeSet<String>,
    pub sizes: BTreeSet<u32>,
    pub nothing: BTreeMap<u8, u8>,
    pub title: Box<str>,
}
