use rkyv::rancor::Error;
#[derive(rkyv::Archive)]
#[rkyv(derive(Debug))]
struct A {
    #[rkyv(with = rkyv::with::Skip)]
    dirty: u64,
    #[cfg_attr(feature = "rkyv", rkyv(with = Skip))]
    hidden: u64,
}
