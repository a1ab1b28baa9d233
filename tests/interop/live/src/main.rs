// SPDX-License-Identifier: Apache-2.0
//! The crate's side of the live tests: one program, asked by line (`live agent`), or left to itself.

mod agent;
mod jolt;
mod unit_data;

use std::path::Path;

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words[..] {
        ["agent"] => agent::serve(),
        ["jolt-write", prefix, board] => jolt::write(prefix, board),
        ["jolt-read", prefix, board, reads, torn] => jolt::read(prefix, board, number(reads), number(torn)),
        ["unit-data", directory] => unit_data::make(Path::new(directory)),
        _ => panic!("usage: live agent | jolt-write ... | jolt-read ... | unit-data DIRECTORY"),
    }
}

fn number(word: &str) -> usize {
    word.parse().expect("a number")
}
