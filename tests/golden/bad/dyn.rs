struct A { a: Box<dyn Any> }
