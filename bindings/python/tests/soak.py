# SPDX-License-Identifier: Apache-2.0
"""soak.py [--seconds N] [--seed N]: random opens, snapshots, arrays, tables, typed values, tensors,
forks, publishes, closes and collections of garbage. Each value says what it must be, so that whoever
holds one can tell whether it still is that. Ends with the figures, and status 0 if nothing was wrong."""
import argparse
import collections
import gc
import os
import random
import shutil
import sys
import tempfile
import threading
import time

import mmsync
import numpy as np
from mmsync import tensors

SCHEMA = mmsync.Schema("struct Soak { number: u64, text: String, items: Vec<u64>, by_key: HashMap<u64, u64>, next: Option<Box<Soak>> }", "Soak")


PRICES = mmsync.Schema("#[mmsync::table] type Prices = HashMap<u32, Price>; struct Price { number: u64, text: String, items: Vec<u64> }", "Prices")


class Wrong(Exception):
    pass


def expect(condition, what):
    if not condition:
        raise Wrong(what)


# ---- Values that can be checked, of four kinds; each has a region of its own ----


def write_array(writer, number):
    writer.write(np.full(number % 5000 + 1, number, dtype="u8"))


def build_array(writer, number):
    with writer.build(8 * (number % 5000 + 1)) as memory:
        np.frombuffer(memory, dtype="u8")[:] = number


def hold_array(snapshot):
    return np.frombuffer(snapshot, dtype="u8")


def check_array(values):
    number = int(values[0])
    expect(len(values) == number % 5000 + 1 and (values == number).all(), "array")


def update_table(writer, number):
    with writer.table(keys=int) as table:
        for key in range(20):
            table[key] = number.to_bytes(8, "little") * (number % 30 + 1)
        table[1000 + number % 500] = b"other"
        table.pop(1000 + number * 7 % 500, None)


def hold_table(snapshot):
    view = snapshot.table(keys=int)
    return view.get_many(range(20)), view, iter(view)


def check_table(held):
    values, view, _ = held
    number = int.from_bytes(values[0][:8], "little")
    expect(all(value == number.to_bytes(8, "little") * (number % 30 + 1) for value in values), "table")
    expect(view[7] == values[3] and sum(1 for _ in view.items()) == len(view), "table's entries")


def update_typed_table(writer, number):
    with writer.table(schema=PRICES) as table:
        for key in range(10):
            table[key] = {"number": number, "text": f"number {number}", "items": [number] * (number % 20)}
        table[1000 + number % 300] = {"number": 0, "text": "", "items": []}
        table.pop(1000 + number * 7 % 300, None)


def hold_typed_table(snapshot):
    view = snapshot.table()
    return view.get_many(range(10)), view, view[3].items, iter(view.items())


def check_typed_table(held):
    values, view, items, _ = held
    number = values[0].number
    expect(all(value.number == number and value.text == f"number {number}" for value in values), "typed table")
    expect(list(items) == [number] * (number % 20) and view[5] == values[5] and sum(1 for _ in view) == len(view), "typed table's entries")


def write_typed(writer, number):
    value = None
    for _ in range(number % 4 + 1):
        value = {"number": number, "text": f"number {number}", "items": [number] * (number % 50), "by_key": {number: number + 1}, "next": value}
    writer.write_value(SCHEMA, value)


def hold_typed(snapshot):
    value = snapshot.value
    return value, value.items, value.by_key, np.asarray(value.items)


def check_typed(held):
    value, items, by_key, array = held
    number = value.number
    expect(value.text == f"number {number}" and list(items) == [number] * (number % 50) == array.tolist(), "typed value")
    expect(by_key[number] == number + 1 and (value.next is None) == (number % 4 == 0), "typed value's parts")
    if value.next is not None:
        expect(value.next.to_dict()["number"] == number, "typed value's content")


def update_tensors(writer, number):
    arrays = {f"layer{index}": np.full((20, index + 1), number, dtype="f8") for index in range(6)}
    if writer.generation == 0 or number % 10 == 0:
        tensors.publish(writer, arrays)
    else:
        tensors.update(writer, arrays)


def hold_tensors(snapshot):
    return list(tensors.load(snapshot).values())


def check_tensors(arrays):
    number = arrays[0].flat[0]
    expect(len(arrays) == 6 and all((array == number).all() for array in arrays), "tensors")


KINDS = {
    "array": ([write_array, build_array], hold_array, check_array), "table": ([update_table], hold_table, check_table),
    "typed table": ([update_typed_table], hold_typed_table, check_typed_table),
    "typed": ([write_typed], hold_typed, check_typed), "tensors": ([update_tensors], hold_tensors, check_tensors),
}


