cfg_if::cfg_if! {
    if #[cfg(feature = "a")] {
        struct A { a: u8 }
    } else if #[cfg(unix)] {
        struct A { a: u16 }
    } else {
        struct A { a: Missing }
    }
}
cfg_if! {
    if #[cfg(test)] {
        mod only_in_tests { struct B { a: Missing } }
    } else {
        struct C { a: u8 }
    }
}
cfg_if! {
    if #[cfg(unix)] {
        struct D { a: Missing }
    }
}
cfg_if! {
    if cfg!(unix) { struct E { a: u8 } }
}
#[cfg(windows)]
cfg_if! {
    if #[cfg(unix)] { struct F { a: Missing } }
}
