struct Manual { a: u8 }
impl rkyv::Archive for Manual { type Archived = u64; }
struct Use { a: Manual }
