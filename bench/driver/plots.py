# SPDX-License-Identifier: Apache-2.0
"""Plots by gnuplot, as SVG that takes the colour of its text from the page."""

import re
import shutil
import subprocess

import view
from contestants import ALL, BY_NAME

COLOURS = ["#2a7fd4", "#e07b39", "#3f9b5b", "#b5509c", "#8a6fd1", "#c9a227", "#4fb3b3", "#d1495b", "#7a7a7a", "#6b8e23"]
HEAD = """set terminal svg size 860,{height} dynamic enhanced font 'sans-serif,13' {background}
set border 3 linewidth 0.7
set grid ytics linewidth 0.4
set tics nomirror
"""


NAMES = [contestant.name for contestant in ALL if not contestant.variant]


def colour_of(name):
    """The same in all plots; grey for bounds."""
    if name in BY_NAME and BY_NAME[name].bound:
        return "#9a9a9a"
    return COLOURS[NAMES.index(name) % len(COLOURS)] if name in NAMES else "#9a9a9a"


class NoPlots(Exception):
    pass


def gnuplot(script, height=360):
    if not shutil.which("gnuplot"):
        raise NoPlots("gnuplot is not installed")
    done = subprocess.run(
        ["gnuplot"],
        input=HEAD.format(height=height, background="") + script,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0 or "<svg" not in done.stdout:
        lines = done.stderr.strip().splitlines()
        raise NoPlots(f"gnuplot: {lines[-1] if lines else 'no output'}")
    return adapt(done.stdout)


def adapt(svg):
    """Without the prologue; black becomes the page's own colour."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<title>.*?</title>|<desc>.*?</desc>", "", svg, flags=re.S)
    svg = re.sub(r"'(black|#000000|rgb\(\s*0,\s*0,\s*0\s*\))'", "'currentColor'", svg)
    svg = re.sub(r'"(black|#000000|rgb\(\s*0,\s*0,\s*0\s*\))"', '"currentColor"', svg)
    return svg.replace("<svg", '<svg role="img"', 1)


def escape(text):
    return text.replace("\\", "\\\\").replace("'", "").replace("_", " ").replace('"', "")


def bars(title, pairs, unit):
    """Horizontal bars would be nicer, but gnuplot's histograms are vertical."""
    pairs = [(name, value) for name, value in pairs if value and value > 0]
    lines = "\n".join(
        f'"{escape(name)}" {value:.6g} {COLOURS[0] if name.startswith("mmsync") else "#9a9a9a"}'
        for name, value in pairs
    )
    lines = re.sub(r"#([0-9a-f]{6})", lambda match: str(int(match[1], 16)), lines)
    low = min(value for _, value in pairs)
    return gnuplot(f"""$data << END
{lines}
END
set title '{escape(title)}'
set logscale y
set yrange [{low / 2:.6g}:*]
set ylabel '{escape(unit)}'
set style fill solid 0.85
set boxwidth 0.6
set xtics rotate by -30
set xrange [-0.6:{len(pairs) - 0.4}]
unset key
plot $data using 0:2:3:xtic(1) with boxes linecolor rgb variable, '' using 0:2:(sprintf('%.3g', $2)) with labels offset 0,0.6
""")


def curves(title, x_label, y_label, series, log_x=True):
    """series: name -> [(x, y)]."""
    series = {name: points for name, points in series.items() if points}
    blocks, plots = [], []
    for index, (name, points) in enumerate(series.items()):
        blocks.append(f"$d{index} << END\n" + "\n".join(f"{x:.8g} {y:.8g}" for x, y in points) + "\nEND")
        width = 3 if name == "mmsync" else 1.3
        plots.append(
            f"$d{index} using 1:2 with linespoints linewidth {width} pointtype 7 pointsize 0.4 "
            f"linecolor rgb '{colour_of(name)}' title '{escape(name)}'"
        )
    axes = "set logscale xy\n" if log_x else "set logscale y\n"
    return gnuplot(
        "\n".join(blocks) + f"""
set title '{escape(title)}'
{axes}set xlabel '{escape(x_label)}'
set ylabel '{escape(y_label)}'
set key outside right
plot {', '.join(plots)}
""",
        height=400,
    )


def by_rows(data, wanted):
    """wanted: [(x, row name)]; name -> [(x, median)]."""
    series = {}
    for x, row_name in wanted:
        row = data["rows"].get(row_name)
        for name in row["results"] if row else []:
            value = view.median(row, name)
            if value and value > 0:
                series.setdefault(name, []).append((x, value))
    return {name: points for name, points in series.items() if len(points) > 1}


def percentile_series(row):
    series = {}
    for name in view.competitors(row):
        points = [
            (x, max(view.median(row, name, metric) or 0, view.CLOCK_STEP))
            for x, (metric, _) in zip((0, 1, 2, 3, 4), view.PERCENTILES)
        ]
        series[name] = points
    return series


def bar_row(data, row_name):
    row = data["rows"][row_name]
    return bars(row["title"], [(name, view.median(row, name)) for name in view.ordered(row)], row["unit"])


SIZES = [(1 << 10, "1kib"), (1 << 15, "32kib"), (1 << 20, "1mib"), (1 << 26, "64mib"), (1 << 30, "1gib")]


def plots_of(data, group):
    """The plots of a group of rows; those whose rows were not measured are left out."""
    rows = data["rows"]
    makers = {
        "read": [lambda: bar_row(data, "read"), lambda: bar_row(data, "read-two")],
        "beside-writer": [
            lambda: curves(
                "Reads beside a writer",
                "publishes per second",
                "ns per read",
                by_rows(data, [(rate, f"read-rate-{rate}") for rate in (10, 1000, 100000)]),
            ),
            lambda: percentile_curves(data, "read-rate-1000"),
        ],
        "beside-readers": [
            lambda: curves(
                "Reads with attached readers",
                "attached readers",
                "ns per read",
                by_rows(data, [(count, f"read-attached-{count}") for count in (1, 10, 100, 1000)]),
            )
        ],
        "first": [lambda: bar_row(data, "first-36")],
        "write": [lambda: bar_row(data, "write-attached-1"), lambda: bar_row(data, "write-spin")],
        "large": [
            lambda: curves(
                "Publish by copy", "bytes", "GiB/s", by_rows(data, [(x, f"copy-{name}") for x, name in SIZES])
            )
        ],
        "seen": [lambda: bar_row(data, "seen-spin"), lambda: bar_row(data, "seen-wait")],
        "table": [lambda: bar_row(data, "table")],
        "counters": [lambda: bar_row(data, "instructions")],
    }
    found = []
    for maker in makers.get(group, []) if rows else []:
        try:
            found.append(maker())
        except (KeyError, ValueError):
            continue  # a row that this run did not have
    return found


def percentile_curves(data, row_name):
    row = data["rows"][row_name]
    labels = ", ".join(f"'{label}' {x}" for x, (_, label) in enumerate(view.PERCENTILES))
    series = percentile_series(row)
    if not series:
        raise ValueError(row_name)
    blocks, plots = [], []
    for index, (name, points) in enumerate(series.items()):
        blocks.append(f"$d{index} << END\n" + "\n".join(f"{x} {y:.6g}" for x, y in points) + "\nEND")
        plots.append(
            f"$d{index} using 1:2 with linespoints linewidth {3 if name == 'mmsync' else 1.3} pointtype 7 pointsize 0.4 "
            f"linecolor rgb '{colour_of(name)}' title '{escape(name)}'"
        )
    return gnuplot(
        "\n".join(blocks) + f"""
set title 'Single reads while a writer publishes 1,000 times a second'
set logscale y
set xtics ({labels})
set ylabel 'ns'
set key outside right
plot {', '.join(plots)}
""",
        height=400,
    )
