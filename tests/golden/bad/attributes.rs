#[archive(as = "Other")]
struct A { a: u8 }
#[archive(repr(transparent))]
struct B { a: u8, b: u8 }
#[archive_attr(repr(u8))]
struct C { a: u8 }
#[archive_attr(repr(i8, align(4)))]
enum D { A }
#[archive_attr(repr(C))]
enum E { A }
#[archive_attr(repr(C, packed))]
struct F { a: u8, b: u32 }
#[archive(remote = "X")]
struct G { a: u8, #[archive_attr(repr(C))] b: u8 }
#[archive_attr(bitfield)]
struct H { #[archive_attr(cfg(any()))] a: u8 }
#[archive]
struct I { a: u8 }
#[archive_special]
struct J { a: u8 }
enum K {
    #[with(Skip)]
    A(#[with(Skip)] u8),
    B { #[with(rkyv::with::Map<rkyv::with::Inline>)] a: Vec<u8> },
}
