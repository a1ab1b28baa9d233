struct 7 { a: u8 }
