struct A { a: HashMap<u8, u8, FxHasher> }
