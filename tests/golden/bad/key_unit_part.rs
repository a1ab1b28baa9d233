struct K([(); 3], u8);
struct A { a: HashMap<K, u8> }
