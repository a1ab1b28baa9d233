// SPDX-License-Identifier: Apache-2.0
//! The crate mmap-sync, its drop-in on both kinds of files, and mmsync's own calls: the same value,
//! taking turns in one run. `cargo bench` in this directory; quiet machines only.

use bytecheck::CheckBytes;
use criterion::{black_box, criterion_group, criterion_main, BenchmarkId, Criterion};
use rkyv::{AlignedVec, Archive, Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

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

/// One of those that are compared: it writes and reads at a path.
trait Contender: Send {
    fn open(path: &Path) -> Self;
    fn write(&mut self, value: &HelloWorld);
    fn write_raw(&mut self, bytes: &[u8]);
    /// The version of the value.
    fn read(&mut self, check: bool) -> u32;
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

            #[inline(always)]
            fn write(&mut self, value: &HelloWorld) {
                self.0.write(value, GRACE).unwrap();
            }

            #[inline(always)]
            fn write_raw(&mut self, bytes: &[u8]) {
                self.0.write_raw::<HelloWorld>(bytes, GRACE).unwrap();
            }

            #[inline(always)]
            fn read(&mut self, check: bool) -> u32 {
                // SAFETY: nothing but HelloWorld is written, and no write waits for a second.
                unsafe { self.0.read::<HelloWorld>(check) }.unwrap().version
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
}

impl Contender for Own {
    fn open(path: &Path) -> Self {
        Own { path: path.into(), writer: None, reader: None }
    }

    #[inline(always)]
    fn write(&mut self, value: &HelloWorld) {
        self.writer().write(value).unwrap();
    }

    #[inline(always)]
    fn write_raw(&mut self, bytes: &[u8]) {
        self.writer().write_bytes(bytes).unwrap();
    }

    #[inline(always)]
    fn read(&mut self, check: bool) -> u32 {
        let open = || mmsync::Region::open(&self.path).unwrap().reader().unwrap();
        let reader = self.reader.get_or_insert_with(open);
        if check {
            return reader.read::<HelloWorld>().unwrap().version;
        }
        // SAFETY: nothing but HelloWorld is written.
        unsafe { reader.read_unchecked::<HelloWorld>() }.unwrap().version
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
    writer.write(&value);
    assert_eq!((reader.read(true), reader.read(false)), (7, 7));

    let mut row = |row: &str, call: &mut dyn FnMut(&mut criterion::Bencher)| {
        criterion.benchmark_group(row).bench_function(BenchmarkId::from_parameter(name), call);
    };
    row("read unchecked", &mut |b| b.iter(|| reader.read(false)));
    row("read checked", &mut |b| b.iter(|| reader.read(true)));
    let (mut other, stop) = (C::open(&path), AtomicBool::new(false));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Relaxed) {
                black_box(other.read(false));
            }
        });
        row("two readers", &mut |b| b.iter(|| reader.read(false)));
        stop.store(true, Relaxed);
    });
    row("write", &mut |b| b.iter(|| writer.write(black_box(&value))));
    row("write_raw", &mut |b| b.iter(|| writer.write_raw(black_box(bytes))));
}

fn all(criterion: &mut Criterion) {
    let bytes = rkyv::to_bytes::<_, 1024>(&value()).unwrap();
    rows::<Original>(criterion, "mmap-sync", &bytes);
    rows::<OnFiles>(criterion, "drop-in/files", &bytes);
    rows::<OnRegion>(criterion, "drop-in/region", &bytes);
    rows::<Own>(criterion, "mmsync", &bytes);
}

criterion_group!(benches, all);
criterion_main!(benches);
