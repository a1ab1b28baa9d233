// mmsc: --cfg feature=challenge --cfg not(feature=log) --cfg not(test) --cfg target_arch="x86_64"
enum Action {
    Allow,
    #[cfg(feature = "challenge")]
    Challenge,
    #[cfg(all(unix, not(feature = "challenge")))]
    Other(#[with(Skip)] u8),
    Block(#[cfg(test)] u8, #[cfg(any(test, target_arch = "x86_64"))] u16, #[cfg(target_arch = "arm")] u32),
    #[cfg(feature = "log")]
    Log,
}
#[cfg(feature = "challenge")]
use std::time::Duration as Wait;
#[cfg(not(feature = "challenge"))]
use chrono::Duration as Wait;
#[cfg(feature = "log")]
struct Twice { a: u8 }
#[cfg(not(feature = "log"))]
struct Twice {
    #[cfg_attr(feature = "challenge", cfg(feature = "log"))]
    gone: u8,
    #[cfg_attr(feature = "log", with(Skip))]
    a: u16,
    #[cfg_attr(feature = "log", cfg(feature = "log"))]
    wait: Wait,
}
#[cfg(windows)]
mod other {
    struct Windows { a: u8 }
}
cfg_if::cfg_if! {
    if #[cfg(feature = "log")] {
        struct Level { a: u8 }
    } else if #[cfg(all(unix, feature = "challenge"))] {
        use std::net::Ipv4Addr as Address;
        cfg_if! { if #[cfg(windows)] { struct Level { a: u8 } } else { struct Level { a: Address } } }
    } else {
        struct Level { a: u32 }
    }
}
cfg_if! {
    if #[cfg(test)] { struct Test { a: u8 } }
}
