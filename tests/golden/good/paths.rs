// Every way to name a standard type.
struct Paths {
    a: std::time::Duration,
    b: core::time::Duration,
    c: ::std::vec::Vec<alloc::string::String>,
    d: std::collections::hash_map::HashMap<u8, core::option::Option<std::primitive::u8>>,
    e: Duration,
}
