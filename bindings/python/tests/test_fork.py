# SPDX-License-Identifier: Apache-2.0
"""After a fork the child works, and what it inherited says that it is the parent's."""
import asyncio
import multiprocessing
import os

import mmsync
import pytest


@pytest.fixture
def writer(path):
    with mmsync.Writer(path) as writer:
        writer.write(b"first")
        yield writer


def test_a_region_opens_itself_in_the_child(path, writer, in_child):
    region = mmsync.Region(path)
    region.snapshot()
    in_child(lambda: bytes(region.snapshot()) == b"first" and region.wait(seen=0) == 1)
    assert bytes(region.snapshot()) == b"first"


def test_a_relative_path_is_found_from_another_directory(path, writer, in_child, monkeypatch):
    monkeypatch.chdir(os.path.dirname(path))
    region = mmsync.Region("./region")

    def elsewhere():
        os.chdir("/")
        return bytes(region.snapshot()) == b"first"

    in_child(elsewhere)


def test_a_region_of_a_child_is_its_own(path, writer, in_child):
    region = mmsync.Region(path)
    kept = region.snapshot()

    def child():
        mine = region.snapshot()
        region.close()
        return bytes(mine) == b"first"

    in_child(child)
    assert bytes(kept) == bytes(region.snapshot()) == b"first"


def refused(use):
    try:
        use()
    except mmsync.ForkedError as error:
        return "in this process" in str(error)


def test_an_inherited_snapshot_says_so(path, writer, in_child):
    snapshot = mmsync.Region(path).snapshot()
    in_child(lambda: refused(lambda: memoryview(snapshot)) and refused(snapshot.describe) and "parent" in repr(snapshot))
    assert bytes(snapshot) == b"first"


def test_an_inherited_writer_says_so(path, writer, in_child):
    in_child(lambda: all(map(refused, (lambda: writer.write(b"x"), writer.close, writer.__enter__,
                                      lambda: writer.build(1).__enter__(), lambda: writer.touch(0, 1)))))
    assert writer.write(b"second") == 2


def test_a_child_writes_into_nothing_of_a_build(path, writer, in_child):
    with writer.build(5000) as memory:
        memory[:5] = b"right"

        def child():
            memory[:5] = b"wrong"
            return refused(lambda: writer.write(b"x"))

        in_child(child)
    assert bytes(mmsync.Region(path).snapshot())[:5] == b"right"


def test_dropping_what_was_inherited(path, run_python):
    assert run_python("import mmsync, sys, os, gc\nw = mmsync.Writer(sys.argv[1]); w.write(b'1')\n"
                      "r = mmsync.Region(sys.argv[1]); s = r.snapshot(); v = memoryview(s); m = w.build(9).__enter__()\n"
                      "pid = os.fork()\nif pid: print(os.waitpid(pid, 0)[1])\nelse: sys.stdout = None\n"
                      "del m, v, s, r, w; gc.collect()\n", path) == "0\n"


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_processes_of_multiprocessing(path, writer, method):
    context = multiprocessing.get_context(method)
    with context.Pool(2) as pool:
        assert pool.map(read_it, [path] * 4) == [b"first"] * 4


def read_it(path):
    return bytes(mmsync.Region(path).snapshot())


def test_a_loop_in_the_child(path, writer, in_child):
    region = mmsync.Region(path)

    async def first():
        async for snapshot in region.changes():
            return bytes(snapshot)

    async def fork_within():
        assert await first() == b"first"
        in_child(lambda: asyncio.new_event_loop().run_until_complete(first()) == b"first"
                 if not asyncio._set_running_loop(None) else False)
        return await first()

    assert asyncio.run(fork_within()) == b"first"
