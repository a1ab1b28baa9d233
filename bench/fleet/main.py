# SPDX-License-Identifier: Apache-2.0
"""What a fleet costs: script/bench-fleet calls it. One NATS server with file storage, one pusher and some followers, all on this
machine, over loopback."""
import argparse
import bisect
import os
import statistics
import subprocess
import sys
import tempfile
import time

import fleet
import peers
import report

sys.path.insert(0, os.path.join(fleet.ROOT, "bench/driver"))
import machine  # noqa: E402

PROGRAMS = os.path.join(os.path.dirname(fleet.TOOL), "../tests/bench/build/bench")
MIB = 1 << 20
CHUNK = MIB // 2  # CHUNK_SIZE of src/relay
SLOTS = 3  # of each region: one is read, one is held by the pusher or was read before, one is written
# `changes` of each kind are timed; `pairs` of rounds with and without a pusher, of so many `publishes`.
PLANS = {
    "full": dict(largest=4096 * MIB, changes=60, pairs=25, publishes=600, repeats=3),
    "quick": dict(largest=256 * MIB, changes=10, pairs=2, publishes=300, repeats=1),
    "tiny": dict(largest=16 * MIB, changes=2, pairs=1, publishes=20, repeats=0),
}


def largest_value(limit, regions, slots, server):
    """The largest power of two that so many regions can have at once, with `server` times as much for the server."""
    shm = os.statvfs("/dev/shm")
    room = min(machine.memory_free(), shm.f_bavail * shm.f_frsize) * 0.85
    size = 16 * MIB
    while size * 2 <= limit and size * 2 * (regions * slots + server) <= room:
        size *= 2
    return size


class Writer(fleet.Process):
    def __init__(self, directory, region, size, slots):
        words = [os.path.join(PROGRAMS, "fleet-writer"), region, str(size), str(slots)]
        super().__init__(directory, "writer", words, subprocess.PIPE)
        self.answer("ready")

    def answer(self, last):
        lines = []

        def is_there():
            lines.extend(self.new_lines())
            return last in lines

        fleet.until(is_there, f"the writer's '{last}'", self, seconds=600)
        return [tuple(map(int, line.split())) for line in lines[:-1]]

    def publish(self, count, records, length, pause_us):
        """(time in the value, nanoseconds) of each publish."""
        self.child.stdin.write(f"{count} {records} {length} {pause_us}\n")
        return self.answer("done")


class Reader(fleet.Process):
    def __init__(self, directory, number, region):
        super().__init__(directory, f"reader {number}", [os.path.join(PROGRAMS, "fleet-reader"), region])
        self.seen = [(0, 0)]  # the time in each value, and when it was seen

    def take_until(self, last):
        def is_there():
            for line in self.new_lines():
                published, delay = map(int, line.split())
                self.seen.append((published, published + delay))
            return self.seen[-1][0] == last

        fleet.until(is_there, "a reader", self)

    def delay_ms(self, published):
        """Until this reader saw that value or a newer one."""
        at = bisect.bisect_left(self.seen, (published, 0))
        return (self.seen[at][1] - published) / 1e6


