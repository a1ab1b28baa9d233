# SPDX-License-Identifier: Apache-2.0
"""The results as a page of docs/results."""
import os
import statistics
import sys
import time

import fleet

sys.path.insert(0, os.path.join(fleet.ROOT, "bench/driver"))
import build  # noqa: E402
import machine  # noqa: E402

MIB = 1 << 20
COPIED = ("4 followers", "1 follower")
FLEETS = (*COPIED, "1 follower, two slots")
CHANGES = ("4 MiB", "4 KiB", "100 of 64 B")
BOUNDS = {"follow": "", "bytes": ", the bytes alone", "memory": ", the memory alone"}
LIMITS_MS = {"4 MiB": 30, "4 KiB": 2}


def table(headings, rows):
    return "\n".join("| " + " | ".join(cells) + " |" for cells in [headings, ["---"] * len(headings), *rows]) + "\n"


def quantile(values, part):
    return sorted(values)[round(part * (len(values) - 1))]


def size_text(size):
    return f"{size / (MIB << 10):g} GiB" if size >= MIB << 10 else f"{size / MIB:g} MiB"


def verdict(is_met):
    return "met" if is_met else "missed"


def wire_targets(found):
    for change in CHANGES:
        row = found["4 followers"][change]
        limit = 1.1 * row["changed"] + 65536
        for what, sent in (("to the server", row["sent"]), ("to each follower", row["left"])):
            yield [f"{row['count']} changes of {change}: at most 1.1 times that and 64 KiB {what}",
                   f"{sent:,.0f} of {limit:,.0f} bytes", verdict(sent <= limit)]


def time_targets(found):
    for change, limit in LIMITS_MS.items():
        for name in FLEETS:
            median = quantile(found[name][change]["delays"], 0.5)
            yield [f"A change of {change} in {size_text(found[name]['size'])} is visible at {name} after {limit} ms",
                   f"{median:.2f} ms", verdict(median <= limit)]


def start_targets(found):
    for name in COPIED:
        rate = min(copy_rates(found[name]))
        yield [f"{name} with nothing, all at once: each gets {size_text(found[name]['size'])} at 400 MiB/s", f"{rate:.0f} MiB/s",
               verdict(rate >= 400)]


def copy_rates(row, what="follow"):
    """Of the first, second, ... follower that had the value, the median of all copies, in MiB/s."""
    ranks = zip(*(sorted(copy["seconds"]) for copy in row["copies"][what]))
    return [row["size"] / MIB / statistics.median(seconds) for seconds in ranks]


def processor_share(copy):
    """How much of all processors the server and its clients used until the last one had the value."""
    return (copy["server"] + copy["clients"]) / max(copy["seconds"]) / len(os.sched_getaffinity(0))


def bound_rows(found):
    for name in COPIED:
        row = found[name]
        count = len(row["copies"]["follow"][0]["seconds"])
        copied = row["size"] / (MIB << 10) * count
        for what, text in BOUNDS.items():
            copies = row["copies"][what]
            server, clients = (statistics.median(copy[side] for copy in copies) / copied for side in ("server", "clients"))
            bound = len(os.sched_getaffinity(0)) * 1024 / (server + clients) / count
            yield [f"{name}{text}", f"{min(copy_rates(row, what)):.0f}", f"{server:.2f}", f"{clients:.2f}",
                   f"{100 * statistics.median(processor_share(copy) for copy in copies):.0f}", f"{bound:.0f}"]


def writer_costs(rounds):
    """In each round, in per cent: what the pusher costs, the neutral load, and a reader that holds a value; and what the pusher
    costs more than the load."""
    costs = [[100 * (beside / alone - 1) for beside in others] for alone, *others in rounds]
    return [*map(list, zip(*costs)), [100 * (pushed / loaded - 1) for _, pushed, loaded, _ in rounds]]


WRITERS = {
    "writer": "wherever the kernel runs them",
    "writer apart": "with a processor for the writer alone",
}


def writer_targets(found):
    for name, where in WRITERS.items():
        if found[name]:
            cost, _, _, more = map(statistics.median, writer_costs(found[name]))
            yield [f"A pusher costs the writer at most 5 % of a publish, {where}", f"{cost:.1f} %", verdict(cost <= 5)]
            yield [f"... at most 5 % more than a program that only sends as much, {where}", f"{more:.1f} %", verdict(more <= 5)]


def writer_rows(found):
    for name, where in WRITERS.items():
        if found[name]:
            yield [where, *(f"{statistics.median(times):.1f}" for times in zip(*found[name])),
                   *(f"{quantile(costs, 0.5):+.1f} ({quantile(costs, 0.25):+.1f} to {quantile(costs, 0.75):+.1f})"
                     for costs in writer_costs(found[name]))]


