struct A { a: *const u8 }
