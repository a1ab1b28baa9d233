use std::collections::HashMap;
struct A {
    a: Missing,
    b: HashMap<u8, (u8, u8)>,
    c: &'static str,
    d: u8 e: u8,
    f: Box<dyn Fn(u8, u16) -> u8>,
    a: u8,
    g: <u8 as Trait>::Type,
    h: foo!(u8),
    i: Option<Missing>,
}
what is this;
enum B { X(Missing), Y { a: [u8; 1 << 70] }, 7, Z }
struct C(u8, Rc<u8>)
struct D { a: HashMap<f32, u8> }
