struct A { a: HashMap<IpAddr, u8> }
