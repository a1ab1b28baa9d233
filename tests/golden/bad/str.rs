struct A { a: str }
