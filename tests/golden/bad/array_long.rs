struct A { a: [u8; 99999999999] }
