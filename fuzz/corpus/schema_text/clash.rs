struct Vec_u8 { a: Vec<u8> }
