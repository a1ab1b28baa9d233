# SPDX-License-Identifier: Apache-2.0
"""What report.html, docs/results/benchmarks.md and the terminal share: figures as text, columns, who leads and why."""

import texts
from contestants import BY_NAME
from rows import GROUPS

PERCENTILES = [
    ("single_p50", "p50"),
    ("single_p99", "p99"),
    ("single_p999", "p99.9"),
    ("single_p9999", "p99.99"),
    ("single_max", "max"),
]
TABLE = [
    ("rate", "changes/s", ""),
    ("first_ns", "slowest of the first 16", "ns"),
    ("busiest_ns", "longest on the processor", "ns"),
    ("bytes", "bytes", "B"),
]
# More figures of a row: metric, heading, unit.
# A line of memory, from the writer's processor to the reader's and back: a host may move virtual processors between runs.
APART = ("apart_ns", "between the processors", "ns")
EXTRAS = {
    "beside-writer": [("rate", "publishes/s", "")],
    "first": [
        ("faults", "faults", ""),
        ("very_first_ns", "a new reader's first", "ns"),
        ("very_first_faults", "its faults", ""),
        APART,
    ],
    "write": [APART],
    "seen": [APART],
    "table": [
        ("lookups_per_s", "look-ups/s", ""),
        ("first_ns", "first look-up", "ns"),
        ("build_s", "build and publish", "s"),
        ("bytes", "bytes", "B"),
    ],
    "table-1m": TABLE,
    "table-text": TABLE,
    "table-10m": TABLE,
    "update": [("build_s", "filling it", "s"), ("bytes", "files", "B")],
    "entry": [("rate", "changes/s", ""), ("build_s", "filling it", "s"), ("bytes", "files", "B")],
    "many": [
        ("p90_ns", "p90", "ns"),
        ("max_ns", "max", "ns"),
        ("last_ns", "until the last has it", "ns"),
        ("last_p90_ns", "p90", "ns"),
        ("last_max_ns", "max", "ns"),
    ],
    "memory": [
        ("rss_per_reader", "resident, each", "B"),
        ("private_per_reader", "private, each", "B"),
        ("region_bytes", "files", "B"),
    ],
    "counters": [
        ("locked", "locked", ""),
        ("fences", "full fences", ""),
        ("system_calls", "system calls", ""),
        ("lines", "data lines", ""),
        ("lines_written", "lines written", ""),
    ],
}
def extras(row):
    """Those that somebody has."""
    return [
        extra
        for extra in EXTRAS.get(row["group"], [])
        if any(extra[0] in metrics for metrics in row["results"].values())
    ]


CLOCK_STEP = 10.0  # ns; single reads faster than this show as "less than"


def number(value, unit=""):
    """Three significant digits."""
    if value is None:
        return "-"
    if unit == "ns":
        for limit, factor, name in ((1e3, 1, "ns"), (1e6, 1e-3, "µs"), (1e9, 1e-6, "ms")):
            if abs(value) < limit:
                return f"{plain(value * factor)} {name}"
        return f"{plain(value * 1e-9)} s"
    if unit in ("B", "MiB"):
        for limit, name in ((1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")):
            if abs(value) >= limit:
                return f"{plain(value / limit)} {name}"
        return f"{plain(value)} B"
    return f"{plain(value)} {unit}".strip()


def plain(value):
    if value == 0:
        return "0"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    if abs(value) >= 100:
        return f"{value:.0f}"
    if abs(value) >= 10:
        return f"{value:.1f}"
    return f"{value:.2f}" if abs(value) >= 0.01 else f"{value:.2g}"


def median(row, name, metric=None):
    try:
        return row["results"][name][metric or row["metric"]]["median"]
    except KeyError:
        return None


def ordered(row):
    """Contestants with a figure, best first; bounds and variants stand where they fall."""
    names = [name for name in row["results"] if median(row, name) is not None]
    return sorted(names, key=lambda name: median(row, name), reverse=row["better"] == "high")


def times_mmsync(row, name):
    """How many times better mmsync's figure is; below 1, this one is better."""
    own, other = median(row, "mmsync"), median(row, name)
    if own is None or other is None or name == "mmsync":
        return None
    if row["better"] == "high":
        own, other = other, own
    return other / own if own else None


def competitors(row):
    return [name for name in ordered(row) if not BY_NAME[name].bound and not BY_NAME[name].variant]


def leaders(row_name, row):
    """Those ahead of mmsync by more than a tie: (who and by how much, why), one item per reason."""
    ahead = []
    for name in competitors(row):
        ratio = times_mmsync(row, name)
        if ratio is not None and ratio * texts.TIE < 1:
            ahead.append((name, 1 / ratio if ratio else float("inf")))
    reasons = {}
    for name, by in ahead:
        reasons.setdefault(texts.why_not_first(row_name, row["group"], name), []).append(
            name if by == float("inf") else f"{name} ({plain(by)} times)"
        )
    return [(", ".join(who), why) for why, who in reasons.items()]


def standing(row_name, row):
    """One sentence on mmsync's place; None if it has no figure or is not first."""
    if median(row, "mmsync") is None:
        return None
    ahead = leaders(row_name, row)
    if ahead:
        return None
    others = [name for name in competitors(row) if name != "mmsync"]
    if not others:
        return "Only mmsync can do this."
    best = times_mmsync(row, others[0])
    if best is None or best < texts.TIE:
        return f"mmsync and {others[0]} tie for first place, within the noise."
    return f"mmsync is first, {plain(best)} times ahead of {others[0]}."


def selection(row):
    """One sentence on which runs of a row count; None if all do."""
    kept, of = row.get("runs") or (0, 0)
    if kept == of:
        return None
    return f"The host moved the processors: only the {kept} of {of} runs at one distance count."


def absent(row):
    """(contestant, reason) for each one that failed or was left out."""
    return sorted({**row["left_out"], **row["missing"]}.items())


def has_percentiles(row):
    return any("single_p99" in metrics for metrics in row["results"].values())


def percentile(row, name, metric):
    value = median(row, name, metric)
    if value is None:
        return "-"
    return f"&lt; {CLOCK_STEP:.0f} ns" if value < CLOCK_STEP else number(value, "ns")


def groups(data):
    for group, title in GROUPS:
        rows = [(name, row) for name, row in data["rows"].items() if row["group"] == group]
        if rows:
            yield group, title, rows


def target_number(target, value):
    if value is None:
        return "-"
    return plain(value) if target["to"] else number(value, "ns")


def target_wanted(target):
    wanted = target["wanted"] if target["to"] else number(target["wanted"], "ns")
    return f'{target["sense"]} {wanted}'


def target_text(target):
    if target["ratio"] is None:
        return "not measured"
    return "met" if target["met"] else "missed"


def versions(data):
    found = []
    for name, version in sorted(data["versions"].items()):
        if name in BY_NAME and version not in ("-", ""):
            found.append((name, version))
    return found
