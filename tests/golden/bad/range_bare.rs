struct A { a: Range }
