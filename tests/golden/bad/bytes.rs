struct A { a: Bytes }
