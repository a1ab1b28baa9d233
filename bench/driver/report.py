# SPDX-License-Identifier: Apache-2.0
"""report.html: one file, no scripts, light and dark."""

import html
import os

import plots
import view
from contestants import ALL, BY_NAME

STYLE = """
:root { color-scheme: light dark; --back: #fff; --text: #1b1f24; --soft: #5b6570; --line: #d9dee3; --own: #eaf3fc; --good: #1a7f37;
  --bad: #b42318; }
@media (prefers-color-scheme: dark) { :root { --back: #14171a; --text: #e4e8ec; --soft: #9aa5b0; --line: #333a41;
  --own: #1b2b3b; --good: #57c47a; --bad: #ff8d7e; } }
body { background: var(--back); color: var(--text); font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 68rem;
  padding: 0 1rem; }
h1, h2, h3 { line-height: 1.25; } h2 { margin-top: 3rem; border-bottom: 1px solid var(--line); } h3 { margin-top: 2rem; }
table { border-collapse: collapse; margin: .5rem 0; font-size: .9rem; } .wide { overflow-x: auto; }
th, td { text-align: left; padding: .2rem .7rem .2rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
td.n, th.n { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
tr.own td { background: var(--own); } .soft { color: var(--soft); } .good { color: var(--good); } .bad { color: var(--bad); }
code { font-size: .85em; overflow-wrap: anywhere; } svg { width: 100%; height: auto; color: var(--text); }
.why { border-left: 3px solid var(--line); padding-left: .8rem; margin: .4rem 0; }
"""


def text(value):
    return html.escape(str(value))


def table(headings, rows, own=()):
    """Cells are HTML; a heading that starts with # marks a column of numbers."""
    right = [heading.startswith("#") for heading in headings]
    out = ['<div class="wide"><table><tr>']
    out += [f'<th class="n">{text(h[1:])}</th>' if r else f"<th>{text(h)}</th>" for h, r in zip(headings, right)]
    out.append("</tr>")
    for cells in rows:
        out.append('<tr class="own">' if cells[0] in own else "<tr>")
        out += [f'<td class="n">{cell}</td>' if r else f"<td>{cell}</td>" for cell, r in zip(cells, right)]
        out.append("</tr>")
    out.append("</table></div>")
    return "".join(out)


def row_table(row):
    extras = view.extras(row)
    percentiles = view.PERCENTILES if view.has_percentiles(row) else []
    headings = ["", "#median", "#quartiles", "#min to max", "#mmsync's lead"]
    headings += (
        [f"#{label}" for _, label in percentiles] + [f"#{label}" for _, label, _ in extras] + ["what you get"]
    )
    lines = []
    for name in view.ordered(row):
        spread, ratio = row["results"][name][row["metric"]], view.times_mmsync(row, name)
        cells = [
            text(name),
            view.number(spread["median"], row["unit"]),
            f'{view.number(spread["q1"], row["unit"])} to {view.number(spread["q3"], row["unit"])}',
            f'{view.number(spread["min"], row["unit"])} to {view.number(spread["max"], row["unit"])}',
            "" if ratio is None else f"{view.plain(ratio)} ×",
        ]
        cells += [view.percentile(row, name, metric) for metric, _ in percentiles]
        cells += [view.number(view.median(row, name, metric), unit) for metric, _, unit in extras]
        lines.append(cells + [f'<span class="soft">{text(BY_NAME[name].guarantee)}</span>'])
    return table(headings, lines, own=("mmsync",))


def row_section(name, row):
    out = [f'<h3 id="{text(name)}">{text(row["title"])}</h3>']
    out.append(row_table(row) if row["results"] else "<p>No figures.</p>")
    selection, place = view.selection(row), view.standing(name, row)
    if selection:
        out.append(f"<p>{text(selection)}</p>")
    if place:
        out.append(f"<p>{text(place)}</p>")
    for winners, why in view.leaders(name, row):
        out.append(f'<p class="why">Ahead: <b>{text(winners)}</b>: {text(why)}</p>')
    for missing, reason in view.absent(row):
        out.append(f'<p class="soft">Not measured: {text(missing)}: {text(reason)}</p>')
    out.append(
        f'<p class="soft">Repeat with <code>script/bench --row {text(name)}</code>; one run of it: '
        f'<code>{text(row["command"])}</code></p>'
    )
    return "\n".join(out)


