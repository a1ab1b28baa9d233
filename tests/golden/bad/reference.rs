struct A { name: &'static str }
