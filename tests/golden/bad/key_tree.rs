struct A { a: HashSet<Vec<BTreeSet<u8>>> }
