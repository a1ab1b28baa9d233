struct A { a: PhantomData<(u8 }
