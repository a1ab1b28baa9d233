struct A(u8)
