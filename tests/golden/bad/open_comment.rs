struct A { a: u8 }
/* never closed