def targets_section(data):
    import texts

    lines, notes = [], []
    for target in data["targets"]:
        mark = view.target_text(target)
        shade = "good" if mark == "met" else "bad" if mark == "missed" else "soft"
        found = view.target_number(target, target["ratio"]) + (" ×" if target["ratio"] and target["to"] else "")
        lines.append(
            [
                text(target["sentence"]),
                text(view.target_wanted(target)),
                found,
                f'<span class="{shade}">{mark}</span>',
            ]
        )
        if mark == "missed":
            notes.append(f'<p class="why"><b>{text(target["sentence"])}</b>: {text(texts.MISSED[target["name"]])}</p>')
    return (
        "<h2>Targets</h2><p>Medians of this run, or ratios of two of them.</p>"
        + table(["target", "#wanted", "#found", ""], lines)
        + "".join(notes)
    )


def machine_section(data):
    lines = [[text(name), text(value)] for name, value in data["machine"].items()]
    lines += [[text(name), text(value)] for name, value in data["tools"].items()]
    lines.append(["compiled with", "C: <code>-O3</code>; Rust: <code>opt-level 3, lto fat, codegen-units 1</code>"])
    return "<h2>Machine</h2>" + table(["", ""], lines)


def contestants_section(data):
    found, lines = dict(view.versions(data)), []
    for contestant in ALL:
        state = (
            f'not measured: {data["missing"][contestant.name]}'
            if contestant.name in data["missing"]
            else found.get(contestant.name, "")
        )
        lines.append(
            [
                text(contestant.name),
                text(contestant.what),
                text(contestant.tuned),
                text(contestant.guarantee),
                text(state),
            ]
        )
    return "<h2>Contestants</h2>" + table(["", "what it is", "tuned", "who tears, copies or blocks", "version"], lines)


def group_section(data, group, title, rows):
    out = [f"<h2>{text(title)}</h2>"]
    try:
        out += plots.plots_of(data, group)
    except plots.NoPlots as error:
        out.append(f'<p class="soft">No plots: {text(error)}.</p>')
    out += [row_section(name, row) for name, row in rows]
    return "\n".join(out)


INTRODUCTION = """<p>Everything here was measured in one run, contestants in turn (A B C A B C ...), each in its own processes,
which are pinned if there is more than one processor. Figures are medians over the rounds, with quartiles and extremes.
A single read is timed by reading the processor's clock before and after it, less what that costs with nothing in
between. The clock has steps of a few nanoseconds, so percentiles below {step:.0f} ns are shown as such; the column
“median” comes from batches of reads and has no such floor. “mmsync's lead” is a ratio of medians: below 1, the other
one is better. Ratios carry over to other machines, nanoseconds do not.</p>"""


def page(data):
    changed = " with changes" if data["modified"] else ""
    out = [
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>mmsync: benchmarks</title>'
        f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style></head><body>',
        "<h1>mmsync and its peers, side by side</h1>",
        f'<p class="soft">Commit {text(data["commit"][:12])}{changed}; {text(data["date"])}; <code>{text(data["command"])}</code>, '
        f'{data["mode"]} mode, {data["seconds"]} s.</p>',
        INTRODUCTION.format(step=view.CLOCK_STEP),
        targets_section(data),
    ]
    out += [group_section(data, group, title, rows) for group, title, rows in view.groups(data)]
    out += [contestants_section(data), machine_section(data), "</body></html>"]
    return "\n".join(out)


def write(path, data):
    with open(path + ".new", "w", encoding="utf-8") as file:
        file.write(page(data))
    os.replace(path + ".new", path)


def print_table(data):
    for group, title, rows in view.groups(data):
        print(f"\n{title}")
        for name, row in rows:
            print(f"  {row['title']} ({name})")
            for contestant in view.ordered(row):
                spread, ratio = row["results"][contestant][row["metric"]], view.times_mmsync(row, contestant)
                print(
                    f"    {contestant:15} {view.number(spread['median'], row['unit']):>12}   "
                    f"[{view.number(spread['q1'], row['unit'])} to {view.number(spread['q3'], row['unit'])}]"
                    + ("" if ratio is None else f"   {view.plain(ratio)} x")
                )
            for missing, reason in view.absent(row):
                print(f"    {missing:15} not measured: {reason}")
    print("\nTargets")
    for target in data["targets"]:
        found = view.target_number(target, target["ratio"])
        print(
            f"  {view.target_text(target):12} {found:>8} (wanted {view.target_wanted(target)})  {target['sentence']}"
        )
