#[archive_attr(repr(u16))]
enum A { B }
