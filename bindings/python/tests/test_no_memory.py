# SPDX-License-Identifier: Apache-2.0
"""Each allocation of Python fails in turn."""
import pathlib
import subprocess
import sys

import pytest


def test_each_allocation_fails(directory):
    pytest.importorskip("_testcapi", reason="this Python comes without its test module")
    done = subprocess.run([sys.executable, pathlib.Path(__file__).parent / "no_memory.py", directory], capture_output=True, text=True)
    assert done.returncode == 0 and not done.stderr, done.stdout + done.stderr
    assert int(done.stdout) > 200
