# SPDX-License-Identifier: Apache-2.0
"""The examples run, and each finds that what it reads is one state."""
import importlib.util
import os
import pathlib
import subprocess
import sys

import pytest

EXAMPLES = pathlib.Path(__file__).parent.parent / "examples"


@pytest.mark.parametrize("name,needs", [("model_server", ["numpy"]), ("live_table", ["numpy", "pyarrow", "duckdb"]), ("cache", [])])
def test_an_example(directory, path, name, needs):
    for module in needs:
        pytest.importorskip(module)
    if not EXAMPLES.exists():
        pytest.skip("the examples are not here")
    picture = os.path.join(directory, "picture.png")
    done = subprocess.run([sys.executable, EXAMPLES / f"{name}.py", path, "--seconds", "1", "--picture", picture], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "latency: median" in done.stdout and "freshness: median" in done.stdout and not done.stderr, done.stdout + done.stderr
    if importlib.util.find_spec("matplotlib"):
        assert os.path.getsize(picture) > 1000
    else:
        assert "no picture" in done.stdout
