# SPDX-License-Identifier: Apache-2.0
"""The benchmark's command line; script/bench calls it."""

import argparse
import fnmatch
import json
import os
import signal
import sys
import time

import build
import comparison
import machine
import measure
import publish
import report
import rows as rows_module
import summary as summary_module
from contestants import ALL, BY_NAME

OUT = os.path.join(build.ROOT, "bench", "out")
PLANS = {
    "short": measure.Plan(seconds=0.04, rounds=3, heavy_rounds=1),
    "full": measure.Plan(seconds=0.25, rounds=5, heavy_rounds=3, timeout=300),
    "tiny": measure.Plan(seconds=0.002, rounds=1, heavy_rounds=1, timeout=60),
}


def say(text):
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)
    else:
        print(text, file=sys.stderr, flush=True)


def parse():
    parser = argparse.ArgumentParser(prog="script/bench", description=__doc__)
    parser.add_argument(
        "--short",
        dest="plan",
        action="store_const",
        const="short",
        default="short",
        help="a few minutes (the default)",
    )
    parser.add_argument("--full", dest="plan", action="store_const", const="full", help="about half an hour")
    parser.add_argument(
        "--tiny",
        dest="plan",
        action="store_const",
        const="tiny",
        help="seconds: only checks that everything runs; the figures mean nothing",
    )
    parser.add_argument(
        "--row", action="append", metavar="NAME", help="only this row, or rows that match this pattern; may be repeated"
    )
    parser.add_argument(
        "--contestant", action="append", metavar="NAME", help="only this contestant; may be repeated"
    )
    parser.add_argument("--rounds", type=int, metavar="N", help="override the mode's number of rounds")
    parser.add_argument(
        "--seconds", type=float, metavar="S", help="override the mode's time per figure and round"
    )
    parser.add_argument("--compare", metavar="BASE", help="only mmsync: this tree against another commit, interleaved")
    parser.add_argument("--list", action="store_true", help="list rows and contestants and exit")
    parser.add_argument(
        "--publish",
        action="store_true",
        help="write docs/results/benchmarks.md from the last results and exit; with --full or --short, after the run",
    )
    parser.add_argument("--out", default=OUT, metavar="DIR", help="where results.json and report.html go (bench/out)")
    parser.add_argument(
        "--document",
        default=os.path.join(build.ROOT, "docs", "results", "benchmarks.md"),
        metavar="FILE",
        help="what --publish writes (docs/results/benchmarks.md)",
    )
    parser.add_argument("--plugins", metavar="DIR", help="use the contestants built in DIR and build nothing")
    options = parser.parse_args()
    options.runs = any(word in sys.argv for word in ("--short", "--full", "--tiny")) or not options.publish
    return parser, options


def select(parser, options):
    rows = rows_module.all_rows()
    if options.plan == "tiny":
        rows = rows_module.tiny(rows)
    for pattern in options.row or []:
        if not fnmatch.filter([row.name for row in rows], pattern):
            parser.error(f"no row is called {pattern}; --list shows them")
    for name in options.contestant or []:
        if name not in BY_NAME:
            parser.error(f"no contestant is called {name}; --list shows them")
    if options.row:
        return [row for row in rows if any(fnmatch.fnmatch(row.name, pattern) for pattern in options.row)]
    return [row for row in rows if row.only in (None, options.plan) or options.plan == "tiny"]


def list_all():
    print("rows:")
    for row in rows_module.all_rows():
        print(f"  {row.name:20} {row.title}" + (f" (--{row.only})" if row.only else ""))
    print("contestants:")
    for contestant in ALL:
        print(f"  {contestant.name:20} {contestant.what}")


def collect(rows, results, plan, plan_name, missing, began):
    """Everything the report needs; results.json stores it."""
    summary = summary_module.summarize(results.figures)
    return {
        "format": 1,
        "mode": plan_name,
        "commit": build.git("rev-parse", "HEAD") or "unknown",
        "modified": bool(build.git("status", "--porcelain", "--untracked-files=no")),
        "date": time.strftime("%Y-%m-%d %H:%M:%S %Z", time.localtime(began)),
        "seconds": round(time.time() - began),
        "command": "script/bench " + " ".join(sys.argv[1:]),
        "machine": machine.describe(),
        "tools": build.tool_versions(),
        "versions": results.versions,
        "missing": missing,
        "rows": {
            row.name: {
                "group": row.group,
                "title": row.title,
                "unit": row.unit,
                "metric": row.metric,
                "better": row.better,
                "command": measure.reproduce(row, plan),
                "results": summary.get(row.name, {}),
                "missing": results.missing.get(row.name, {}),
                "left_out": rows_module.LEFT_OUT.get(row.name, {}),
                "figures": results.figures.get(row.name, {}),
                "runs": summary_module.count_runs(results.figures.get(row.name, {})),
            }
            for row in rows
        },
        "targets": summary_module.targets(summary),
    }


def write_json(path, data):
    with open(path + ".new", "w", encoding="utf-8") as file:
        json.dump(data, file, indent=1)
        file.write("\n")
    os.replace(path + ".new", path)


def run(options, rows, plan):
    began = time.time()
    if options.plugins:
        plugins, missing = os.path.abspath(options.plugins), build.find_missing(options.plugins)
    else:
        os.makedirs(build.BUILD, exist_ok=True)
        plugins, missing = build.build_all(say)
        began = time.time()

    def participants(row):
        return [
            (name, (plugins, BY_NAME[name].file))
            for name in row.contestants
            if name not in missing and (not options.contestant or name in options.contestant)
        ]

    results = measure.measure(rows, participants, plan, say)
    say("")
    data = collect(rows, results, plan, options.plan, missing, began)
    os.makedirs(options.out, exist_ok=True)
    write_json(os.path.join(options.out, "results.json"), data)
    report.write(os.path.join(options.out, "report.html"), data)
    report.print_table(data)
    print(f"\n{os.path.join(options.out, 'report.html')}\n{os.path.join(options.out, 'results.json')}")
    return data


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # and so leaves nothing in /dev/shm
    parser, options = parse()
    rows = select(parser, options)
    plan = PLANS[options.plan]
    if options.rounds:
        plan.rounds = plan.heavy_rounds = options.rounds
    if options.seconds:
        plan.seconds = options.seconds
    if options.list:
        return list_all()
    try:
        if options.compare:
            return comparison.run(options, rows, plan, say)
        if options.runs:
            run(options, rows, plan)
        if options.publish:
            publish.write(os.path.join(options.out, "results.json"), options.document)
    except build.BuildError as error:
        sys.exit(f"script/bench: {error}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
