// SPDX-License-Identifier: Apache-2.0
//! A service as a proxy knows it: standard types beyond numbers and text, and keys of more than one part.
#![allow(dead_code)]

use rkyv::{Archive, Deserialize, Serialize};
use rustc_hash::FxHashMap;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::marker::PhantomData;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4};
use std::num::{NonZeroI8, NonZeroU32, NonZeroU64};
use std::ops::{Range, RangeFrom, RangeInclusive, RangeTo, RangeToInclusive};
use std::sync::atomic::AtomicU64;
use std::time::Duration;
use uuid::Uuid;

/// Where something listens.
#[derive(Archive, Serialize, Deserialize, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[archive(check_bytes)]
#[archive_attr(derive(PartialEq, Eq, Hash, PartialOrd, Ord))]
pub struct Endpoint {
    pub host: String,
    pub port: u16,
}

#[derive(Archive, Serialize, Deserialize, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[archive(check_bytes)]
#[archive_attr(derive(PartialEq, Eq, Hash, PartialOrd, Ord))]
pub struct Token([u8; 4]);

#[derive(Archive, Serialize, Deserialize, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[archive(check_bytes)]
#[archive_attr(derive(PartialEq, Eq, Hash, PartialOrd, Ord))]
#[repr(u8)]
pub enum Grade {
    Low,
    High,
    Named(String),
}

#[derive(Archive, Serialize, Deserialize, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[archive(check_bytes)]
#[archive_attr(derive(PartialEq, Eq, Hash, PartialOrd, Ord))]
#[repr(u8)]
pub enum Paint {
    Red,
    Blue,
}

#[derive(Archive, Serialize, Deserialize)]
#[archive(check_bytes)]
pub struct Service {
    pub id: NonZeroU32,
    pub parent: Option<NonZeroU64>,
    pub shift: NonZeroI8,
    pub name: Uuid,
    pub listen: Vec<SocketAddr>,
    pub peer: SocketAddr,
    pub outer: IpAddr,
    pub inner: IpAddr,
    pub v4: SocketAddrV4,
    pub mask: Ipv4Addr,
    pub subnet: Ipv6Addr,
    pub ports: Range<u16>,
    pub names: RangeInclusive<String>,
    pub since: RangeFrom<Duration>,
    pub below: RangeTo<u8>,
    pub up_to: RangeToInclusive<char>,
    pub routes: HashMap<Endpoint, IpAddr>,
    pub owners: BTreeMap<IpAddr, u32>,
    pub grades: HashSet<Grade>,
    pub by_grade: BTreeMap<Grade, u8>,
    pub tokens: HashMap<Token, bool>,
    pub seen: HashSet<Option<u32>>,
    pub allowed: BTreeSet<Ipv6Addr>,
    pub order: BTreeSet<Endpoint>,
    pub queue: VecDeque<u32>,
    pub limits: FxHashMap<NonZeroU32, u8>,
    pub colors: BTreeMap<Paint, u8>,
    pub tags: HashSet<Vec<String>>,
    pub lapse: HashMap<Duration, u8>,
    pub nothing: PhantomData<u8>,
    pub hits: AtomicU64,
}
