// SPDX-License-Identifier: Apache-2.0

/// The original's own example.
struct HelloWorld {
    version: u32,
    messages: Vec<String>,
}

/// As in examples/features.
struct FeatureTable {
    version: u64,
    names: Vec<String>,
    features: HashMap<u64, Vec<f32>>,
}

/// Keys and values of text, some of it in place and some not.
struct Directory {
    entries: HashMap<String, Entry>,
}

struct Entry {
    number: u32,
    owner: Option<String>,
}
