union A { a: u8 }
