# SPDX-License-Identifier: Apache-2.0
"""The real crate and the C side write, read and check the same values. README.md says what is
compared."""

import argparse
import collections
import json
import os
import pathlib
import subprocess
import sys

import cside
import model
import rustgen
import schema as schemas
import serde

HERE = pathlib.Path(__file__).resolve().parent
SETS = 16  # values of a schema that are changed by setters


class Report:
    """Counts per question; a failure shows its first examples."""

    SHOWN = 3

    def __init__(self):
        self.counts = collections.Counter()
        self.failures = collections.Counter()
        self.notes = collections.Counter()

    def passed(self, question, count=1):
        self.counts[question] += count

    def failed(self, question, *details):
        self.counts[question] += 1
        self.failures[question] += 1
        if self.failures[question] <= self.SHOWN:
            print(f"FAILED {question}: " + "\n    ".join(str(d)[:600] for d in details), flush=True)

    def expect(self, question, good, *details):
        self.passed(question) if good else self.failed(question, *details)

    def note(self, text):
        self.notes[text] += 1

    def show(self, title):
        print(f"{title}:")
        for question, count in self.counts.items():
            print(f"  {question}: {count - self.failures[question]} of {count}")
        for text, count in sorted(self.notes.items(), key=lambda n: (-n[1], n[0])):
            print(f"  note: {text}: {count}")
        sys.stdout.flush()
        return not self.failures


class Judge:
    """The Rust program with one batch of schemas compiled in."""

    def __init__(self, options, offsets, batch):
        self.options = options
        directory = options.work / f"batch{offsets}"
        directory.mkdir(parents=True, exist_ok=True)
        write_if_new(directory / "batch.rs", rustgen.batch(batch))
        target = options.work / f"target{offsets}"
        environment = dict(os.environ, INTEROP_BATCH=str(directory), CARGO_TARGET_DIR=str(target))
        command = ["cargo", "build", "--quiet", "-j", str(options.jobs), "--bin", "judge", "--features", f"size_{offsets}"]
        if options.target:
            command += ["--target", options.target]
        subprocess.run(command, cwd=HERE, env=environment, check=True)
        self.command = options.emulator + [target / options.target / "debug" / "judge"]

    def lines(self, *words, stdin=None):
        """Each line's fields. The program may die of damaged bytes: then the last line is short, and so is the list."""
        done = subprocess.run([*self.command, *map(str, words)], input=stdin, stdout=subprocess.PIPE, encoding="utf-8")
        return split_lines(done.stdout), done.returncode

    def make(self, schema):
        fuel = min(self.options.fuel, schema.fuel)
        lines, status = self.lines("make", self.options.seed, self.options.cases, fuel, schema.name)
        assert status == 0, f"the judge ended with {status} while it made values of {schema.name}"
        return lines

    def damage(self, schema):
        return self.lines("damage", self.options.seed, self.options.damage, self.options.fuel, schema.name)

    def check(self, name, archives):
        lines, status = self.lines("check", stdin="".join(f"{name}\t{i}\t{hx}\n" for i, hx in enumerate(archives)))
        assert status == 0, f"the judge ended with {status} while it checked archives of {name}"
        return [fields[2:] for fields in lines]


class Recorded:
    """What the Judge said about the hand-written schemas when vectors/ was recorded; for machines without cargo."""

    def __init__(self, offsets, order):
        self.made = read_lines(vectors("make", offsets, order))
        self.broken = read_lines(vectors("damage", offsets, order))
        self.verdicts = {(fields[0], fields[2]): fields[-2:] for fields in self.made}

    def make(self, schema):
        return [fields for fields in self.made if fields[0] == schema.name]

    def damage(self, schema):
        return [fields for fields in self.broken if fields[0] == schema.name], 0

    def check(self, name, archives):
        return [self.verdicts.get((name, archive), ["err", "not among the recorded archives"]) for archive in archives]


def split_lines(text):
    """Not splitlines(): it takes characters inside of strings, as U+2028, for ends of lines."""
    return [line.split("\t") for line in text.removesuffix("\n").split("\n")] if text else []


def vectors(what, offsets, order):
    return HERE / "vectors" / f"{what}{offsets}{'-big-endian' if order == 'big' else ''}.tsv"


def read_lines(path):
    return split_lines(path.read_text(encoding="utf-8").partition("\n")[2])


def recordable(order):
    """Big-endian is s390x, where 128-bit integers are aligned to 8, also by Rust: its archives of them differ from ours."""
    return [s for s in schemas.fixed() if s.recorded and (order == "little" or s.name != "aligned")]


def record(options, offsets):
    batch = recordable(options.byte_order)
    judge = Judge(options, offsets, batch)
    for what, answer in (("make", judge.make), ("damage", lambda schema: judge.damage(schema)[0])):
        lines = [fields for s in batch for fields in answer(s) if what == "make" or s.damage]
        text = "# SPDX-License-Identifier: Apache-2.0\n" + "".join("\t".join(fields) + "\n" for fields in lines)
        vectors(what, offsets, options.byte_order).write_text(text, encoding="utf-8")


