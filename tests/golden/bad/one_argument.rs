struct A { a: HashMap<u8> }
