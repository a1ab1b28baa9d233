struct A { a: SmallVec<u8> }
