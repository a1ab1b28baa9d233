# SPDX-License-Identifier: Apache-2.0
"""What report.html, docs/benchmarks.md and the terminal show alike: figures as text, columns, who is first and why not."""

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
# Further figures of a row: metric, heading, unit.
EXTRAS = {
    "beside-writer": [("rate", "publishes/s", "")],
    "first": [
        ("faults", "faults", ""),
        ("very_first_ns", "a new reader's first", "ns"),
        ("very_first_faults", "its faults", ""),
    ],
    "table": [
        ("lookups_per_s", "look-ups/s", ""),
        ("first_ns", "first look-up", "ns"),
        ("build_s", "build and publish", "s"),
        ("bytes", "bytes", "B"),
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
CLOCK_STEP = 10.0  # ns; single reads below it show as less than it


def number(value, unit=""):
    """Three digits that count."""
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
    """Contestants that have a figure, best first; bounds and variants where they fall."""
    names = [name for name in row["results"] if median(row, name) is not None]
    return sorted(names, key=lambda name: median(row, name), reverse=row["better"] == "high")


def times_mmsync(row, name):
    """How many times mmsync's figure is better than this one; below 1: this one is better."""
    own, other = median(row, "mmsync"), median(row, name)
    if own is None or other is None or name == "mmsync":
        return None
    if row["better"] == "high":
        own, other = other, own
    return other / own if own else None


def competitors(row):
    return [name for name in ordered(row) if not BY_NAME[name].bound and not BY_NAME[name].variant]


def leaders(row_name, row):
    """Who is ahead of mmsync by more than a tie, with what explains it: (who and by how much, why); one item for each reason."""
    ahead = []
    for name in competitors(row):
        ratio = times_mmsync(row, name)
        if ratio is not None and ratio * texts.TIE < 1:
            ahead.append((name, 1 / ratio if ratio else float("inf")))
    reasons = {}
    for name, by in ahead:
        reasons.setdefault(texts.why_not_first(row_name, row["group"], name), []).append(
            f"{name} (by {plain(by)} times)"
        )
    return [(", ".join(who), why) for why, who in reasons.items()]


def standing(row_name, row):
    """One sentence on mmsync's place; None where it has no figure."""
    if median(row, "mmsync") is None:
        return None
    ahead = leaders(row_name, row)
    if ahead:
        return None
    others = [name for name in competitors(row) if name != "mmsync"]
    if not others:
        return "mmsync alone can do this."
    best = times_mmsync(row, others[0])
    if best is None or best < texts.TIE:
        return f"mmsync and {others[0]} are first, within the noise."
    return f"mmsync is first; the next is {others[0]}, {plain(best)} times behind."


def absent(row):
    """(contestant, reason) of those who failed, and of those who were not asked."""
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
