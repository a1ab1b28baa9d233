# SPDX-License-Identifier: Apache-2.0
"""Who is measured: what each one is, how it is tuned, and what you get for its figure."""


class Contestant:
    def __init__(self, name, what, tuned, guarantee, file=None, crate=None, package=None, bound=False, variant=False):
        self.name, self.what, self.tuned, self.guarantee = name, what, tuned, guarantee
        self.file = file or name + ".so"
        self.crate, self.package = crate, package  # what building it needs
        self.bound, self.variant = bound, variant  # not competitors: hardware limits, or mmsync in another way


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
        "the same while holding a view: mms_refresh",
        "default options",
        "as mmsync; the view in use keeps its slot",
        variant=True,
    ),
    Contestant(
        "mmsync-whole",
        "the same, publishing all of the value again for each change",
        "default options",
        "as mmsync",
        variant=True,
    ),
    Contestant(
        "mmsync-pages",
        "the same, where the kernel notes what changes (MMS_TRACK_PAGES) and nothing is touched",
        "default options",
        "as mmsync; Linux 6.7",
        variant=True,
    ),
    Contestant(
        "mmsync-patch",
        "the same, changing the bytes of a typed value by mms_write_patch",
        "default options",
        "as mmsync; readers check the value again after each change",
        variant=True,
    ),
    Contestant(
        "mmsync-wakes-all",
        "the same, built so that the writer wakes all who sleep, and leaves none to those who wake",
        "MMS__MANY=1000000",
        "as mmsync; the writer pays for waking each reader",
        variant=True,
    ),
    Contestant(
        "mmsync-rust",
        "the same from Rust, with the crate mmsync",
        "default options; fat LTO",
        "as mmsync",
        crate="mmsync-rust",
        variant=True,
    ),
    Contestant(
        "mmsync-drop-in",
        "the program that measures mmap-sync, with mmsync's drop-in in its place, on a region",
        "as mmap-sync",
        "as mmsync",
        crate="mmsync-drop-in",
        variant=True,
    ),
    Contestant(
        "mmap-sync",
        "the Rust crate mmap-sync, 2.0.4",
        "on /dev/shm; writer polls every microsecond instead of every second; grace 1 s; fat LTO",
        "processes; in place; a reader stopped between two steps can get a torn value; readers wait-free; "
        "the writer waits for readers, then overwrites what they are using",
        crate="mmap-sync",
    ),
    Contestant(
        "iceoryx2",
        "iceoryx2's blackboard",
        "one key; handles kept; fat LTO; no log output",
        "processes; readers copy, and copy again if a writer interferes (lock-free); nobody blocks",
        crate="iceoryx2",
    ),
    Contestant(
        "lmdb",
        "LMDB (liblmdb)",
        "on /dev/shm; MDB_NOSYNC, MDB_WRITEMAP, MDB_NORDAHEAD, MDB_NOTLS; read transactions reset and renewed; "
        "integer keys",
        "processes; in place; never torn; readers block nobody; keeps many values; a stale reader keeps space from "
        "being reused",
        package="liblmdb-dev",
    ),
    Contestant(
        "sqlite",
        "SQLite",
        "on /dev/shm; WAL, synchronous=OFF, mapped, 256 MiB of page cache, prepared statements; filled without a journal",
        "processes; copies; never torn; readers block nobody; keeps many values; a stale reader keeps the log from "
        "being reused",
        package="libsqlite3-dev",
    ),
    Contestant(
        "redis",
        "Redis over a unix socket (hiredis)",
        "own server, no persistence, no TCP",
        "processes, also over a network; readers copy through the kernel; the server serializes everything",
        package="libhiredis-dev",
    ),
    Contestant(
        "rwlock",
        "pthread_rwlock_t, process-shared, in a mapped file",
        "writers preferred",
        "processes; in place; never torn; readers and writer block each other; one that dies inside it blocks "
        "everybody",
    ),
    Contestant(
        "seqlock",
        "a sequence lock in a mapped file, copying",
        "words copied with relaxed atomics",
        "processes; readers copy, and spin while a writer writes; a writer that dies inside it stops all readers",
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
        "hashbrown",
        "the Rust crate hashbrown: a bound, a map within one process",
        "its default hasher; room for all entries is made before; fat LTO",
        "threads only; no lock: either readers or a writer",
        crate="hashbrown",
        bound=True,
    ),
    Contestant(
        "pointer",
        "a load through a pointer, in a function that is called through a pointer",
        "-O3",
        "none: a physical bound",
        bound=True,
    ),
    Contestant("memcpy", "memcpy of the value, or of the parts that change", "libc's", "none: a physical bound; can tear", bound=True),
    Contestant(
        "eventfd",
        "a seqlock with an eventfd",
        "blocking read of the descriptor",
        "processes; as seqlock; each event wakes one waiter",
    ),
    Contestant(
        "futex",
        "a seqlock whose writer wakes all who sleep on its count",
        "one FUTEX_WAKE for each publish",
        "processes; as seqlock; the writer pays for waking each reader",
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

# A guarantee in a few words, to stand next to a figure.
IN_SHORT = {
    "mmsync": "in place, whole, nobody waits",
    "mmsync-calls": "as mmsync",
    "mmsync-refresh": "as mmsync, while holding a view",
    "mmsync-whole": "as mmsync",
    "mmsync-pages": "as mmsync; Linux 6.7",
    "mmsync-patch": "as mmsync; readers check",
    "mmsync-wakes-all": "as mmsync; the writer wakes all",
    "mmsync-rust": "as mmsync",
    "mmsync-drop-in": "as mmsync",
    "mmap-sync": "in place, can tear",
    "iceoryx2": "copies, retries",
    "lmdb": "in place, whole",
    "sqlite": "copies, whole",
    "redis": "copies, one server",
    "rwlock": "in place, both sides block",
    "seqlock": "copies, spins",
    "left-right": "threads only, writer waits",
    "arc-swap": "threads only, allocates",
    "liburcu": "threads only, writer waits",
    "hashbrown": "threads only, no lock; a bound",
    "pointer": "nothing; a bound",
    "memcpy": "nothing; a bound",
    "eventfd": "copies, spins; wakes one",
    "futex": "copies, spins; wakes all",
    "pipe": "one reader, writer can block",
    "socket": "one reader, writer can block",
}
