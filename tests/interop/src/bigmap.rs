// SPDX-License-Identifier: Apache-2.0
//! The crate's side of the scale test: `HashMap<u64, Vec<f32>>` with many keys. Key i is SplitMix64's output number i for
//! seed 0; its vector holds i % 8 + 1 floats, or as many as the second argument says, of value i + j. Prints seconds and bytes of one build, check and look-up of all.

use interop::{Rng, Serializer};
use rkyv::ser::Serializer as _;
use std::collections::HashMap;

type Table = HashMap<u64, Vec<f32>>;

fn table(count: u64, floats: u64) -> Table {
    let mut rng = Rng::new(0, 0);
    let length = |i: u64| if floats > 0 { floats } else { i % 8 + 1 };
    (0..count).map(|i| (rng.next(), (0..length(i)).map(|j| (i + j) as f32).collect())).collect()
}

/// Seconds on the processor, of this only thread: a busy machine must not decide who is faster.
fn now() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").expect("schedstat");
    text.split(' ').next().unwrap().parse::<f64>().unwrap() * 1e-9
}

fn digest(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |h, b| (h ^ u64::from(*b)).wrapping_mul(0x0000_0100_0000_01b3))
}

fn main() {
    let number = |i, usual| std::env::args().nth(i).map_or(usual, |w| w.parse().expect("usage: bigmap [KEYS [FLOATS]]"));
    let count: u64 = number(1, 10_000_000);
    let value = table(count, number(2, 0));

    let start = now();
    let mut serializer = Serializer::default();
    serializer.serialize_value(&value).expect("serialize");
    let bytes = serializer.into_serializer().into_inner();
    let build = now() - start;

    let start = now();
    let checked = rkyv::check_archived_root::<Table>(&bytes).expect("check");
    let check = now() - start;

    let mut rng = Rng::new(0, 0);
    let start = now();
    let found = (0..count).filter(|i| checked.get(&rng.next()).is_some_and(|v| v[0] == *i as f32)).count();
    let lookup = now() - start;
    println!(
        "rust keys {} bytes {} fnv1a64 {:016x} build_seconds {:.2} check_seconds {:.2} lookup_nanoseconds {:.1} found {}",
        count, bytes.len(), digest(&bytes), build, check, lookup * 1e9 / count as f64, found
    );
}
