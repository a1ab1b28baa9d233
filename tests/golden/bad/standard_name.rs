struct B { a: Vec<u8> }
struct u8 { a: bool }
