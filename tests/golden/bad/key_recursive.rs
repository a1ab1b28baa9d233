struct K { n: Option<Box<K>> }
struct A { a: HashMap<K, u8> }
