struct A { a: AHashMap<u8, u8> }
