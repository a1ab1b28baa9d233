const A: usize = B;
const B: usize = A;
const C: u8 = 200 + 100;
static D: usize = 4;
const E: usize = f(1);
const F: isize = -1;
struct S {
    a: [u8; A],
    c: [u8; C as usize],
    d: [u8; D],
    e: [u8; E],
    f: [u8; F as usize],
    g: [u8; 1 / 0],
    l: [u8; 7 % (2 - 2)],
    h: [u8; if true { 1 } else { 2 }],
    i: [u8; "abc".len()],
    j: [u8; Self::MISSING],
    k: [u8; 4 - 5],
}
