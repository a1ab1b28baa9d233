# SPDX-License-Identifier: Apache-2.0
"""Processes of their own that share a value with this one, and do what they are told by a pipe."""
import json
import os
import subprocess
import sys


class Workers:
    """`with Workers(4, "models.py", ...) as workers`: programs with those arguments, started afresh."""

    def __init__(self, count, *arguments):
        command = [sys.executable, *map(str, arguments)]
        self.all = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) for _ in range(count)]

    def __enter__(self):
        return self

    def tell(self, word):
        """Without waiting."""
        line = word.encode() + b"\n"
        for worker in self.all:
            os.write(worker.stdin.fileno(), line)

    def hear(self):
        """A line of JSON of each."""
        lines = [worker.stdout.readline() for worker in self.all]
        if not all(lines):
            raise SystemExit("a worker has died")
        return [json.loads(line) for line in lines]

    def ask(self, word):
        self.tell(word)
        return self.hear()

    def __exit__(self, *exception):
        for worker in self.all:
            worker.stdin.close()
            worker.wait()
            worker.stdout.close()


def commands():
    """In a worker: what it is told, until the end."""
    for line in sys.stdin:
        yield line.strip()


def answer(value):
    print(json.dumps(value), flush=True)


def memory():
    """This process's share of the memory that it uses, in bytes: what others use too counts in part."""
    with open("/proc/self/smaps_rollup") as file:
        return 1024 * sum(int(line.split()[1]) for line in file if line.startswith("Pss:"))
