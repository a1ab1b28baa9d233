// SPDX-License-Identifier: Apache-2.0
//! Deterministic damage: the same seed gives the same bytes.

use crate::Rng;
use rkyv::AlignedVec;

/// Damages a copy of `bytes` and says how. Most kinds aim at what a validator reads: words, counts, offsets, tags.
pub fn damage(bytes: &[u8], rng: &mut Rng) -> (&'static str, AlignedVec) {
    let mut copy = bytes.to_vec();
    let kind = if copy.is_empty() { "grow" } else { apply(&mut copy, rng) };
    if kind == "grow" {
        copy.extend((0..1 + rng.below(16)).map(|i| i as u8));
    }
    let mut out = AlignedVec::with_capacity(copy.len());
    out.extend_from_slice(&copy);
    (kind, out)
}

fn apply(bytes: &mut Vec<u8>, rng: &mut Rng) -> &'static str {
    match rng.below(10) {
        0 | 1 => flip(bytes, rng),
        2 => byte(bytes, rng),
        3..=5 => word(bytes, rng),
        6 => cut(bytes, rng),
        7 => splice(bytes, rng),
        8 => remove(bytes, rng),
        _ => insert(bytes, rng),
    }
}

/// Half of the time near the end: there are the root and the upper nodes of trees.
fn place(bytes: &[u8], rng: &mut Rng) -> usize {
    let span = if rng.one_in(2) { bytes.len().min(128) } else { bytes.len() };
    bytes.len() - span + rng.below(span as u64) as usize
}

/// A short range inside the bytes.
fn range(bytes: &[u8], rng: &mut Rng) -> std::ops::Range<usize> {
    let start = place(bytes, rng);
    let length = 1 + rng.below(16.min(bytes.len() - start) as u64) as usize;
    start..start + length
}

fn flip(bytes: &mut [u8], rng: &mut Rng) -> &'static str {
    let at = place(bytes, rng);
    bytes[at] ^= 1 << rng.below(8);
    "flip"
}

fn byte(bytes: &mut [u8], rng: &mut Rng) -> &'static str {
    const CORNERS: [u8; 8] = [0, 1, 2, 0x7f, 0x80, 0xc0, 0xf4, 0xff];
    let at = place(bytes, rng);
    bytes[at] = CORNERS[rng.below(8) as usize];
    "byte"
}

fn word(bytes: &mut [u8], rng: &mut Rng) -> &'static str {
    if bytes.len() < 4 {
        return byte(bytes, rng);
    }
    let at = place(&bytes[..bytes.len() - 3], rng) & !3;
    let old = u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
    let new = match rng.below(8) {
        0 => 0,
        1 => u32::MAX,
        2 => i32::MIN as u32,
        3 => bytes.len() as u32,
        4 => (at as u32).wrapping_neg(),
        5 => old.wrapping_mul(2),
        6 => old.wrapping_sub(4 * rng.below(5) as u32),
        _ => old.wrapping_add(rng.below(17) as u32),
    };
    bytes[at..at + 4].copy_from_slice(&new.to_le_bytes());
    "word"
}

fn cut(bytes: &mut Vec<u8>, rng: &mut Rng) -> &'static str {
    let keep = place(bytes, rng);
    if rng.one_in(2) {
        bytes.truncate(keep);
        return "cut-end";
    }
    bytes.drain(..keep);
    "cut-start"
}

fn splice(bytes: &mut [u8], rng: &mut Rng) -> &'static str {
    let from = range(bytes, rng);
    let to = rng.below((bytes.len() - from.len()) as u64 + 1) as usize;
    bytes.copy_within(from, to);
    "splice"
}

fn remove(bytes: &mut Vec<u8>, rng: &mut Rng) -> &'static str {
    let gone = range(bytes, rng);
    bytes.drain(gone);
    "remove"
}

fn insert(bytes: &mut Vec<u8>, rng: &mut Rng) -> &'static str {
    let copied = bytes[range(bytes, rng)].to_vec();
    let at = place(bytes, rng);
    bytes.splice(at..at, copied);
    "insert"
}
