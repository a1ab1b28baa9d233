struct A { a: Rc<u8> }