def write_if_new(path, text):
    """An unchanged file keeps its time, so that nothing is compiled again."""
    if not path.exists() or path.read_text() != text:
        path.write_text(text)


def has_odd_tree(layouts, word):
    """True when some BTreeMap's entries are not a multiple of the node's alignment: the crate takes such nodes for larger
    than it writes them, and its check may refuse what it wrote itself."""
    def odd(kind):
        if kind[0] in ("btreemap", "btreeset"):
            align = layouts.variants_layout(0, [list(kind[1:])])
            inner = layouts.variants_layout(0, [[("box", None), kind[1]]])
            if align[0] % max(word, align[1]) or inner[0] % max(word, inner[1]):
                return True
        return any(odd(k) for k in kind[1:] if isinstance(k, tuple))

    bodies = []
    for item in layouts.schema.items:
        bodies += [b for _, b in item.variants] if isinstance(item, schemas.Enum) else [item.body]
    return any(odd(field.kind) for body in bodies for field in body.fields)


class Comparison:
    """All questions about one schema."""

    def __init__(self, schema, offsets, judge, report, order):
        self.schema, self.judge, self.report, self.order = schema, judge, report, order
        self.word = offsets // 8
        self.convert = serde.Convert(schema)
        self.odd_tree = has_odd_tree(model.Model(schema, self.word), self.word)

    def refusal_is_known(self, message):
        return self.odd_tree and "subtree pointer" in message

    def cases(self):
        made = []
        for fields in self.judge.make(self.schema):
            _, case, archive, text, verdict, answer = fields
            made.append((case, archive, text))
            if verdict == "ok":
                self.report.expect("Rust finds its own value", answer == text, self.schema.name, case, text, answer)
            elif self.refusal_is_known(answer):
                self.report.note("the crate refuses its own BTreeMap (node sizes rounded up)")
            else:
                self.report.failed("Rust finds its own value", self.schema.name, case, text, answer)
        return made

    def model(self, made):
        for case, archive, text in made:
            ours = model.Writer(self.schema, self.word, self.order).archive(json.loads(text)).hex()
            self.report.expect("model writes = Rust writes", ours == archive, self.schema.name, case, text, archive, ours)

    def c_writes(self, drive, made):
        answers = drive.ask("encode", [self.convert.to_c(json.loads(text)) for _, _, text in made])
        sizes = drive.ask("size", [self.convert.to_c(json.loads(text)) for _, _, text in made])
        written = []
        for (case, archive, text), (good, ours), (_, size) in zip(made, answers, sizes):
            self.report.expect("C writes = Rust writes", good and ours == archive, self.schema.name, case, text, archive, ours)
            self.report.expect("C knows the size before", size == str(len(archive) // 2), self.schema.name, case, text, size)
            if good:
                written.append((case, ours, text))
        verdicts = self.judge.check(self.schema.name, [ours for _, ours, _ in written])
        for (case, ours, text), (verdict, answer) in zip(written, verdicts):
            known = verdict == "err" and self.refusal_is_known(answer)
            self.report.expect("Rust accepts C's bytes, equal values", known or (verdict, answer) == ("ok", text),
                               self.schema.name, case, text, ours, answer)

    def c_sets(self, drive, made):
        """What setters leave is what the model writes of the value that Rust then finds."""
        sets = drive.ask("set", [self.convert.to_c(json.loads(text)) for _, _, text in made[:SETS]])
        verdicts = self.judge.check(self.schema.name, [ours if good else "" for good, ours in sets])
        for (case, _, text), (good, ours), (verdict, answer) in zip(made, sets, verdicts):
            if good and verdict == "err" and self.refusal_is_known(answer):
                continue
            again = model.Writer(self.schema, self.word, self.order).archive(json.loads(answer)).hex() if verdict == "ok" else ""
            self.report.expect("after setters: Rust accepts the bytes, the model writes them", good and ours == again,
                               self.schema.name, case, text, ours, answer, again)

    def c_reads(self, drive, made):
        checks = drive.ask("check", [archive for _, archive, _ in made])
        prints = drive.ask("print", [archive for _, archive, _ in made])
        for (case, archive, text), (accepts, why), (good, answer) in zip(made, checks, prints):
            self.report.expect("C's check accepts Rust's bytes", accepts, self.schema.name, case, archive, why)
            self.report.expect("C finds Rust's values", good and self.same(text, answer), self.schema.name, case, text, answer)

    def same(self, text, answer):
        try:
            return self.convert.plain(json.loads(text)) == self.convert.read(answer)
        except (ValueError, KeyError, TypeError, AttributeError):
            return False

    def damaged(self, drive):
        lines, status = self.judge.damage(self.schema)
        if status != 0:
            self.report.note(f"the crate died ({status}) of damaged bytes of {self.schema.name}: {lines[-1][2]}")
        whole = [fields for fields in lines if len(fields) == 6]
        answers = drive.ask("print", [fields[2] for fields in lines])
        for (_, case, archive, kind, verdict, answer), (good, ours) in zip(whole, answers):
            self.one_damage(f"{self.schema.name} {case} {kind} {archive}", verdict, answer, good, ours)

    def one_damage(self, where, verdict, answer, good, ours):
        report = self.report
        if verdict == "err" and good:
            if self.refusal_is_known(answer):
                report.note("damaged: only Rust refuses, in a schema with BTreeMap nodes whose sizes it rounds up")
            else:
                report.failed("C refuses what Rust refuses", where, answer, ours)
        elif verdict == "err":
            report.passed("C refuses what Rust refuses")
        elif good:
            report.expect("damaged, accepted by both: equal values", self.same(answer, ours), where, answer, ours)
        else:
            report.note("damaged: only C refuses: " + cside.kind_of(ours))


def ask_c(options, comparison, made, report):
    try:
        with cside.Drive(options, comparison.schema, comparison.word * 8) as drive:
            comparison.c_writes(drive, made)
            if not options.recorded:
                comparison.c_sets(drive, made)
            comparison.c_reads(drive, made)
            if comparison.schema.damage:
                comparison.damaged(drive)
    except cside.Died as error:
        report.failed("the C side lives", error)
    else:
        report.passed("the C side lives")


def run(options, offsets):
    batch = recordable(options.byte_order) if options.recorded else schemas.batch(options.seed, options.schemas, options.keys)
    judge = Recorded(offsets, options.byte_order) if options.recorded else Judge(options, offsets, batch)
    report = Report()
    for schema in batch:
        if options.only and schema.name not in options.only:
            continue
        comparison = Comparison(schema, offsets, judge, report, options.byte_order)
        made = comparison.cases()
        comparison.model(made)
        if options.drive or options.mmsc:
            ask_c(options, comparison, made, report)
    source = "recorded" if options.recorded else f"seed {options.seed}"
    return report.show(f"{source}, {len(batch)} schemas, offsets of {offsets} bits, {options.byte_order}-endian")


def emit(options):
    options.emit.mkdir(parents=True, exist_ok=True)
    for schema in schemas.batch(options.seed, options.schemas, options.keys):
        (options.emit / f"{schema.name}.rs").write_text(schemas.source(schema))
        print(options.emit / f"{schema.name}.rs", schema.root)


def parse():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="decides schemas, values and damage (default 1)")
    parser.add_argument("--schemas", type=int, default=24, help="random schemas beside the hand-written ones")
    parser.add_argument("--cases", type=int, default=64, help="values per schema; every 16th may be large")
    parser.add_argument("--damage", type=int, default=200, help="damaged archives per schema")
    parser.add_argument("--fuel", type=int, default=3000, help="items in a large value")
    parser.add_argument("--offsets", choices=["32", "64", "both"], default="both")
    parser.add_argument("--keys", choices=["basic", "all"], default="all", help="basic: numbers and texts alone")
    parser.add_argument("--only", action="append", help="this schema only; may be repeated")
    parser.add_argument("--work", type=pathlib.Path, required=True, help="directory for what is built")
    parser.add_argument("--jobs", type=int, default=1, help="for cargo")
    parser.add_argument("--drive", type=pathlib.Path, help="archive_drive, which reads schemas at run time")
    parser.add_argument("--mmsc", type=pathlib.Path, help="test generated code instead: mmsc, with --cc")
    parser.add_argument("--cc", help="compiles DRIVER from generated code: {header} {root} {directory} {sources} {output}")
    parser.add_argument("--byte-order", choices=["little", "big"], default="little", help="of the machine of both sides")
    parser.add_argument("--target", default="", help="the machine to compile the crate for, in cargo's words")
    parser.add_argument("--recorded", action="store_true", help="compare with vectors/ instead of asking the crate")
    parser.add_argument("--record", action="store_true", help="write vectors/ anew")
    parser.add_argument("--emit", type=pathlib.Path, help="only write the schema files there")
    options = parser.parse_args()
    options.work = options.work.resolve()
    options.emulator = os.environ.get("MMSYNC_TEST_EMULATOR", "").split()  # for what was compiled for another machine
    return options


def main():
    options = parse()
    if options.emit:
        return emit(options)
    sizes = [32, 64] if options.offsets == "both" else [int(options.offsets)]
    if options.record:
        return [record(options, offsets) for offsets in sizes] and 0
    good = [run(options, offsets) for offsets in sizes]
    if not (options.drive or options.mmsc):
        print("not compared: the C side (no --drive and no --mmsc)")
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
