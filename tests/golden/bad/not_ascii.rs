struct Größe { a: u8 }
