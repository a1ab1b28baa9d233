# SPDX-License-Identifier: Apache-2.0
"""Model parameters, served by four workers while a trainer replaces layers.

The trainer publishes one layer at a time, which costs the bytes of that layer. A worker answers each
request with the newest model, in place: there is one copy of the parameters on the machine, and a
request never sees half of an update."""
import multiprocessing
import time

import measure
import mmsync
import numpy as np
from mmsync import tensors

LAYERS, WIDTH, WORKERS = 6, 256, 4


def layer(step):
    return np.full((WIDTH, WIDTH), 1 + step % 7, dtype="f4")


def train(path, stop):
    """In a real trainer this is a step of the optimizer; here, the sum of a layer tells its step."""
    with mmsync.Writer(path) as writer:
        tensors.publish(writer, {"published": np.array(time.monotonic()), "step": np.array(0),
                                 **{f"layer{index}": layer(0) for index in range(LAYERS)}})
        step = 0
        while not stop.wait(0.005):
            step += 1
            tensors.update(writer, {f"layer{step % LAYERS}": layer(step), "step": np.array(step), "published": np.array(time.monotonic())})
    return step


def answer(model, request):
    for index in range(LAYERS):
        request = np.maximum(model[f"layer{index}"] @ request / WIDTH, 0)
    return request


def is_one_state(model):
    """Each layer is that of the last step that replaced it."""
    step = int(model["step"])
    return all(model[f"layer{index}"][0, 0] == layer(max((step - index) // LAYERS * LAYERS + index, 0) if step >= index else 0)[0, 0]
               for index in range(LAYERS))


def serve(region, stop, results):
    """The region was opened before the fork, as gunicorn does with --preload; this process opens it for
    itself when it first asks."""
    latencies, freshness, request = [], [], np.ones(WIDTH, dtype="f4")
    region.wait(seen=0)
    while not latencies or not stop.is_set():
        start = time.perf_counter()
        model = tensors.load(region.snapshot())
        answer(model, request)
        latencies.append(time.perf_counter() - start)
        freshness.append(time.monotonic() - float(model["published"]))
        if not is_one_state(model):
            raise SystemExit("a request saw half of an update")
    results.put((latencies, freshness))


def main():
    chosen = measure.arguments(__doc__)
    processes, stop, results = multiprocessing.get_context("fork"), multiprocessing.Event(), multiprocessing.Queue()
    mmsync.Writer(chosen.region).close()  # creates it
    region = mmsync.Region(chosen.region)
    workers = [processes.Process(target=serve, args=(region, stop, results)) for _ in range(WORKERS)]
    trainer = processes.Process(target=train, args=(chosen.region, stop))
    for process in (*workers, trainer):
        process.start()
    time.sleep(chosen.seconds)
    stop.set()
    latencies, freshness = [sum(parts, []) for parts in zip(*(results.get() for _ in workers))]
    for process in (*workers, trainer):
        process.join()
    print(f"{WORKERS} workers, {region.generation} generations of {len(region.snapshot()) >> 10} KiB")
    measure.report(latencies, freshness, chosen.picture)
    if chosen.fresh:
        mmsync.remove(chosen.region)
    raise SystemExit(any(process.exitcode for process in (*workers, trainer)))


if __name__ == "__main__":
    main()
