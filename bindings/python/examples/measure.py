# SPDX-License-Identifier: Apache-2.0
"""What the examples measure, as text and as a picture."""
import argparse
import os
import tempfile


def arguments(doc):
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("region", nargs="?", help="a name or a path; otherwise a fresh one, which is removed at the end")
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--picture", metavar="FILE.png", help="draw latency and freshness; needs matplotlib")
    chosen = parser.parse_args()
    chosen.fresh = chosen.region is None
    chosen.region = chosen.region or tempfile.mktemp(prefix="mmsync-example-", dir="/dev/shm")
    return chosen


def quantile(values, part):
    return sorted(values)[min(len(values) - 1, int(len(values) * part))]


def show(name, unit, scale, values):
    if values:
        print(f"{name}: median {quantile(values, 0.5) * scale:.1f} {unit}, 99 % {quantile(values, 0.99) * scale:.1f} {unit}, "
              f"of {len(values)}")


def report(latencies, freshness, file=None):
    """Both in seconds: what a request takes, and how old the value is that it uses."""
    show("latency", "us", 1e6, latencies)
    show("freshness", "ms", 1e3, freshness)
    if file:
        draw(latencies, freshness, file)


def draw(latencies, freshness, file):
    try:
        import matplotlib
    except ImportError:
        print("no picture: matplotlib is not installed")
        return
    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, 2, figsize=(9, 3.5), layout="constrained")
    for axis, values, scale, label in ((axes[0], latencies, 1e6, "latency of a request, us"), (axes[1], freshness, 1e3, "age of its value, ms")):
        ordered = sorted(value * scale for value in values)
        axis.plot(ordered, [(index + 1) / len(ordered) for index in range(len(ordered))])
        axis.set(xlabel=label, ylabel="share of requests", xscale="log", ylim=(0, 1))
        axis.grid(alpha=0.3)
    figure.savefig(file)
    print("picture:", os.path.abspath(file))
