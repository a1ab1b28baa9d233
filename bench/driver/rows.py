# SPDX-License-Identifier: Apache-2.0
"""What is measured. A row is one kind of work; each contestant that can do it gets a figure."""

SHARING = ["mmsync", "mmap-sync", "iceoryx2", "lmdb", "redis", "rwlock", "seqlock", "left-right", "arc-swap", "liburcu"]
PLACES = ["mmsync", "mmap-sync", "lmdb", "rwlock", "seqlock"]
RUST = ["mmsync-rust", "mmsync-drop-in"]
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
        rounds=None,
        only=None,
        prefix="",
        memory=None,
        **options,
    ):
        self.name, self.group, self.title, self.contestants = name, group, title, contestants
        self.mode, self.unit, self.metric, self.better = mode, unit, metric, better
        self.weight = weight  # rounds, as a multiple
        self.once = once  # heavy: one round in short runs
        self.tool = tool  # counted from outside: 'strace'
        self.slices = slices  # time, as a multiple
        self.rounds = rounds  # in place of the mode's
        self.only = only  # the mode that measures it without being asked
        self.prefix = prefix  # one run measures several rows; this one's figures begin so
        self.memory = memory or {}  # contestant: bytes that it needs
        self.options = options  # of the harness

    def arguments(self, seconds):
        words = ["--mode", self.mode, "--seconds", f"{seconds * self.slices:g}"]
        for name, value in self.options.items():
            if value is True:
                words.append("--" + name.replace("_", "-"))
            elif value is not False:
                for each in value if isinstance(value, list) else [value]:
                    words += ["--" + name.replace("_", "-"), str(each)]
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
        ["mmsync", "mmsync-calls", "mmsync-refresh"] + RUST + SHARING[1:] + ["pointer", "memcpy"],
        "read",
        weight=3,
    )
    yield Row(
        "read-checked",
        "read",
        "read of 36 bytes, checked (typed, from an untrusted writer), generation unchanged",
        ["mmsync"] + RUST + ["mmap-sync"],
        "read",
        weight=3,
        checked=True,
        typed=True,
    )
    yield Row(
        "read-two",
        "read",
        "read of 36 bytes, unchecked, two processes reading at once",
        RUST + SHARING,
        "read",
        weight=3,
        readers=2,
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
            f"read of 36 bytes, {attached:,} idle {'reader' if attached == 1 else 'readers'} attached",
            SHARING,
            "read",
            attached=attached,
        )


def first_reads():
    yield Row("first-36", "first", "first read after a publish, 36 bytes", SHARING, "first", weight=3, count=20000)
    yield Row(
        "first-36-walk",
        "first",
        "first read after a publish, 36 bytes, by a reader that has used 2 MiB of its own since its last one",
        SHARING,
        "first",
        weight=3,
        count=2000,
        walk=2 * MIB,
    )
    yield Row(
        "first-16m",
        "first",
        "first read after a publish, 16 MiB, touching every page",
        PLACES,
        "first",
        weight=3,
        count=40,
        size=16 * MIB,
    )
    yield Row(
        "first-16m-prefault",
        "first",
        "first read after a publish, 16 MiB, with prefault",
        ["mmsync"],
        "first",
        count=40,
        size=16 * MIB,
        prefault=True,
    )


def writes():
    yield Row("write", "write", "publish of 36 bytes, raw, no reader", RUST + SHARING + ["memcpy"], "write", weight=2)
    yield Row(
        "write-typed",
        "write",
        "publish of 36 bytes, typed (serialized)",
        ["mmsync"] + RUST + ["mmap-sync"],
        "write",
        weight=2,
        typed=True,
    )
    for attached in (1, 10, 1000):
        yield Row(
            f"write-attached-{attached}",
            "write",
            f"publish of 36 bytes, raw, {attached:,} idle {'reader' if attached == 1 else 'readers'} attached",
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
            f"build {size_name(size)} (memset) and publish it, in place where possible",
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
            f"committing {size_name(size)} that was built in place",
            ["mmsync", "lmdb"],
            "write",
            once=size >= GIB,
            size=size,
            commit=True,
        )


# What one commit changes in the rows about updates: name, title, places, and records at each of them.
UPDATES = [
    ("100", "100 records of 64 bytes", 100, 1),
    ("1000", "1,000 records of 64 bytes", 1000, 1),
    ("65536", "65,536 records of 64 bytes", 65536, 1),
    ("pages", "1,024 pages of 4 KiB", 1024, 64),
]
STORES = ["mmsync", "mmsync-pages", "mmsync-whole", "lmdb", "sqlite", "memcpy"]

