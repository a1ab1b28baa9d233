// SPDX-License-Identifier: Apache-2.0
//! The drop-in for mmap-sync, over both kinds of files. The original's own tests run in
//! tests/interop/drop_in.sh.

mod common;

use common::{hello, HelloWorld, Scratch};
use mmsync::compat::guard::ReadResult;
use mmsync::compat::instance::InstanceVersion;
use mmsync::compat::locks::{LockDisabled, SingleWriter, WriteLockStrategy};
use mmsync::compat::synchronizer::{Files, Synchronizer, SynchronizerError};
use std::collections::hash_map::DefaultHasher;
use std::hash::Hasher;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Duration;
use wyhash::WyHash;

const GRACE: Duration = Duration::from_secs(1);
const BOTH: [Files; 2] = [Files::MmapSync, Files::Region];

fn on(path: &Scratch, files: Files) -> Synchronizer {
    Synchronizer::with_files(path.as_ref().as_os_str(), files)
}

fn version_of(synchronizer: &mut Synchronizer) -> u32 {
    // SAFETY: checked, and nobody writes.
    unsafe { synchronizer.read::<HelloWorld>(true) }.unwrap().version
}

#[test]
fn handles_are_send_and_sync_as_the_originals() {
    fn is_both<T: Send + Sync>() {}
    is_both::<Synchronizer>();
    is_both::<Synchronizer<WyHash, SingleWriter>>();
    is_both::<ReadResult<'static, HelloWorld>>();
    is_both::<SynchronizerError>();
}

/// Signatures that generic callers of mmap-sync rely on.
#[allow(dead_code)]
fn generic<'a, H: Hasher + Default, WL: WriteLockStrategy<'a>, const N: usize, const SD: u64>(
    synchronizer: &'a mut Synchronizer<H, WL, N, SD>,
) -> Result<u64, SynchronizerError> {
    synchronizer.version().map(u64::from)
}

#[test]
fn values_are_written_and_read_over_both_kinds_of_files() {
    for files in BOTH {
        let path = Scratch::new();
        let (mut writer, mut reader) = (on(&path, files), on(&path, files));

        assert_eq!(writer.write(&hello(1), GRACE).unwrap(), (36, false));
        for (check, switched) in [(true, true), (false, false), (true, false)] {
            // SAFETY: a HelloWorld was written.
            let result = unsafe { reader.read::<HelloWorld>(check) }.unwrap();
            assert_eq!((result.version, result.is_switched()), (1, switched));
            result.finish().unwrap();
        }
        let bytes = rkyv::to_bytes::<_, 64>(&hello(2)).unwrap();
        assert_eq!(writer.write_raw::<HelloWorld>(&bytes, GRACE).unwrap(), (36, false));
        assert_eq!(version_of(&mut reader), 2);
        assert_eq!(version_of(&mut writer), 2);
    }
}

#[test]
fn errors_are_those_of_the_original() {
    let path = Scratch::new();
    let mut reader = on(&path, Files::ByPath);
    // SAFETY: there is nothing.
    let error = unsafe { reader.read::<HelloWorld>(false) }.err().unwrap();
    let text = "error reading state file: No such file or directory (os error 2)";
    assert_eq!(error.to_string(), text);
    assert_eq!(reader.version().unwrap_err().to_string(), text);
    std::fs::write(path.file("_state"), [0; 16]).unwrap();
    // SAFETY: there is nothing.
    let error = unsafe { reader.read::<HelloWorld>(false) }.err().unwrap();
    assert!(matches!(error, SynchronizerError::UninitializedState));
    assert!(matches!(reader.version(), Err(SynchronizerError::UninitializedState)));
    assert!(InstanceVersion::try_from(0).is_err());

    let mut nowhere = Synchronizer::new("/nonexistent/value".as_ref());
    assert_eq!(nowhere.write(&hello(1), GRACE).unwrap_err().to_string(), text);
}

