# SPDX-License-Identifier: Apache-2.0
"""models.py CONTESTANT,... DIRECTORY COUNT ELEMENTS WORKERS PUBLISHES: a model of COUNT tensors is
published again and again, all of it new each time, and seen by workers. Prints one JSON object:
how long a publish takes its caller, and how long it takes, from before the publish, until the last
worker has all tensors as arrays and has looked at both ends of each.

Where a contestant has no way to tell workers of a publish, a line in a pipe does."""
import contextlib
import fcntl
import json
import multiprocessing
import os
import statistics
import sys
import time
from multiprocessing import shared_memory

import numpy as np
from workers import Workers, answer, commands

WARM = 6  # publishes that are not counted: files grow, and pages are touched for the first time


def names(count):
    return [f"layer{number}.weight" for number in range(count)]


class Mmsync:
    wakes = True

    def __init__(self, directory, count, elements):
        import mmsync
        from mmsync import tensors

        self.module, self.tensors = mmsync, tensors
        self.path, self.names = os.path.join(directory, "region"), names(count)

    def publish(self, arrays):
        self.tensors.publish(self.writer, arrays)

    def create(self):
        self.writer = self.module.Writer(self.path)

    def open(self):
        self.region, self.seen = self.module.Region(self.path), 0

    def load(self):
        self.seen = self.region.wait(self.seen)
        return self.tensors.load(self.region.snapshot())

    def close(self):
        self.writer.close()

    def leave(self):
        self.region.close()


class Lmdb:
    """One transaction, with the workers' arrays in place, for which they keep a transaction of their own."""

    wakes = False

    def __init__(self, directory, count, elements):
        import lmdb

        self.module, self.path = lmdb, os.path.join(directory, "lmdb")
        self.names, self.txn = [name.encode() for name in names(count)], None
        self.size = 8 * count * (4 * elements + 8192)

    def create(self):
        self.env = self.module.open(self.path, map_size=self.size, writemap=True, sync=False, metasync=False, map_async=True)

    def publish(self, arrays):
        with self.env.begin(write=True) as txn:
            for name, array in arrays.items():
                txn.put(name.encode(), array)

    def open(self):
        self.env = self.module.open(self.path, map_size=self.size, readonly=True, lock=True)

    def load(self):
        if self.txn:
            self.txn.abort()
        self.txn = self.env.begin(buffers=True)
        return {name: np.frombuffer(self.txn.get(name), dtype="f4") for name in self.names}

    def close(self):
        self.env.close()

    leave = close


class SharedMemory:
    """A worker copies the tensors, as the writer waits while they are used in place."""

    wakes = False

    def __init__(self, directory, count, elements):
        self.name, self.shape = "mmsync-bench-" + os.path.basename(directory), (count, elements)
        self.lock_file = os.path.join(directory, "lock")
        self.size = count * elements * 4

    def create(self):
        open(self.lock_file, "w").close()
        self.memory = shared_memory.SharedMemory(self.name, create=True, size=self.size)
        self.map()

    def map(self):
        self.lock = os.open(self.lock_file, os.O_RDWR)
        self.arrays = np.frombuffer(self.memory.buf, dtype="f4", count=self.size // 4).reshape(self.shape)

    def publish(self, arrays):
        fcntl.flock(self.lock, fcntl.LOCK_EX)
        for to, array in zip(self.arrays, arrays.values()):
            to[:] = array
        fcntl.flock(self.lock, fcntl.LOCK_UN)

    def open(self):
        self.memory = shared_memory.SharedMemory(self.name)
        multiprocessing.resource_tracker.unregister("/" + self.name, "shared_memory")  # else its end removes it
        self.map()

    def load(self):
        fcntl.flock(self.lock, fcntl.LOCK_SH)
        model = {number: array.copy() for number, array in enumerate(self.arrays)}
        fcntl.flock(self.lock, fcntl.LOCK_UN)
        return model

    def leave(self):
        del self.arrays
        self.memory.close()

    def close(self):
        self.leave()
        self.memory.unlink()


CONTESTANTS = {"mmsync": Mmsync, "py-lmdb": Lmdb, "shared_memory": SharedMemory}


def look(model, number):
    for array in model.values():
        if array.flat[0] != number or array.flat[-1] != number:
            raise SystemExit("a worker saw another model")


def work(store):
    """A number: the model that this one waits for, or that is there already, and which all values of it are."""
    store.open()
    answer(None)
    for number in commands():
        model = store.load()
        look(model, float(number))
        answer(time.monotonic())
        store.model = model  # as a server would, until it has the next
        del model
    store.model = None
    store.leave()


def publish_one(store, arrays, workers, number):
    """How long the publish took, and how long until the last worker had seen it, in seconds."""
    if store.wakes:
        workers.tell(str(number))
        time.sleep(0.005)  # until they wait; one that does not yet is not slower
    start = time.monotonic()
    store.publish(arrays)
    end = time.monotonic()
    if not store.wakes:
        workers.tell(str(number))
    return end - start, max(workers.hear()) - start


def measure(stores, arrays, teams, publishes):
    """Taking turns, so that what disturbs the machine disturbs all of them."""
    found = {name: [] for name in stores}
    for number in range(1, WARM + publishes + 1):
        for array in arrays.values():
            array[:] = number
        for name in sorted(stores, key=lambda name: hash((name, number))):
            found[name].append(publish_one(stores[name], arrays, teams[name], number))
    return {name: {what: statistics.median(times) for what, times in zip(("publish", "seen"), zip(*pairs[WARM:]))}
            for name, pairs in found.items()}


def main(chosen, directory, count, elements, workers, publishes):
    arrays = {name: np.zeros(elements, "f4") for name in names(count)}
    stores = {name: CONTESTANTS[name](directory, count, elements) for name in chosen.split(",")}
    with contextlib.ExitStack() as stack:
        teams = {}
        for name, store in stores.items():
            store.create()
            stack.callback(store.close)
            teams[name] = stack.enter_context(Workers(workers, os.path.abspath(__file__), "--work", name, directory, count, elements))
            teams[name].hear()
        print(json.dumps(measure(stores, arrays, teams, publishes)))


if __name__ == "__main__":
    if sys.argv[1] == "--work":
        work(CONTESTANTS[sys.argv[2]](sys.argv[3], *map(int, sys.argv[4:])))
    else:
        main(sys.argv[1], sys.argv[2], *map(int, sys.argv[3:]))
