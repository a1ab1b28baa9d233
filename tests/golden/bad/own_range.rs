struct Range(u8);
struct A { a: std::ops::Range<u8> }
