# SPDX-License-Identifier: Apache-2.0
"""The results as a page of docs/results."""
import os
import statistics
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../../bench/driver"))
import build  # noqa: E402
import machine  # noqa: E402

NANOSECONDS, MILLISECONDS, GIB, MIB = (1, "ns"), (1e3, "ms"), (1 / (1 << 30), "GiB"), (1 / (1 << 20), "MiB")
ROWS = {
    "unchanged": ("Is there anything newer? Nothing is", NANOSECONDS,
                  "`region.generation != seen`, `env.begin()` and `txn.id()`, a counter under the lock"),
    "snapshot": ("The newest value's memory, unchanged since the last time", NANOSECONDS,
                 "`region.snapshot()`; `env.begin(buffers=True)` and `txn.get(key)`; taking the lock and giving it back"),
    "kept": ("An array of the newest value, unchanged since the last time", NANOSECONDS,
             "`newest()` of `region.newest(np.frombuffer)`; `np.frombuffer(txn.get(key))` in a transaction of its own; a copy under the "
             "lock"),
    "array": ("Another array of the newest value", NANOSECONDS,
              "`np.frombuffer(region.snapshot())`, the others as before"),
    "number": ("One number of the newest array", NANOSECONDS,
               "`newest()[7]`; the same in a transaction of its own; the same under the lock, without a copy"),
    "fresh": ("A new snapshot and its array, after another process has published", NANOSECONDS,
              "`np.frombuffer(region.snapshot())`"),
    "publish": ("Publishing a model of which all has changed", MILLISECONDS,
                "`tensors.publish(writer, arrays)`; `txn.put` of each array in one transaction; a copy under the lock"),
    "seen": ("From before that until the last worker has its arrays", MILLISECONDS,
             "`region.wait()` and `tensors.load(region.snapshot())`; a line in a pipe, and `txn.get` of each; a line in a "
             "pipe, and a copy under the lock"),
    "all": ("Memory of the writer and all workers of a large value", GIB, "the kernel's proportional account, less that of before"),
    "worker": ("Of that, the worker that takes most", MIB, ""),
}
# A sentence, its row, and the most that mmsync may take; or who must be slower, and how many times.
LIMITS = [
    ("Looking whether a value has changed takes at most 60 ns", "unchanged", 60),
    ("An unchanged snapshot takes at most 60 ns", "snapshot", 60),
    ("An array that is kept takes at most 100 ns", "kept", 100),
    ("A new snapshot with its array takes at most 1 µs", "fresh", 1000),
]
RATIOS = [
    ("An unchanged snapshot is 5 times faster than `begin(buffers=True)` and `get`", "snapshot", "py-lmdb", 5),
    ("An array that is kept is 5 times faster than py-lmdb's", "kept", "py-lmdb", 5),
    ("An array that is kept is 5 times faster than one of `shared_memory`", "kept", "shared_memory", 5),
    ("Publishing a model is faster than with py-lmdb", "publish", "py-lmdb", 1),
    ("Workers see a model sooner than with py-lmdb", "seen", "py-lmdb", 1),
]


def number(value, unit):
    factor, name = unit
    value *= factor
    return f"{value:.{0 if value >= 100 else 1 if value >= 10 else 2}f} {name}"


def table(headings, rows):
    return "\n".join("| " + " | ".join(cells) + " |" for cells in [headings, ["---"] * len(headings), *rows]) + "\n"


def quartiles(values):
    if len(values) < 2:
        return ""
    low, _, high = statistics.quantiles(values, n=4, method="inclusive")
    return low, high


def row_section(row, data):
    title, unit, how = ROWS[row]
    lines = []
    for name, value in sorted(data["medians"][row].items(), key=lambda pair: pair[1]):
        spread, lead = quartiles(data["figures"][row][name]), ratio(data, row, name)
        lines.append([f"**{name}**" if name == "mmsync" else name, number(value, unit),
                      f"{number(spread[0], unit)} to {number(spread[1], unit)}" if spread else "",
                      "" if name == "mmsync" or lead is None else f"{lead:.2f}"])
    return f"### {title}\n\n" + (how + ".\n\n" if how else "") + table(["", "median", "quartiles", "mmsync's lead"], lines)


def ratio(data, row, name):
    """The median of the ratios within a round."""
    own, other = (data["figures"].get(row, {}).get(which) for which in ("mmsync", name))
    return statistics.median(b / a for a, b in zip(own, other)) if own and other else None


def targets(data):
    lines = []
    for sentence, row, limit in LIMITS:
        found = data["medians"][row]["mmsync"]
        lines.append([sentence, number(found, NANOSECONDS), "met" if found <= limit else "missed"])
    for sentence, row, name, times in RATIOS:
        found = ratio(data, row, name)
        verdict = "" if found is None else "met" if found >= times else "missed"
        lines.append([sentence, "not measured" if found is None else f"{found:.2f} times", verdict])
    found, limit = data["medians"]["all"]["mmsync"], 1.05 * data["plan"]["large"]
    lines.append([f"{data['plan']['workers']} workers on {number(data['plan']['large'], GIB)} take at most 1.05 times that in all",
                  number(found, GIB), "met" if found <= limit else "missed"])
    return table(["target", "found", ""], lines)


def head(data):
    plan, tree = data["plan"], build.git("rev-parse", "--short=12", "HEAD") or "unknown"
    changed = ", with changes that were not committed" if build.git("status", "--porcelain", "--untracked-files=no") else ""
    if os.sched_getscheduler(0) != os.SCHED_OTHER:
        changed += ", with a real-time priority"
    return f"""# Python benchmark results

What `script/bench-python` measured. [benchmarks.md](../benchmarks.md#python) says how.

Commit `{tree}`{changed}, {time.strftime("%Y-%m-%d %H:%M:%S %Z")}, {data["seconds"]} s,
{plan["rounds"]} rounds. Small values are 1,000 numbers of 8 bytes. A model is {plan["tensors"]} tensors of float32,
{plan["tensors"] * plan["elements"] * 4 / 1e6:.0f} MB in all, which four workers see. The large value is {number(plan["large"], GIB)}, for {plan["workers"]}
workers.

Figures are medians over the rounds, with their quartiles. "mmsync's lead" is the median of the
ratios within a round; below 1, the other one is better.
"""


def render(data):
    described = {**data["versions"], **machine.describe()}
    parts = [head(data), "## Targets\n", targets(data), "## Figures\n"]
    parts += [row_section(row, data) for row in ROWS if row in data["medians"]]
    if data["missing"]:
        parts.append(f"Not measured, as they are not installed: {', '.join(data['missing'])}.\n")
    parts += ["## Machine\n", table(["", ""], [[name, value] for name, value in described.items()])]
    return "\n".join(parts)
