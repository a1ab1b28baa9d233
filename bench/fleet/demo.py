# SPDX-License-Identifier: Apache-2.0
"""One table on four hosts, which are all this machine: a writer with a pusher, a NATS server, and three followers. Meanwhile a
follower is killed and started again, and so is the server. Readers on each follower compare the hash of each value that they see
with those that were published. Exit status 1 if anything was torn, went back, or was not equal in the end."""
import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import fleet

FOLLOWERS = 3
EVERY = 0.5
HELPERS = os.environ.get("MMSYNC_TEST_BIN_DIR", os.path.join(fleet.ROOT, "build/release/tests/helper"))
WORDS = "/usr/share/publicsuffix/public_suffix_list.dat"
HEADING = "  time   source |   " + "   ".join(f"follower {i + 1}" for i in range(FOLLOWERS)) + " | lag, ms           |     sent"


def size_text(count):
    for unit in ("B", "KiB", "MiB"):
        if count < 1024:
            return f"{count:.{0 if unit == 'B' else 1}f} {unit}"
        count /= 1024
    return f"{count:.1f} GiB"


def parse(lines):
    """Pairs of a hash and a generation, as the helpers print them."""
    return [(words[0], int(words[1])) for words in map(str.split, lines)]


class Demo:
    def __init__(self, directory, seconds, words):
        self.directory, self.seconds, self.words = directory, seconds, words
        self.source = os.path.join(directory, "source")
        self.targets = [os.path.join(directory, f"host{i + 1}") for i in range(FOLLOWERS)]
        self.processes, self.followers, self.readers = [], [None] * FOLLOWERS, []
        self.published, self.newest, self.began, self.sent = {}, 0, None, 0

    def keep(self, process):
        self.processes.append(process)
        return process

    def start_follower(self, i):
        options = ("--max-slots", "8")
        self.followers[i] = self.keep(fleet.follow(self.directory, self.server, i + 1, self.targets[i], *options))

    def start(self):
        self.server = self.keep(fleet.Server(os.path.join(self.directory, "nats")))
        words = [os.path.join(HELPERS, "fleet_table"), self.source, self.words, "10000"]
        self.writer = self.keep(fleet.Process(self.directory, "writer", words))
        self.pusher = self.keep(fleet.push(self.directory, self.server, self.source))
        for i, target in enumerate(self.targets):
            self.start_follower(i)
            words = [os.path.join(HELPERS, "fleet_reader"), target]
            self.readers.append(self.keep(fleet.Process(self.directory, f"reader {i + 1}", words)))
        for follower in self.followers:
            fleet.until(follower.take_events, "the first value", self.writer, self.pusher, follower)

    def look(self):
        for digest, number in parse(self.writer.new_lines()):
            self.published[digest] = self.newest = number
        for process in (self.pusher, *self.followers):
            process.take_events()

    def draw(self):
        self.look()
        running = [follower.child.poll() is None for follower in self.followers]
        shown = "  ".join(f"{follower.shown if alive else 'down':>11}" for follower, alive in zip(self.followers, running))
        lags = " ".join(f"{follower.lag_ms:5.1f}" if alive and follower.lag_ms is not None else "    -"
                        for follower, alive in zip(self.followers, running))
        print(f"{time.monotonic() - self.began:6.1f} {self.newest:8} | {shown} | {lags} | {size_text(self.pusher.bytes):>9}",
              flush=True)

    def say(self, text):
        print(f"{time.monotonic() - self.began:6.1f} {text}", flush=True)

    def run_until(self, part):
        """Draw until that part of the time is over."""
        end = self.began + part * self.seconds
        while (left := end - time.monotonic()) > 0:
            time.sleep(min(EVERY, left))
            self.draw()

    def play(self):
        print(HEADING)
        self.began = time.monotonic()
        self.run_until(0.25)
        self.say("follower 2 is killed by SIGKILL")
        self.followers[1].end(signal.SIGKILL)
        self.run_until(0.4)
        self.say("follower 2 is started again")
        self.start_follower(1)
        self.run_until(0.6)
        self.say("the server is stopped")
        self.server.end()
        self.run_until(0.7)
        self.say("the server is started again")
        if not self.server.start():
            raise fleet.Failed(f"nats-server does not start again: {self.server.last_words()}")
        self.run_until(1)

    def is_equal(self):
        self.look()
        return all(follower.shown == self.newest for follower in self.followers)

    def finish(self):
        """The writer ends, everybody else catches up."""
        if self.writer.end() != 0:
            raise fleet.Failed(f"the writer has failed: {self.writer.last_words()}")
        self.say("the writer ends")
        fleet.until(self.is_equal, "the followers to catch up", self.pusher, *self.followers)
        self.draw()

    def judge_reader(self, i):
        """How many values it saw, how many of these were never published, and how often it went back."""
        seen = torn = back = last = 0
        self.readers[i].end()
        for digest, _ in parse(self.readers[i].new_lines()):
            number = self.published.get(digest)
            seen, torn = seen + 1, torn + (number is None)
            back += number is not None and number < last
            last = number or last
        return seen, torn, back + (self.readers[i].child.returncode != 0)

    def judge(self):
        if os.environ.get("MMSYNC_FLEET_DEMO_FAULT") == "torn":  # for the test: one that readers saw was not published
            del self.published[next(iter(reversed(self.published)))]
        wanted = value_of(self.source)
        bad = 0
        for i, target in enumerate(self.targets):
            seen, torn, back = self.judge_reader(i)
            equal = value_of(target) == wanted
            bad += torn + back + (not equal) + (seen == 0)
            print(f"follower {i + 1}: {seen} values seen, {torn} torn, {back} times back, "
                  f"{'equal' if equal else 'NOT EQUAL'} in the end")
        print(f"{'FAILED' if bad else 'PASSED'}: {len(self.published)} generations of {size_text(len(wanted))}, "
              f"{size_text(self.pusher.bytes)} sent by the pusher.")
        return 1 if bad else 0

    def end(self):
        for process in self.processes:
            process.end(signal.SIGKILL)


def value_of(region):
    return subprocess.run([fleet.TOOL, "read", region], capture_output=True, check=True).stdout


def arguments():
    parser = argparse.ArgumentParser(prog="script/demo fleet", description=__doc__)
    parser.add_argument("-s", "--seconds", type=float, default=18, help="how long, 3 or more (%(default)s)")
    parser.add_argument("--file", default=WORDS, metavar="FILE",
                        help="the table's keys, one a line (Debian's public suffix list)")
    chosen = parser.parse_args()
    if not chosen.seconds >= 3:
        parser.error(f"{chosen.seconds:g} seconds are too short: 3 at the least")
    return chosen


def stop(_number, _frame):
    raise KeyboardInterrupt


def main():
    chosen = arguments()
    signal.signal(signal.SIGTERM, stop)
    directory = demo = None
    try:
        fleet.check_installed()
        if not os.access(chosen.file, os.R_OK):
            raise fleet.Failed(f"{chosen.file} cannot be read; Debian has the list in the package publicsuffix")
        directory = tempfile.mkdtemp(prefix=os.environ.get("MMSYNC_TEST_NAME", "") + "mmsync-fleet-", dir="/dev/shm")
        demo = Demo(directory, chosen.seconds, chosen.file)
        demo.start()
        demo.play()
        demo.finish()
        return demo.judge()
    except fleet.Failed as failure:
        print(f"demo: {failure}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    finally:
        if demo:
            demo.end()
        if directory:
            shutil.rmtree(directory)


if __name__ == "__main__":
    sys.exit(main())
