// SPDX-License-Identifier: Apache-2.0
// The value that `mmsync demo` publishes.

/// A part of the data set, another one in each generation.
struct Registry {
    /// The generation that it was made for.
    serial: u64,
    /// What the records are.
    title: String,
    /// By MAC address prefix, or by public suffix.
    records: HashMap<String, Record>,
    /// XXH3 of all bytes before this one, so that readers notice the smallest damage.
    checksum: u64,
}

struct Record {
    /// The serial of the registry: a single look-up notices it if generations are mixed.
    stamp: u64,
    /// Of the record in the data set.
    number: u32,
    /// Of a public suffix: which rules there are for it.
    rules: u32,
    /// Of a MAC address prefix: the organization that has it.
    name: String,
}
