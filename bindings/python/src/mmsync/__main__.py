# SPDX-License-Identifier: Apache-2.0
"""`python -m mmsync VERB ...` is the command-line tool mmsync."""
import os
import shutil
import sys
import typing


def is_program(path: str) -> bool:
    """Not the script that starts this."""
    with open(path, "rb") as file:
        return file.read(4) == b"\x7fELF"


def find_tool() -> str:
    """The tool that came with the package, else the one that is installed on this machine."""
    own = os.path.join(os.path.dirname(__file__), "tool")
    if os.access(own, os.X_OK):
        return own
    for place in os.get_exec_path():
        found = shutil.which("mmsync", path=place)
        if found and is_program(found):
            return found
    sys.exit("mmsync: this package was built without the tool; build it where libjansson-dev is installed, "
             "or install mmsync itself")


def main() -> typing.NoReturn:
    tool = find_tool()
    os.execv(tool, ["mmsync", *sys.argv[1:]])


if __name__ == "__main__":
    main()
