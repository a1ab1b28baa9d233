struct A { a: [(); 2000000] }
