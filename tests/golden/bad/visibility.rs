struct A(pub (u8, u8));
