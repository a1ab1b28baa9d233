// SPDX-License-Identifier: Apache-2.0
/// What the benchmark of the crate mmap-sync shares.
struct HelloWorld { version: u32, messages: Vec<String> }
