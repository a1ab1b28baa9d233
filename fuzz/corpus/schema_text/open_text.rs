#[doc = "never closed]
struct A { a: u8 }
