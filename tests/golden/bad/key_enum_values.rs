#[repr(u8)]
enum E { A, B = 7 }
struct A { a: BTreeSet<E> }
