struct A { a: HashMap<[(); 3], u8> }
