struct A { a: BTreeSet<Range<u8>> }
