// SPDX-License-Identifier: Apache-2.0
//! The crate's side of run.sh: `pairs CASE TIMES`, as pairs.c. The buffer and the scratch space are kept from one
//! serialization to the next, which is faster than `to_bytes`.

use rkyv::ser::serializers::{AlignedSerializer, AllocScratch, CompositeSerializer, FallbackScratch, HeapScratch};
use rkyv::ser::Serializer as _;
use rkyv::validation::validators::DefaultValidator;
use rkyv::{check_archived_root, AlignedVec, Archive, CheckBytes, Infallible, Serialize};
use std::collections::HashMap;
use std::hint::black_box;

const ENTRIES: u64 = 100_000;
const FEATURES: usize = 8;

#[derive(Archive, Serialize)]
#[archive(check_bytes)]
struct HelloWorld {
    version: u32,
    messages: Vec<String>,
}

#[derive(Archive, Serialize)]
#[archive(check_bytes)]
struct FeatureTable {
    version: u64,
    names: Vec<String>,
    features: HashMap<u64, Vec<f32>>,
}

#[derive(Archive, Serialize)]
#[archive(check_bytes)]
struct Directory {
    entries: HashMap<String, Entry>,
}

#[derive(Archive, Serialize)]
#[archive(check_bytes)]
struct Entry {
    number: u32,
    owner: Option<String>,
}

type Scratch = FallbackScratch<HeapScratch<4096>, AllocScratch>;
type Serializer = CompositeSerializer<AlignedSerializer<AlignedVec>, Scratch, Infallible>;

#[repr(C)]
struct Timespec {
    sec: i64,
    nsec: i64,
}

extern "C" {
    fn clock_gettime(clock: i32, time: *mut Timespec) -> i32;
}

/// Nanoseconds of this thread on the processor.
fn now() -> f64 {
    const CLOCK_THREAD_CPUTIME_ID: i32 = 3;
    let mut time = Timespec { sec: 0, nsec: 0 };
    assert_eq!(unsafe { clock_gettime(CLOCK_THREAD_CPUTIME_ID, &mut time) }, 0);
    time.sec as f64 * 1e9 + time.nsec as f64
}

fn mixed(x: u64) -> u64 {
    let x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

fn digest(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |h, b| (h ^ u64::from(*b)).wrapping_mul(0x0000_0100_0000_01b3))
}

fn hello() -> HelloWorld {
    HelloWorld { version: 7, messages: ["Hello", "World", "!"].map(String::from).to_vec() }
}

fn table() -> FeatureTable {
    let names = ["age", "clicks", "visits", "spent", "returned", "hour", "distance", "score"];
    let floats = |i: u64| (0..FEATURES).map(|k| (i % 1000) as f32 + k as f32 / 16.0).collect();
    FeatureTable {
        version: 1,
        names: names.map(String::from).to_vec(),
        features: (0..ENTRIES).map(|i| (mixed(i + 1), floats(i))).collect(),
    }
}

fn name_of(i: u64) -> String {
    let x = mixed(i + 1) & 0xff_ffff;
    match i % 3 {
        0 => format!("n{x:x}"),
        1 => format!("host-{x:x}.example"),
        _ => format!("{x:x}.a.b.shop.example"),
    }
}

fn key_of(i: u64) -> String {
    if i % 3 == 0 { format!("{i}") } else { format!("host-{i}.example") }
}

fn directory() -> Directory {
    let entry = |i: u64| Entry { number: i as u32, owner: (i % 4 != 0).then(|| name_of(i + ENTRIES)) };
    Directory { entries: (0..ENTRIES).map(|i| (key_of(i), entry(i))).collect() }
}

fn write<T: Serialize<Serializer>>(value: &T, buffer: AlignedVec, scratch: Scratch) -> (AlignedVec, Scratch) {
    let mut serializer = CompositeSerializer::new(AlignedSerializer::new(buffer), scratch, Infallible);
    serializer.serialize_value(value).expect("serialize");
    let (bytes, scratch, _) = serializer.into_components();
    (bytes.into_inner(), scratch)
}

fn serialize<T: Serialize<Serializer>>(value: T, times: u64) -> (f64, u64) {
    let (mut buffer, mut scratch) = write(&value, AlignedVec::new(), Scratch::default());
    let start = now();
    for _ in 0..times {
        buffer.clear();
        (buffer, scratch) = write(black_box(&value), buffer, scratch);
        black_box(&buffer);
    }
    (now() - start, digest(&buffer))
}

fn check<T>(value: T, times: u64) -> (f64, u64)
where
    T: Archive + Serialize<Serializer>,
    T::Archived: for<'a> CheckBytes<DefaultValidator<'a>>,
{
    let (buffer, _) = write(&value, AlignedVec::new(), Scratch::default());
    let start = now();
    for _ in 0..times {
        assert!(check_archived_root::<T>(black_box(&buffer)).is_ok());
    }
    (now() - start, buffer.len() as u64)
}

fn find_number(times: u64) -> (f64, u64) {
    let (buffer, _) = write(&table(), AlignedVec::new(), Scratch::default());
    let table = unsafe { rkyv::archived_root::<FeatureTable>(&buffer) };
    let mut sum = 0;
    let start = now();
    for i in 0..times {
        let floats = table.features.get(&mixed(mixed(i) % (2 * ENTRIES)));
        sum += floats.map_or(0, |f| f[3] as u64 + 1);
    }
    (now() - start, sum)
}

fn find_name(times: u64) -> (f64, u64) {
    let (buffer, _) = write(&directory(), AlignedVec::new(), Scratch::default());
    let directory = unsafe { rkyv::archived_root::<Directory>(&buffer) };
    let keys: Vec<String> = (0..ENTRIES).map(key_of).collect();
    let mut sum = 0;
    let start = now();
    for i in 0..times {
        let key = &keys[(mixed(i) % ENTRIES) as usize];
        let key = &key[..key.len() - (mixed(i) >> 63) as usize];
        sum += directory.entries.get(key).map_or(0, |e| u64::from(e.number) + 1);
    }
    (now() - start, sum)
}

fn main() {
    let words: Vec<String> = std::env::args().collect();
    let times = words.get(2).and_then(|w| w.parse().ok()).expect("usage: pairs CASE TIMES");
    let (ns, result) = match words[1].as_str() {
        "hello-serialize" => serialize(hello(), times),
        "hello-check" => check(hello(), times),
        "table-serialize" => serialize(table(), times),
        "table-check" => check(table(), times),
        "table-find" => find_number(times),
        "directory-serialize" => serialize(directory(), times),
        "directory-check" => check(directory(), times),
        "directory-find" => find_name(times),
        other => panic!("there is no case {other}"),
    };
    println!("{:.3} {}", ns / times as f64, result);
}