# The memory that they need, as a multiple of the size: slots, or files, and a copy of the writer's own.
SPACE = {"mmsync": 3, "mmsync-pages": 3, "mmsync-whole": 4, "lmdb": 2, "sqlite": 2, "memcpy": 1}


def changes(kinds):
    return [f"{name}:{count}:{length}" for name, _, count, length in kinds]


def updates():
    """All kinds of change in one run: filling a store takes longer than changing it."""
    for size, only in ((64 * MIB, None), (512 * MIB, "short"), (4 * GIB, "full")):
        for name, title, _, _ in UPDATES:
            yield Row(
                f"update-{name}-{size_name(size).replace(' ', '').lower()}",
                "update",
                f"changing {title} at random places of {size_name(size)}, in one commit",
                STORES,
                "parts",
                rounds=1 if size > 64 * MIB else None,  # filling SQLite alone may take minutes
                only=only,
                prefix=name + "_",
                memory={name: size * SPACE[name] for name in STORES},
                size=size,
                change=changes(UPDATES),
            )


ENTRIES = [("1", "one entry", 1, 1), ("100", "100 entries", 100, 1)]
TYPED = ["mmsync", "mmsync-patch", "mmsync-whole", "lmdb", "sqlite"]


def typed_updates():
    for name, title, _, _ in ENTRIES:
        yield Row(
            f"entry-{name}",
            "entry",
            f"changing {title} of a typed HashMap<u64, [f32; 8]> of 1,000,000, in one commit",
            TYPED,
            "parts",
            prefix=name + "_",
            entries=True,
            size=128 * MIB,
            count=1000000,
            change=changes(ENTRIES),
        )
    yield Row(
        "checked-readers",
        "entry",
        "look-ups by two processes in such a table, while one entry is changed 1,000 times a second",
        TYPED,
        "beside",
        unit="/s",
        metric="lookups_per_s",
        better="high",
        slices=4,
        entries=True,
        size=128 * MIB,
        count=1000000,
        readers=2,
        rate=1000,
    )


# A store that has keys, and what is measured of it: name, title, options of its row.
KEYED = ["mmsync", "mmap-sync", "lmdb", "sqlite", "redis", "hashbrown"]
UNSHARED = [name for name in KEYED if name != "hashbrown"]
LOOKUPS = dict(unit="ns", metric="ns")
RATE = dict(unit="/s", metric="lookups_per_s", better="high")
STEPS = [
    ("load", "load", "filling {}", KEYED, dict(unit="s", metric="s")),
    ("get", "get", "look-up in {}, uniform keys, each a read of its own", KEYED, LOOKUPS),
    ("zipf", "zipf", "look-up in {}, keys by Zipf (0.99), each a read of its own", KEYED, LOOKUPS),
    ("many", "many", "look-up in {}, uniform keys, 1,024 in one read", KEYED, LOOKUPS),
    ("two", "two", "look-ups in {} by two readers at once, uniform keys", KEYED, RATE),
    ("put-1", "put1", "changing one of {}, in a commit of its own", KEYED, LOOKUPS),
    ("put-1000", "put1000", "changing 1,000 of {}, in one commit", KEYED, LOOKUPS),
    ("beside-1000", "beside1000", "look-ups in {}, while one is changed 1,000 times a second", UNSHARED, RATE),
    ("beside-100000", "beside100000", "look-ups in {}, while one is changed 100,000 times a second", UNSHARED, RATE),
    (
        "beside-1000-two",
        "beside1000two",
        "look-ups in {} by two readers, while one is changed 1,000 times a second",
        UNSHARED,
        RATE,
    ),
    (
        "slowest-put",
        "insert",
        "the slowest commit of one new entry, in {}",
        KEYED,
        dict(unit="ns", metric="single_max"),
    ),
]
SETS = [  # name, title, count, bytes of the files for each entry, texts, only
    ("1m", "1,000,000 entries u64 -> 32 bytes", 1000000, 128, False, None),
    ("text", "1,000,000 entries text -> 100 bytes", 1000000, 256, True, "full"),
    ("10m", "10,000,000 entries u64 -> 32 bytes", 10000000, 128, False, "full"),
]
# Of 10 million: slots, or files, and what the writer keeps. In bytes for each entry.
NEEDED = {"mmsync": 200, "mmap-sync": 400, "lmdb": 100, "sqlite": 100, "redis": 150, "hashbrown": 80}


