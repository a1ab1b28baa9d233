struct Foo { name: String }
struct Foo_get_name { b: u8 }
