# SPDX-License-Identifier: Apache-2.0
"""Turn the rounds' figures into medians with their spread, ratios and targets."""


def quantile(values, fraction):
    ordered = sorted(values)
    at = fraction * (len(ordered) - 1)
    low = int(at)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (at - low)


def spread(values):
    return {
        "median": quantile(values, 0.5),
        "q1": quantile(values, 0.25),
        "q3": quantile(values, 0.75),
        "min": min(values),
        "max": max(values),
        "rounds": len(values),
    }


# Runs are equally near if the processors were at most so many times as far apart as in the nearest of them.
NEAR = 2


def at_one_distance(names):
    """Which runs of a row may be compared: by contestant, a list of bools. None if they do not say how far apart the
    processors were. A host moves them, and what goes from one to the other then takes several times as long. Those that were
    near, or those that were not: of which the contestant with the fewest has more."""
    apart = {name: metrics["apart_ns"] for name, metrics in names.items() if "apart_ns" in metrics}
    if not apart:
        return None
    limit = NEAR * min(min(distances) for distances in apart.values())
    near = {name: [distance <= limit for distance in distances] for name, distances in apart.items()}
    far = {name: [not each for each in flags] for name, flags in near.items()}
    best = max((near, far), key=lambda kept: min(sum(flags) for flags in kept.values()))
    return best if all(any(flags) for flags in best.values()) else {name: [True] * len(flags) for name, flags in near.items()}


def count_runs(names):
    """(those that were compared, all) of a row; None if all were for certain."""
    kept = at_one_distance(names)
    return kept and (sum(sum(flags) for flags in kept.values()), sum(len(flags) for flags in kept.values()))


def summarize_row(names):
    kept = at_one_distance(names) or {}

    def values_of(name, values):
        flags = kept.get(name, [])
        return [value for value, keep in zip(values, flags) if keep] if len(flags) == len(values) else values

    return {
        name: {metric: spread(values_of(name, values)) for metric, values in metrics.items()}
        for name, metrics in names.items()
    }


def summarize(figures):
    return {row: summarize_row(names) for row, names in figures.items()}


def median_of(summary, row, contestant, metric="ns"):
    try:
        return summary[row][contestant][metric]["median"]
    except KeyError:
        return None


def ratio(summary, over, under):
    """The ratio of two (row, contestant, metric), or the first alone; None if either is missing or 0."""
    if under is None:
        return median_of(summary, *over)
    a, b = median_of(summary, *over), median_of(summary, *under)
    return a / b if a is not None and b else None


