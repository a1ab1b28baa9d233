struct A { a: u8 }
enum A { B }
