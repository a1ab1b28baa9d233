struct A { a: (u8, u16) }
