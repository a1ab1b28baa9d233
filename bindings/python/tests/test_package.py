# SPDX-License-Identifier: Apache-2.0
"""The package itself: types, versions, the tool."""
import pathlib
import subprocess
import sys
import tempfile

import mmsync
import pytest

HERE = pathlib.Path(__file__).parent
CONFIG = ["--config-file", str(HERE.parent / "pyproject.toml")]


def run(*words):
    done = subprocess.run([sys.executable, "-m", *words], capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def test_the_versions_agree():
    assert mmsync.__version__ == mmsync.library_version
    header = HERE / "../../../include/mmsync.h"
    if header.exists():
        assert f'#define MMS_VERSION "{mmsync.__version__}"' in header.read_text()


def test_the_tool_works_on_the_same_region(path):
    with mmsync.Writer(path) as writer:
        writer.write(b"hello")
        assert run("mmsync", "read", path) == (0, "hello")
    assert run("mmsync", "--version") == (0, f"mmsync {mmsync.__version__}\n")
    assert run("mmsync", "read", path + ".not")[0] != 0


@pytest.fixture(scope="module")
def cache():
    """What one run of mypy has read, the next need not. pytest's own directories would stay."""
    with tempfile.TemporaryDirectory() as directory:
        yield directory


def test_the_types_are_right(cache):
    pytest.importorskip("mypy")
    status, told = run("mypy", *CONFIG, "--strict", "--cache-dir", cache, "-p", "mmsync")
    assert status == 0, told


def test_type_checkers_know_what_they_should(cache):
    pytest.importorskip("mypy")
    status, told = run("mypy", *CONFIG, "--strict", "--warn-unused-ignores", "--cache-dir", cache, str(HERE / "typing_sample.py"))
    assert status == 0, told


def test_the_stubs_say_what_there_is():
    pytest.importorskip("mypy")
    status, told = run("mypy.stubtest", "--mypy-config-file", CONFIG[1], "--allowlist", str(HERE / "stubtest.allow"), "--ignore-unused-allowlist", "mmsync")
    assert status == 0, told


def test_names():
    assert all(hasattr(mmsync, name) for name in mmsync.__all__)
    assert all(getattr(mmsync, name).__doc__ for name in mmsync.__all__ if not name.startswith("__"))
