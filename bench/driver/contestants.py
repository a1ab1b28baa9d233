# SPDX-License-Identifier: Apache-2.0
"""Who is measured: what each one is, how it is tuned, and what its figure buys."""


class Contestant:
    def __init__(self, name, what, tuned, guarantee, file=None, crate=None, package=None, bound=False, variant=False):
        self.name, self.what, self.tuned, self.guarantee = name, what, tuned, guarantee
        self.file = file or name + ".so"
        self.crate, self.package = crate, package  # what must be there to build it
        self.bound, self.variant = bound, variant  # not a competitor: what hardware allows, or mmsync in another way


SHARED_FILE = "file mapped from /dev/shm"

ALL = [
    Contestant(
        "mmsync",
        "this library, inline reads: mms_read + mms_release",
        "default options",
        "processes; in place; never torn; readers wait-free; nobody blocks; survives the death " "of any process",
    ),
    Contestant(
        "mmsync-calls",
        "the same through the exported functions, as bindings call it",
        "default options",
        "as mmsync",
        variant=True,
    ),
    Contestant(
        "mmsync-refresh",
        "the same with a view that is held: mms_refresh",
        "default options",
        "as mmsync; the view in use keeps its slot",
        variant=True,
    ),
    Contestant(
        "mmap-sync",
        "the Rust crate mmap-sync, 2.0.4",
        "on /dev/shm; writer polls each microsecond instead of each second; grace 1 s; fat LTO",
        "processes; in place; a reader that is stopped between two steps can be given a torn value; readers wait-free; "
        "the writer waits for readers, then overwrites what they use",
        crate="mmap-sync",
    ),
    Contestant(
        "iceoryx2",
        "iceoryx2's blackboard",
        "one key; handles kept; fat LTO; no log output",
        "processes; readers copy, and copy again when a writer interferes (lock-free); nobody blocks",
        crate="iceoryx2",
    ),
    Contestant(
        "lmdb",
        "LMDB (liblmdb)",
        "on /dev/shm; MDB_NOSYNC, MDB_WRITEMAP, MDB_NORDAHEAD, MDB_NOTLS; read transactions reset and renewed; "
        "integer keys",
        "processes; in place; never torn; readers block nobody; keeps many values; a stale reader holds back reuse "
        "of space",
        package="liblmdb-dev",
    ),
    Contestant(
        "redis",
        "Redis over a unix socket (hiredis)",
        "own server, no persistence, no TCP",
        "processes, also over a network; readers copy through the kernel; the server serializes all",
        package="libhiredis-dev",
    ),
    Contestant(
        "rwlock",
        "pthread_rwlock_t, process-shared, in a mapped file",
        "writers preferred",
        "processes; in place; never torn; readers and writer block each other; one that dies " "inside blocks all",
    ),
    Contestant(
        "seqlock",
        "a sequence lock in a mapped file, copying",
        "words copied with relaxed atomics",
        "processes; readers copy, and spin while a writer writes; a writer that dies inside stops all readers",
    ),
    Contestant(
        "left-right",
        "the Rust crate left-right: a bound, within one process",
        "fat LTO",
        "threads only; in place; readers wait-free; the writer waits for each reader; two copies",
        crate="left-right",
    ),
    Contestant(
        "arc-swap",
        "the Rust crate arc-swap: a bound, within one process",
        "load(), fat LTO",
        "threads only; in place; readers lock-free; a write allocates and frees",
        crate="arc-swap",
    ),
    Contestant(
        "liburcu",
        "liburcu, membarrier flavour: a bound, within one process",
        "inline read side (_LGPL_SOURCE); one grace period for each write",
        "threads only; in place; readers wait-free; the writer waits for each reader",
        package="liburcu-dev",
    ),
    Contestant(
        "pointer",
        "a load through a pointer, in a function called through another",
        "-O3",
        "none: a physical bound",
        bound=True,
    ),
    Contestant("memcpy", "memcpy of the value", "libc's", "none: a physical bound; can tear", bound=True),
    Contestant(
        "eventfd",
        "seqlock with an eventfd beside it",
        "blocking read of the descriptor",
        "processes; as seqlock; one waiter is woken for each event",
    ),
    Contestant(
        "pipe",
        "the value sent through a pipe",
        "one write, one read",
        "processes; one reader gets each value; the writer blocks when the pipe is full",
    ),
    Contestant(
        "socket",
        "the value sent through a unix socket (SOCK_SEQPACKET)",
        "one write, one read",
        "processes; one reader gets each value; the writer blocks when the buffer is full",
    ),
]
BY_NAME = {contestant.name: contestant for contestant in ALL}

# A guarantee in a few words, to stand beside a figure.
IN_SHORT = {
    "mmsync": "in place, whole, nobody waits",
    "mmsync-calls": "as mmsync",
    "mmsync-refresh": "as mmsync, view held",
    "mmap-sync": "in place, can tear",
    "iceoryx2": "copies, tries again",
    "lmdb": "in place, whole",
    "redis": "copies, one server",
    "rwlock": "in place, both sides block",
    "seqlock": "copies, spins",
    "left-right": "threads only, writer waits",
    "arc-swap": "threads only, allocates",
    "liburcu": "threads only, writer waits",
    "pointer": "nothing: a bound",
    "memcpy": "nothing: a bound",
    "eventfd": "copies, spins; one is woken",
    "pipe": "one reader, writer can block",
    "socket": "one reader, writer can block",
}