def tables():
    """All steps in one run: loading a store takes longer than the rest."""
    for set_name, title, count, size, texts, only in SETS:
        for name, prefix, sentence, contestants, figure in STEPS:
            yield Row(
                f"table-{name}-{set_name}",
                f"table-{set_name}",
                sentence.format(title),
                contestants,
                "keys",
                once=True,
                rounds=1 if only else None,
                slices=1.6,
                only=only,
                prefix=prefix + "_",
                memory={contestant: NEEDED[contestant] * size // 128 * count for contestant in KEYED},
                size=count * size,
                count=count,
                texts=texts,
                **figure,
            )


def seen_by_many():
    for readers, anywhere in [(1, False), (10, False), (100, False), (1000, False), (1000, True), (4000, False)]:
        yield Row(
            f"seen-many-{readers}" + ("-anywhere" if anywhere else ""),
            "many",
            f"publish of 36 bytes while {readers:,} {'process sleeps' if readers == 1 else 'processes sleep'} until "
            "there is something new" + (", processors not assigned" if anywhere else ""),
            ["mmsync", "mmsync-wakes-all", "futex"],
            "many",
            only="full" if readers in (10, 4000) else None,
            slices=2,
            readers=readers,
            anywhere=anywhere,
        )


def others():
    yield Row("seen-spin", "seen", "from a publish until a spinning reader sees it", SHARING, "seen", weight=3, spin=True)
    yield Row(
        "seen-wait",
        "seen",
        "from a publish until a sleeping reader sees it",
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
        "memory of one reader of a 1 GiB value",
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
        "memory of each of 100 readers of a 1 GiB value",
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
    for name, title, options in (
        ("checked", "checked read of 36 bytes, generation unchanged", {"checked": True, "typed": True}),
        ("write", "publish of 36 bytes by copy", {"writes": True}),
        ("write-typed", "publish of 36 bytes, typed", {"writes": True, "typed": True}),
    ):
        yield Row(
            f"instructions-{name}",
            "counters",
            f"instructions for each {title} (single-stepped)",
            ["mmsync"] + RUST + ["mmap-sync"],
            "step",
            unit="instructions",
            metric="instructions",
            once=True,
            **options,
        )


GROUPS = [
    ("read", "Reads of a small value"),
    ("beside-writer", "Reads while a writer publishes"),
    ("beside-readers", "Reads with idle readers attached"),
    ("first", "The first read after a publish"),
    ("write", "Publishing a small value"),
    ("large", "Publishing large values"),
    ("update", "Changing a part of a large value"),
    ("entry", "Changing entries of a typed table"),
    ("seen", "From publish to read"),
    ("many", "Waking many sleeping processes"),
    ("table", "A HashMap of a million entries, look-ups only"),
    ("table-1m", "A table of a million entries u64 -> 32 bytes"),
    ("table-text", "A table of a million entries text -> 100 bytes"),
    ("table-10m", "A table of 10 million entries u64 -> 32 bytes"),
    ("memory", "Memory"),
    ("counters", "Counters"),
]

# Contestants that a row leaves out although they can do something like it.
LEFT_OUT = {
    "memory-1": {"redis": "its values are limited to 512 MiB", "iceoryx2": "it passes values on the stack"},
    "instructions": {"redis": "nearly all of its work is in the kernel and the server"},
    "first-16m": {"redis": "it takes 0.5 s each time", "iceoryx2": "it passes values on the stack"},
    "copy-1gib": {"redis": "its values are limited to 512 MiB", "iceoryx2": "it passes values on the stack"},
    "memory-100": {
        "redis": "each reader keeps its own copy: 100 GiB",
        "seqlock": "each reader keeps its own copy: 100 GiB",
    },
    "table": {
        "iceoryx2": "keys are fixed when the service is created, and values cannot be containers",
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
    return [
        *reads(),
        *first_reads(),
        *writes(),
        *large_writes(),
        *updates(),
        *typed_updates(),
        *tables(),
        *others(),
        *seen_by_many(),
    ]


LEFT_OUT |= {
    row.name: {
        "eventfd": "each event wakes one reader",
        "pipe": "each value goes to one reader",
        "iceoryx2": "a notifier has to know each listener, and the number of both is fixed in advance",
    }
    for row in seen_by_many()
}


LEFT_OUT |= {
    row.name: {"hashbrown": "it has no lock, so readers and a writer cannot work at once"}
    for row in tables()
    if "hashbrown" not in row.contestants
}


def shrink(change):
    name, count, length = change.split(":")
    return f"{name}:{min(int(count), 200)}:{length}"


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
        row.memory = {}
        if row.mode in ("table", "keys") or options.get("entries"):
            options["count"] = 2000
        if row.mode == "parts":
            options["change"] = [shrink(change) for change in options["change"]]
        if row.mode == "first":
            options["count"] = min(options["count"], 40)
        if row.mode == "step" or row.mode == "calls":
            options["count"] = 50
    return rows
