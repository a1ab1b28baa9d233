struct A { a: Wrapping<u8> }
