enum E { A, B }
struct A { a: HashMap<Option<E>, u8> }
