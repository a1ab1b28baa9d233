// SPDX-License-Identifier: Apache-2.0
//! Rust's view of the headers is C's.

#[test]
fn structs_have_the_offsets_that_c_sees() {
    assert!(mmsync_sys::layout_matches());
}

#[test]
fn the_library_is_the_version_of_the_crate() {
    // SAFETY: a static string.
    let version = unsafe { std::ffi::CStr::from_ptr(mmsync_sys::mms_version()) };
    assert_eq!(version.to_str().unwrap(), env!("CARGO_PKG_VERSION"));
}
