// SPDX-License-Identifier: Apache-2.0
struct Point {
    x: f32,
    y: f32,
}
struct Name {
    first: String,
}
enum Shape {
    Point,
    Corners(Vec<u8>),
}
#[mmsync::table]
type A = HashMap<f64, u8>;
#[mmsync::table]
type B = HashMap<Point, u8>;
#[mmsync::table]
type C = HashMap<Name, u8>;
#[mmsync::table]
type D = HashMap<Shape, u8>;
#[mmsync::table]
type E = HashMap<Vec<u8>, u8>;
#[mmsync::table]
type F = HashMap<(), u8>;
#[mmsync::table]
type G = HashMap<[u64; 129], u8>;