class Fleet:
    """A source with a pusher, and followers with a reader each."""

    def __init__(self, directory, count, size, slots=SLOTS, **environment):
        self.directory, self.source, self.slots = directory, os.path.join(directory, "source"), slots
        self.processes, self.followers, self.readers = [], [], []
        self.targets = [os.path.join(directory, f"host{i + 1}") for i in range(count)]
        try:
            self.server = self.keep(fleet.Server(peers.disk_directory(), **environment))
            self.writer = self.keep(Writer(directory, self.source, size, slots))
        except BaseException:
            self.end()
            raise

    def keep(self, process):
        self.processes.append(process)
        return process

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()

    def end(self):
        for process in reversed(self.processes):
            process.end(9)
        peers.remove(self.server.directory)
        for region in [self.source, *self.targets]:
            peers.remove(region, region + ".source")

    def start_push(self):
        began = time.monotonic()
        self.pusher = self.keep(fleet.push(self.directory, self.server, self.source))
        self.await_push()
        return time.monotonic() - began

    def await_push(self):
        newest = fleet.generation(self.source)
        fleet.until(lambda: self.pusher.take_events() == newest, "the pusher", self.pusher, self.server)

    def start_follow(self):
        """All followers at once; the seconds until each shows the value."""
        newest, began, seconds = fleet.generation(self.source), time.monotonic(), {}
        for i, target in enumerate(self.targets):
            self.followers.append(self.keep(fleet.follow(self.directory, self.server, i + 1, target, "--max-slots", str(self.slots))))

        def are_there():
            for follower in self.followers:
                if follower.what not in seconds and follower.take_events() == newest:
                    seconds[follower.what] = time.monotonic() - began
            return len(seconds) == len(self.followers)

        fleet.until(are_there, "the followers", *self.followers, self.server)
        return list(seconds.values())

    def first_copies(self, times, size):
        """How fast each follower got the value, and the processor time of all, each time anew; the followers of the last time
        stay. Before each time what bounds it: the memory alone, and the bytes alone."""
        copies = {"memory": [], "bytes": [], "follow": []}
        for _ in range(times):
            while self.followers:
                self.followers.pop().end()
            self.remove_targets()
            copies["memory"].append(self.at_once("fleet-room", lambda target: [target, str(size), str(self.slots)]))
            self.remove_targets()
            copies["bytes"].append(self.at_once("fleet-fetch", lambda _: [self.server.url, fleet.NAME, str(-(-size // CHUNK))]))
            before = self.server.processor_seconds()
            seconds = self.start_follow()
            copies["follow"].append({"seconds": seconds, "server": self.server.processor_seconds() - before,
                                     "clients": sum(follower.processor_seconds() for follower in self.followers)})
        return copies

    def remove_targets(self):
        for target in self.targets:
            peers.remove(target, target + ".source")

    def at_once(self, program, words):
        """One for each target; what first_copies says of followers."""
        before = self.server.processor_seconds()
        children = [subprocess.Popen([os.path.join(PROGRAMS, program), *words(target)], stdout=subprocess.PIPE, text=True)
                    for target in self.targets]
        said = [child.communicate()[0].split() for child in children]
        if any(child.returncode for child in children):
            raise fleet.Failed(f"{program} failed")
        return {"seconds": [float(seconds) for seconds, _ in said], "server": self.server.processor_seconds() - before,
                "clients": sum(float(used) for _, used in said)}

    def await_follow(self):
        newest = fleet.generation(self.source)
        for follower in self.followers:
            fleet.until(lambda: follower.take_events() == newest, follower.what, follower, self.server)  # noqa: B023

    def start_readers(self):
        for i, target in enumerate(self.targets):
            self.readers.append(self.keep(Reader(self.directory, i + 1, target)))
        for _ in range(self.slots + 1):  # a slot's first update copies the whole value
            self.publish(1, 1, 64, 0)
            self.settle()

    def publish(self, *work):
        times = [published for published, _ in self.writer.publish(*work)]
        self.last_time = times[-1]
        return times

    def settle(self):
        """Until everybody has everything."""
        self.await_push()
        self.await_follow()
        for reader in self.readers:
            reader.take_until(self.last_time)

    def traffic(self):
        counts = self.server.ask("/varz")
        return counts["in_bytes"], counts["out_bytes"]

    def change(self, count, records, length, pause_us):
        """The delays until the last follower shows a change, and the bytes to and from the server."""
        self.settle()
        before = self.traffic()
        times = self.publish(count, records, length, pause_us)
        self.settle()
        sent, left = (after - first for after, first in zip(self.traffic(), before))
        delays = [max(reader.delay_ms(published) for reader in self.readers) for published in times]
        changed = count * (records * length + 8)
        return {"delays": delays, "changed": changed, "sent": sent, "left": left / len(self.targets), "count": count}


def measure_fleet(count, plan, found):
    # nats-server keeps what it has read in the last ten seconds, and as much again until it collects garbage.
    size = largest_value(plan["largest"], count + 1, SLOTS, 1.5)
    key = f"{count} followers" if count > 1 else "1 follower"
    print(f"{key}, a value of {size // MIB} MiB", file=sys.stderr, flush=True)
    with tempfile.TemporaryDirectory(prefix="mmsync-bench-fleet-", dir="/dev/shm") as directory, \
            Fleet(directory, count, size) as made:
        found[key] = {"size": size, "push_s": made.start_push(), "copies": made.first_copies(max(1, plan["repeats"]), size)}
        measure_changes(made, plan, found[key])


def measure_large(plan, found):
    """Only changes: a server that may not keep what it reads takes its time for the first copy. There is time between the
    publishes, so two slots are enough."""
    size = largest_value(plan["largest"], 2, 2, 0.4)
    print(f"1 follower, a value of {size // MIB} MiB, two slots", file=sys.stderr, flush=True)
    with tempfile.TemporaryDirectory(prefix="mmsync-bench-fleet-", dir="/dev/shm") as directory, \
            Fleet(directory, 1, size, 2, GOMEMLIMIT="1GiB") as made:
        made.start_push()
        made.start_follow()
        found["1 follower, two slots"] = {"size": size}
        measure_changes(made, plan, found["1 follower, two slots"])


def measure_changes(made, plan, row):
    made.start_readers()
    row["4 MiB"] = made.change(plan["changes"], 1, 4 * MIB, 250_000)
    row["4 KiB"] = made.change(plan["changes"] * 4, 1, 4096, 20_000)
    row["100 of 64 B"] = made.change(plan["changes"] * 4, 100, 64, 20_000)


class Costs:
    """Of a publish: alone, beside a pusher, beside a program that sends as many messages of as many bytes, and beside a reader that
    holds a value."""

    def __init__(self, made, plan, processors):
        self.made, self.plan, self.rounds = made, plan, []
        # One for the writer, and one for all others; or whatever the kernel chooses.
        self.writers, self.others = processors or 2 * [os.sched_getaffinity(0)]
        for _ in range(plan["pairs"]):
            self.rounds.append((self.alone(), *self.beside_pusher_and_load(), self.beside_holder()))

    def median(self):
        place(self.made.writer, self.writers)
        place(self.made.server, self.others)
        times = self.made.writer.publish(self.plan["publishes"], 100, 64, 1000)
        return statistics.median(ns for _, ns in times) / 1e3

    def alone(self):
        return self.median()

    def beside_pusher_and_load(self):
        self.made.start_push()
        place(self.made.pusher, self.others)
        before, began = self.made.server.ask("/varz"), time.monotonic()
        pushed = self.median()
        after, seconds = self.made.server.ask("/varz"), time.monotonic() - began
        self.made.await_push()
        self.made.pusher.end()
        messages = max(1, after["in_msgs"] - before["in_msgs"])
        return pushed, self.beside_load(messages / seconds, (after["in_bytes"] - before["in_bytes"]) // messages)

    def beside_load(self, rate, size):
        return self.beside("load", self.made.server.url, "load", str(size), str(round(1e6 / rate)))

    def beside_holder(self):
        return self.beside("hold", self.made.source)

    def beside(self, name, *words):
        other = self.made.keep(fleet.Process(self.made.directory, name, [os.path.join(PROGRAMS, f"fleet-{name}"), *words]))
        fleet.until(lambda: "ready" in other.new_lines(), name, other, self.made.server)
        place(other, self.others)
        median = self.median()
        other.end()
        return median


def place(process, processors):
    """All threads there are, and so those that they start."""
    for thread in os.listdir(f"/proc/{process.child.pid}/task"):
        os.sched_setaffinity(int(thread), processors)


def measure_writer(plan, found):
    """Medians of a publish with and without a pusher, in turns."""
    print("what a pusher costs the writer", file=sys.stderr, flush=True)
    first, *others = sorted(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory(prefix="mmsync-bench-fleet-", dir="/dev/shm") as directory, \
            Fleet(directory, 1, 64 * MIB) as made:
        made.writer.publish(plan["publishes"], 100, 64, 1000)
        found["writer"] = Costs(made, plan, None).rounds
        found["writer apart"] = Costs(made, plan, ({first}, set(others))).rounds if others else []


def measure_peers(plan, found):
    found["peers"], found["missing"] = {}, []
    if plan["repeats"] == 0:
        return
    size = found["4 followers"]["size"]
    print(f"the same with a file of {size // MIB} MiB", file=sys.stderr, flush=True)
    for name, make in peers.PEERS.items():
        try:
            with make(size) as peer:
                found["peers"][name] = [peer.change(4 * MIB) for _ in range(plan["repeats"])]
                found.setdefault("versions", {})[name] = peer.version()
        except peers.Missing as reason:
            found["missing"].append(f"{name}: {reason}")


def arguments():
    parser = argparse.ArgumentParser(prog="script/bench-fleet", description=__doc__)
    parser.add_argument("--quick", action="store_const", dest="plan", const="quick", default="full",
                        help="a minute: small values, few changes")
    parser.add_argument("--tiny", action="store_const", dest="plan", const="tiny",
                        help="seconds: only checks that everything runs; the figures mean nothing")
    parser.add_argument("--largest", type=int, metavar="MIB", help="the largest value that is tried")
    parser.add_argument("--publish", nargs="?", const="docs/results/fleet_bench.md", metavar="FILE",
                        help="write the results there (%(const)s) as well")
    return parser.parse_args()


def main():
    chosen = arguments()
    plan = dict(PLANS[chosen.plan])
    if chosen.largest:
        plan["largest"] = chosen.largest * MIB
    found, began = {}, time.monotonic()
    try:
        fleet.check_installed()
        measure_fleet(4, plan, found)
        measure_fleet(1, plan, found)
        measure_large(plan, found)
        measure_writer(plan, found)
        measure_peers(plan, found)
    except fleet.Failed as failure:
        raise SystemExit(f"script/bench-fleet: {failure}") from None
    found["seconds"] = round(time.monotonic() - began)
    text = report.render(found)
    print(text)
    if chosen.publish:
        with open(os.path.join(fleet.ROOT, chosen.publish), "w", encoding="utf-8") as file:
            file.write(text)


if __name__ == "__main__":
    main()
