// SPDX-License-Identifier: Apache-2.0
//! Writer and reader for jolted.c: 64 words that all follow from the first (tests/support/pattern.c).

use memmap2::MmapMut;
use mmap_sync::locks::LockDisabled;
use mmap_sync::synchronizer::Synchronizer;
use std::fs::OpenOptions;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;
use wyhash::WyHash;

const WORDS: usize = 64;
const FREE_SEED: u64 = 1 << 63;
type Spinning = Synchronizer<WyHash, LockDisabled, 1024, 0>;

fn mix(x: u64) -> u64 {
    let x = (x ^ x >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let x = (x ^ x >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ x >> 31
}

fn start_of(seed: u64) -> u64 {
    mix(seed.wrapping_add(mix(WORDS as u64 * 8 + 1)))
}

fn word_at(start: u64, index: usize) -> u64 {
    start.wrapping_add((index as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15))
}

/// Words at offsets of a file that all processes of the test have mapped; the one at 0 says when to stop.
struct Board(MmapMut);

impl Board {
    fn open(path: &str) -> Board {
        let file = OpenOptions::new().read(true).write(true).open(path).expect("the board");
        Board(unsafe { MmapMut::map_mut(&file) }.expect("the board"))
    }

    fn at(&self, offset: usize) -> &AtomicU64 {
        unsafe { &*self.0.as_ptr().add(offset).cast::<AtomicU64>() }
    }

    fn is_over(&self) -> bool {
        self.at(0).load(Relaxed) != 0
    }
}

/// Its patience is long, unless MMSYNC_JOLT_PATIENCE_MS says otherwise: a stopped reader is resumed in some microseconds. A
/// count that never falls is found out all the same.
pub fn write(prefix: &str, board: &str) {
    let patience = std::env::var("MMSYNC_JOLT_PATIENCE_MS").map_or(20_000, |text| text.parse().expect("milliseconds"));
    let (board, mut writer) = (Board::open(board), Spinning::with_params(prefix.as_ref()));
    let mut serial = std::process::id() as u64;
    while !board.is_over() {
        serial = mix(serial + 1);
        let start = start_of(serial | FREE_SEED);
        let mut bytes = [0u8; WORDS * 8];
        for (i, chunk) in bytes.chunks_exact_mut(8).enumerate() {
            let word = if i == 0 { serial | FREE_SEED } else { word_at(start, i) };
            chunk.copy_from_slice(&word.to_ne_bytes());
        }
        writer.write_raw::<[u64; WORDS]>(&bytes, Duration::from_millis(patience)).expect("write_raw");
    }
}

pub fn read(prefix: &str, board: &str, reads: usize, torn: usize) {
    let (board, mut reader) = (Board::open(board), Spinning::with_params(prefix.as_ref()));
    while !board.is_over() {
        let Ok(words) = (unsafe { reader.read::<[u64; WORDS]>(false) }) else { continue };
        let start = start_of(words[0]);
        let whole = words[0] & FREE_SEED != 0 && (1..WORDS).all(|i| words[i] == word_at(start, i));
        board.at(reads).fetch_add(1, Relaxed);
        board.at(torn).fetch_add(u64::from(!whole), Relaxed);
    }
}
