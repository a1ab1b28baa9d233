# SPDX-License-Identifier: Apache-2.0
"""The Python code of README.md runs."""
import ast
import os
import pathlib
import re

import mmsync
import pytest

np = pytest.importorskip("numpy")
README = pathlib.Path(__file__).parent.parent / "README.md"
SNIPPETS = re.findall(r"^```python\n(.*?)^```", README.read_text() if README.exists() else "", re.S | re.M)
ENDLESS = {2, 3}  # readers, in a loop


def own_regions(snippet, directory):
    """In place of names."""
    return re.sub(r'(Writer|Region)\("([\w-]+)"', lambda found: f'{found[1]}("{os.path.join(directory, found[2])}"', snippet)


def compiled(snippet, directory):
    return compile(own_regions(snippet, directory), "README.md", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)


def test_there_are_as_many_as_are_known():
    if not README.exists():
        pytest.skip("README.md is not here")
    assert len(SNIPPETS) == 10
    assert {number for number, text in enumerate(SNIPPETS, 1) if "while True" in text or text.startswith("async for")} == ENDLESS


@pytest.mark.parametrize("number", range(1, len(SNIPPETS) + 1))
def test_a_snippet(directory, number, run_python):
    code = compiled(SNIPPETS[number - 1], directory)
    if number not in ENDLESS:
        for module in ("pyarrow", "jax"):
            if f" {module}" in SNIPPETS[number - 1].split("\n")[0]:
                pytest.importorskip(module)
        if "import jax" in SNIPPETS[number - 1]:  # it starts threads, beside which others must not fork
            run_python(own_regions(SNIPPETS[number - 1], directory))
        else:
            exec(code, {})


def test_the_reader_of_the_first(directory):
    """Its loop ends when the region does."""
    writer = mmsync.Writer(os.path.join(directory, "prices"))
    writer.write(np.arange(10.0))
    seen = []

    class Counting(mmsync.Region):
        def wait(self, *arguments, **options):
            if len(seen) == 3:
                raise EOFError
            seen.append(writer.write(np.full(10, float(len(seen)))))
            return super().wait(*arguments, **options)

    own = SNIPPETS[1].replace("mmsync.Region(", "Counting(").replace('"prices"', repr(os.path.join(directory, "prices")))
    names = {"Counting": Counting}
    with pytest.raises(EOFError):
        exec(own, names)
    assert names["prices"].tolist() == [2] * 10
