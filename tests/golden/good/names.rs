// Names that C has other uses for, and their neighbours.
struct Names {
    double: u8,
    double_: u16,
    size_t: u32,
    mms_tag: u8,
    asm: Verb,
    shape: Shape,
}

enum Verb {
    double,
    double_,
    double__,
}

enum Shape {
    register(u8),
    register_ { double_: u8, mms_tag: u8, double: u16 },
}
