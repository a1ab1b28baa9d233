#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs a program on a terminal of its own: terminal.py ROWS COLUMNS STEP... -- COMMAND...

A STEP is `wait:TEXT` (until the terminal has got TEXT since the step before), `keys:TEXT` (with Python's escapes),
`quiet:SECONDS` (prints how many bytes came in that time), or `size:ROWS:COLUMNS`. Prints what the program wrote, and
ends with its exit status; 99 if a step waits for more than a minute.
"""
import fcntl
import os
import pty
import select
import struct
import sys
import termios
import time


class Terminal:
    def __init__(self, rows, columns, command):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ.update(TERM="xterm-256color", LC_ALL="C.UTF-8")
            os.execvp(command[0], command)
        self.resize(rows, columns)
        self.seen = b""
        self.output = b""

    def resize(self, rows, columns):
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def pump(self, seconds):
        """False at the end of the output."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if not select.select([self.fd], [], [], left)[0]:
                return True
            try:
                data = os.read(self.fd, 65536)
            except OSError:
                data = b""
            if not data:
                return False
            self.seen += data
            self.output += data
            return True
        return True

    def wait(self, text):
        end = time.monotonic() + 60
        while text not in self.seen:
            if time.monotonic() > end or not self.pump(1):
                sys.stdout.buffer.write(self.output)
                print(f"\nterminal.py: no {text!r}")
                os._exit(99)
        self.seen = self.seen[self.seen.index(text) + len(text):]

    def quiet(self, seconds):
        before, end = len(self.output), time.monotonic() + seconds
        while time.monotonic() < end and self.pump(end - time.monotonic()):
            pass
        return len(self.output) - before

    def finish(self):
        while self.pump(60):
            pass
        status = os.waitpid(self.pid, 0)[1]
        return os.waitstatus_to_exitcode(status)


def main():
    split = sys.argv.index("--")
    terminal = Terminal(int(sys.argv[1]), int(sys.argv[2]), sys.argv[split + 1:])
    for step in sys.argv[3:split]:
        kind, _, text = step.partition(":")
        raw = text.encode().decode("unicode_escape").encode("latin-1")
        if kind == "wait":
            terminal.wait(raw)
        elif kind == "keys":
            os.write(terminal.fd, raw)
        elif kind == "quiet":
            print("bytes:", terminal.quiet(float(text)))
        elif kind == "size":
            terminal.resize(*map(int, text.split(":")))
        else:
            sys.exit(f"terminal.py: no step {step}")
    status = terminal.finish()
    sys.stdout.flush()
    sys.stdout.buffer.write(terminal.output)
    sys.exit(status if status >= 0 else 128 - status)


if __name__ == "__main__":
    main()
