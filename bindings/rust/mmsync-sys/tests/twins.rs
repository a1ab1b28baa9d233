// SPDX-License-Identifier: Apache-2.0
//! Inline reads and the library's own do the same: two readers of one region take the same steps,
//! and after each step they have the same result, the same view and the same head.

use mmsync_sys::*;
use std::ffi::CString;
use std::ptr;

struct Twins {
    inline: *mut mms_reader,
    exported: *mut mms_reader,
    views: [mms_view; 2],
}

fn head_of(reader: *mut mms_reader) -> mms__reader_head {
    unsafe { *reader.cast::<mms__reader_head>() }
}

/// What must be equal: all but the address of the line.
fn state_of(reader: *mut mms_reader, view: &mms_view) -> impl PartialEq + std::fmt::Debug {
    let head = head_of(reader);
    let announced = unsafe { (*head.announce).load(std::sync::atomic::Ordering::Relaxed) };
    let held = (head.view.data, head.view.size, head.view.generation, head.view.changed);
    let seen = (view.data, view.size, view.generation, view.changed);
    (head.current, head.word, head.state, head.checked, held, announced, seen)
}

impl Twins {
    fn open(region: *mut mms_region) -> Self {
        let mut readers = [ptr::null_mut(); 2];
        for reader in &mut readers {
            assert_eq!(unsafe { mms_reader_open(region, reader) }, 0);
        }
        Twins { inline: readers[0], exported: readers[1], views: [EMPTY_VIEW; 2] }
    }

    fn step(&mut self, step: u32) -> (i32, i32) {
        let [a, b] = &mut self.views;
        unsafe {
            match step {
                0 => (mms_read(self.inline, a), exported::mms_read(self.exported, b)),
                1 => (mms_refresh(self.inline, a), exported::mms_refresh(self.exported, b)),
                2 => (mms_release(self.inline), exported::mms_release(self.exported)),
                3 => (
                    mms_read(self.inline, ptr::null_mut()),
                    exported::mms_read(self.exported, ptr::null_mut()),
                ),
                _ => (
                    mms_refresh(self.inline, ptr::null_mut()),
                    exported::mms_refresh(self.exported, ptr::null_mut()),
                ),
            }
        }
    }
}

fn random(state: &mut u64) -> u32 {
    *state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
    (*state >> 33) as u32
}

#[test]
fn inline_and_exported_functions_do_the_same() {
    let name = std::env::var("MMSYNC_TEST_NAME").unwrap_or("mmsync-sys".into());
    let path = format!("/dev/shm/{name}-twins-{}", std::process::id());
    let path = CString::new(path).unwrap();
    let (mut writer, mut region) = (ptr::null_mut(), ptr::null_mut());
    let mut receipt: mms_receipt = unsafe { zeroed() };
    unsafe {
        assert_eq!(mms_writer_open(path.as_ptr(), ptr::null(), &mut writer), 0);
        assert_eq!(mms_region_open(path.as_ptr(), ptr::null(), &mut region), 0);
    }
    let (mut twins, mut seed, mut held) = (Twins::open(region), 1, 0);
    for _ in 0..20_000 {
        match random(&mut seed) % 8 {
            7 => unsafe {
                assert_eq!(mms_write(writer, c"value".as_ptr().cast(), 5, &mut receipt), 0);
            },
            step => {
                let (a, b) = twins.step(step % 5);
                assert_eq!(a, b);
                held += i32::from(head_of(twins.inline).state == MMS__HELD);
            }
        }
        let [a, b] = &twins.views;
        assert_eq!(state_of(twins.inline, a), state_of(twins.exported, b));
    }
    assert!(held > 1000, "the inline half was hardly used: {held}");
    unsafe {
        assert_eq!(mms_read(ptr::null_mut(), &mut twins.views[0]), MMS_E_INVALID);
        assert_eq!(mms_release(ptr::null_mut()), MMS_E_INVALID);
        assert_eq!(mms_reader_close(twins.inline), 0);
        assert_eq!(mms_reader_close(twins.exported), 0);
        assert_eq!(mms_region_close(region), 0);
        assert_eq!(mms_writer_close(writer), 0);
        assert_eq!(mms_remove(path.as_ptr()), 0);
    }
}
