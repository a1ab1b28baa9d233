struct A { a: HashSet<Uuid> }
