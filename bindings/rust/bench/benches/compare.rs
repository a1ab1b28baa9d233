// SPDX-License-Identifier: Apache-2.0
//! The crate mmap-sync, its drop-in on both kinds of files, mmsync's own calls, and mmsync in C: the
//! same value, taking turns in one run. `cargo bench` in this directory; quiet machines only.
//!
//! Each has its loops in functions of its own, which the clock runs around, so that C needs no call
//! between two languages for each read.

use bytecheck::CheckBytes;
use criterion::{black_box, criterion_group, criterion_main, BenchmarkId, Criterion};
use rkyv::{AlignedVec, Archive, Deserialize, Serialize};
use std::ffi::{c_char, c_void, CString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};

#[derive(Archive, Deserialize, Serialize)]
#[archive_attr(derive(CheckBytes))]
struct HelloWorld {
    version: u32,
    messages: Vec<String>,
}

const GRACE: Duration = Duration::from_secs(1);

fn value() -> HelloWorld {
    HelloWorld { version: 7, messages: ["Hello", "World", "!"].map(String::from).to_vec() }
}

/// One of those that are compared: it writes and reads at a path, so many times.
trait Contender: Send {
    fn open(path: &Path) -> Self;
    fn write(&mut self, value: &HelloWorld, times: u64);
    fn write_raw(&mut self, bytes: &[u8], times: u64);
    /// The sum of the versions read.
    fn read(&mut self, times: u64) -> u64;
    fn read_checked(&mut self, times: u64) -> u64;
}

struct Original(mmap_sync::synchronizer::Synchronizer);
struct OnFiles(mmsync::compat::synchronizer::Synchronizer);
struct OnRegion(mmsync::compat::synchronizer::Synchronizer);

macro_rules! synchronizers {
    ($($name:ident = $open:expr;)*) => {
        $(impl Contender for $name {
            fn open(path: &Path) -> Self {
                $name($open(path))
            }

            fn write(&mut self, value: &HelloWorld, times: u64) {
                for _ in 0..times {
                    self.0.write(black_box(value), GRACE).unwrap();
                }
            }

            fn write_raw(&mut self, bytes: &[u8], times: u64) {
                for _ in 0..times {
                    self.0.write_raw::<HelloWorld>(black_box(bytes), GRACE).unwrap();
                }
            }

            fn read(&mut self, times: u64) -> u64 {
                // SAFETY: nothing but HelloWorld is written, and no write waits for a second.
                let mut version = || unsafe { self.0.read::<HelloWorld>(false) }.unwrap().version;
                (0..times).map(|_| u64::from(version())).sum()
            }

            fn read_checked(&mut self, times: u64) -> u64 {
                // SAFETY: no write waits for a second.
                let mut version = || unsafe { self.0.read::<HelloWorld>(true) }.unwrap().version;
                (0..times).map(|_| u64::from(version())).sum()
            }
        })*
    };
}

use mmsync::compat::synchronizer::{Files, Synchronizer};
synchronizers! {
    Original = |path: &Path| mmap_sync::synchronizer::Synchronizer::new(path.as_os_str());
    OnFiles = |path: &Path| Synchronizer::with_files(path.as_os_str(), Files::MmapSync);
    OnRegion = |path: &Path| Synchronizer::with_files(path.as_os_str(), Files::Region);
}

/// mmsync's own calls. Handles are opened when they are needed, as the others do.
struct Own {
    path: PathBuf,
    writer: Option<mmsync::Writer>,
    reader: Option<mmsync::Reader>,
}

impl Own {
    fn writer(&mut self) -> &mut mmsync::Writer {
        self.writer.get_or_insert_with(|| mmsync::Writer::open(&self.path).unwrap())
    }

    fn reader(&mut self) -> &mut mmsync::Reader {
        let open = || mmsync::Region::open(&self.path).unwrap().reader().unwrap();
        self.reader.get_or_insert_with(open)
    }
}

impl Contender for Own {
    fn open(path: &Path) -> Self {
        Own { path: path.into(), writer: None, reader: None }
    }

    fn write(&mut self, value: &HelloWorld, times: u64) {
        let writer = self.writer();
        for _ in 0..times {
            writer.write(black_box(value)).unwrap();
        }
    }

    fn write_raw(&mut self, bytes: &[u8], times: u64) {
        let writer = self.writer();
        for _ in 0..times {
            writer.write_bytes(black_box(bytes)).unwrap();
        }
    }

