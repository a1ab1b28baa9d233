// SPDX-License-Identifier: Apache-2.0
//! Publishes a value: `cargo run --example hello_writer [REGION [VERSION]]`.

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
    let version = arguments.next().map_or(Ok(7), |text| text.parse())?;

    let mut writer = mmsync::Writer::open(path)?;
    let messages = ["Hello", "World", "!"].map(String::from).to_vec();
    let receipt = writer.write(&HelloWorld { version, messages })?;
    println!("generation {}: {} bytes", receipt.generation, receipt.size);
    Ok(())
}