def targets(found):
    rows = [*wire_targets(found), *time_targets(found), *start_targets(found)]
    own = quantile(found["4 followers"]["4 MiB"]["delays"], 0.5) / 1e3
    for name, seconds in found["peers"].items():
        times = statistics.median(seconds) / own
        rows.append([f"A change of 4 MiB in {size_text(found['4 followers']['size'])} arrives 50 times sooner than with {name}",
                     f"{times:.0f} times", verdict(times >= 50)])
    return table(["target", "found", ""], [*rows, *writer_targets(found)])


def delay_rows(found):
    for name in FLEETS:
        for change in CHANGES:
            row = found[name][change]
            delays = row["delays"]
            yield [name, size_text(found[name]["size"]), change, *(f"{quantile(delays, part):.2f}" for part in (0.25, 0.5, 0.75, 0.99)),
                   str(row["count"])]


def start_rows(found):
    for name in COPIED:
        size = found[name]["size"] / MIB
        yield [name, size_text(found[name]["size"]), f"{size / found[name]['push_s']:.0f}",
               ", ".join(f"{rate:.0f}" for rate in copy_rates(found[name]))]


def other_rows(found):
    own = quantile(found["4 followers"]["4 MiB"]["delays"], 0.5) / 1e3
    yield ["**mmsync**, four followers", f"{own:.4f}", ""]
    for name, seconds in found["peers"].items():
        yield [f"{name}, one copy", f"{statistics.median(seconds):.3f}", found["versions"][name]]


def head(found):
    tree = build.git("rev-parse", "--short=12", "HEAD") or "unknown"
    changed = ", with changes that were not committed" if build.git("status", "--porcelain", "--untracked-files=no") else ""
    sizes = ", ".join(f"{size_text(found[name]['size'])} for {name}" for name in FLEETS)
    return f"""# What a fleet costs

What `script/bench-fleet` measured. Commit `{tree}`{changed},
{time.strftime("%Y-%m-%d %H:%M:%S %Z")}, {found["seconds"]} s. [fleet.md](../fleet.md) says what a fleet is.

A NATS server with its files on disk, a pusher, and followers, all on this one machine and over
loopback, so that processors and memory are shared by what would have a host each. Regions have three
slots where nothing else is said. The largest values for which memory was enough are
{sizes}. The bytes cannot be compressed.
"""


NOTES = {
    "delays": """A reader for each follower, a process of its own, waits with `mms_wait`, and compares the time in the
value, which the writer has stored just before the publish, with its own. A figure is the time
until the last of the followers shows the change, or a newer value, in milliseconds.
""",
    "start": """The seconds from the start of `mmsync push` until the server has the value, and from the start of
`mmsync follow` until the region shows it, as MiB/s. Several followers start at once; the medians of
what the first, the second and so on had, of {copies} copies, each into a new region.
""",
    "bounds": """What bounds that, each as often and in turns with the copies: as many programs that only fetch the
same chunks with libnats, as many asked for ahead, and throw them away; and as many that only get the
memory, as a follower does, and write nothing there. The last of them had so many MiB/s. The server and
a client then used so many seconds of a processor for each GiB, and all of them such a part of the
processors that there are; if they had used all, each would have had as much as the last column says.
""",
    "writer": """100 records of 64 bytes in 64 MiB, 1,000 times a second, {pairs} rounds of each: alone, beside a pusher,
beside a load, a program that stores as many messages of as many bytes at the same server and knows
nothing of regions, and beside a holder, a reader that holds a value and does nothing. The writer then
takes turns with one slot less and has less to catch up in each, so a publish is cheaper: a pusher holds
a value while it sends, and its cost is what is left. The costs are those within a round: the median,
and the half of them around it.
""",
    "others": """From the change of 4 MiB in a file in memory until a copy of it has the change, in seconds. The
objects are put into the same kind of server and got from there again; rsync goes to its daemon on
loopback, and compares the files.
""",
}


def render(found):
    parts = [head(found), "## Targets\n", targets(found), "## Until a change is visible\n", NOTES["delays"],
             table(["", "value", "change", "25 %", "median", "75 %", "99 %", "changes"], delay_rows(found)),
             "## The first copy\n", NOTES["start"].format(copies=len(found["1 follower"]["copies"]["follow"])), table(
                 ["", "value", "to the server", "to each follower"], start_rows(found)),
             NOTES["bounds"], table(
                 ["", "MiB/s", "server, s/GiB", "client, s/GiB", "processors, %", "with all of them, MiB/s"], bound_rows(found)),
             "## The writer\n", NOTES["writer"].format(pairs=len(found["writer"])), table(
                 ["", "alone, µs", "pusher", "load", "holder", "the pusher costs, %", "the load", "the holder",
                  "the pusher more than the load"], writer_rows(found)),
             "## Others\n", NOTES["others"], table(["", "seconds", ""], other_rows(found))]
    if found["missing"]:
        parts.append("Not measured. " + "; ".join(found["missing"]) + ".\n")
    parts += ["## Machine\n", table(["", ""], [[name, value] for name, value in machine.describe().items()])]
    return "\n".join(parts)
