# SPDX-License-Identifier: Apache-2.0
"""A live Arrow table under queries of duckdb.

One process publishes a table of prices many times a second. Another one runs SQL on the newest of
them, in place: each query sees one state of all rows, however long it takes."""
import multiprocessing
import time

import duckdb
import measure
import mmsync
import numpy as np
import pyarrow as pa
from mmsync import arrow

ROWS = 200_000


def produce(path, stop):
    ids, state = np.arange(ROWS), 0
    with mmsync.Writer(path) as writer:
        while not stop.wait(0.01):
            state += 1
            prices = np.full(ROWS, state, dtype="f8")
            table = pa.table({"id": ids, "price": prices})
            arrow.publish(writer, table.replace_schema_metadata({"published": repr(time.monotonic())}))


def query(connection, prices):
    """duckdb finds the table by the name of the variable."""
    return connection.sql("SELECT min(price), max(price), count(*) FROM prices WHERE id % 3 = 0").fetchall()[0]


def main():
    chosen = measure.arguments(__doc__)
    processes, latencies, freshness = multiprocessing.get_context("spawn"), [], []
    stop = processes.Event()
    mmsync.Writer(chosen.region).close()
    producer = processes.Process(target=produce, args=(chosen.region, stop))
    producer.start()
    region, connection = mmsync.Region(chosen.region), duckdb.connect()
    region.wait(seen=0)
    end = time.monotonic() + chosen.seconds
    while not latencies or time.monotonic() < end:
        start = time.perf_counter()
        table = arrow.load(region.snapshot())
        low, high, count = query(connection, table)
        latencies.append(time.perf_counter() - start)
        freshness.append(time.monotonic() - float(table.schema.metadata[b"published"]))
        if low != high or count != (ROWS + 2) // 3:
            raise SystemExit("a query saw two states")
    stop.set()
    producer.join()
    print(f"{len(latencies)} queries, {region.generation} tables of {ROWS} rows")
    measure.report(latencies, freshness, chosen.picture)
    if chosen.fresh:
        mmsync.remove(chosen.region)


if __name__ == "__main__":
    main()
