struct A { a: BTreeSet<u8> }
