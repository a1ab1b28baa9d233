struct A { a: Option<B> }
struct B { a: A }
