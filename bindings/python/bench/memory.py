# SPDX-License-Identifier: Apache-2.0
"""memory.py CONTESTANT DIRECTORY BYTES WORKERS: what workers that read all of one large value take, with
the process that has published it, in bytes: the kernel's proportional account, less what the
processes took before. Prints one JSON object."""
import json
import os
import sys

import numpy as np
from workers import Workers, answer, commands, memory

KEY = b"value"


class Mmsync:
    def __init__(self, directory):
        import mmsync

        self.module, self.path = mmsync, os.path.join(directory, "region")

    def publish(self, size):
        self.writer = self.module.Writer(self.path)
        with self.writer.build(size) as built:
            np.frombuffer(built, dtype="u1")[:] = 1

    def array(self):
        return np.frombuffer(self.module.Region(self.path).snapshot(), dtype="u1")


class Lmdb:
    def __init__(self, directory):
        import lmdb

        self.module, self.path = lmdb, os.path.join(directory, "lmdb")

    def open(self, size):
        return self.module.open(self.path, map_size=size, writemap=True, sync=False, metasync=False, map_async=True)

    def publish(self, size):
        self.env = self.open(size + (64 << 20))
        with self.env.begin(write=True) as txn:
            txn.put(KEY, np.full(size, 1, "u1"))

    def array(self):
        self.env = self.open(0)
        self.txn = self.env.begin(buffers=True)
        return np.frombuffer(self.txn.get(KEY), dtype="u1")


CONTESTANTS = {"mmsync": Mmsync, "py-lmdb": Lmdb}


def work(store):
    array = None
    for command in commands():
        if command == "before":
            before = memory()
            answer(None)
        elif command == "ready":
            answer(None)
        elif command == "read":
            array = store.array()
            total = int(array[:: os.sysconf("SC_PAGESIZE")].sum())
            answer(total)
        else:
            answer(memory() - before)
    del array


def main(name, directory, size, count):
    store = CONTESTANTS[name](directory)
    with Workers(count, __file__, "--work", name, directory) as workers:
        workers.ask("ready")  # else they would share less at first
        workers.ask("before")
        before = memory()
        store.publish(size)
        for total in workers.ask("read"):
            assert total == size // os.sysconf("SC_PAGESIZE")
        parts = workers.ask("after")
        print(json.dumps({"all": sum(parts) + memory() - before, "worker": max(parts)}))


if __name__ == "__main__":
    if sys.argv[1] == "--work":
        work(CONTESTANTS[sys.argv[2]](sys.argv[3]))
    else:
        main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
