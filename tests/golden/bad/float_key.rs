struct A { a: HashMap<f32, u8> }
