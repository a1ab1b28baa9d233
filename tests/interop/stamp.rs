// SPDX-License-Identifier: Apache-2.0

/// A value of which every word follows from the serial and the word's index.
struct Stamp {
    serial: u64,
    words: Vec<u64>,
}
