// SPDX-License-Identifier: Apache-2.0
//! The exact description of a value, one line of JSON; README.md has the rules. Native and archived types print alike,
//! so equal texts mean equal values. Floats are their bits: a NaN compares equal to itself only so.

use rkyv::boxed::ArchivedBox;
use rkyv::collections::btree_set::ArchivedBTreeSet;
use rkyv::collections::{ArchivedBTreeMap, ArchivedHashMap, ArchivedHashSet};
use rkyv::net::*;
use rkyv::ops::*;
use rkyv::option::ArchivedOption;
use rkyv::result::ArchivedResult;
use rkyv::string::ArchivedString;
use rkyv::time::ArchivedDuration;
use rkyv::vec::ArchivedVec;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::fmt::Write;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::num::*;
use std::ops::{Range, RangeFrom, RangeInclusive, RangeTo, RangeToInclusive};
use std::time::Duration;
use uuid::Uuid;

/// A damaged count that the crate accepts must not fill the memory: longer texts are cut, on every side.
pub const LIMIT: usize = 1 << 22;

pub trait Json {
    fn json(&self, out: &mut String);
}

pub fn text<T: Json>(value: &T) -> String {
    let mut out = String::new();
    value.json(&mut out);
    out
}

/// `[a,b]`; stops at the limit.
pub fn list<T: Json, I: Iterator<Item = T>>(items: I, out: &mut String) {
    out.push('[');
    for (i, item) in items.enumerate() {
        if out.len() > LIMIT {
            break;
        }
        if i > 0 {
            out.push(',');
        }
        item.json(out);
    }
    out.push(']');
}

/// The same for what has no order of its own: sorted by the texts.
pub fn sorted<T: Json, I: Iterator<Item = T>>(items: I, out: &mut String) {
    let mut texts: Vec<String> = items.map(|item| text(&item)).collect();
    texts.sort();
    out.push('[');
    out.push_str(&texts.join(","));
    out.push(']');
}

struct Pair<'a, K, V>(&'a K, &'a V);

impl<K: Json, V: Json> Json for Pair<'_, K, V> {
    fn json(&self, out: &mut String) {
        out.push('[');
        self.0.json(out);
        out.push(',');
        self.1.json(out);
        out.push(']');
    }
}

impl<T: Json> Json for &T {
    fn json(&self, out: &mut String) {
        (*self).json(out)
    }
}

macro_rules! json_display {
    ($($t:ty),*) => { $(
        impl Json for $t {
            fn json(&self, out: &mut String) {
                write!(out, "{}", self).unwrap();
            }
        }
    )* };
}

json_display!(u8, u16, u32, u64, u128, usize, i8, i16, i32, i64, i128, isize, bool);
json_display!(NonZeroU8, NonZeroU16, NonZeroU32, NonZeroU64, NonZeroU128, NonZeroUsize);
json_display!(NonZeroI8, NonZeroI16, NonZeroI32, NonZeroI64, NonZeroI128, NonZeroIsize);

impl Json for f32 {
    fn json(&self, out: &mut String) {
        write!(out, "\"{:08x}\"", self.to_bits()).unwrap();
    }
}

impl Json for f64 {
    fn json(&self, out: &mut String) {
        write!(out, "\"{:016x}\"", self.to_bits()).unwrap();
    }
}

impl Json for char {
    fn json(&self, out: &mut String) {
        (*self as u32).json(out)
    }
}

impl Json for () {
    fn json(&self, out: &mut String) {
        out.push_str("null");
    }
}

impl Json for str {
    fn json(&self, out: &mut String) {
        out.push('"');
        for c in self.chars() {
            match c {
                '"' => out.push_str("\\\""),
                '\\' => out.push_str("\\\\"),
                c if (c as u32) < 0x20 => write!(out, "\\u{:04x}", c as u32).unwrap(),
                c => out.push(c),
            }
        }
        out.push('"');
    }
}

fn duration(seconds: u64, nanoseconds: u32, out: &mut String) {
    write!(out, "[{},{}]", seconds, nanoseconds).unwrap();
}

fn tagged<T: Json>(tag: &str, value: &T, out: &mut String) {
    write!(out, "{{\"{}\":", tag).unwrap();
    value.json(out);
    out.push('}');
}

impl Json for String {
    fn json(&self, out: &mut String) {
        self.as_str().json(out)
    }
}

impl Json for ArchivedString {
    fn json(&self, out: &mut String) {
        self.as_str().json(out)
    }
}

impl Json for Duration {
    fn json(&self, out: &mut String) {
        duration(self.as_secs(), self.subsec_nanos(), out)
    }
}

impl Json for ArchivedDuration {
    fn json(&self, out: &mut String) {
        duration(self.as_secs(), self.subsec_nanos(), out)
    }
}

impl<T: Json> Json for Box<T> {
    fn json(&self, out: &mut String) {
        self.as_ref().json(out)
    }
}

impl<T: Json> Json for ArchivedBox<T> {
    fn json(&self, out: &mut String) {
        self.get().json(out)
    }
}

impl<T: Json> Json for Option<T> {
    fn json(&self, out: &mut String) {
        match self {
            None => out.push_str("\"None\""),
            Some(value) => tagged("Some", value, out),
        }
    }
}

impl<T: Json> Json for ArchivedOption<T> {
    fn json(&self, out: &mut String) {
        self.as_ref().json(out)
    }
}

impl<T: Json, E: Json> Json for Result<T, E> {
    fn json(&self, out: &mut String) {
        match self {
            Ok(value) => tagged("Ok", value, out),
            Err(value) => tagged("Err", value, out),
        }
    }
}

