struct K { a: u8 }
struct A { a: BTreeMap<K, u8> }
