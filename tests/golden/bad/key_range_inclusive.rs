struct A { a: HashMap<RangeInclusive<u8>, u8> }
