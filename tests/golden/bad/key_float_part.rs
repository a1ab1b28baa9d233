struct K { a: u8, b: Option<f32> }
struct A { a: BTreeMap<K, u8> }
