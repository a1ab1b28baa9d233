enum E { X, Y }
struct A { a: [E; 1073741824] }
