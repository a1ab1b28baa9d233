#[derive(Archive)]
struct A {
    id: u32,
    #[cfg_attr(feature = "typed", with(rkyv::with::Skip))]
    cached: u32,
    #[cfg_attr(feature = "typed", doc = "x", cfg_attr(all(unix, feature = "deep"), allow(dead_code), with(Skip)))]
    deep: u32,
    #[cfg_attr(version("1.80"), with(Skip))]
    versioned: u32,
    #[cfg_attr(all(unix, not(windows)), with(Skip))]
    certain: u32,
    #[cfg_attr(windows, with(Skip))]
    never: u32,
    #[cfg_attr(feature = "typed", archive_attr(repr(packed)), rkyv(with = Skip))]
    new: u32,
    list: Vec<u32>,
}
#[cfg_attr(feature = "rkyv", derive(rkyv::Archive, rkyv::Serialize), archive(as = "Self"))]
struct B { a: u8 }
#[cfg_attr(feature = "rkyv", archive_attr(derive(Debug), repr(align(16))))]
#[derive(Archive)]
struct C { a: u8 }
#[cfg_attr(feature = "rkyv", archive_attr(cfg_attr(any(), repr(packed))))]
#[derive(Archive)]
struct D { a: u8 }
