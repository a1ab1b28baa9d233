enum Action {
    Allow,
    #[cfg(feature = "challenge")]
    Challenge,
    #[cfg(not(any(test, feature = "log")))]
    Log(
        #[cfg(target_arch = "x86_64")] u8,
        u16,
    ),
}
#[cfg(feature = "a")]
struct A { #[cfg(miri)] a: u8 }
#[cfg(not(feature = "a"))]
struct A { a: u16 }
struct B { a: A, b: Duration, #[cfg(accessible(std::x))] c: u8, #[cfg_attr(x, cfg(y))] d: u8 }
#[cfg(feature = "chrono")]
use chrono::Duration;
#[cfg(feature = "tests")]
mod inner {
    pub struct Inner { a: [u8; super::SIZE] }
}
#[cfg(feature = "large")]
const SIZE: usize = 4;