    fn read(&mut self, times: u64) -> u64 {
        sum(self.reader(), times)
    }

    fn read_checked(&mut self, times: u64) -> u64 {
        sum_checked(self.reader(), times)
    }
}

// Functions of a `&mut Reader`, as in a program: the compiler knows that nobody else changes it.
fn sum(reader: &mut mmsync::Reader, times: u64) -> u64 {
    let version = |_| {
        // SAFETY: nothing but HelloWorld is written.
        u64::from(unsafe { reader.read_unchecked::<HelloWorld>() }.unwrap().version)
    };
    (0..times).map(version).sum()
}

fn sum_checked(reader: &mut mmsync::Reader, times: u64) -> u64 {
    (0..times).map(|_| u64::from(reader.read::<HelloWorld>().unwrap().version)).sum()
}

/// mmsync in C: c/rows.c.
struct InC(*mut c_void);

// SAFETY: handles that serve one thread at a time.
unsafe impl Send for InC {}

extern "C" {
    fn rows_open(path: *const c_char) -> *mut c_void;
    fn rows_close(rows: *mut c_void);
    fn rows_read(rows: *mut c_void, times: u64) -> u64;
    fn rows_read_checked(rows: *mut c_void, times: u64) -> u64;
    fn rows_write(rows: *mut c_void, times: u64);
    fn rows_write_raw(rows: *mut c_void, bytes: *const c_void, size: usize, times: u64);
}

impl Drop for InC {
    fn drop(&mut self) {
        // SAFETY: open.
        unsafe { rows_close(self.0) }
    }
}

// SAFETY of all calls: open, and `&mut self`.
impl Contender for InC {
    fn open(path: &Path) -> Self {
        let path = CString::new(path.as_os_str().as_bytes()).unwrap();
        InC(unsafe { rows_open(path.as_ptr()) })
    }

    /// The same value, which C makes itself.
    fn write(&mut self, _: &HelloWorld, times: u64) {
        unsafe { rows_write(self.0, times) }
    }

    fn write_raw(&mut self, bytes: &[u8], times: u64) {
        unsafe { rows_write_raw(self.0, bytes.as_ptr().cast(), bytes.len(), times) }
    }

    fn read(&mut self, times: u64) -> u64 {
        unsafe { rows_read(self.0, times) }
    }

    fn read_checked(&mut self, times: u64) -> u64 {
        unsafe { rows_read_checked(self.0, times) }
    }
}

struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Self {
        let path = PathBuf::from(format!("/dev/shm/mmsync-bench-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Scratch(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn rows<C: Contender>(criterion: &mut Criterion, name: &str, bytes: &AlignedVec) {
    let scratch = Scratch::new();
    let path = scratch.0.join(name.replace('/', "-"));
    let (mut writer, mut reader) = (C::open(&path), C::open(&path));
    let value = value();
    writer.write(&value, 1);
    assert_eq!((reader.read_checked(2), reader.read(1)), (14, 7));

    let mut row = |row: &str, calls: &mut dyn FnMut(u64)| {
        let mut timed = |times| {
            let start = Instant::now();
            calls(times);
            start.elapsed()
        };
        criterion
            .benchmark_group(row)
            .bench_function(BenchmarkId::from_parameter(name), |b| b.iter_custom(&mut timed));
    };
    row("read unchecked", &mut |times| {
        black_box(reader.read(times));
    });
    row("read checked", &mut |times| {
        black_box(reader.read_checked(times));
    });
    let (mut other, stop) = (C::open(&path), AtomicBool::new(false));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Relaxed) {
                black_box(other.read(100));
            }
        });
        row("two readers", &mut |times| {
            black_box(reader.read(times));
        });
        stop.store(true, Relaxed);
    });
    row("write", &mut |times| writer.write(&value, times));
    row("write_raw", &mut |times| writer.write_raw(bytes, times));
}

fn all(criterion: &mut Criterion) {
    let bytes = rkyv::to_bytes::<_, 1024>(&value()).unwrap();
    rows::<Original>(criterion, "mmap-sync", &bytes);
    rows::<OnFiles>(criterion, "drop-in/files", &bytes);
    rows::<OnRegion>(criterion, "drop-in/region", &bytes);
    rows::<Own>(criterion, "mmsync", &bytes);
    rows::<InC>(criterion, "mmsync/C", &bytes);
}

criterion_group!(benches, all);
criterion_main!(benches);
