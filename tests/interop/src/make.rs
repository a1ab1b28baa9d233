// SPDX-License-Identifier: Apache-2.0
//! Random values of every supported type; corner cases come often.

use crate::Rng;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::hash::{BuildHasher, Hash, Hasher};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::num::*;
use std::ops::{Range, RangeFrom, RangeInclusive, RangeTo, RangeToInclusive};
use std::time::Duration;
use uuid::Uuid;

/// A hasher that is not the standard one: archives must not depend on it.
#[derive(Default)]
pub struct Sum(u64);

impl Hasher for Sum {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.wrapping_mul(31).wrapping_add(u64::from(*byte));
        }
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

pub trait Make {
    fn make(rng: &mut Rng) -> Self;
}

macro_rules! make_integers {
    ($($t:ty),*) => { $(
        impl Make for $t {
            fn make(rng: &mut Rng) -> Self {
                let wide = u128::from(rng.next()) << 64 | u128::from(rng.next());
                match rng.below(8) {
                    0 => 0,
                    1 => <$t>::MAX,
                    2 => <$t>::MIN,
                    3 => (wide % 4) as $t,
                    _ => wide as $t,
                }
            }
        }
    )* };
}

make_integers!(u8, u16, u32, u64, u128, i8, i16, i32, i64, i128);

/// As wide as an archive of this size holds: the crate cuts a larger one silently.
#[cfg(feature = "size_64")]
type Word = u64;
#[cfg(not(feature = "size_64"))]
type Word = u32;
#[cfg(feature = "size_64")]
type SignedWord = i64;
#[cfg(not(feature = "size_64"))]
type SignedWord = i32;

impl Make for usize {
    fn make(rng: &mut Rng) -> Self {
        Word::make(rng) as usize
    }
}

impl Make for isize {
    fn make(rng: &mut Rng) -> Self {
        SignedWord::make(rng) as isize
    }
}

impl Make for f32 {
    fn make(rng: &mut Rng) -> Self {
        const CORNERS: [u32; 8] =
            [0, 0x8000_0000, 0x7f80_0000, 0xff80_0000, 0x7fc0_0000, 0x7fc0_1234, 0x0000_0001, 0x3f80_0000];
        f32::from_bits(if rng.one_in(3) { CORNERS[rng.below(8) as usize] } else { rng.next() as u32 })
    }
}

impl Make for f64 {
    fn make(rng: &mut Rng) -> Self {
        const CORNERS: [u64; 8] = [0, 1 << 63, 0x7ff << 52, 0xfff << 52, 0x7ff8 << 48, 0x7ff8_0000_0000_1234, 1, 0x3ff0 << 48];
        f64::from_bits(if rng.one_in(3) { CORNERS[rng.below(8) as usize] } else { rng.next() })
    }
}

impl Make for bool {
    fn make(rng: &mut Rng) -> Self {
        rng.one_in(2)
    }
}

impl Make for () {
    fn make(_: &mut Rng) -> Self {}
}

impl Make for char {
    fn make(rng: &mut Rng) -> Self {
        const CORNERS: [u32; 10] = [0, 0x22, 0x5c, 0x7f, 0x80, 0x7ff, 0xd7ff, 0xe000, 0xffff, 0x10_ffff];
        let code = match rng.below(4) {
            0 => CORNERS[rng.below(10) as usize],
            1 => rng.below(0x11_0000) as u32,
            _ => 0x20 + rng.below(0x5f) as u32,
        };
        char::from_u32(code).unwrap_or('\u{fffd}')
    }
}

/// Around the lengths where the inline form ends (7 and 15 bytes) as often as not.
impl Make for String {
    fn make(rng: &mut Rng) -> Self {
        let wish = match rng.below(8) {
            0 => 0,
            1..=3 => rng.below(12) as usize,
            4 => 6 + rng.below(4) as usize,
            5 => 14 + rng.below(4) as usize,
            6 => rng.below(60) as usize,
            _ => rng.items(),
        };
        let plain = !rng.one_in(3);
        let mut out = String::new();
        while out.len() < wish {
            out.push(if plain { (b'a' + rng.below(26) as u8) as char } else { char::make(rng) });
        }
        out
    }
}

impl Make for Duration {
    fn make(rng: &mut Rng) -> Self {
        Duration::new(u64::make(rng), rng.below(1_000_000_000) as u32)
    }
}

impl<T: Make> Make for Box<T> {
    fn make(rng: &mut Rng) -> Self {
        Box::new(T::make(rng))
    }
}

impl<T: Make> Make for Option<T> {
    fn make(rng: &mut Rng) -> Self {
        if rng.one_in(3) || !rng.spend() { None } else { Some(T::make(rng)) }
    }
}

impl<T: Make, E: Make> Make for Result<T, E> {
    fn make(rng: &mut Rng) -> Self {
        if rng.one_in(2) { Ok(T::make(rng)) } else { Err(E::make(rng)) }
    }
}

impl<T: Make> Make for Vec<T> {
    fn make(rng: &mut Rng) -> Self {
        (0..rng.items()).map(|_| T::make(rng)).collect()
    }
}

