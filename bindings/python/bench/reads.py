# SPDX-License-Identifier: Apache-2.0
"""reads.py CONTESTANT,... DIRECTORY SECONDS: what it takes a reader to get at the newest value, in ns.

Statements are timed as a program would have them, inline, in batches whose median counts. The value
is 1,000 numbers. Prints one JSON object."""
import json
import multiprocessing
import os
import statistics
import subprocess
import sys
import time
import timeit
from multiprocessing import shared_memory

import numpy as np

COUNT, BATCHES = 1000, 99  # short ones: what disturbs one disturbs few
FRESH = 400  # publishes to be seen
KEY = b"value"


def value(number):
    return np.full(COUNT, float(number))


class Mmsync:
    """Arrays are in place and stay as they are while they exist."""

    statements = {
        "unchanged": "changed = region.generation != seen",
        "snapshot": "value = region.snapshot()",
        "kept": "value = newest()",
        "array": "value = np.frombuffer(region.snapshot())",
        "number": "value = newest()[7]",
    }

    def __init__(self, directory):
        import mmsync

        self.path = os.path.join(directory, "region")
        self.open_writer, self.open_region = mmsync.Writer, mmsync.Region

    def write(self, number):
        if not hasattr(self, "writer"):
            self.writer = self.open_writer(self.path)
        self.writer.write(value(number))

    def names(self):
        region = self.open_region(self.path)
        held = region.snapshot()
        return {"region": region, "newest": region.newest(np.frombuffer), "held": held, "seen": held.generation}

    def close(self):
        self.writer.close()


class Lmdb:
    """Arrays are in place and good until the end of the transaction."""

    statements = {
        "unchanged": "with env.begin() as txn: changed = txn.id() != seen",
        "snapshot": "with env.begin(buffers=True) as txn: value = txn.get(KEY)",
        "array": "with env.begin(buffers=True) as txn: value = np.frombuffer(txn.get(KEY))",
        "number": "with env.begin(buffers=True) as txn: value = np.frombuffer(txn.get(KEY))[7]",
    }
    statements["kept"] = statements["array"]

    def __init__(self, directory):
        import lmdb

        self.env = lmdb.open(os.path.join(directory, "lmdb"), map_size=1 << 28, writemap=True, sync=False,
                             metasync=False, map_async=True)

    def write(self, number):
        with self.env.begin(write=True) as txn:
            txn.put(KEY, value(number))

    def names(self):
        return {"env": self.env, "KEY": KEY, "seen": 1}

    def close(self):
        self.env.close()


class SharedMemory:
    """Arrays are in place and good while the lock is held, which keeps the writer out."""

    statements = {
        "unchanged": "with lock: changed = header[0] != seen",
        "snapshot": "with lock: value = array",
        "kept": "with lock: value = array.copy()",
        "array": "with lock: value = array.copy()",
        "number": "with lock: value = array[7]",
    }

    def __init__(self, directory):
        self.lock = multiprocessing.Lock()
        self.memory = shared_memory.SharedMemory(create=True, size=64 + 8 * COUNT)
        self.header = np.frombuffer(self.memory.buf, dtype="u8", count=1)
        self.array = np.frombuffer(self.memory.buf, offset=64, count=COUNT)

    def write(self, number):
        with self.lock:
            self.header[0] += 1
            self.array[:] = value(number)

    def names(self):
        return {"lock": self.lock, "header": self.header, "array": self.array, "seen": 1}

    def close(self):
        del self.header, self.array
        self.memory.close()
        self.memory.unlink()


CONTESTANTS = {"mmsync": Mmsync, "py-lmdb": Lmdb, "shared_memory": SharedMemory}


def timers(stores):
    names = {name: {"np": np, **store.names()} for name, store in stores.items()}
    return {(row, name): timeit.Timer(statement, globals=names[name])
            for name, store in stores.items() for row, statement in store.statements.items()}


def time_statements(stores, seconds):
    """A batch of each in turn, so that what disturbs the machine disturbs all of them."""
    batches = {}
    for key, timer in timers(stores).items():
        timer.timeit(100)
        batches[key] = timer, max(10, int(100 * seconds / BATCHES / timer.timeit(100))), []
    for _ in range(BATCHES):
        for timer, number, taken in batches.values():
            taken.append(timer.timeit(number) / number * 1e9)
    found = {}
    for (row, name), (_, _, taken) in batches.items():
        found.setdefault(row, {})[name] = statistics.median(taken)
    return found


def clock_cost():
    taken = []
    for _ in range(2000):
        start = time.perf_counter_ns()
        taken.append(time.perf_counter_ns() - start)
    return statistics.median(taken)


def time_fresh(store, directory, count):
    """What a snapshot and its array take when another process has just published."""
    program = [sys.executable, __file__, "--publish", directory, str(count)]
    publisher = subprocess.Popen(program, stdin=subprocess.PIPE)
    region = store.open_region(store.path)
    taken, seen, array = [], region.generation, np.frombuffer(region.snapshot())
    publisher.stdin.write(b"go\n")
    publisher.stdin.flush()
    while array[0] < count:
        while region.generation == seen:
            pass
        start = time.perf_counter_ns()
        array = np.frombuffer(region.snapshot())
        taken.append(time.perf_counter_ns() - start)
        seen = region.generation
    publisher.communicate()
    return statistics.median(taken) - clock_cost()


def publish(directory, count):
    store = Mmsync(directory)
    sys.stdin.readline()
    for number in range(2, count + 1):
        store.write(number)
        time.sleep(0.0002)


def main(chosen, directory, seconds):
    stores = {name: CONTESTANTS[name](directory) for name in chosen.split(",")}
    for store in stores.values():
        store.write(1)
    found = time_statements(stores, seconds)
    for store in stores.values():
        store.close()
    if "mmsync" in stores:
        count = max(20, int(FRESH * min(seconds / 0.1, 1)))
        found["fresh"] = {"mmsync": time_fresh(stores["mmsync"], directory, count)}
    print(json.dumps(found))


if __name__ == "__main__":
    if sys.argv[1] == "--publish":
        publish(sys.argv[2], int(sys.argv[3]))
    else:
        main(sys.argv[1], sys.argv[2], float(sys.argv[3]))
