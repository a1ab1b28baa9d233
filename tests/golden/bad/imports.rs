use chrono::Duration;
use heapless::*;
use other::Thing as Vec2;
mod inner {
    use super::*;
    pub struct A { a: Duration, b: Vec<u8>, c: HashMap<u8, u8> }
}
struct B {
    a: Duration,
    b: time::Duration,
    c: Vec2<u8>,
    d: std::io::Result<u8>,
    e: crate::other::Price,
    f: super::Price,
    g: inner::B,
    h: inner,
    i: Vec<u8>,
    j: String,
    k: std::time::SystemTime,
    l: serde_json::Value,
}