#[test]
fn bytes_that_are_no_value_are_refused_and_the_next_value_is_read() {
    for files in BOTH {
        let path = Scratch::new();
        let (mut writer, mut reader) = (on(&path, files), on(&path, files));

        for bytes in [&b"short"[..], &[0xff; 36]] {
            writer.write_raw::<HelloWorld>(bytes, GRACE).unwrap();
            // SAFETY: checked.
            let error = unsafe { reader.read::<HelloWorld>(true) }.err().unwrap();
            assert!(matches!(error, SynchronizerError::FailedEntityRead));
        }
        writer.write_raw::<HelloWorld>(b"short", GRACE).unwrap();
        // SAFETY: too few bytes are refused, where the original would look outside.
        assert!(unsafe { reader.read::<HelloWorld>(false) }.is_err());
        writer.write(&hello(3), GRACE).unwrap();
        assert_eq!(version_of(&mut reader), 3);
    }
}

#[test]
fn a_reader_moves_when_the_region_is_there() {
    let path = Scratch::new();
    let mut reader = Synchronizer::new(path.as_ref().as_os_str());
    assert!(reader.version().is_err());
    on(&path, Files::Region).write(&hello(1), GRACE).unwrap();
    assert_eq!(version_of(&mut reader), 1);

    let scheme = format!("mmsync:{}", path.as_ref().display());
    let mut writer = Synchronizer::new(scheme.as_ref());
    writer.write(&hello(2), GRACE).unwrap();
    assert_eq!(version_of(&mut reader), 2);
    let scheme = format!("mmap-sync:{}", path.as_ref().display());
    Synchronizer::new(scheme.as_ref()).write(&hello(3), GRACE).unwrap();
    assert!(path.file("_state").exists());
    assert_eq!(version_of(&mut reader), 2);
}

#[test]
fn what_was_removed_is_opened_anew() {
    for files in BOTH {
        let path = Scratch::new();
        let (mut writer, mut reader) = (on(&path, files), on(&path, files));
        writer.write(&hello(1), GRACE).unwrap();
        assert_eq!(version_of(&mut reader), 1);
        drop(writer);
        mmsync::remove(&path).unwrap();
        // SAFETY: checked.
        let error = unsafe { reader.read::<HelloWorld>(true) }.err().unwrap();
        assert!(error.to_string().contains("os error 2"), "{error}");
        assert!(reader.version().is_err());
        on(&path, files).write(&hello(2), GRACE).unwrap();
        assert_eq!(version_of(&mut reader), 2);
    }
}

extern "C" {
    fn fork() -> i32;
    fn waitpid(process: i32, status: *mut i32, options: i32) -> i32;
    fn _exit(status: i32) -> !;
}

/// The clock says when to look, and each 64th read looks at the clock.
#[test]
fn files_that_were_replaced_by_hand_are_found() {
    let path = Scratch::new();
    let (mut writer, mut reader) = (on(&path, Files::MmapSync), on(&path, Files::MmapSync));
    writer.write(&hello(1), GRACE).unwrap();
    assert_eq!(version_of(&mut reader), 1);
    for suffix in ["_state", "_data_0"] {
        std::fs::remove_file(path.file(suffix)).unwrap();
    }
    on(&path, Files::MmapSync).write(&hello(2), GRACE).unwrap();
    while version_of(&mut reader) != 2 {
        std::thread::yield_now();
    }
    // The writer notices at its next tick, and opens what is there now.
    while version_of(&mut reader) != 3 {
        writer.write(&hello(3), GRACE).unwrap();
    }
}

