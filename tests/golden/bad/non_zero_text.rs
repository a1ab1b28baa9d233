struct A { a: NonZero<String> }
