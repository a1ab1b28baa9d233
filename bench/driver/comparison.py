# SPDX-License-Identifier: Apache-2.0
"""Compare mmsync in this tree with another commit: the same harness and loops, interleaved."""

import json
import os

import build
import measure
import summary
from contestants import BY_NAME

OURS = ["mmsync", "mmsync-calls", "mmsync-refresh"]


def paired(new, old, better):
    """How many times faster this tree is, per round: a round's two figures were measured in succession."""
    pairs = list(zip(new, old))
    ratios = [(a / b if better == "high" else b / a) for a, b in pairs if a and b]
    return summary.spread(ratios) if ratios else None


def verdict(ratio):
    if ratio["q1"] > 1.03:
        return "faster"
    if ratio["q3"] < 0.97:
        return "SLOWER"
    return "same"


def print_row(row, name, figures, unit):
    new, old = figures.get("this", {}).get(row.metric), figures.get("base", {}).get(row.metric)
    ratio = paired(new, old, row.better) if new and old else None
    if ratio is None:
        return None
    a, b = summary.spread(new)["median"], summary.spread(old)["median"]
    print(
        f"{row.name:22} {name:15} {b:12.4g} {a:12.4g} {unit:12} {ratio['median']:6.3f}  "
        f"[{ratio['q1']:.3f} to {ratio['q3']:.3f}]  {verdict(ratio)}"
    )
    return {
        "row": row.name,
        "contestant": name,
        "base": b,
        "this": a,
        "unit": unit,
        "ratio": ratio,
        "verdict": verdict(ratio),
    }


def run(options, rows, plan, say):
    os.makedirs(build.BUILD, exist_ok=True)
    say("building mmsync of this tree")
    plugins = build.build_c(build.BUILD, build.ROOT)
    base, commit = build.build_base(options.compare, say)
    names = [name for name in OURS if not options.contestant or name in options.contestant]
    rows = [row for row in rows if set(names) & set(row.contestants)]
    found = []
    print(f"{'row':22} {'':15} {'base':>12} {'this':>12} {'':12} {'times faster, and its quartiles'}")
    for row in rows:
        for name in names:
            if name not in row.contestants:
                continue
            results = measure.Results()
            sides = [("this", (plugins, BY_NAME[name].file)), ("base", (base, BY_NAME[name].file))]
            for number in range(max(3, plan.rounds_of(row))):
                measure.measure_row(row, sides, plan, number, results)
            found.append(print_row(row, name, results.figures.get(row.name, {}), row.unit))
            for side, reason in results.missing.get(row.name, {}).items():
                print(f"{row.name:22} {name:15} {side}: {reason}")
    os.makedirs(options.out, exist_ok=True)
    with open(os.path.join(options.out, "comparison.json"), "w", encoding="utf-8") as file:
        json.dump({"base": commit, "rows": [item for item in found if item]}, file, indent=1)
    slower = [item["row"] for item in found if item and item["verdict"] == "SLOWER"]
    print(f"\nslower than {commit[:12]}: {', '.join(slower) if slower else 'nothing'}")
    return 1 if slower else 0
