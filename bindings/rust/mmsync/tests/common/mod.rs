// SPDX-License-Identifier: Apache-2.0
//! A path that nothing is at, and that nothing is at afterwards.
#![allow(dead_code)]

use bytecheck::CheckBytes;
use rkyv::{Archive, Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

pub struct Scratch(PathBuf);

impl Scratch {
    pub fn new() -> Self {
        static LAST: AtomicU32 = AtomicU32::new(0);
        let name = std::env::var("MMSYNC_TEST_NAME").unwrap_or("mmsync-rust".into());
        let number = LAST.fetch_add(1, Ordering::Relaxed);
        Scratch(format!("/dev/shm/{name}-{}-{number}", std::process::id()).into())
    }

    /// The files of mmap-sync with this prefix.
    pub fn file(&self, suffix: &str) -> PathBuf {
        let mut path = self.0.clone().into_os_string();
        path.push(suffix);
        path.into()
    }
}

impl AsRef<Path> for Scratch {
    fn as_ref(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
        for suffix in ["_state", "_data_0", "_data_1"] {
            let _ = std::fs::remove_file(self.file(suffix));
        }
    }
}

#[derive(Archive, Deserialize, Serialize, Debug, PartialEq)]
#[archive_attr(derive(CheckBytes))]
pub struct HelloWorld {
    pub version: u32,
    pub messages: Vec<String>,
}

pub fn hello(version: u32) -> HelloWorld {
    HelloWorld { version, messages: ["Hello", "World", "!"].map(String::from).to_vec() }
}
