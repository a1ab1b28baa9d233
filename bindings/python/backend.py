# SPDX-License-Identifier: Apache-2.0
"""The build backend: scikit-build-core, and a source distribution carries the C library.

In the repository the library is two directories up; in a source distribution it is in `core`."""
import pathlib
import tarfile
import tempfile

from scikit_build_core.build import *  # noqa: F403
from scikit_build_core.build import build_sdist as _build_sdist

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
PARTS = ["CMakeLists.txt", "LICENSE", "README.md", "CHANGELOG.md", "cmake", "completion", "include", "man", "src"]


def _anonymous(member):
    member.uid = member.gid = member.mtime = 0
    member.uname = member.gname = ""
    return member


def _add_core(archive):
    """Rewrite an archive with the library's sources in it."""
    with tempfile.TemporaryDirectory(dir=archive.parent) as scratch:
        unpacked = pathlib.Path(scratch)
        with tarfile.open(archive) as old:
            old.extractall(unpacked)
        (top,) = unpacked.iterdir()
        with tarfile.open(archive, "w:gz") as new:
            new.add(top, top.name, filter=_anonymous)
            for part in PARTS:
                new.add(ROOT / part, f"{top.name}/core/{part}", filter=_anonymous)


def build_sdist(sdist_directory, config_settings=None):
    name = _build_sdist(sdist_directory, config_settings)
    if not (HERE / "core").exists():
        _add_core(pathlib.Path(sdist_directory) / name)
    return name
