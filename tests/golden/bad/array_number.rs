struct A { a: [u8; 4q] }
