# SPDX-License-Identifier: Apache-2.0
"""A benchmark that is ended early ends its sleeping processes. Usage: interrupted.py SOURCE_DIRECTORY PLUGINS_DIRECTORY

The row with many sleepers is ended by a signal to the driver, and by one to bench-run alone. Nothing is left in either
case. Exit status 0 or 1, with what is wrong on standard output."""

import os
import signal
import subprocess
import sys
import tempfile
import time

SLEEPERS = 100


def command_of(pid):
    try:
        with open(f"/proc/{pid}/cmdline", encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""  # it has ended


def parent_of(pid):
    try:
        with open(f"/proc/{pid}/status", encoding="utf-8") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("PPid:"))
    except OSError:
        return 0


def processes(plugins):
    """Those of the harness, by process id."""
    program = os.path.join(plugins, "bench-run")
    return [int(pid) for pid in os.listdir("/proc") if pid.isdigit() and command_of(pid).startswith(program + "\0")]


def wait_for(plugins, wanted, driver):
    """The harness's processes, as soon as there are that many, or the driver has ended."""
    while True:
        found = processes(plugins)
        if len(found) == wanted or driver.poll() is not None:
            return found
        time.sleep(0.01)


def left_behind(driver):
    return [name for name in os.listdir("/dev/shm") if name.startswith(f"mmsync-bench-{driver}-")]


def run(source, plugins, out, end):
    """The driver's status, what it said, and what is left after `end`, which gets its process id and that of bench-run."""
    program = os.path.join(source, "bench", "driver", "main.py")
    words = ["--short", "--rounds", "1", "--seconds", "600", "--row", f"seen-many-{SLEEPERS}", "--contestant", "mmsync"]
    driver = subprocess.Popen(
        [sys.executable, program, *words, "--plugins", plugins, "--out", out],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=dict(os.environ, PYTHONDONTWRITEBYTECODE="1"),
    )
    harness = wait_for(plugins, SLEEPERS + 1, driver)
    for pid in harness:
        if parent_of(pid) == driver.pid:
            end(driver.pid, pid)
    said = driver.communicate()[0].decode()
    while processes(plugins):  # the kernel ends them, a moment later
        time.sleep(0.01)
    return driver.returncode, said, left_behind(driver.pid)


def main():
    source, plugins = sys.argv[1], os.path.abspath(sys.argv[2])
    wrong = []
    with tempfile.TemporaryDirectory() as out:
        status, _, left = run(source, plugins, out, lambda driver, _: os.kill(driver, signal.SIGTERM))
        if status != 143:
            wrong.append(f"SIGTERM to the driver: its status is {status}")
        wrong += [f"SIGTERM to the driver left {name}" for name in left]
        status, said, left = run(source, plugins, out, lambda _, harness: os.kill(harness, signal.SIGKILL))
        if status != 0 or "died of signal 9" not in said:
            wrong.append(f"SIGKILL of bench-run: the driver ended with {status} and said: {said}")
        wrong += [f"SIGKILL of bench-run left {name}" for name in left]
    for line in wrong:
        print(line)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
