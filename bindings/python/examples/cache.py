# SPDX-License-Identifier: Apache-2.0
"""A cache in asyncio: one process refreshes entries, a server's coroutines look them up.

The table is the newest one that `region.changes()` gave, so a look-up is a few hundred nanoseconds
and no await. Entries expire, and the oldest go first once the cache is full."""
import asyncio
import multiprocessing
import struct
import time

import measure
import mmsync

KEYS, ENTRY = 5000, struct.Struct("=Qd")  # key and time


def refresh(path, stop):
    """What a request has missed elsewhere would be fetched here; this refreshes some at a time."""
    with mmsync.Writer(path) as writer:
        step = 0
        while not stop.wait(0.002):
            with writer.table(keys=str, expires=30, max_bytes=4 << 20) as table:
                for key in range(step * 50, step * 50 + 50):
                    table[f"user:{key % KEYS}"] = ENTRY.pack(key % KEYS, time.monotonic())
            step += 1


class Server:
    def __init__(self, region):
        self.region, self.table, self.missed = region, None, 0
        self.latencies, self.freshness = [], []

    async def follow(self):
        async for snapshot in self.region.changes():
            self.table = snapshot.table(keys=str)

    async def handle(self, key):
        start = time.perf_counter()
        value = self.table.get(f"user:{key}")
        if value is None:
            self.missed += 1
        else:
            found, stored = ENTRY.unpack(value)
            self.latencies.append(time.perf_counter() - start)
            self.freshness.append(time.monotonic() - stored)
            if found != key:
                raise SystemExit("the value of another key")
        await asyncio.sleep(0)

    async def client(self, end):
        key = 0
        while self.table is None:
            await asyncio.sleep(0.001)
        while key == 0 or time.monotonic() < end:
            await self.handle(key % KEYS)
            key += 37

    async def run(self, seconds):
        following = asyncio.create_task(self.follow())
        await asyncio.gather(*(self.client(time.monotonic() + seconds) for _ in range(20)))
        following.cancel()


def main():
    chosen = measure.arguments(__doc__)
    processes = multiprocessing.get_context("spawn")
    stop = processes.Event()
    mmsync.Writer(chosen.region).close()
    writer = processes.Process(target=refresh, args=(chosen.region, stop))
    writer.start()
    server = Server(mmsync.Region(chosen.region))
    server.region.wait(seen=0)
    asyncio.run(server.run(chosen.seconds))
    stop.set()
    writer.join()
    print(f"{len(server.latencies)} hits, {server.missed} misses, {len(server.table)} entries")
    measure.report(server.latencies, server.freshness, chosen.picture)
    if chosen.fresh:
        del server.table
        mmsync.remove(chosen.region)


if __name__ == "__main__":
    main()
