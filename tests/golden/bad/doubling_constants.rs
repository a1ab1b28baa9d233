const A0: usize = A1 + A1 - A1;
const A1: usize = A2 + A2 - A2;
const A2: usize = A3 + A3 - A3;
const A3: usize = A4 + A4 - A4;
const A4: usize = A5 + A5 - A5;
const A5: usize = A6 + A6 - A6;
const A6: usize = A7 + A7 - A7;
const A7: usize = A8 + A8 - A8;
const A8: usize = A9 + A9 - A9;
const A9: usize = A10 + A10 - A10;
const A10: usize = A11 + A11 - A11;
const A11: usize = A12 + A12 - A12;
const A12: usize = A13 + A13 - A13;
const A13: usize = A14 + A14 - A14;
const A14: usize = A15 + A15 - A15;
const A15: usize = A16 + A16 - A16;
const A16: usize = A17 + A17 - A17;
const A17: usize = A18 + A18 - A18;
const A18: usize = A19 + A19 - A19;
const A19: usize = A20 + A20 - A20;
const A20: usize = A21 + A21 - A21;
const A21: usize = A22 + A22 - A22;
const A22: usize = 8;
#[derive(Archive)]
struct S {
    a: [u8; A0],
}
