// SPDX-License-Identifier: Apache-2.0
//! A drop-in for the crate mmap-sync 2: its modules, names and signatures.
//!
//! Change one line of `Cargo.toml`, and no source:
//!
//! ```toml
//! mmap-sync = { package = "mmsync", path = "…/mmsync/bindings/rust/mmsync" }
//! ```
//!
//! Or name it in the source: `use mmsync::compat::synchronizer::Synchronizer;`.
//!
//! A [`Synchronizer`](synchronizer::Synchronizer) works on mmap-sync's own files, next to processes
//! that have not changed yet. Once all have, a path that begins with `mmsync:`, or
//! [`Synchronizer::with_files`](synchronizer::Synchronizer::with_files), moves them to a region,
//! which gives more:
//!
//! | | mmap-sync 2.0.4 | here, on its files | here, on a region |
//! |---|---|---|---|
//! | torn reads | if a reader is stopped between two steps | none, while the grace lasts | none |
//! | a view that outlasts the grace | overwritten | overwritten; [`ReadResult::finish`](guard::ReadResult::finish) says so | keeps its slot; a write fails if all are held |
//! | a reader that dies in a view | one write waits the whole grace | the same | costs nothing |
//! | two live readers after such a death | the count may fall below 0, and then each write waits | the count heals | there is no count |
//! | values that are kept | 2 | 2 | 128 by default |
//! | readers | share one cache line | share one cache line | a line each |
//! | a failed write | `write` fails for ever | the writer goes on | the writer goes on |
//! | waiting for a change | polling | `wait`, woken by writers of mmsync | `wait` |
//! | waiting for readers | sleeps of `SD` | at most 5 ms late; `SD` means nothing | the same |
//! | `grace_duration` | as given | rounded up to milliseconds | the same |
//! | publishing equal content again | may give an equal version | the same | a new version |
//! | `version()` | index, size and checksum | the same word | the generation: it only grows |
//! | `LockDisabled` | no lock | no lock | one writer at a time, always |
//! | a hasher `H` | makes the checksum in the version | the same | not needed |
//! | `read(true)` | checks each time | checks each time | checks each generation once |
//! | a reader without write permission | error | error | error; `Region::copy` works |
//! | a state file of another size | is cleared | an error | |
//! | files that `mmsync rm` removed and a writer made anew | the old ones for ever | the new ones | the new one |
//! | files that were removed by hand, and made anew | the old ones for ever | the new ones, after a second and 64 reads | the old one |
//! | `fork` | parent and child share handles | a child opens its own | the same |
//!
//! Not here: the structs `locks::DisabledGuard` and `locks::SingleWriterGuard`, of which mmap-sync
//! gives nobody a value.

pub mod guard;
pub mod instance;
pub mod locks;
mod place;
pub mod synchronizer;
