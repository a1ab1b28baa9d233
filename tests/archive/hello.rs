// SPDX-License-Identifier: Apache-2.0
/// A greeting.
pub struct HelloWorld {
    /// Which one.
    pub version: u32,
    pub messages: Vec<String>,
}

/// The same bytes, but not flat: it takes the long way through the encoder.
struct Wrapped {
    hello: HelloWorld,
}

/// With holes between its fields.
struct Padded {
    small: u8,
    list: Vec<u16>,
    wide: u64,
    name: String,
    end: u8,
}