impl<T: Json, E: Json> Json for ArchivedResult<T, E> {
    fn json(&self, out: &mut String) {
        self.as_ref().json(out)
    }
}

impl<T: Json> Json for Vec<T> {
    fn json(&self, out: &mut String) {
        list(self.iter(), out)
    }
}

impl<T: Json> Json for ArchivedVec<T> {
    fn json(&self, out: &mut String) {
        list(self.iter(), out)
    }
}

impl<T: Json, const N: usize> Json for [T; N] {
    fn json(&self, out: &mut String) {
        list(self.iter(), out)
    }
}

impl<K: Json, V: Json, S> Json for HashMap<K, V, S> {
    fn json(&self, out: &mut String) {
        sorted(self.iter().map(|(k, v)| Pair(k, v)), out)
    }
}

impl<K: Json, V: Json> Json for ArchivedHashMap<K, V> {
    fn json(&self, out: &mut String) {
        sorted(self.iter().map(|(k, v)| Pair(k, v)), out)
    }
}

impl<K: Json> Json for HashSet<K> {
    fn json(&self, out: &mut String) {
        sorted(self.iter(), out)
    }
}

impl<K: Json + std::hash::Hash + Eq> Json for ArchivedHashSet<K> {
    fn json(&self, out: &mut String) {
        sorted(self.iter(), out)
    }
}

impl<K: Json, V: Json> Json for BTreeMap<K, V> {
    fn json(&self, out: &mut String) {
        list(self.iter().map(|(k, v)| Pair(k, v)), out)
    }
}

impl<K: Json, V: Json> Json for ArchivedBTreeMap<K, V> {
    fn json(&self, out: &mut String) {
        list(self.iter().map(|(k, v)| Pair(k, v)), out)
    }
}

impl<K: Json> Json for BTreeSet<K> {
    fn json(&self, out: &mut String) {
        list(self.iter(), out)
    }
}

impl<K: Json> Json for ArchivedBTreeSet<K> {
    fn json(&self, out: &mut String) {
        list(self.iter(), out)
    }
}

impl<T: Json> Json for VecDeque<T> {
    fn json(&self, out: &mut String) {
        list(self.iter(), out)
    }
}

macro_rules! json_text {
    ($($t:ty: $self:ident => $shown:expr),*) => { $(
        impl Json for $t {
            fn json(&self, out: &mut String) {
                let $self = self;
                write!(out, "\"{}\"", $shown).unwrap();
            }
        }
    )* };
}

json_text!(Ipv4Addr: a => a, Ipv6Addr: a => a, Uuid: a => a.hyphenated());
json_text!(ArchivedIpv4Addr: a => a.as_ipv4(), ArchivedIpv6Addr: a => a.as_ipv6());

impl Json for IpAddr {
    fn json(&self, out: &mut String) {
        match self {
            IpAddr::V4(address) => tagged("V4", address, out),
            IpAddr::V6(address) => tagged("V6", address, out),
        }
    }
}

impl Json for ArchivedIpAddr {
    fn json(&self, out: &mut String) {
        self.as_ipaddr().json(out)
    }
}

impl Json for SocketAddrV4 {
    fn json(&self, out: &mut String) {
        write!(out, "[\"{}\",{}]", self.ip(), self.port()).unwrap();
    }
}

impl Json for ArchivedSocketAddrV4 {
    fn json(&self, out: &mut String) {
        self.as_socket_addr_v4().json(out)
    }
}

impl Json for SocketAddrV6 {
    fn json(&self, out: &mut String) {
        write!(out, "[\"{}\",{},{},{}]", self.ip(), self.port(), self.flowinfo(), self.scope_id()).unwrap();
    }
}

impl Json for ArchivedSocketAddrV6 {
    fn json(&self, out: &mut String) {
        self.as_socket_addr_v6().json(out)
    }
}

impl Json for SocketAddr {
    fn json(&self, out: &mut String) {
        match self {
            SocketAddr::V4(address) => tagged("V4", address, out),
            SocketAddr::V6(address) => tagged("V6", address, out),
        }
    }
}

impl Json for ArchivedSocketAddr {
    fn json(&self, out: &mut String) {
        self.as_socket_addr().json(out)
    }
}

/// The ends that there are.
fn range<T: Json>(start: Option<&T>, end: Option<&T>, out: &mut String) {
    out.push('{');
    if let Some(start) = start {
        out.push_str("\"start\":");
        start.json(out);
    }
    if let Some(end) = end {
        out.push_str(if start.is_some() { ",\"end\":" } else { "\"end\":" });
        end.json(out);
    }
    out.push('}');
}

macro_rules! json_range {
    ($($t:ident: $self:ident => $start:expr, $end:expr);*) => { $(
        impl<T: Json> Json for $t<T> {
            fn json(&self, out: &mut String) {
                let $self = self;
                range($start, $end, out)
            }
        }
    )* };
}

json_range!(Range: r => Some(&r.start), Some(&r.end); RangeInclusive: r => Some(r.start()), Some(r.end());
            RangeFrom: r => Some(&r.start), None; RangeTo: r => None, Some(&r.end); RangeToInclusive: r => None, Some(&r.end));
json_range!(ArchivedRange: r => Some(&r.start), Some(&r.end); ArchivedRangeInclusive: r => Some(&r.start), Some(&r.end);
            ArchivedRangeFrom: r => Some(&r.start), None; ArchivedRangeTo: r => None, Some(&r.end);
            ArchivedRangeToInclusive: r => None, Some(&r.end));
