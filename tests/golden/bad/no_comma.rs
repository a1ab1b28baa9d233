struct A { a: u8 b: u8 }
