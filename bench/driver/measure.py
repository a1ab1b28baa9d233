# SPDX-License-Identifier: Apache-2.0
"""Run the harness: all contestants of a row in turn, several times over, so that whatever disturbs the
machine disturbs all of them."""

import glob
import json
import os
import shutil
import subprocess
import tempfile

import machine

# Preloaded, as if the program were linked to it: only then are its thread-local variables cheap to reach.
PRELOAD = {"liburcu.so": "liburcu.so.8"}
SHARED = "/dev/shm"


class Failure(Exception):
    pass


class Plan:
    def __init__(self, seconds, rounds, heavy_rounds, timeout=120):
        self.seconds, self.rounds, self.heavy_rounds, self.timeout = seconds, rounds, heavy_rounds, timeout

    def rounds_of(self, row):
        if row.rounds:
            return row.rounds
        return self.heavy_rounds if row.once else self.rounds * row.weight


def last_line(text):
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "no message"


def environment(command):
    preloaded = [library for file, library in PRELOAD.items() if any(word.endswith("/" + file) for word in command)]
    return dict(os.environ, LD_PRELOAD=":".join(preloaded)) if preloaded else None


def execute(command, timeout):
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=timeout,
            env=environment(command),
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except subprocess.TimeoutExpired as error:
        raise Failure(f"did not end within {timeout} s") from error
    if done.returncode != 0:
        reason = last_line(done.stderr)
        raise Failure(reason if done.returncode > 0 else f"died of signal {-done.returncode} ({reason})")
    return done.stdout


def base_command(plugins, file, row, seconds):
    return [os.path.join(plugins, "bench-run"), "--contestant", os.path.join(plugins, file), *row.arguments(seconds)]


def in_fresh_directory(command, timeout, prefix=()):
    # The process id shows whether such a directory is still in use.
    directory = tempfile.mkdtemp(prefix=f"mmsync-bench-{os.getpid()}-", dir=SHARED)
    try:
        return execute([*prefix, *command, "--directory", directory], timeout)
    finally:
        shutil.rmtree(directory, ignore_errors=True)
        for path in glob.glob(os.path.join(SHARED, "*" + directory[-8:] + "_*")):
            os.unlink(path)  # shared memory objects of iceoryx2


def count_calls(command, timeout):
    """The number of system calls that the writer's thread makes in these publishes."""
    with tempfile.NamedTemporaryFile("r", suffix=".strace") as file:
        # Not counting the harness's own waiting.
        in_fresh_directory(command, timeout, ("strace", "-c", "-e", "trace=!clock_nanosleep,wait4", "-o", file.name))
        for line in file.read().splitlines():
            words = line.split()
            if words and words[-1] == "total":
                return int(words[3])
    raise Failure("strace printed no total")


def run_strace(plugins, file, row, plan):
    if not shutil.which("strace"):
        raise Failure("strace is not installed")
    count = int(row.options.get("count", 2000))
    command = base_command(plugins, file, row, plan.seconds)
    few, many = (count_calls([*command, "--count", str(times * count)], plan.timeout) for times in (1, 2))
    return {"calls": (many - few) / count}


def run_once(plugins, file, row, plan):
    if row.tool == "strace":
        return run_strace(plugins, file, row, plan)
    return json.loads(in_fresh_directory(base_command(plugins, file, row, plan.seconds), plan.timeout))


def reproduce(row, plan):
    words = ["bench-run", "--contestant", "NAME.so", "--directory", "DIR", *row.arguments(plan.seconds)]
    return ("strace -c " if row.tool else "") + " ".join(words)


def rotate(items, by):
    by %= max(len(items), 1)
    return items[by:] + items[:by]


class Results:
    """figures[row][contestant][metric] = one value for each round; missing[row][contestant] = why there are none."""

    def __init__(self):
        self.figures, self.missing, self.versions = {}, {}, {}

    def add(self, row, contestant, figures):
        if "version" in figures:
            self.versions[contestant] = figures.pop("version")
        own = self.figures.setdefault(row.name, {}).setdefault(contestant, {})
        for metric, value in figures.items():
            own.setdefault(metric, []).append(value)

    def give_up(self, row, contestant, reason):
        self.missing.setdefault(row.name, {})[contestant] = reason

    def is_out(self, row, contestant):
        return contestant in self.missing.get(row.name, {})


def check_memory(row, name):
    """Before a contestant takes it from the rest of the machine."""
    needed, free = row.memory.get(name, 0), machine.memory_free()
    if needed > free:
        raise Failure(f"needs {needed / 2**30:.1f} GiB of memory, and {free / 2**30:.1f} GiB are free")


def run_shared(name, plugins, file, row, plan, round_number):
    """One run for all rows that differ in nothing but the prefix of their figures."""
    key = (plugins, file, round_number, *row.arguments(plan.seconds))
    if key not in shared_runs:
        try:
            check_memory(row, name)
            shared_runs[key] = run_once(plugins, file, row, plan)
        except Failure as failure:
            shared_runs[key] = failure
    found = shared_runs[key]
    if isinstance(found, Failure):
        raise found
    return {
        metric.removeprefix(row.prefix): value
        for metric, value in found.items()
        if metric.startswith(row.prefix) or metric in OF_ALL_ROWS
    }


# The figures of a run that are not those of one row.
OF_ALL_ROWS = ("version", "build_s", "bytes")
shared_runs = {}


def measure_row(row, participants, plan, round_number, results):
    for name, (plugins, file) in rotate(participants, round_number):
        if results.is_out(row, name):
            continue
        try:
            if row.prefix:
                results.add(row, name, run_shared(name, plugins, file, row, plan, round_number))
            else:
                results.add(row, name, run_once(plugins, file, row, plan))
        except Failure as failure:
            results.give_up(row, name, str(failure))


def measure(rows, participants_of, plan, say):
    """participants_of(row): a list of (name, (plugins directory, file)). All rows once, all rows again, ..."""
    results = Results()
    last = max((plan.rounds_of(row) for row in rows), default=0)
    for round_number in range(last):
        for row in rows:
            if round_number < plan.rounds_of(row):
                say(f"round {round_number + 1} of {last}: {row.name}")
                measure_row(row, participants_of(row), plan, round_number, results)
    return results
