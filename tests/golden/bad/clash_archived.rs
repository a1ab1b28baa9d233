struct Foo { b: u8 }
struct ArchivedFoo { b: u8 }
