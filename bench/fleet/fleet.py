# SPDX-License-Identifier: Apache-2.0
"""A fleet on this machine: a NATS server, a pusher and followers, all on loopback and ended by their process ids."""
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import time
import urllib.request

ROOT = os.path.realpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
TOOL = os.environ.get("MMSYNC", os.path.join(ROOT, "build/release/bin/mmsync"))
NAME = "fleet"
PAUSE = 0.005


class Failed(Exception):
    """Something that cannot go on, in one line."""


def check_installed():
    if not shutil.which("nats-server"):
        raise Failed("nats-server is not installed: script/setup fleet")
    if not os.path.exists(os.path.join(os.path.dirname(TOOL), "../libexec/mmsync/relay")):
        raise Failed("this build has no mmsync push: script/setup fleet, and build again")


def until(condition, what, *processes, seconds=300):
    """Wait for the condition, as long as all these processes run."""
    end = time.monotonic() + seconds
    while not condition():
        for process in processes:
            if process.child.poll() is not None:
                raise Failed(f"waiting for {what}, but {process.what} has ended: {process.last_words()}")
        if time.monotonic() > end:
            raise Failed(f"waited {seconds} s for {what}")
        time.sleep(PAUSE)


def free_port():
    """Below the ports that the kernel gives to clients."""
    while True:
        port = random.randint(20000, 31999)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue


class Process:
    """A child whose output goes to files."""

    def __init__(self, directory, what, words, stdin=subprocess.DEVNULL, **environment):
        self.what = what
        self.out = os.path.join(directory, what.replace(" ", "-") + ".out")
        self.read_to, self.part = os.path.getsize(self.out) if os.path.exists(self.out) else 0, ""
        with open(self.out, "ab") as out, open(self.out + ".err", "ab") as err:
            self.child = subprocess.Popen(words, stdin=stdin, stdout=out, stderr=err, text=True, bufsize=1,
                                          env={**os.environ, **environment})

    def new_lines(self):
        """Whole lines that it has printed since the last call."""
        with open(self.out, encoding="utf-8") as file:
            file.seek(self.read_to)
            text = self.part + file.read()
            self.read_to = file.tell()
        *lines, self.part = text.split("\n")
        return lines

    def last_words(self):
        with open(self.out + ".err", encoding="utf-8") as file:
            return (file.read().strip().split("\n") or [""])[-1] or f"status {self.child.returncode}"

    def processor_seconds(self):
        with open(f"/proc/{self.child.pid}/stat", encoding="utf-8") as file:
            user, system = file.read().rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    def end(self, number=signal.SIGTERM):
        if self.child.poll() is None:
            self.child.send_signal(number)
        if self.child.stdin:
            self.child.stdin.close()
        return self.child.wait()


class Server(Process):
    def __init__(self, directory, **environment):
        self.directory, self.environment = directory, environment
        for _ in range(20):  # a port may become somebody else's
            self.port, self.monitor = free_port(), free_port()
            self.url = f"nats://127.0.0.1:{self.port}"
            if self.start():
                return
        raise Failed(f"nats-server does not start: {self.last_words()}")

    def start(self):
        """Again on the same ports, with the same directory."""
        os.makedirs(self.directory, exist_ok=True)
        words = ["nats-server", "--addr", "127.0.0.1", "--port", str(self.port), "--http_port", str(self.monitor),
                 "--jetstream", "--store_dir", self.directory]
        super().__init__(self.directory, "nats-server", words, **self.environment)
        while not self.is_ready():
            if self.child.poll() is not None:
                return False
            time.sleep(PAUSE)
        return True

    def ask(self, path):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.monitor}{path}", timeout=10) as answer:
            return json.load(answer)

    def is_ready(self):
        try:
            return self.ask("/healthz")["status"] == "ok"
        except (OSError, ValueError):
            return False


class Relay(Process):
    """A pusher or a follower: the events that it has printed."""
    shown = bytes = chunks = 0
    lag_ms = None

    def take_events(self):
        for line in self.new_lines():
            event = json.loads(line)
            self.bytes += event.get("bytes", 0)
            if event["event"] in ("base", "push"):
                self.shown = event["generation"]
            if event["event"] == "base":
                self.chunks = event["chunks"]
            if event["event"] == "generation":
                self.shown, self.lag_ms = event["source_generation"], event["lag_ms"]
        return self.shown


def push(directory, server, region, *options):
    return Relay(directory, "pusher", [TOOL, "push", region, server.url, "--name", NAME, *options])


def follow(directory, server, number, region, *options):
    words = [TOOL, "follow", server.url, NAME, region, "--wait", *options]
    return Relay(directory, f"follower {number}", words)


def generation(region):
    """The newest one that the region shows; 0 if there is none yet."""
    done = subprocess.run([TOOL, "stat", region, "--json"], capture_output=True, text=True)
    return json.loads(done.stdout).get("generation", 0) if done.returncode == 0 else 0
