struct A { a: [u8; 2147483647], b: u8 }
