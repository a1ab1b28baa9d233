struct A { a: Wrapper<u8> }
