// SPDX-License-Identifier: Apache-2.0
//! The values that the crate's own unit test publishes: the same generator, asked in the same order. Each is stored as
//! DIRECTORY/value-N; the version words that the crate gives them are printed, one a line.

use bytecheck::CheckBytes;
use mmap_sync::synchronizer::Synchronizer;
use rand::distributions::Uniform;
use rand::prelude::*;
use rkyv::{Archive, Deserialize, Serialize};
use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

#[derive(Archive, Deserialize, Serialize)]
#[archive_attr(derive(CheckBytes))]
struct Features {
    version: u32,
    map: HashMap<u64, Vec<f32>>,
}

fn features(rng: &mut StdRng, keys: usize) -> Features {
    let version = rng.gen();
    let values = Uniform::<f32>::from(0.0..100.0);
    let mut map = HashMap::new();
    for _ in 0..keys {
        let key = rng.gen();
        let count = rng.gen::<usize>() % 20;
        map.insert(key, (0..count).map(|_| rng.sample(values)).collect());
    }
    Features { version, map }
}

pub fn make(directory: &Path) {
    let mut rng = StdRng::from_seed([3; 32]);
    let mut writer = Synchronizer::new(directory.join("rust").as_os_str());
    let mut reader = Synchronizer::new(directory.join("rust").as_os_str());
    for (i, keys) in [100, 200, 100, 200].into_iter().enumerate() {
        let value = features(&mut rng, keys);
        let bytes = rkyv::to_bytes::<_, 1024>(&value).expect("to_bytes");
        std::fs::write(directory.join(format!("value-{i}")), &bytes).expect("write");
        writer_write(&mut writer, &value);
        let version = unsafe { &mut *(&mut reader as *mut Synchronizer) }.version().expect("version");
        println!("{}", u64::from(version));
    }
}

/// A synchronizer can be used once only for as long as it is borrowed, and that is as long as it lives.
fn writer_write(writer: *mut Synchronizer, value: &Features) {
    unsafe { &mut *writer }.write(value, Duration::from_secs(1)).expect("write");
}
