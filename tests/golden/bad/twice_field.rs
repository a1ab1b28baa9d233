struct A {
    a: u8,
    a: u16,
}
