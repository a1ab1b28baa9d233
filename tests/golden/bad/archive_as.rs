#[archive(as = "Other")]
struct A { a: u8 }
