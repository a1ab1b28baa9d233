// SPDX-License-Identifier: Apache-2.0
//! Reads a value, and each one that follows: `cargo run --example hello_reader [REGION [COUNT]]`.

use bytecheck::CheckBytes;
use rkyv::{Archive, Deserialize, Serialize};

#[derive(Archive, Serialize, Deserialize)]
#[archive_attr(derive(CheckBytes))]
struct HelloWorld {
    version: u32,
    messages: Vec<String>,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().unwrap_or("hello_world".into());
    let count = arguments.next().map_or(Ok(u64::MAX), |text| text.parse())?;

    let region = mmsync::Region::open(path)?; // once for a process
    let mut reader = region.reader()?; // once for a thread
    let mut seen = 0;
    for _ in 0..count {
        region.wait(seen, None)?;
        let hello = reader.read::<HelloWorld>()?; // in place, until it is dropped
        println!("version: {} | messages: {:?}", hello.version, hello.messages);
        seen = hello.generation();
    }
    Ok(())
}
