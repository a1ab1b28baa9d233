#[derive(Debug)
struct A { a: u8 }