# name, sentence, dividend, divisor, and the wanted ratio: at least or at most. Without a divisor it is a figure in ns.
TARGETS = [
    (
        "unchecked-alone",
        "unchecked read at least 3 times faster than mmap-sync's, alone",
        ("read", "mmap-sync", "ns"),
        ("read", "mmsync", "ns"),
        ">=",
        3,
    ),
    (
        "unchecked-two",
        "unchecked read at least 8 times faster than mmap-sync's, two processes reading",
        ("read-two", "mmap-sync", "ns"),
        ("read-two", "mmsync", "ns"),
        ">=",
        8,
    ),
    (
        "pointer",
        "unchecked read within 1.2 times a plain pointer load through a call",
        ("read", "mmsync", "ns"),
        ("read", "pointer", "ns"),
        "<=",
        1.2,
    ),
    (
        "checked",
        "checked read of an unchanged generation at least 15 times faster than mmap-sync's",
        ("read-checked", "mmap-sync", "ns"),
        ("read-checked", "mmsync", "ns"),
        ">=",
        15,
    ),
    (
        "write-attached",
        "36-byte raw write at least 5 times faster than mmap-sync's, one attached reader",
        ("write-attached-1", "mmap-sync", "ns"),
        ("write-attached-1", "mmsync", "ns"),
        ">=",
        5,
    ),
    (
        "write-spin",
        "36-byte raw write at least 3 times faster than mmap-sync's, while a reader spins",
        ("write-spin", "mmap-sync", "ns"),
        ("write-spin", "mmsync", "ns"),
        ">=",
        3,
    ),
    (
        "write-attached-iceoryx2",
        "36-byte raw write in at most 2 times what iceoryx2's takes, one attached reader",
        ("write-attached-1", "mmsync", "ns"),
        ("write-attached-1", "iceoryx2", "ns"),
        "<=",
        2,
    ),
    (
        "write-spin-iceoryx2",
        "36-byte raw write in at most 2 times what iceoryx2's takes, while a reader spins",
        ("write-spin", "mmsync", "ns"),
        ("write-spin", "iceoryx2", "ns"),
        "<=",
        2,
    ),
    (
        "seen-spin",
        "36 bytes seen by a spinning reader after at most 1.2 times what iceoryx2 takes",
        ("seen-spin", "mmsync", "ns"),
        ("seen-spin", "iceoryx2", "ns"),
        "<=",
        1.2,
    ),
    (
        "first-36",
        "first read after a publish, 36 bytes, in at most 1.1 times what mmap-sync's takes",
        ("first-36", "mmsync", "ns"),
        ("first-36", "mmap-sync", "ns"),
        "<=",
        1.1,
    ),
    (
        "first-36-walk",
        "the same by a reader that has used 2 MiB of its own meanwhile",
        ("first-36-walk", "mmsync", "ns"),
        ("first-36-walk", "mmap-sync", "ns"),
        "<=",
        1.1,
    ),
    (
        "first-16m",
        "first read after a publish, 16 MiB, not slower than mmap-sync's",
        ("first-16m", "mmap-sync", "ns"),
        ("first-16m", "mmsync", "ns"),
        ">=",
        1,
    ),
    (
        "copy-mmap-sync",
        "64 MiB publish by copy at least 1.8 times faster than mmap-sync's",
        ("copy-64mib", "mmsync", "gib_per_s"),
        ("copy-64mib", "mmap-sync", "gib_per_s"),
        ">=",
        1.8,
    ),
    (
        "copy-memcpy",
        "64 MiB publish by copy at 0.9 of memcpy's rate or more",
        ("copy-64mib", "mmsync", "gib_per_s"),
        ("copy-64mib", "memcpy", "gib_per_s"),
        ">=",
        0.9,
    ),
    (
        "commit",
        "in-place commit independent of the size: 64 MiB takes at most 1.25 times what 1 KiB takes",
        ("commit-64mib", "mmsync", "ns"),
        ("commit-1kib", "mmsync", "ns"),
        "<=",
        1.25,
    ),
    ("lmdb", "read at least 20 times faster than LMDB's", ("read", "lmdb", "ns"), ("read", "mmsync", "ns"), ">=", 20),
    (
        "update-100",
        "100 records of 4 GiB changed in at most 60 µs",
        ("update-100-4gib", "mmsync", "ns"),
        None,
        "<=",
        60e3,
    ),
    (
        "update-100-size",
        "100 records of 4 GiB changed in at most 3 times what it takes in 64 MiB",
        ("update-100-4gib", "mmsync", "ns"),
        ("update-100-64mib", "mmsync", "ns"),
        "<=",
        3,
    ),
    (
        "update-65536",
        "65,536 records of 4 GiB changed in at most 20 ms",
        ("update-65536-4gib", "mmsync", "ns"),
        None,
        "<=",
        20e6,
    ),
    (
        "update-65536-lmdb",
        "65,536 records of 4 GiB changed at least 10 times faster than LMDB's",
        ("update-65536-4gib", "lmdb", "ns"),
        ("update-65536-4gib", "mmsync", "ns"),
        ">=",
        10,
    ),
    (
        "update-stores",
        "1,000 records of 4 GiB changed without a touch in at most 20 ms",
        ("update-1000-4gib", "mmsync-pages", "ns"),
        None,
        "<=",
        20e6,
    ),
    (
        "table-get-lmdb",
        "look-up in a table of 10,000,000, pin included, at least 6 times faster than LMDB's",
        ("table-get-10m", "lmdb", "ns"),
        ("table-get-10m", "mmsync", "ns"),
        ">=",
        6,
    ),
    (
        "table-get-map",
        "look-up in a table of 10,000,000, pin included, within 1.5 times of a map in one process",
        ("table-get-10m", "mmsync", "ns"),
        ("table-get-10m", "hashbrown", "ns"),
        "<=",
        1.5,
    ),
    (
        "table-many",
        "each of many look-ups in a table of 10,000,000 in at most 60 ns",
        ("table-many-10m", "mmsync", "ns"),
        None,
        "<=",
        60,
    ),
    (
        "table-put-1",
        "commit of one put in a table of 10,000,000 in at most 2 µs",
        ("table-put-1-10m", "mmsync", "ns"),
        None,
        "<=",
        2e3,
    ),
    (
        "table-put-1-lmdb",
        "commit of one put in a table of 10,000,000 not slower than LMDB's",
        ("table-put-1-10m", "lmdb", "ns"),
        ("table-put-1-10m", "mmsync", "ns"),
        ">=",
        1,
    ),
    (
        "table-put-1000",
        "commit of 1,000 puts in a table of 10,000,000 in at most 0.5 ms",
        ("table-put-1000-10m", "mmsync", "ns"),
        None,
        "<=",
        0.5e6,
    ),
    (
        "table-put-1000-lmdb",
        "commit of 1,000 puts in a table of 10,000,000 at least 5 times faster than LMDB's",
        ("table-put-1000-10m", "lmdb", "ns"),
        ("table-put-1000-10m", "mmsync", "ns"),
        ">=",
        5,
    ),
    (
        "table-load",
        "filling a table of 10,000,000 at least 3 times faster than LMDB",
        ("table-load-10m", "lmdb", "s"),
        ("table-load-10m", "mmsync", "s"),
        ">=",
        3,
    ),
    (
        "table-slowest-put",
        "the slowest commit of one new entry in a table of 10,000,000 in at most 1 ms",
        ("table-slowest-put-10m", "mmsync", "single_max"),
        None,
        "<=",
        1e6,
    ),
    (
        "table-beside",
        "look-ups in a table of 10,000,000 beside 100,000 changes a second at 0.8 of those beside none",
        ("table-beside-100000-10m", "mmsync", "lookups_per_s"),
        ("table-get-10m", "mmsync", "lookups_per_s"),
        ">=",
        0.8,
    ),
    (
        "sleepers",
        "publish while 1,000 processes sleep in at most 50 µs",
        ("seen-many-1000", "mmsync", "ns"),
        None,
        "<=",
        50e3,
    ),
    (
        "sleepers-last",
        "the last of 1,000 sleeping processes sees it at most 1.5 times later than if the writer wakes all",
        ("seen-many-1000", "mmsync", "last_ns"),
        ("seen-many-1000", "mmsync-wakes-all", "last_ns"),
        "<=",
        1.5,
    ),
]


def targets(summary):
    rows = []
    for name, sentence, over, under, sense, wanted in TARGETS:
        found = ratio(summary, over, under)
        met = None if found is None else found >= wanted if sense == ">=" else found <= wanted
        rows.append(
            {
                "name": name,
                "sentence": sentence,
                "row": over[0],
                "of": " ".join(over[:2]),
                "to": " ".join(under[:2]) if under else None,
                "sense": sense,
                "wanted": wanted,
                "ratio": found,
                "met": met,
            }
        )
    return rows


def ranking(summary, row, entrants):
    """(contestant, median) of the competitors, best first."""
    found = [(name, median_of(summary, row.name, name, row.metric)) for name in entrants]
    found = [(name, value) for name, value in found if value is not None]
    return sorted(found, key=lambda pair: pair[1], reverse=row.better == "high")
