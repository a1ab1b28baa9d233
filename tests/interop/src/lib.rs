// SPDX-License-Identifier: Apache-2.0
//! What every generated schema needs: random values, their description as JSON, and the crate's verdict on bytes.

pub mod damage;
pub mod json;
pub mod make;
pub mod rng;

pub use json::Json;
pub use make::Make;
pub use rng::Rng;

use rkyv::ser::serializers::AllocSerializer;
use rkyv::validation::validators::DefaultValidator;
use rkyv::{AlignedVec, Archive, CheckBytes, Serialize};

/// What generated modules import.
pub mod prelude {
    pub use crate::{Json, Make, Rng};
    pub use rkyv::{Archive, Deserialize, Serialize};
    pub use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
    pub use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
    pub use std::num::*;
    pub use std::ops::{Range, RangeFrom, RangeInclusive, RangeTo, RangeToInclusive};
    pub use std::time::Duration;
    pub use uuid::Uuid;

    /// With a hasher of its own, as rustc-hash has it.
    pub type FxHashMap<K, V> = HashMap<K, V, std::hash::BuildHasherDefault<crate::make::Sum>>;
}

pub type Serializer = AllocSerializer<4096>;

/// One random value: its description and the bytes that the crate makes of it.
pub struct Case {
    pub json: String,
    pub bytes: AlignedVec,
}

/// One schema's root type, with its type erased.
pub struct Schema {
    pub name: &'static str,
    /// The seed decides the value, the fuel about how many items it holds.
    pub make: fn(seed: u64, fuel: u32) -> Case,
    /// The crate's verdict: the value read in place, or the crate's own words.
    pub check: fn(&AlignedVec) -> Result<String, String>,
}

pub fn schema<T>(name: &'static str) -> Schema
where
    T: Archive + Serialize<Serializer> + Make + Json,
    T::Archived: Json + for<'a> CheckBytes<DefaultValidator<'a>> + 'static,
{
    Schema { name, make: make_case::<T>, check: check_bytes::<T> }
}

fn make_case<T: Serialize<Serializer> + Make + Json>(seed: u64, fuel: u32) -> Case {
    let value = T::make(&mut Rng::new(seed, fuel));
    let bytes = rkyv::to_bytes::<T, 4096>(&value).expect("the crate cannot serialize its own type");
    Case { json: json::text(&value), bytes }
}

fn check_bytes<T>(bytes: &AlignedVec) -> Result<String, String>
where
    T: Archive,
    T::Archived: Json + for<'a> CheckBytes<DefaultValidator<'a>> + 'static,
{
    match rkyv::check_archived_root::<T>(bytes) {
        Ok(archived) => Ok(json::text(archived)),
        Err(error) => Err(error.to_string()),
    }
}

pub fn to_hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut out = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        out.push(DIGITS[(byte >> 4) as usize] as char);
        out.push(DIGITS[(byte & 15) as usize] as char);
    }
    out
}

pub fn from_hex(text: &str) -> Option<AlignedVec> {
    if text.len() % 2 != 0 {
        return None;
    }
    let mut out = AlignedVec::with_capacity(text.len() / 2);
    for pair in text.as_bytes().chunks(2) {
        out.push(u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?);
    }
    Some(out)
}
