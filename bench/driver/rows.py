# SPDX-License-Identifier: Apache-2.0
"""What is measured. A row is one sort of work; each contestant that can do it gets a figure."""

SHARING = ["mmsync", "mmap-sync", "iceoryx2", "lmdb", "redis", "rwlock", "seqlock", "left-right", "arc-swap", "liburcu"]
PLACES = ["mmsync", "mmap-sync", "lmdb", "rwlock", "seqlock"]
KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30


class Row:
    def __init__(
        self,
        name,
        group,
        title,
        contestants,
        mode,
        unit="ns",
        metric="ns",
        better="low",
        weight=1,
        once=False,
        tool=None,
        slices=1.0,
        **options,
    ):
        self.name, self.group, self.title, self.contestants = name, group, title, contestants
        self.mode, self.unit, self.metric, self.better = mode, unit, metric, better
        self.weight = weight  # rounds, as a multiple
        self.once = once  # heavy: one round in short runs
        self.tool = tool  # counted from outside: 'strace'
        self.slices = slices  # time, as a multiple
        self.options = options  # of the harness

    def arguments(self, seconds):
        words = ["--mode", self.mode, "--seconds", f"{seconds * self.slices:g}"]
        for name, value in self.options.items():
            if value is True:
                words.append("--" + name.replace("_", "-"))
            elif value is not False:
                words += ["--" + name.replace("_", "-"), str(value)]
        return words


def size_name(size):
    for unit, name in ((GIB, "GiB"), (MIB, "MiB"), (KIB, "KiB")):
        if size >= unit:
            return f"{size // unit} {name}"
    return f"{size} B"


def reads():
    yield Row(
        "read",
        "read",
        "read of 36 bytes, unchecked, alone",
        ["mmsync", "mmsync-calls", "mmsync-refresh"] + SHARING[1:] + ["pointer", "memcpy"],
        "read",
        weight=3,
    )
    yield Row(
        "read-checked",
        "read",
        "read of 36 bytes, checked (typed, from an untrusted writer), generation unchanged",
        ["mmsync", "mmap-sync"],
        "read",
        weight=3,
        checked=True,
        typed=True,
    )
    yield Row(
        "read-two", "read", "the same unchecked, two processes reading at once", SHARING, "read", weight=3, readers=2
    )
    for rate in (10, 1000, 100000):
        yield Row(
            f"read-rate-{rate}",
            "beside-writer",
            f"read of 36 bytes while a writer publishes {rate:,} times a second",
            SHARING,
            "read",
            rate=rate,
        )
    for attached in (1, 10, 100, 1000):
        yield Row(
            f"read-attached-{attached}",
            "beside-readers",
            f"read of 36 bytes with {attached:,} attached readers that idle",
            SHARING,
            "read",
            attached=attached,
        )


def first_reads():
    yield Row("first-36", "first", "first read after a publish, 36 bytes", SHARING, "first", count=600)
    yield Row(
        "first-16m",
        "first",
        "first read after a publish, 16 MiB, every page looked at",
        PLACES,
        "first",
        count=40,
        size=16 * MIB,
    )
    yield Row(
        "first-16m-prefault",
        "first",
        "the same with prefault",
        ["mmsync"],
        "first",
        count=40,
        size=16 * MIB,
        prefault=True,
    )


def writes():
    yield Row("write", "write", "publish of 36 bytes, raw, no reader", SHARING + ["memcpy"], "write", weight=2)
    yield Row(
        "write-typed",
        "write",
        "publish of 36 bytes, typed (serialized)",
        ["mmsync", "mmap-sync"],
        "write",
        weight=2,
        typed=True,
    )
    for attached in (1, 10, 1000):
        yield Row(
            f"write-attached-{attached}",
            "write",
            f"publish of 36 bytes, raw, {attached:,} attached readers that idle",
            SHARING,
            "write",
            weight=3 if attached == 1 else 1,
            attached=attached,
        )
    yield Row(
        "write-spin", "write", "publish of 36 bytes, raw, while a reader spins", SHARING, "write", weight=3, spin=True
    )
    yield Row(
        "calls-write",
        "write",
        "system calls for each publish of 36 bytes, one attached reader",
        SHARING,
        "calls",
        unit="calls",
        metric="calls",
        tool="strace",
        once=True,
        writes=True,
    )


