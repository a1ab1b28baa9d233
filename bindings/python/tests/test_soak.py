# SPDX-License-Identifier: Apache-2.0
"""A short soak; MMSYNC_PYTHON_SOAK says how many seconds."""
import os
import pathlib
import subprocess
import sys

import pytest

pytest.importorskip("numpy")


def test_soak():
    if not os.access("/dev/shm", os.W_OK):
        pytest.skip("there is no /dev/shm")
    done = subprocess.run([sys.executable, pathlib.Path(__file__).parent / "soak.py", "--seconds", os.environ.get("MMSYNC_PYTHON_SOAK", "4")],
                          capture_output=True, text=True)
    assert done.returncode == 0 and not done.stderr, done.stdout + done.stderr
    print(done.stdout)
