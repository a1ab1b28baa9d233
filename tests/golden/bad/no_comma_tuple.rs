struct A(u8 u8);