def large_writes():
    small = ["mmsync", "mmap-sync", "iceoryx2", "lmdb", "redis", "rwlock", "seqlock", "memcpy"]
    for size in (KIB, 32 * KIB, MIB, 64 * MIB, GIB):
        contestants = small if size <= 64 * MIB else ["mmsync", "mmap-sync", "lmdb", "rwlock", "seqlock", "memcpy"]
        name = size_name(size).replace(" ", "").lower()
        yield Row(
            f"copy-{name}",
            "large",
            f"publish of {size_name(size)} by copy",
            contestants,
            "write",
            unit="GiB/s",
            metric="gib_per_s",
            better="high",
            once=size >= GIB,
            weight=2 if size == 64 * MIB else 1,
            size=size,
        )
    for size in (MIB, 64 * MIB, GIB):
        name = size_name(size).replace(" ", "").lower()
        yield Row(
            f"inplace-{name}",
            "large",
            f"build {size_name(size)} (memset) and publish it, in place where that is possible",
            PLACES + ["memcpy"],
            "write",
            unit="GiB/s",
            metric="gib_per_s",
            better="high",
            once=size >= GIB,
            size=size,
            in_place=True,
        )
    for size in (KIB, MIB, 64 * MIB, GIB):
        name = size_name(size).replace(" ", "").lower()
        yield Row(
            f"commit-{name}",
            "large",
            f"the commit alone of {size_name(size)} built in place",
            ["mmsync", "lmdb"],
            "write",
            once=size >= GIB,
            size=size,
            commit=True,
        )


def others():
    yield Row("seen-spin", "seen", "from a publish until a spinning reader has it", SHARING, "seen", spin=True)
    yield Row(
        "seen-wait",
        "seen",
        "from a publish until a sleeping reader has it",
        ["mmsync", "iceoryx2", "eventfd", "pipe", "socket"],
        "seen",
        slices=2,
    )
    yield Row(
        "table",
        "table",
        "look-up in a HashMap<u64, Vec<f32>> of 1,000,000 entries, random keys",
        ["mmsync", "mmap-sync", "lmdb", "redis"],
        "table",
        once=True,
        slices=4,
        size=128 * MIB,
        count=1000000,
    )
    yield Row(
        "memory-1",
        "memory",
        "memory of 1 reader of a value of 1 GiB",
        PLACES,
        "memory",
        unit="MiB",
        metric="pss_per_reader",
        once=True,
        size=GIB,
        readers=1,
    )
    yield Row(
        "memory-100",
        "memory",
        "memory of each of 100 readers of a value of 1 GiB",
        ["mmsync", "mmap-sync", "lmdb", "rwlock"],
        "memory",
        unit="MiB",
        metric="pss_per_reader",
        once=True,
        size=GIB,
        readers=100,
    )
    yield Row(
        "instructions",
        "counters",
        "instructions for each read of 36 bytes (single-stepped)",
        ["mmsync", "mmsync-calls", "mmsync-refresh"] + [name for name in SHARING[1:] if name != "redis"] + ["pointer"],
        "step",
        unit="instructions",
        metric="instructions",
        once=True,
    )


GROUPS = [
    ("read", "Reads of a small value"),
    ("beside-writer", "Reads beside a writer"),
    ("beside-readers", "Reads with many attached readers"),
    ("first", "The first read after a publish"),
    ("write", "Publishing a small value"),
    ("large", "Publishing large values"),
    ("seen", "From publish to seen"),
    ("table", "A table of a million entries"),
    ("memory", "Memory"),
    ("counters", "Counters"),
]

# Contestants that a row leaves out, although they can do something like it.
LEFT_OUT = {
    "memory-1": {"redis": "its values end at 512 MiB", "iceoryx2": "values are passed on the stack"},
    "instructions": {"redis": "nearly all of its work is in the kernel and in the server"},
    "first-16m": {"redis": "0.5 s each", "iceoryx2": "values are passed on the stack"},
    "copy-1gib": {"redis": "its values end at 512 MiB", "iceoryx2": "values are passed on the stack"},
    "memory-100": {
        "redis": "each reader has a copy of its own: 100 GiB",
        "seqlock": "each reader has a copy of its own: 100 GiB",
    },
    "table": {
        "iceoryx2": "keys are fixed when the service is made; no container as a value",
        "rwlock": "no format for tables",
        "seqlock": "no format for tables",
    },
    "seen-wait": {
        "mmap-sync": "readers cannot wait",
        "lmdb": "readers cannot wait",
        "rwlock": "readers cannot wait for a change",
    },
}


def all_rows():
    return [*reads(), *first_reads(), *writes(), *large_writes(), *others()]


def tiny(rows):
    """Small enough for a test: nothing large, nothing that needs tools."""
    for row in rows:
        options = row.options
        row.weight = 1
        if options.get("size", 0) > MIB:
            options["size"] = MIB
        if options.get("attached", 0) > 100:
            options["attached"] = 100
        if options.get("readers", 1) > 8:
            options["readers"] = 8
        if row.mode == "table":
            options["count"] = 2000
        if row.mode == "first":
            options["count"] = min(options["count"], 40)
        if row.mode == "step" or row.mode == "calls":
            options["count"] = 50
    return rows