class Soak:
    def __init__(self, directory, seed):
        self.choose = random.Random(seed)
        self.directory = directory
        self.writers, self.regions, self.held = {}, {kind: [] for kind in KINDS}, []
        self.number = 0
        self.counts = collections.Counter()

    def path(self, kind):
        return os.path.join(self.directory, kind)

    # ---- What may happen ----

    def publish(self):
        kind = self.choose.choice(list(KINDS))
        if kind not in self.writers:
            self.writers[kind] = mmsync.Writer(self.path(kind), max_slots=12, grace_ms=0, track=self.choose.choice(["auto", "touches"]))
        self.number += 1
        try:
            self.choose.choice(KINDS[kind][0])(self.writers[kind], self.number)
        except mmsync.AgainError:  # what is held keeps every slot
            self.counts["refused"] += 1
            self.held = [entry for entry in self.held if entry[0] != kind]

    def fail_to_publish(self):
        kind = self.choose.choice(list(self.writers) or ["array"])
        if kind in self.writers:
            try:
                with self.choose.choice([self.writers[kind].update, lambda: self.writers[kind].build(100)])() as memory:
                    kept = np.frombuffer(memory, dtype="u1")
                    if len(kept):
                        kept[0] ^= 1
                    raise KeyError
            except (KeyError, mmsync.AgainError):
                pass

    def open(self):
        kind = self.choose.choice(list(KINDS))
        if len(self.regions[kind]) < 5 and os.path.exists(self.path(kind)):
            self.regions[kind].append(mmsync.Region(self.path(kind)))

    def hold(self):
        kind = self.choose.choice(list(KINDS))
        if self.regions[kind]:
            try:
                snapshot = self.choose.choice(self.regions[kind]).snapshot()
            except mmsync.EmptyError:
                return
            if len(snapshot):
                self.held.append((kind, KINDS[kind][1](snapshot)))

    def check(self):
        if self.held:
            kind, held = self.choose.choice(self.held)
            KINDS[kind][2](held)

    def drop(self):
        while self.held and self.choose.random() < 0.6:
            del self.held[self.choose.randrange(len(self.held))]

    def close_region(self):
        regions = self.regions[self.choose.choice(list(KINDS))]
        if regions:
            region = regions.pop(self.choose.randrange(len(regions)))
            if self.choose.random() < 0.5:
                region.close()

    def close_writer(self):
        if self.writers and self.choose.random() < 0.2:
            del self.writers[self.choose.choice(list(self.writers))]

    def collect(self):
        cycle = [self.held[-1:], self.writers.copy()]
        cycle.append(cycle)
        del cycle
        gc.collect()

    def threads(self):
        """All of them take and check, while this one publishes."""
        wrong = []

        def read(seed):
            choose = random.Random(seed)
            try:
                for _ in range(20):
                    kind = choose.choice(list(KINDS))
                    if self.regions[kind]:
                        snapshot = self.regions[kind][0].snapshot()
                        if len(snapshot):
                            KINDS[kind][2](KINDS[kind][1](snapshot))
            except mmsync.EmptyError:
                pass
            except Exception as error:
                wrong.append(error)

        readers = [threading.Thread(target=read, args=(self.choose.random(),)) for _ in range(3)]
        for reader in readers:
            reader.start()
        for _ in range(10):
            self.publish()
        for reader in readers:
            reader.join()
        if wrong:
            raise wrong[0]

    def fork(self):
        """A child uses what it inherits in every way that it may; then it ends, at once or by its end."""
        pid = os.fork()
        if pid:
            expect(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0, "child")
            return
        status = 1
        try:
            self.in_child()
            status = 0
        except BaseException:
            sys.excepthook(*sys.exc_info())
        finally:
            sys.stderr.flush()
            os._exit(status)

    def in_child(self):
        for writer in self.writers.values():
            try:
                writer.write(b"x")
                raise Wrong("a child wrote")
            except mmsync.ForkedError:
                pass
        for kind, regions in self.regions.items():
            for region in regions:
                try:
                    snapshot = region.snapshot()
                except mmsync.EmptyError:
                    continue
                if len(snapshot):
                    KINDS[kind][2](KINDS[kind][1](snapshot))
        if self.choose.random() < 0.5:
            self.held.clear()
            self.regions.clear()
            self.writers.clear()
            gc.collect()

    def step(self):
        weights = {"publish": 30, "fail_to_publish": 4, "open": 8, "hold": 30, "check": 30, "drop": 8, "close_region": 5, "close_writer": 3,
                   "collect": 1, "threads": 1, "fork": 0.4}
        name = self.choose.choices(list(weights), list(weights.values()))[0]
        self.counts[name] += 1
        getattr(self, name)()

    def end(self):
        """Everything that was published can be verified, and nothing is left of it here."""
        for kind, held in self.held:
            KINDS[kind][2](held)
        kind = held = None
        self.held.clear()
        self.regions.clear()
        self.writers.clear()
        gc.collect()
        for kind in KINDS:
            if os.path.exists(self.path(kind)):
                mmsync.verify(self.path(kind))
                expect(mmsync.inspect(self.path(kind)).readers == 0, "readers that are left")
        with open("/proc/self/maps") as maps:
            expect(self.directory not in maps.read(), "mappings that are left")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    arguments = parser.parse_args()
    directory = tempfile.mkdtemp(prefix=os.environ.get("MMSYNC_TEST_NAME", "mmsync-soak") + "-", dir="/dev/shm")
    print("seed", arguments.seed, flush=True)
    soak, end = Soak(directory, arguments.seed), time.monotonic() + arguments.seconds
    try:
        while time.monotonic() < end:
            soak.step()
        soak.end()
    finally:
        shutil.rmtree(directory)
    print(*(f"{name}={count}" for name, count in sorted(soak.counts.items())))


if __name__ == "__main__":
    main()
