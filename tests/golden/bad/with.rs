struct A {
    #[with(Inline)]
    a: u8,
}
