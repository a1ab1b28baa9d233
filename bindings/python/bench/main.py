# SPDX-License-Identifier: Apache-2.0
"""The benchmark of the Python package; script/bench-python calls it."""
import argparse
import importlib.util
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time

import report

HERE = os.path.dirname(os.path.abspath(__file__))
CONTESTANTS = ["mmsync", "py-lmdb", "shared_memory"]
MODULES = {"mmsync": "mmsync", "py-lmdb": "lmdb", "shared_memory": "multiprocessing"}
# `seconds` of each figure of a read, `publishes` of a model of `tensors` with so many `elements` each, and
# the `workers` of a `large` value of so many bytes.
PLANS = {
    "full": dict(rounds=7, seconds=0.3, publishes=30, tensors=64, elements=400_000, large=1 << 30, workers=16),
    "tiny": dict(rounds=1, seconds=0.002, publishes=2, tensors=8, elements=1000, large=1 << 20, workers=2),
}
MODEL_WORKERS = 4


def present():
    return [name for name in CONTESTANTS if importlib.util.find_spec(MODULES[name])]


def run(program, *arguments):
    with tempfile.TemporaryDirectory(prefix="mmsync-bench-", dir="/dev/shm") as directory:
        words = [sys.executable, os.path.join(HERE, program), arguments[0], directory, *map(str, arguments[1:])]
        done = subprocess.run(words, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"{program} {arguments[0]}: status {done.returncode}\n{done.stderr}")
    return json.loads(done.stdout)


def collect(figures, found):
    """found[row][contestant], of one round."""
    for row, values in found.items():
        for name, value in values.items():
            figures.setdefault(row, {}).setdefault(name, []).append(value)


def turned(found):
    """found[contestant][row] the other way round."""
    rows = {}
    for name, values in found.items():
        for row, value in values.items():
            rows.setdefault(row, {})[name] = value
    return rows


def measure(plan, names):
    figures, chosen = {}, ",".join(names)
    for number in range(plan["rounds"]):
        print(f"round {number + 1} of {plan['rounds']}", file=sys.stderr, flush=True)
        collect(figures, run("reads.py", chosen, plan["seconds"]))
        models = run("models.py", chosen, plan["tensors"], plan["elements"], MODEL_WORKERS, plan["publishes"])
        collect(figures, turned(models))
    for name in names:
        if name != "shared_memory":  # the same as mmsync's, and nothing that readers could share safely
            collect(figures, turned({name: run("memory.py", name, plan["large"], plan["workers"])}))
    return figures


def versions(names):
    found = {"Python": platform.python_version()}
    for name in [*names, "numpy"]:
        module = importlib.import_module(MODULES.get(name, name))
        if name != "shared_memory":
            found[name] = module.__version__
    return found


def main():
    parser = argparse.ArgumentParser(prog="script/bench-python", description=__doc__)
    parser.add_argument("--tiny", action="store_const", dest="plan", const="tiny", default="full",
                        help="seconds: only checks that everything runs; the figures mean nothing")
    parser.add_argument("--rounds", type=int, metavar="N", help="7 otherwise")
    parser.add_argument("--publish", metavar="FILE", help="write the results there as well")
    chosen = parser.parse_args()
    plan = dict(PLANS[chosen.plan])
    plan["rounds"] = chosen.rounds or plan["rounds"]
    began, names = time.time(), present()
    figures = measure(plan, names)
    text = report.render({
        "figures": figures, "plan": plan, "versions": versions(names), "seconds": round(time.time() - began),
        "missing": [name for name in CONTESTANTS if name not in names],
        "medians": {row: {name: statistics.median(values) for name, values in found.items()}
                    for row, found in figures.items()},
    })
    print(text)
    if chosen.publish:
        with open(chosen.publish, "w") as file:
            file.write(text)


if __name__ == "__main__":
    main()
