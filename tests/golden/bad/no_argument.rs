struct A { a: Vec }
