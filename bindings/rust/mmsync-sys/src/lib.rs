// SPDX-License-Identifier: Apache-2.0
//! The C library mmsync for Rust: its types and functions as they are. Use the crate `mmsync`.
//!
//! The manual is in the headers, `include/mmsync.h` first. Reads are inline, as they are for C.
//!
//! The crate compiles the C sources, for which it needs a C11 compiler and the header `xxhash.h`.
//! With the feature `system` it links the library that pkg-config finds.

mod constants;
mod fast;
mod functions;
pub mod mmap_sync;
mod types;

pub use constants::*;
pub use fast::{
    held, mms_read, mms_refresh, mms_release, read_fast, read_slow, refresh_fast, refresh_slow,
    EMPTY_VIEW,
};
pub use functions::*;
pub use types::*;

/// Whether Rust and the C headers agree on the layout of all structs. Ask before anything else.
pub fn layout_matches() -> bool {
    // SAFETY: the build makes it, with as many elements if the structs are the same.
    unsafe { functions::mmsync_sys_layout == *types::LAYOUT }
}

/// All bytes zero, which is a value of each struct here.
///
/// # Safety
/// `T` is a struct of this crate.
pub const unsafe fn zeroed<T>() -> T {
    // SAFETY: integers, null pointers, false.
    unsafe { std::mem::zeroed() }
}

/// Options start like this: zeros, except for their size.
macro_rules! init {
    ($($name:ident $type:ident)*) => {
        $(#[doc = concat!("`", stringify!($type), "` with all defaults.")]
        pub const fn $name() -> $type {
            // SAFETY: a struct of this crate.
            let mut options: $type = unsafe { zeroed() };
            options.struct_size = std::mem::size_of::<$type>();
            options
        })*
    };
}
init! {
    writer_options mms_writer_options
    region_options mms_region_options
    mmap_sync_writer_options mms_mmap_sync_writer_options
    mmap_sync_region_options mms_mmap_sync_region_options
    table_options mms_table_options
}