/// Each element of a value is its number, and values take turns in two files. The writer waits for
/// readers for as long as it takes, and goes on until each has met some of its values.
#[test]
fn readers_next_to_a_writer_meet_whole_values() {
    let (path, patient) = (Scratch::new(), Duration::from_secs(3600));
    let mut writer = on(&path, Files::MmapSync);
    writer.write(&vec![0u64; 32], patient).unwrap();
    let met = [0, 1, 2].map(|_| AtomicU32::new(0));
    let enough = || met.iter().all(|count| count.load(Relaxed) >= 20);
    let read_on = |met: &AtomicU32, check: bool| {
        let (mut reader, mut last) = (on(&path, Files::MmapSync), 0);
        while !enough() {
            // SAFETY: nothing else is written, and the writer waits.
            let value = unsafe { reader.read::<Vec<u64>>(check) }.unwrap();
            assert!(value.len() == 32 && value.iter().all(|number| *number == value[0]));
            assert!(value[0] >= last, "{} after {last}", value[0]);
            last = value[0];
            met.fetch_add(u32::from(value.is_switched()), Relaxed);
            value.finish().unwrap();
        }
    };
    std::thread::scope(|scope| {
        let readers = [false, true, false].iter().zip(&met);
        let started = readers.map(|(check, met)| scope.spawn(|| read_on(met, *check)));
        let started: Vec<_> = started.collect();
        for number in 1u64.. {
            if enough() || started.iter().any(|reader| reader.is_finished()) {
                break;
            }
            writer.write(&vec![number; 32], patient).unwrap();
        }
    });
    let mut state = std::fs::read(path.file("_state")).unwrap();
    assert_eq!(state.split_off(8), [0; 8], "nobody is counted any longer");
}

/// Whether it was true in a child.
fn in_child(call: impl FnOnce() -> bool) -> bool {
    let mut status = -1;
    // SAFETY: the child does what a child of a process with threads may do in Linux, and ends.
    unsafe {
        match fork() {
            0 => _exit(i32::from(!call())),
            child => assert_eq!(waitpid(child, &mut status, 0), child),
        }
    }
    status == 0
}

#[test]
fn a_forked_child_goes_on_with_handles_of_its_own() {
    for files in BOTH {
        let path = Scratch::new();
        let (mut writer, mut reader) = (on(&path, files), on(&path, files));
        writer.write(&hello(1), GRACE).unwrap();
        assert_eq!(version_of(&mut reader), 1);
        assert!(in_child(|| reader.version().is_ok() && version_of(&mut reader) == 1));
        let written = in_child(|| writer.write(&hello(2), GRACE).is_ok());
        assert_eq!(written, files == Files::MmapSync); // a region has its writer already
        writer.write(&hello(3), GRACE).unwrap();
        assert_eq!(version_of(&mut reader), 3);
    }
}

#[test]
fn single_writers_keep_each_other_out() {
    for files in BOTH {
        let path = Scratch::new();
        let open =
            || Synchronizer::<WyHash, SingleWriter>::with_files(path.as_ref().as_os_str(), files);
        let (mut first, mut second) = (open(), open());
        first.write(&hello(1), GRACE).unwrap();
        let error = second.write(&hello(2), GRACE).unwrap_err();
        assert!(matches!(error, SynchronizerError::WriteLockConflict), "{error}");
        drop(first);
        second.write(&hello(2), GRACE).unwrap();
    }
}

#[test]
fn a_reader_that_stays_costs_a_reset_on_the_files_and_nothing_on_a_region() {
    for files in BOTH {
        let path = Scratch::new();
        let (mut writer, mut reader) = (on(&path, files), on(&path, files));
        writer.write(&hello(1), GRACE).unwrap();
        // SAFETY: not looked at after the grace.
        let result = unsafe { reader.read::<HelloWorld>(true) }.unwrap();
        let grace = Duration::from_millis(1);
        assert!(!writer.write(&hello(2), grace).unwrap().1);
        assert_eq!(writer.write(&hello(3), grace).unwrap().1, files == Files::MmapSync);
        assert_eq!(result.finish().is_err(), files == Files::MmapSync);
        assert_eq!(version_of(&mut reader), 3);
    }
}

