union A { a: u8 }
struct B { a: A }
