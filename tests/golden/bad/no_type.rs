struct A { a: , }
