type A = A; struct B { a: A }
