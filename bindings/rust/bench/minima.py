# SPDX-License-Identifier: Apache-2.0
"""Prints the fastest sample and the median of each row, in ns: minima.py [DIRECTORY...]."""

import collections
import json
import pathlib
import statistics
import sys


def samples(directory):
    for path in pathlib.Path(directory).glob("**/new/sample.json"):
        about = json.loads(path.with_name("benchmark.json").read_text())
        sample = json.loads(path.read_text())
        yield (about["group_id"], about["value_str"]), [t / n for t, n in zip(sample["times"], sample["iters"])]


rows = collections.defaultdict(list)
for directory in sys.argv[1:] or ["target/criterion"]:
    for row, times in samples(directory):
        rows[row] += times
for (group, name), times in sorted(rows.items()):
    print(f"{group:16} {name:16} {min(times):9.2f} {statistics.median(times):9.2f}")