#[test]
fn a_region_whose_slots_are_all_held_refuses_the_write_and_goes_on() {
    let path = Scratch::new();
    drop(mmsync::Writer::options().max_slots(2).open(&path).unwrap());
    let (mut writer, mut reader) = (on(&path, Files::Region), on(&path, Files::Region));
    writer.write(&hello(1), GRACE).unwrap();
    // SAFETY: checked, and a region waits.
    let result = unsafe { reader.read::<HelloWorld>(true) }.unwrap();
    writer.write(&hello(2), GRACE).unwrap();
    let error = writer.write(&hello(3), Duration::ZERO).unwrap_err();
    assert!(matches!(error, SynchronizerError::FailedDataWrite(_)), "{error}");
    assert_eq!(result.version, 1);
    drop(result);
    writer.write(&hello(3), Duration::ZERO).unwrap();
}

#[test]
fn versions_have_the_checksum_of_the_hasher() {
    let path = Scratch::new();
    type Other = Synchronizer<DefaultHasher, LockDisabled>;
    let mut other = Other::with_files(path.as_ref().as_os_str(), Files::MmapSync);
    let bytes = rkyv::to_bytes::<_, 64>(&hello(1)).unwrap();
    for index in [0, 1] {
        other.write_raw::<HelloWorld>(&bytes, GRACE).unwrap();
        let mut hasher = DefaultHasher::new();
        hasher.write(&bytes);
        let word = hasher.finish() << 40 | (bytes.len() as u64) << 1 | index;
        assert_eq!(other.version().unwrap(), InstanceVersion(word));
    }
}

#[test]
fn versions_of_a_region_only_grow() {
    let path = Scratch::new();
    let mut synchronizer = on(&path, Files::Region);
    for generation in 1..5 {
        synchronizer.write(&hello(7), GRACE).unwrap();
        assert_eq!(u64::from(synchronizer.version().unwrap()), generation);
    }
}

#[test]
fn waiting_ends_with_a_write() {
    for files in BOTH {
        let path = Scratch::new();
        let (mut writer, mut reader) = (on(&path, files), on(&path, files));
        writer.write(&hello(1), GRACE).unwrap();
        let seen = reader.version().unwrap();
        assert!(!reader.wait(Some(seen), Some(Duration::ZERO)).unwrap());
        let waiter = std::thread::spawn(move || {
            assert!(reader.wait(Some(seen), None).unwrap());
            version_of(&mut reader)
        });
        writer.write(&hello(2), GRACE).unwrap();
        assert_eq!(waiter.join().unwrap(), 2);
    }
}

/// Panics half-way.
struct Stubborn;

impl rkyv::Archive for Stubborn {
    type Archived = u8;
    type Resolver = ();
    unsafe fn resolve(&self, _: usize, _: (), _: *mut u8) {}
}

impl<S: rkyv::ser::Serializer> rkyv::Serialize<S> for Stubborn {
    fn serialize(&self, serializer: &mut S) -> Result<(), S::Error> {
        serializer.write(b"half of it")?;
        panic!("on purpose")
    }
}

#[test]
fn a_write_that_panics_leaves_the_writer_usable() {
    for files in BOTH {
        let path = Scratch::new();
        let mut writer = on(&path, files);
        for version in 1..3 {
            let write = || writer.write(&Stubborn, GRACE).is_ok();
            assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(write)).is_err());
            writer.write(&hello(version), GRACE).unwrap();
            assert_eq!(version_of(&mut writer), version);
        }
    }
}

#[test]
fn a_bare_name_is_beside_the_program_as_in_the_original() {
    let name = format!("mmsync-bare-{}", std::process::id());
    let directory = std::env::temp_dir().join(&name);
    std::fs::create_dir(&directory).unwrap();
    let program = std::env::current_exe().unwrap();
    let status = std::process::Command::new(program)
        .args(["--exact", "writes_to_a_bare_name", "--ignored"])
        .current_dir(&directory)
        .stdout(std::process::Stdio::null())
        .status();
    let written = directory.join("bare_state").exists();
    std::fs::remove_dir_all(&directory).unwrap();
    assert!(status.unwrap().success() && written);
}

#[test]
#[ignore = "run by the test above"]
fn writes_to_a_bare_name() {
    Synchronizer::new("bare".as_ref()).write(&hello(1), GRACE).unwrap();
}
