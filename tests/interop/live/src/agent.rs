// SPDX-License-Identifier: Apache-2.0
//! Commands by line, one answer each; stamp_agent.c is the same in C, and README.md has the list.

use bytecheck::CheckBytes;
use mmap_sync::guard::ReadResult;
use mmap_sync::locks::{LockDisabled, SingleWriter};
use mmap_sync::synchronizer::{Synchronizer, SynchronizerError};
use rkyv::{Archive, Deserialize, Serialize};
use std::io::{BufRead, Write};
use std::time::{Duration, Instant};
use wyhash::WyHash;

/// A value of which every word follows from the serial and the count.
#[derive(Archive, Deserialize, Serialize)]
#[archive_attr(derive(CheckBytes))]
pub struct Stamp {
    pub serial: u64,
    pub words: Vec<u64>,
}

pub fn word(serial: u64, index: u64) -> u64 {
    let x = (serial ^ (index + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x ^ x >> 29
}

fn is_whole(stamp: &ArchivedStamp) -> bool {
    stamp.words.iter().enumerate().all(|(i, w)| *w == word(stamp.serial, i as u64))
}

/// The writer looks every 100 microseconds whether its readers have left, and not every second.
const LOOK_NS: u64 = 100_000;
type Free = Synchronizer<WyHash, LockDisabled, 1024, LOOK_NS>;
type Locked = Synchronizer<WyHash, SingleWriter, 1024, LOOK_NS>;

enum Writer {
    Free(*mut Free),
    Locked(*mut Locked),
}

/// The crate's lifetimes tie a synchronizer to its first use. Here it lives until it is dropped by hand.
fn keep<T>(value: T) -> *mut T {
    Box::into_raw(Box::new(value))
}

impl Drop for Writer {
    fn drop(&mut self) {
        unsafe {
            match self {
                Writer::Free(it) => drop(Box::from_raw(*it)),
                Writer::Locked(it) => drop(Box::from_raw(*it)),
            }
        }
    }
}

impl Writer {
    fn write(&mut self, stamp: &Stamp, grace: Duration) -> Result<(usize, bool), SynchronizerError> {
        unsafe {
            match self {
                Writer::Free(it) => (**it).write(stamp, grace),
                Writer::Locked(it) => (**it).write(stamp, grace),
            }
        }
    }

    fn version(&mut self) -> String {
        let version = unsafe {
            match self {
                Writer::Free(it) => (**it).version(),
                Writer::Locked(it) => (**it).version(),
            }
        };
        version.map_or_else(|e| e.to_string().replace(' ', "-"), |v| u64::from(v).to_string())
    }
}

#[derive(Default)]
struct Agent {
    writer: Option<Writer>,
    reader: Option<*mut Free>,
    held: Option<ReadResult<'static, Stamp>>,
}

impl Agent {
    fn write(&mut self, serial: u64, count: u64, grace_ms: u64) -> String {
        let stamp = Stamp { serial, words: (0..count).map(|i| word(serial, i)).collect() };
        let Some(writer) = &mut self.writer else { return "ERROR no writer".into() };
        match writer.write(&stamp, Duration::from_millis(grace_ms)) {
            Ok((_, reset)) => format!("OK {} {}", writer.version(), u8::from(reset)),
            Err(SynchronizerError::WriteLockConflict) => "BUSY".into(),
            Err(error) => format!("ERROR {error}"),
        }
    }

    fn look(&mut self) -> Result<ReadResult<'static, Stamp>, String> {
        let reader = self.reader.ok_or("ERROR no reader")?;
        unsafe { (*reader).read::<Stamp>(true) }.map_err(|error| match error {
            SynchronizerError::UninitializedState => "EMPTY".into(),
            // A torn value is one that fails the check, too.
            SynchronizerError::FailedEntityRead => "TORN".into(),
            error => format!("ERROR {error}"),
        })
    }

    fn read(&mut self) -> String {
        match self.look() {
            Ok(stamp) if is_whole(&stamp) => format!("OK {} {}", stamp.serial, stamp.words.len()),
            Ok(_) => "TORN".into(),
            Err(text) => text,
        }
    }

    fn hold(&mut self) -> String {
        match self.look() {
            Ok(stamp) => {
                let answer = format!("OK {} {}", stamp.serial, stamp.words.len());
                self.held = Some(stamp);
                answer
            }
            Err(text) => text,
        }
    }

    fn release(&mut self) -> String {
        match self.held.take() {
            Some(stamp) if is_whole(&stamp) => "OK".into(),
            Some(_) => "TORN".into(),
            None => "ERROR nothing is held".into(),
        }
    }

    fn spin(&mut self, milliseconds: u64) -> String {
        let end = Instant::now() + Duration::from_millis(milliseconds);
        let (mut reads, mut torn, mut errors) = (0u64, 0u64, 0u64);
        while Instant::now() < end {
            let answer = self.read();
            reads += u64::from(answer.starts_with("OK"));
            torn += u64::from(answer == "TORN");
            errors += u64::from(answer.starts_with("ERROR"));
        }
        format!("OK {reads} {torn} 0 {errors}")
    }

    fn answer(&mut self, words: &[&str]) -> String {
        let number = |i: usize| words[i].parse::<u64>().expect("a number");
        match words[0] {
            "writer" => {
                self.writer = None;
                self.writer = Some(match words[2] {
                    "locked" => Writer::Locked(keep(Locked::with_params(words[1].as_ref()))),
                    _ => Writer::Free(keep(Free::with_params(words[1].as_ref()))),
                });
                "OK".into()
            }
            "write" => self.write(number(1), number(2), number(3)),
            "drop" => {
                self.writer = None;
                "OK".into()
            }
            "reader" => {
                self.reader = Some(keep(Free::with_params(words[1].as_ref())));
                "OK".into()
            }
            "read" => self.read(),
            "hold" => self.hold(),
            "release" => self.release(),
            "spin" => self.spin(number(1)),
            other => panic!("unknown command {other}"),
        }
    }
}

pub fn serve() {
    let mut agent = Agent::default();
    for line in std::io::stdin().lock().lines() {
        let line = line.expect("standard input");
        let words: Vec<&str> = line.split_whitespace().collect();
        let answer = agent.answer(&words);
        println!("{answer}");
        std::io::stdout().flush().expect("standard output");
    }
}
