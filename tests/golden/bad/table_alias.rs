// SPDX-License-Identifier: Apache-2.0
#[mmsync::table]
struct Point {
    x: u32,
    #[mmsync::table]
    y: u32,
}
#[mmsync::table]
fn nothing() {}
#[mmsync::tables]
type A = HashMap<u64, Point>;
#[mmsync::table]
type B<T> = HashMap<u64, T>;
#[mmsync::table]
type C = BTreeMap<u64, Point>;
#[mmsync::table]
type D = Point;
#[mmsync::table]
type E = HashMap<u64, Foreign>;
#[mmsync::table]
type F = HashMap<u64>;
#[mmsync::table]
type G = other::HashMap<u64, Point>;
#[cfg(feature = "cache")]
#[mmsync::table]
type H = HashMap<u64, Point>;
#[mmsync::table]
type I = HashMap<u64, Point>
