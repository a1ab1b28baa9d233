# SPDX-License-Identifier: Apache-2.0
# report.py COVERAGE.JSON EXEMPT: what gcovr counted, as a table, and then the lines of the core of which a test takes a branch
# never, and the functions of it that none calls. Status 1 if one of them does not stand in EXEMPT with its reason, or if a
# line stands there that is not in its file any more. One that stands there and was reached is only mentioned: chance may do it.
#
# EXEMPT: lines `FILE: TEXT`, TEXT being the whole line of the source without its indentation; below one or several of them,
# indented, the reason why no test comes there.
import collections
import json
import sys

AREAS = ["src/api/", "src/base/", "src/os/", "src/handle/", "src/region/", "src/table/", "src/mmap_sync/", "src/archive/", "src/schema/", "src/cli/", "include/mmsync/"]
DEMANDED = ("src/api/", "src/base/", "src/os/", "src/handle/", "src/region/")


class File:
    """One source, over all programs that it was compiled into."""

    def __init__(self, entry):
        self.name = entry["file"]
        self.counts = collections.Counter()
        self.branches = collections.Counter()
        self.functions = {}
        for line in entry["lines"]:
            if line.get("gcovr/noncode"):
                continue
            self.counts[line["line_number"]] += line["count"]
            for i, branch in enumerate(line["branches"]):
                self.branches[line["line_number"], i] += branch["count"]
        for function in entry.get("functions", []):
            name = function["name"]
            line, count = self.functions.get(name, (function["lineno"], 0))
            self.functions[name] = line, count + function["execution_count"]

    def unreached(self):
        lines = {line for (line, _), count in self.branches.items() if count == 0}
        lines |= {line for line, count in self.functions.values() if count == 0}
        return sorted(lines)

    def totals(self):
        return collections.Counter(
            lines=len(self.counts), hit=sum(c > 0 for c in self.counts.values()),
            branches=len(self.branches), taken=sum(c > 0 for c in self.branches.values()))


def share(hit, total):
    return f"{hit:5} of {total:5} ({100 * hit / total:5.1f} %)" if total else "none"


def print_row(name, totals):
    print(f"{name:32} {share(totals['hit'], totals['lines']):25} {share(totals['taken'], totals['branches'])}")


def print_table(files):
    print(f"{'file':32} {'lines':25} branches")
    for file in files:
        print_row(file.name, file.totals())
    print()
    for area in AREAS:
        print_row(area, sum((f.totals() for f in files if f.name.startswith(area)), collections.Counter()))


def read_exempt(path):
    """{(file, text): reason}"""
    exempt, group = {}, []
    for line in open(path).read().splitlines():
        if line.startswith("#") or not line.strip():
            continue
        if not line.startswith(" "):
            if group and group[-1] in exempt:
                group = []
            file, text = line.split(": ", 1)
            group.append((file, text.strip()))
            continue
        for key in group:
            exempt[key] = (exempt.get(key, "") + " " + line.strip()).strip()
    for key in group:
        if key not in exempt:
            sys.exit(f"{path}: no reason is given for {key[0]}: {key[1]}")
    return exempt


def main():
    files = sorted((File(f) for f in json.load(open(sys.argv[1]))["files"]), key=lambda f: f.name)
    exempt, bad = read_exempt(sys.argv[2]), 0
    seen = set()
    print_table(files)
    excused, named = 0, False
    for area in DEMANDED:
        if not any(file.name.startswith(area) for file in files):
            print(f"nothing was counted in {area}")
            bad += 1
    for file in files:
        if not file.name.startswith(DEMANDED):
            continue
        source = [line.strip() for line in open(file.name).read().splitlines()]
        for number in file.unreached():
            key = file.name, source[number - 1]
            if key in exempt:
                seen.add(key)
                excused += 1
                continue
            if not named:
                print("\nin the core, and no test takes every branch of:")
                named = True
            print(f"  {file.name}:{number}: {source[number - 1]}")
            bad += 1
    for name, text in sorted(set(exempt) - seen):
        if text not in (line.strip() for line in open(name).read().splitlines()):
            print(f"{sys.argv[2]} has a line that is not in {name} any more: {text}")
            bad += 1
        else:
            print(f"this time chance took every branch of (or a test always does, and {sys.argv[2]} need not have it): {name}: {text}")
    print(f"\nlines of the core with a branch that no test takes: {excused} with a reason ({sys.argv[2]}), {bad} without")
    sys.exit(bad > 0)


main()
