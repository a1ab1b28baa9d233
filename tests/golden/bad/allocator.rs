struct A { a: Vec<u8, Global> }
