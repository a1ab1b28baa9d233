use rkyv::Archive;
struct Skipped<T> { a: T }
struct Plain { a: u8 }
#[derive(Archive)]
struct Page<'a, T: Copy, const N: usize> { items: &'a [T; N] }
#[derive(Archive)]
struct Use { a: Page<u8>, b: Skipped<u8>, c: Plain, d: Manual }
struct Manual { a: u8 }
impl Archive for Manual { type Archived = u64; }
