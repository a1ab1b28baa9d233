# SPDX-License-Identifier: Apache-2.0
"""The benchmark runs and reports. Usage: smoke.py SOURCE_DIRECTORY PLUGINS_DIRECTORY

Every row once, with the contestants that need no other package; what comes out is whole and well-formed. The figures mean
nothing. Exit status 0 or 1, with what is wrong on standard output."""

import html.parser
import json
import os
import subprocess
import sys
import tempfile

VOID = {"meta", "br", "hr", "img", "link"}
# These need what a machine may lack: strace, permission to trace, a second processor.
MAY_BE_MISSING = {"calls-write", "instructions", "seen-spin"}
NEEDED = ["mmsync", "mmsync-calls", "mmsync-refresh", "seqlock", "rwlock", "pointer", "memcpy", "mmsync-whole", "mmsync-patch", "futex"]

# Not built here.
PEERS = ["lmdb", "sqlite", "redis", "liburcu"]


class Page(html.parser.HTMLParser):
    """Are the tags balanced, is there anything from outside, which headings have an id?"""

    def __init__(self):
        super().__init__()
        self.open, self.wrong, self.ids = [], [], set()

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        if tag == "h3":
            self.ids.add(attributes.get("id"))
        if tag in ("script", "iframe") or "src" in attributes or str(attributes.get("href", "#"))[:1] != "#":
            self.wrong.append(f"<{tag}> refers to something outside: {attributes}")
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        pass

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrong.append(f"</{tag}> ends what was not begun, at {self.getpos()}")


def run(source, plugins, out):
    command = [
        sys.executable,
        os.path.join(source, "bench", "driver", "main.py"),
        "--tiny",
        "--plugins",
        plugins,
        "--out",
        out,
        "--publish",
        "--document",
        os.path.join(out, "benchmarks.md"),
    ]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env=dict(os.environ, PYTHONDONTWRITEBYTECODE="1")
    )
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)} ended with {done.returncode}:\n{done.stderr[-2000:]}")
    listed = subprocess.run([*command[:2], "--list"], capture_output=True, text=True, check=True).stdout
    return [line.split()[0] for line in listed.split("contestants:")[0].splitlines()[1:] if line.strip()]


def check_results(data, rows):
    wrong = [f"results.json has no row {name}" for name in rows if name not in data["rows"]]
    for name, row in data["rows"].items():
        for contestant, reason in row["missing"].items():
            if contestant in NEEDED and name not in MAY_BE_MISSING:
                wrong.append(f"{name}: {contestant} has no figure: {reason}")
        if "mmsync" not in row["results"] and name not in MAY_BE_MISSING:
            wrong.append(f"{name}: no figure of mmsync")
        for contestant, metrics in row["results"].items():
            spread = metrics[row["metric"]]
            if not spread["min"] <= spread["q1"] <= spread["median"] <= spread["q3"] <= spread["max"]:
                wrong.append(f"{name}: {contestant}: a spread out of order: {spread}")
    wrong += [f"{name}: nothing says why it is missing" for name in PEERS if not data["missing"].get(name)]
    wrong += [
        f"results.json has no {key}"
        for key in ("commit", "machine", "tools", "versions", "targets")
        if not data.get(key)
    ]
    return wrong


def check_page(text, rows):
    page = Page()
    page.feed(text)
    page.close()
    return (
        page.wrong
        + [f"<{tag}> is not ended" for tag in page.open]
        + [f"report.html has no {name}" for name in rows if name not in page.ids]
    )


def check_refusal(plugins, out):
    """What a contestant cannot do, as an older mmsync in a comparison, is said."""
    words = ["--contestant", os.path.join(plugins, "rwlock.so"), "--directory", out, "--mode", "parts", "--change", "a:1:1"]
    done = subprocess.run([os.path.join(plugins, "bench-run"), *words], capture_output=True, text=True, check=False)
    if done.returncode == 1 and done.stderr == "rwlock cannot do that\n":
        return []
    return [f"a contestant that cannot change a part ended with {done.returncode} and said: {done.stderr}"]


def main():
    source, plugins = sys.argv[1:3]
    before = set(os.listdir("/dev/shm"))
    with tempfile.TemporaryDirectory() as out:
        rows = run(source, plugins, out)
        with open(os.path.join(out, "results.json"), encoding="utf-8") as file:
            wrong = check_results(json.load(file), rows)
        wrong += check_refusal(plugins, out)
        with open(os.path.join(out, "report.html"), encoding="utf-8") as file:
            wrong += check_page(file.read(), rows)
        with open(os.path.join(out, "benchmarks.md"), encoding="utf-8") as file:
            document = file.read()
        wrong += [f"benchmarks.md has no {name}" for name in rows if f"--row {name}`" not in document]
    wrong += [
        f"left behind: /dev/shm/{name}"
        for name in set(os.listdir("/dev/shm")) - before
        if name.startswith("mmsync-bench-") and not os.path.exists(f"/proc/{name.split('-')[2]}")
    ]
    for line in wrong:
        print(line)
    print(f"{len(rows)} rows, {len(wrong)} things wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
