# SPDX-License-Identifier: Apache-2.0
"""Processes of mmsync and of the crate mmap-sync use the same files: writers take turns, readers
of both kinds run throughout, and all of them get killed now and then. README.md says what is
asked."""

import argparse
import json
import os
import random
import select
import shutil
import subprocess
import sys
import tempfile
import time

HANG_SECONDS = 300  # guards against hanging, measures nothing
GRACE_MS = 400  # after which a writer of the crate, and one of ours that was told to, takes a value from its readers


class Failure(Exception):
    pass


class Agent:
    def __init__(self, kind, command):
        self.kind = kind
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)

    def send(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def receive(self):
        ready, _, _ = select.select([self.process.stdout], [], [], HANG_SECONDS)
        if not ready:
            raise Failure(f"a {self.kind} process says nothing for {HANG_SECONDS} s")
        line = self.process.stdout.readline()
        if not line:
            raise Failure(f"a {self.kind} process ended by itself: {self.process.wait()}")
        return line.split()

    def ask(self, line):
        self.send(line)
        return self.receive()

    def expect(self, wanted, line):
        got = self.ask(line)
        if got[: len(wanted.split())] != wanted.split():
            raise Failure(f"{self.kind}: '{line}' gives '{' '.join(got)}', and not '{wanted}'")
        return got

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()


class Run:
    def __init__(self, options):
        self.options = options
        self.random = random.Random(options.seed)
        self.directory = tempfile.mkdtemp(prefix=os.environ.get("MMSYNC_TEST_NAME", "mmsync-test") + "-live-", dir=options.scratch)
        self.agents = []
        self.count = {}
        self.serial = 0
        self.published = 0  # the serial that is known to be current; 0: not known

    def add(self, what, number=1):
        self.count[what] = self.count.get(what, 0) + number

    def path(self, name):
        return os.path.join(self.directory, name)

    def start(self, kind):
        command = [self.options.live, "agent"] if kind == "rust" else [self.options.agent]
        agent = Agent(kind, command)
        self.agents.append(agent)
        return agent

    def end(self, agent):
        agent.kill()
        self.agents.remove(agent)

    def close(self):
        for agent in list(self.agents):
            self.end(agent)
        shutil.rmtree(self.directory)

    def mmsync(self, *words, check=True):
        done = subprocess.run([self.options.mmsync, *words], capture_output=True, text=True)
        if check and done.returncode != 0:
            raise Failure(f"mmsync {' '.join(words)}: {done.stderr.strip()}")
        return done

    # ---- The same bytes ----

    def load_all(self, prefix):
        found = {}
        for suffix in ("_state", "_data_0", "_data_1"):
            try:
                status = os.stat(prefix + suffix)
                with open(prefix + suffix, "rb") as stream:
                    found[suffix] = (oct(status.st_mode), stream.read())
            except FileNotFoundError:
                found[suffix] = None
        return found

    def same_bytes(self):
        """One writer of each kind publishes the same values: after each publish all files are the same, modes too."""
        old = os.umask(self.random.choice([0o022, 0o027, 0o007, 0]))
        rust, ours = self.start("rust"), self.start("ours")
        lock = self.random.choice(["locked", "free"])
        rust.expect("OK", f"writer {self.path('a')} {lock}")
        ours.expect("OK", f"writer {self.path('b')} {lock}")
        for serial in range(1, self.options.values + 1):
            count = self.random.choice([0, 1, 2, 3, 5, 17, 100, 511, 512, 513, self.random.randrange(20000)])
            theirs = rust.ask(f"write {serial} {count} 100")
            if theirs != ours.ask(f"write {serial} {count} 100"):
                raise Failure(f"value {serial} of {count} words: the crate's version is {theirs}, ours is not")
            if self.load_all(self.path("a")) != self.load_all(self.path("b")):
                raise Failure(f"value {serial} of {count} words: the files differ")
            self.add("values with the same files")
        os.umask(old)
        self.end(rust)
        self.end(ours)

    # ---- Locks ----

    def locks(self):
        """Whoever has the lock keeps the other out, in both directions, and death gives it back."""
        prefix = self.path("locks")
        for holder, other in (("rust", "ours"), ("ours", "rust"), ("ours", "ours")):
            first, second = self.start(holder), self.start(other)
            first.expect("OK", f"writer {prefix} locked")
            first.expect("OK", "write 1 1 100")
            if other == "ours":
                second.expect("BUSY", f"writer {prefix} locked")
            else:
                second.expect("OK", f"writer {prefix} locked")
                second.expect("BUSY", "write 2 1 100")
            second.expect("OK", f"writer {prefix} free")
            second.expect("OK", "write 3 1 100")
            second.expect("OK", "drop")
            self.end(first)
            second.expect("OK", f"writer {prefix} locked")
            second.expect("OK", "write 4 1 100")
            self.end(second)
            self.add("locks tried", 2)

    # ---- A view that is held ----

    def views(self):
        """A reader of ours that is counted holds its file against both kinds of writers; when a writer's grace is over the
        release says so. What is left of a killed reader is taken back by repair alone."""
        prefix = self.path("views")
        for kind in ("rust", "ours"):
            for i in range(self.options.views):
                writer, reader = self.start(kind), self.start("ours")
                writer.expect("OK", f"writer {prefix} free 30 reset")
                writer.expect("OK", f"write {3 * i + 1} 100 30")
                reader.expect("OK", f"reader {prefix}")
                reader.expect(f"OK {3 * i + 1} 100", "hold")
                writer.expect("OK", f"write {3 * i + 2} 100 30")
                if self.random.random() < 0.5:
                    reader.expect("OK", "release")
                    self.add("views released in time")
                else:
                    got = writer.ask(f"write {3 * i + 3} 100 30")
                    if got[0] != "OK" or got[2] != "1":
                        raise Failure(f"a {kind} writer whose grace is over answers {got}")
                    reader.expect("EVICTED", "release")
                    self.add("views taken away, and said so")
                self.end(writer)
                self.end(reader)

    def repair(self):
        prefix = self.path("repair")
        for kind in ("rust", "ours"):
            writer, reader = self.start("ours"), self.start(kind)
            writer.expect("OK", f"writer {prefix} locked 20 refuse")
            writer.expect("OK", "write 1 100 0")
            reader.expect("OK", f"reader {prefix}")
            reader.expect("OK 1 100", "hold")
            writer.expect("OK", "write 2 100 0")
            writer.expect("AGAIN", "write 3 100 0")
            self.end(reader)
            writer.expect("AGAIN", "write 3 100 0")
            if self.mmsync("repair", prefix, check=False).returncode != 1:
                raise Failure("repair does not mind a live process")
            self.mmsync("repair", prefix, "--longest-view", "30")
            writer.expect("OK", "write 3 100 0")
            self.end(writer)
            self.add("counts of the dead taken back")

    # ---- Bridges ----

    def bridges(self):
        """The crate's files, a region, the crate's files: what a writer of the crate publishes at one end arrives at the
        other in order, whatever happens to the bridges, and the last value always."""
        ends, region = [self.path("near"), self.path("far")], self.path("between")
        commands = [("bridge", "-q", "--from", "mmap-sync", ends[0], region),
                    ("bridge", "-q", "--from", "mmsync", region, ends[1])]
        writer, reader, ours = self.start("rust"), self.start("rust"), self.start("ours")
        running = [None, None]
        try:
            running = [self.start_bridge(command) for command in commands]
            writer.expect("OK", f"writer {ends[0]} free")
            for serial in range(1, self.options.values + 1):
                writer.expect("OK", f"write {serial} {self.random.randrange(3000)} {GRACE_MS}")
                if self.random.random() < 0.2:
                    which = self.random.randrange(2)
                    running[which].kill()
                    running[which].wait()
                    running[which] = self.start_bridge(commands[which])
                    self.add("bridges killed")
                if serial == 1:
                    self.await_file(ends[1] + "_state", 16)
                    self.open_reader(reader, ends[1])
                    ours.expect("OK", f"reader {ends[1]}")
                elif self.random.random() < 0.3:
                    for agent in (reader, ours):
                        agent.send("spin 15")
                        self.collect(agent)
            for agent in (reader, ours):
                while agent.ask("read")[:2] != ["OK", str(self.options.values)]:
                    time.sleep(0.01)
            self.add("values over two bridges", self.options.values)
        finally:
            for bridge in running:
                if bridge:
                    bridge.kill()
                    bridge.wait()
        for agent in (writer, reader, ours):
            self.end(agent)

    def start_bridge(self, command):
        return subprocess.Popen([self.options.mmsync, *command], stderr=subprocess.DEVNULL)

    def await_file(self, name, size):
        while not os.path.exists(name) or os.path.getsize(name) != size:
            time.sleep(0.01)

    # ---- All at once ----

    def write_some(self, kind, prefix):
        lock = self.random.choice(["locked", "free"])
        policy = self.random.choice(["reset", "refuse"])
        writer = self.start(kind)
        writer.expect("OK", f"writer {prefix} {lock} {GRACE_MS} {policy}")
        for _ in range(self.random.randrange(1, 2 * self.options.burst)):
            self.serial += 1
            count = self.random.choice([0, 1, 60, 500, self.random.randrange(1, 1 << self.random.randrange(1, 15))])
            answer = writer.ask(f"write {self.serial} {count} {GRACE_MS}")
            if answer[0] == "AGAIN":
                self.mmsync("repair", prefix, "--longest-view", str(GRACE_MS), check=False)
                self.add("AGAIN, and repaired")
            elif answer[0] != "OK":
                raise Failure(f"{kind} writer: {' '.join(answer)}")
            else:
                self.published = (self.serial, count)
                self.add(f"published by {kind}")
                self.add("counts reset", int(answer[2]))
        if self.options.kill and self.random.random() < 0.5:
            self.serial += 1
            writer.send(f"write {self.serial} {self.random.randrange(1 << 16)} {GRACE_MS}")
            time.sleep(self.random.random() * 0.003)
            self.published = None
            self.add(f"{kind} writers killed in a write")
        self.end(writer)

    def open_reader(self, reader, prefix):
        mode = " copy" if reader.kind == "ours" and self.random.random() < 0.25 else ""
        reader.expect("OK", f"reader {prefix}{mode}")

    def collect(self, reader):
        _, reads, torn, evicted, errors = reader.receive()
        self.add(f"reads by {reader.kind}", int(reads))
        self.add(f"torn reads by {reader.kind}", int(torn))
        self.add(f"evicted, {reader.kind}", int(evicted))
        if int(errors) or (reader.kind == "ours" and int(torn)):
            raise Failure(f"a reader ({reader.kind}): {torn} torn, {errors} errors or backward")

    def check_fresh(self, readers):
        """Nobody writes: every reader sees the last value."""
        for reader in readers:
            answer = reader.ask("read")
            wanted = ["OK", *map(str, self.published)] if self.published else None
            if answer[0] != "OK" or (wanted and answer != wanted):
                raise Failure(f"a reader ({reader.kind}) finds {answer}, and the last value is {wanted}")
            self.add("fresh reads compared")

    def alternate(self, prefix):
        readers = [self.start(kind) for kind in ("rust", "ours") * self.options.readers]
        end = time.monotonic() + self.options.seconds
        self.write_some("ours", prefix)
        for reader in readers:
            self.open_reader(reader, prefix)
        while self.serial < self.options.publishes or time.monotonic() < end:
            for reader in readers:
                reader.send(f"spin {self.random.randrange(20, 120)}")
            for _ in range(self.random.randrange(1, 3)):
                self.write_some(self.random.choice(["rust", "ours"]), prefix)
            if self.options.kill and self.random.random() < 0.5:
                victim = self.random.randrange(len(readers))
                self.end(readers[victim])
                kind = readers[victim].kind
                readers[victim] = self.start(kind)
                self.open_reader(readers[victim], prefix)
                readers[victim].send("spin 10")
                self.add(f"{kind} readers killed")
            for reader in readers:
                self.collect(reader)
            self.check_fresh(readers)
        for reader in readers:
            self.end(reader)

    def check_end(self, prefix):
        """Everybody is gone: repair needs no force, and then all is in order."""
        if os.geteuid() == 0:
            self.mmsync("repair", prefix)
        else:  # who may not look at all processes cannot know
            self.mmsync("repair", "--force", prefix)
        self.mmsync("verify", prefix)
        state = json.loads(self.mmsync("stat", "--json", prefix).stdout)
        if state["counts"] != [0, 0] or state["format"] != "mmap-sync":
            raise Failure(f"after repair: {state}")
        self.mmsync("rm", prefix)

    def all(self):
        self.same_bytes()
        self.locks()
        self.views()
        self.repair()
        self.bridges()
        self.alternate(self.path("all"))
        self.check_end(self.path("all"))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--live", required=True, help="the crate's side")
    parser.add_argument("--agent", required=True, help="ours")
    parser.add_argument("--mmsync", required=True)
    parser.add_argument("--scratch", default="/dev/shm" if os.access("/dev/shm", os.W_OK) else None)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--values", type=int, default=60, help="compared byte by byte")
    parser.add_argument("--views", type=int, default=5)
    parser.add_argument("--publishes", type=int, default=2000)
    parser.add_argument("--seconds", type=float, default=0, help="go on for so long")
    parser.add_argument("--readers", type=int, default=2, help="of each kind")
    parser.add_argument("--burst", type=int, default=40, help="values by one writer, on average")
    parser.add_argument("--kill", action=argparse.BooleanOptionalAction, default=True)
    options = parser.parse_args()
    if options.seed is None:
        options.seed = random.SystemRandom().randrange(1 << 32)
    run = Run(options)
    start = time.monotonic()
    try:
        run.all()
    except Failure as failure:
        print(f"FAILED: {failure}")
        status = 1
    else:
        status = 0
    finally:
        run.close()
    print(f"seed {options.seed}, {time.monotonic() - start:.1f} s")
    for what in sorted(run.count):
        print(f"{run.count[what]:>12}  {what}")
    return status


sys.exit(main())
