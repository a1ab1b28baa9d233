# SPDX-License-Identifier: Apache-2.0
"""Other ways to bring a changed file to another host: as an object at the same server, and by rsync."""
import os
import shutil
import subprocess
import tempfile
import time

import fleet

CACHE = os.path.join(fleet.ROOT, "build/bench-fleet")


class Missing(Exception):
    """Why this one cannot be measured."""


def disk_directory():
    os.makedirs(CACHE, exist_ok=True)
    return tempfile.mkdtemp(prefix="nats-", dir=CACHE)


def remove(*directories):
    for directory in directories:
        shutil.rmtree(directory, ignore_errors=True)


def run(*words):
    done = subprocess.run(words, capture_output=True, text=True)
    if done.returncode != 0:
        raise fleet.Failed(f"{words[0]}: {(done.stderr or done.stdout).strip().splitlines()[-1:]}")
    return done.stdout


class Peer:
    """A file in memory of which a part changes."""

    def __init__(self, size):
        self.size = size
        self.directory = tempfile.mkdtemp(prefix="mmsync-bench-fleet-", dir="/dev/shm")
        self.file = os.path.join(self.directory, "value")

    def __enter__(self):
        try:
            with open(self.file, "wb") as file:
                for _ in range(self.size >> 20):
                    file.write(os.urandom(1 << 20))
            self.begin()
            self.carry()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.finish()
        remove(self.directory)

    def change(self, length):
        """The seconds until the copy has it."""
        with open(self.file, "r+b") as file:
            file.seek(int.from_bytes(os.urandom(7), "big") % (self.size - length))
            file.write(os.urandom(length))
        began = time.monotonic()
        self.carry()
        return time.monotonic() - began


class Objects(Peer):
    def begin(self):
        self.tool, self.server = natscli(), None
        self.server = fleet.Server(disk_directory())
        self.nats("object", "add", "values")

    def nats(self, *words):
        run(self.tool, "--server", self.server.url, "--timeout", "60s", *words)

    def carry(self):
        self.nats("object", "put", "values", self.file, "--name", "value", "--no-progress", "--force")
        self.nats("object", "get", "values", "value", "--output", self.file + ".copy", "--no-progress", "--force")

    def finish(self):
        if getattr(self, "server", None):
            self.server.end(9)
            remove(self.server.directory)

    def version(self):
        return "the command line tool nats " + run(self.tool, "--version").strip()


class Rsync(Peer):
    def begin(self):
        if not shutil.which("rsync"):
            raise Missing("rsync is not installed")
        port, copies = fleet.free_port(), os.path.join(self.directory, "copies")
        os.mkdir(copies)
        settings = os.path.join(self.directory, "rsyncd.conf")
        with open(settings, "w", encoding="utf-8") as file:
            file.write(f"use chroot = no\n[copies]\npath = {copies}\nread only = no\n")
            if os.geteuid() == 0:
                file.write("uid = root\ngid = root\n")
        self.target = f"rsync://127.0.0.1:{port}/copies/"
        words = ["rsync", "--daemon", "--no-detach", f"--config={settings}", f"--port={port}", "--address=127.0.0.1"]
        self.daemon = fleet.Process(self.directory, "rsync", words)
        fleet.until(self.answers, "rsync's daemon", self.daemon)

    def answers(self):
        return subprocess.run(["rsync", self.target], capture_output=True).returncode == 0

    def carry(self):
        run("rsync", "--ignore-times", self.file, self.target)

    def finish(self):
        if hasattr(self, "daemon"):
            self.daemon.end()

    def version(self):
        return run("rsync", "--version").splitlines()[0]


def natscli():
    """The tool nats: an installed one, or made by Go."""
    made = os.path.join(CACHE, "nats")
    for found in (shutil.which("nats"), made):
        if found and os.access(found, os.X_OK):
            return found
    if not shutil.which("go"):
        raise Missing("the tool nats is not installed, and there is no Go to make it")
    module = "github.com/nats-io/natscli/nats@latest"
    done = subprocess.run(["go", "install", module], env={**os.environ, "GOBIN": CACHE}, capture_output=True, text=True)
    if done.returncode != 0:
        raise Missing(f"go install {module} failed")
    return made


PEERS = {"nats object put and get": Objects, "rsync": Rsync}
