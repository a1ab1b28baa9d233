# SPDX-License-Identifier: Apache-2.0
"""Each allocation of Python fails in turn."""
import pathlib
import subprocess
import sys

import pytest


# Exceptions alone. CPython 3.12 and 3.13 crash where the memory for a traceback is refused.
PLAIN = """
import _testcapi

def fail():
    raise ValueError("text")

for number in range(2000):
    try:
        _testcapi.set_nomemory(number % 100, number % 100 + 1)
        list(map(lambda _: fail(), [1]))
    except (MemoryError, SystemError, ValueError):
        pass
    finally:
        _testcapi.remove_mem_hooks()
"""


def test_each_allocation_fails(directory):
    pytest.importorskip("_testcapi", reason="this Python comes without its test module")
    if subprocess.run([sys.executable, "-c", PLAIN], capture_output=True).returncode != 0:
        pytest.skip("this Python crashes by itself when memory is refused")
    done = subprocess.run([sys.executable, pathlib.Path(__file__).parent / "no_memory.py", directory], capture_output=True, text=True)
    assert done.returncode == 0 and not done.stderr, done.stdout + done.stderr
    assert int(done.stdout) > 200