impl<T: Make, const N: usize> Make for [T; N] {
    fn make(rng: &mut Rng) -> Self {
        std::array::from_fn(|_| T::make(rng))
    }
}

impl<K: Make + Hash + Eq, V: Make, S: BuildHasher + Default> Make for HashMap<K, V, S> {
    fn make(rng: &mut Rng) -> Self {
        (0..rng.items()).map(|_| (K::make(rng), V::make(rng))).collect()
    }
}

impl<K: Make + Hash + Eq> Make for HashSet<K> {
    fn make(rng: &mut Rng) -> Self {
        (0..rng.items()).map(|_| K::make(rng)).collect()
    }
}

impl<K: Make + Ord, V: Make> Make for BTreeMap<K, V> {
    fn make(rng: &mut Rng) -> Self {
        (0..rng.items()).map(|_| (K::make(rng), V::make(rng))).collect()
    }
}

impl<K: Make + Ord> Make for BTreeSet<K> {
    fn make(rng: &mut Rng) -> Self {
        (0..rng.items()).map(|_| K::make(rng)).collect()
    }
}

/// In two pieces as often as not: then its second half comes before the first one in memory.
impl<T: Make> Make for VecDeque<T> {
    fn make(rng: &mut Rng) -> Self {
        let (front, back) = (rng.items(), rng.items());
        let mut out: VecDeque<T> = (0..back).map(|_| T::make(rng)).collect();
        for _ in 0..front {
            out.push_front(T::make(rng));
        }
        out
    }
}

macro_rules! make_non_zero {
    ($($t:ty: $of:ty),*) => { $(
        impl Make for $t {
            fn make(rng: &mut Rng) -> Self {
                <$t>::new(<$of>::make(rng)).unwrap_or(<$t>::MIN)
            }
        }
    )* };
}

make_non_zero!(NonZeroU8: u8, NonZeroU16: u16, NonZeroU32: u32, NonZeroU64: u64, NonZeroU128: u128, NonZeroUsize: usize);
make_non_zero!(NonZeroI8: i8, NonZeroI16: i16, NonZeroI32: i32, NonZeroI64: i64, NonZeroI128: i128);

/// The smallest one would be cut to 0.
impl Make for NonZeroIsize {
    fn make(rng: &mut Rng) -> Self {
        NonZeroIsize::new(isize::make(rng)).unwrap_or(NonZeroIsize::new(-1).unwrap())
    }
}

impl Make for Ipv4Addr {
    fn make(rng: &mut Rng) -> Self {
        Ipv4Addr::from(u32::make(rng))
    }
}

/// Zeros come in runs, which texts leave out.
impl Make for Ipv6Addr {
    fn make(rng: &mut Rng) -> Self {
        let mut groups = [0u16; 8];
        let zeros = 1 + rng.below(4);
        for group in &mut groups {
            *group = if rng.below(4) < zeros { 0 } else { u16::make(rng) };
        }
        if rng.one_in(8) {
            groups[..6].copy_from_slice(&[0, 0, 0, 0, 0, 0xffff]);
        }
        Ipv6Addr::from(groups)
    }
}

impl Make for IpAddr {
    fn make(rng: &mut Rng) -> Self {
        if rng.one_in(2) { IpAddr::V4(Ipv4Addr::make(rng)) } else { IpAddr::V6(Ipv6Addr::make(rng)) }
    }
}

impl Make for SocketAddrV4 {
    fn make(rng: &mut Rng) -> Self {
        SocketAddrV4::new(Ipv4Addr::make(rng), u16::make(rng))
    }
}

impl Make for SocketAddrV6 {
    fn make(rng: &mut Rng) -> Self {
        SocketAddrV6::new(Ipv6Addr::make(rng), u16::make(rng), u32::make(rng), u32::make(rng))
    }
}

impl Make for SocketAddr {
    fn make(rng: &mut Rng) -> Self {
        if rng.one_in(2) { SocketAddr::V4(SocketAddrV4::make(rng)) } else { SocketAddr::V6(SocketAddrV6::make(rng)) }
    }
}

impl Make for Uuid {
    fn make(rng: &mut Rng) -> Self {
        Uuid::from_u128(u128::make(rng))
    }
}

impl<T: Make> Make for Range<T> {
    fn make(rng: &mut Rng) -> Self {
        T::make(rng)..T::make(rng)
    }
}

impl<T: Make> Make for RangeInclusive<T> {
    fn make(rng: &mut Rng) -> Self {
        T::make(rng)..=T::make(rng)
    }
}

impl<T: Make> Make for RangeFrom<T> {
    fn make(rng: &mut Rng) -> Self {
        T::make(rng)..
    }
}

impl<T: Make> Make for RangeTo<T> {
    fn make(rng: &mut Rng) -> Self {
        ..T::make(rng)
    }
}

impl<T: Make> Make for RangeToInclusive<T> {
    fn make(rng: &mut Rng) -> Self {
        ..=T::make(rng)
    }
}
