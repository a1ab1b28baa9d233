# SPDX-License-Identifier: Apache-2.0
"""docs/results/benchmarks.md, written from the last results."""

import json
import os

import build
import texts
import view
from contestants import ALL, IN_SHORT


def table(headings, rows):
    out = ["| " + " | ".join(headings) + " |", "|" + "---|" * len(headings)]
    out += ["| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |" for cells in rows]
    return "\n".join(out)


def head(data):
    changed = ", with changes that were not committed" if data["modified"] else ""
    return f"""# Benchmark results

What `{data["command"].strip()}` measured and `script/bench --publish` wrote;
`bench/out/report.html` has the same with plots. [benchmarks.md](../benchmarks.md) says how to read
it.

Commit `{data["commit"][:12]}`{changed}, {data["date"]}, {data["mode"]} mode, {data["seconds"]} s.

Figures are medians over the rounds, with their quartiles. "mmsync's lead" is a ratio of medians;
below 1, the other one is better, and the text under the table says why.
"""


def targets(data):
    lines = [
        [
            target["sentence"],
            view.target_wanted(target),
            view.target_number(target, target["ratio"]),
            view.target_text(target),
        ]
        for target in data["targets"]
    ]
    notes = [
        f'- {target["sentence"]}: {texts.MISSED[target["name"]]}'
        for target in data["targets"]
        if view.target_text(target) == "missed"
    ]
    return (
        "## Targets\n\n"
        + table(["target", "wanted", "found", ""], lines)
        + ("\n\nWhy targets were missed:\n\n" + "\n".join(notes) if notes else "")
        + "\n"
    )


def row_lines(row):
    extras = view.extras(row)
    tails = [("single_p99", "p99"), ("single_p9999", "p99.99")] if view.has_percentiles(row) else []
    headings = (
        ["", "median", "quartiles", "mmsync's lead"]
        + [label for _, label in tails]
        + [label for _, label, _ in extras]
    )
    headings.append("what you get")
    lines = []
    for name in view.ordered(row):
        spread, ratio = row["results"][name][row["metric"]], view.times_mmsync(row, name)
        cells = [
            f"**{name}**" if name == "mmsync" else name,
            view.number(spread["median"], row["unit"]),
            f'{view.number(spread["q1"], row["unit"])} to {view.number(spread["q3"], row["unit"])}',
            "" if ratio is None else view.plain(ratio),
        ]
        cells += [view.percentile(row, name, metric).replace("&lt;", "<") for metric, _ in tails]
        cells += [view.number(view.median(row, name, metric), unit) for metric, _, unit in extras]
        lines.append(cells + [IN_SHORT[name]])
    return table(headings, lines)


def row_section(name, row):
    out = [
        f'### {row["title"][0].upper()}{row["title"][1:]}\n',
        row_lines(row) if row["results"] else "No figures.",
        "",
    ]
    selection, place = view.selection(row), view.standing(name, row)
    if selection:
        out.append(selection)
    if place:
        out.append(place)
    out += [f"- Ahead: {winners}: {why}" for winners, why in view.leaders(name, row)]
    out += [f"- Not measured: {missing}: {reason}" for missing, reason in view.absent(row)]
    out.append(f"\nRepeat with `script/bench --row {name}`.\n")
    return "\n".join(out)


def contestants(data):
    found = dict(view.versions(data))
    lines = [
        [contestant.name, contestant.what, found.get(contestant.name, "-"), contestant.tuned, contestant.guarantee]
        for contestant in ALL
        if contestant.name not in data["missing"]
    ]
    out = ["## Contestants\n", table(["", "what it is", "version", "tuned", "who tears, copies or blocks"], lines)]
    out += [f"- Not measured: {name}: {reason}" for name, reason in sorted(data["missing"].items())]
    return "\n".join(out) + "\n"


def machine(data):
    lines = [[name, value] for name, value in {**data["machine"], **data["tools"]}.items()]
    return "## Machine\n\n" + table(["", ""], lines) + "\n"


def render(data):
    out = [head(data), targets(data)]
    for _, title, rows in view.groups(data):
        out.append(f"## {title}\n")
        out += [row_section(name, row) for name, row in rows]
    return "\n".join(out + [contestants(data), machine(data)])


def write(results, path):
    try:
        with open(results, encoding="utf-8") as file:
            data = json.load(file)
    except OSError as error:
        raise build.BuildError(f"no results to publish ({error}); run script/bench --full first") from error
    with open(path + ".new", "w", encoding="utf-8") as file:
        file.write(render(data))
    os.replace(path + ".new", path)
    print(f"wrote {path}")
