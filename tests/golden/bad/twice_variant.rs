enum A { B, B }
