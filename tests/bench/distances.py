# SPDX-License-Identifier: Apache-2.0
"""Runs of a benchmark are compared if the processors were equally far apart. Usage: distances.py SOURCE_DIRECTORY

A host moves the processors of a virtual machine. Exit status 0 or 1, with what is wrong on standard output."""

import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(sys.argv[1], "bench", "driver"))
import summary  # noqa: E402

FIGURES = {
    "a row that does not depend on it": ({"a": {"ns": [1, 2, 9]}}, {"a": 2}, None),
    "all near": ({"a": {"ns": [1, 2, 3], "apart_ns": [90, 110, 170]}, "b": {"ns": [4], "apart_ns": [100]}}, {"a": 2, "b": 4}, (4, 4)),
    "one moved away": (
        {"a": {"ns": [60, 62, 250], "apart_ns": [90, 95, 480]}, "b": {"ns": [240, 70, 72], "apart_ns": [500, 99, 98]}},
        {"a": 61, "b": 71},
        (4, 6),
    ),
    "mostly far": (
        {"a": {"ns": [60, 250, 252], "apart_ns": [90, 480, 500]}, "b": {"ns": [240, 70, 242], "apart_ns": [500, 99, 520]}},
        {"a": 251, "b": 241},
        (4, 6),
    ),
    "never at one distance": (
        {"a": {"ns": [60, 62], "apart_ns": [90, 95]}, "b": {"ns": [240, 242], "apart_ns": [500, 505]}},
        {"a": 61, "b": 241},
        (4, 4),
    ),
    "one that cannot say": (
        {"a": {"ns": [60, 250], "apart_ns": [90, 480]}, "b": {"ns": [5, 7]}},
        {"a": 60, "b": 6},
        (1, 2),
    ),
}


def main():
    wrong = []
    for name, (figures, medians, runs) in FIGURES.items():
        found = {one: metrics["ns"]["median"] for one, metrics in summary.summarize({"row": figures})["row"].items()}
        if found != medians:
            wrong.append(f"{name}: medians {found}, not {medians}")
        if summary.count_runs(figures) != runs:
            wrong.append(f"{name}: {summary.count_runs(figures)} runs count, not {runs}")
    print("\n".join(wrong + [f"{len(FIGURES)} rows, {len(wrong)} things wrong"]))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
