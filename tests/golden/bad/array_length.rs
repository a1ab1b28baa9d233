struct A { a: [u8; SIZE] }
