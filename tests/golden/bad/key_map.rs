struct A { a: BTreeSet<HashMap<u8, u8>> }
