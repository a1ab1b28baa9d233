struct A<T> { a: T }
