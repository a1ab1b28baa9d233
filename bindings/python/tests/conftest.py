# SPDX-License-Identifier: Apache-2.0
"""Each test has a directory of its own for its regions, on tmpfs where there is one."""
import os
import shutil
import subprocess
import sys
import tempfile

import pytest


@pytest.fixture
def directory():
    base = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    path = tempfile.mkdtemp(prefix=os.environ.get("MMSYNC_TEST_NAME", "mmsync-test-python") + "-", dir=base)
    yield path
    shutil.rmtree(path)


@pytest.fixture
def on_disk():
    """A directory that is not in memory, if the machine has a disk."""
    path = tempfile.mkdtemp(prefix=os.environ.get("MMSYNC_TEST_NAME", "mmsync-test-python") + "-", dir="/var/tmp")
    yield path
    shutil.rmtree(path)


@pytest.fixture
def path(directory):
    return os.path.join(directory, "region")


@pytest.fixture
def run_python():
    """Run a program in a Python of its own; what it prints."""

    def run(program, *arguments, status=0, **options):
        done = subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True, **options)
        assert done.returncode == status, f"status {done.returncode}: {done.stdout}{done.stderr}"
        assert "Traceback" not in done.stderr and "Exception ignored" not in done.stderr, done.stderr
        return done.stdout

    return run


@pytest.fixture
def in_child():
    """Run a function in a forked child; it passes if it returns True."""

    def run(function):
        pid = os.fork()
        if pid == 0:
            status = 1
            try:
                status = 0 if function() is True else 2
            except BaseException:
                sys.excepthook(*sys.exc_info())
            finally:
                sys.stderr.flush()
                os._exit(status)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0

    return run
