struct A<T> { a: T }
struct B { a: A<u8>, b: A }
