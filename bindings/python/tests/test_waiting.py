# SPDX-License-Identifier: Apache-2.0
"""Waiting for another generation, in threads and in event loops."""
import asyncio
import os
import signal
import subprocess
import sys
import threading

import mmsync
import pytest


@pytest.fixture
def writer(path):
    with mmsync.Writer(path) as writer:
        yield writer


def test_wait_is_for_something_newer_than_the_last_snapshot(path, writer):
    region = mmsync.Region(path)
    writer.write(b"1")
    assert region.wait() == 1 == region.wait(timeout=0)
    region.snapshot()
    with pytest.raises(TimeoutError):
        region.wait(timeout=0)
    with pytest.raises(mmsync.WaitTimeoutError):
        region.wait(timeout=0.01)
    writer.write(b"2")
    assert region.wait() == 2
    assert region.wait(seen=7) == 2


def test_a_thread_is_woken(path, writer):
    region, got = mmsync.Region(path), []
    thread = threading.Thread(target=lambda: got.append(region.wait(seen=0)))
    thread.start()
    writer.write(b"1")
    thread.join()
    assert got == [1]


def test_a_wait_ends_with_the_region(path, writer):
    region, got = mmsync.Region(path), []

    def wait():
        try:
            region.wait()
        except mmsync.GoneError:
            got.append("gone")

    thread = threading.Thread(target=wait)
    thread.start()
    writer.close()
    mmsync.remove(path)
    thread.join()
    assert got == ["gone"]


@pytest.mark.parametrize("timeout", [-1, float("nan"), "1"])
def test_timeouts_that_are_not_valid(path, writer, timeout):
    with pytest.raises((ValueError, TypeError)):
        mmsync.Region(path).wait(timeout=timeout)


def interrupt(program, path):
    """Send SIGINT once the program says that it is about to wait, until it ends."""
    process = subprocess.Popen([sys.executable, "-c", program, path], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "waiting\n"
    while process.poll() is None:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(timeout=0.1)
        except subprocess.TimeoutExpired:
            pass
    return process.communicate()[1]


def test_ctrl_c_ends_a_wait(path, writer):
    assert "KeyboardInterrupt" in interrupt(
        "import mmsync, sys; r = mmsync.Region(sys.argv[1]); print('waiting', flush=True); r.wait()", path)


def test_ctrl_c_ends_the_wait_for_another_writer(path, writer):
    assert "KeyboardInterrupt" in interrupt(
        "import mmsync, sys; print('waiting', flush=True); mmsync.Writer(sys.argv[1], lock_wait_ms=-1)", path)


def test_a_signal_that_raises_nothing_does_not_end_a_wait(path, writer):
    region, got = mmsync.Region(path), []

    def handler(*_):
        got.append("signal")
        writer.write(b"1")

    before = signal.signal(signal.SIGUSR1, handler)
    try:
        threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGUSR1)).start()
        assert region.wait() == 1 and got == ["signal"]
    finally:
        signal.signal(signal.SIGUSR1, before)


# ---- Event loops ----


async def collect(region, count, got=None, **options):
    got = [] if got is None else got
    async for snapshot in region.changes(**options):
        got.append(bytes(snapshot))
        if len(got) == count:
            return got


async def wait_until(condition):
    while not condition():
        await asyncio.sleep(0.001)


def waiting():
    from mmsync import _changes

    return sum(len(hub.waiting) for hubs in _changes._hubs.values() for hub in hubs.values())


def threads():
    return len(os.listdir("/proc/self/task"))


def test_a_loop_sees_each_change(path, writer):
    async def main():
        got = []
        task = asyncio.create_task(collect(mmsync.Region(path), 3, got))
        for value in (b"1", b"2", b"3"):
            await wait_until(lambda: waiting() == 1)
            writer.write(value)
            await wait_until(lambda: got and got[-1] == value)
        return await task

    assert asyncio.run(main()) == [b"1", b"2", b"3"]
    assert waiting() == 0


def test_many_coroutines_share_one_thread(path, writer):
    async def main():
        region, before = mmsync.Region(path), threads()
        got = [[] for _ in range(50)]
        tasks = [asyncio.create_task(collect(region, 2, one)) for one in got]
        await wait_until(lambda: waiting() == 50)
        assert threads() == before + 1
        writer.write(b"1")
        await wait_until(lambda: all(got) and waiting() == 50)
        writer.write(b"2")
        assert await asyncio.gather(*tasks) == [[b"1", b"2"]] * 50
        assert threads() == before

    asyncio.run(main())


def test_what_was_published_meanwhile_is_skipped(path, writer):
    async def main():
        for value in (b"1", b"2", b"3"):
            writer.write(value)
        region = mmsync.Region(path)
        assert await collect(region, 1) == [b"3"]
        task = asyncio.create_task(collect(region, 1, seen=3))
        await wait_until(lambda: waiting() == 1)
        writer.write(b"4")
        assert await task == [b"4"]

    asyncio.run(main())


def test_cancelled_coroutines_leave_the_others(path, writer):
    async def main():
        region = mmsync.Region(path)
        tasks = [asyncio.create_task(collect(region, 1)) for _ in range(3)]
        await wait_until(lambda: waiting() == 3)
        tasks[0].cancel()
        tasks[1].cancel()
        await asyncio.wait(tasks[:2])
        writer.write(b"1")
        assert await tasks[2] == [b"1"]

    asyncio.run(main())


def test_a_loop_hears_that_the_region_is_gone(path, writer):
    async def main():
        task = asyncio.create_task(collect(mmsync.Region(path), 1))
        await wait_until(lambda: waiting() == 1)
        writer.close()
        mmsync.remove(path)
        with pytest.raises(mmsync.GoneError, match="open the region again"):
            await task

    asyncio.run(main())


def test_a_loop_hears_that_the_region_was_closed(path, writer):
    async def main():
        region = mmsync.Region(path)
        task = asyncio.create_task(collect(region, 1))
        await wait_until(lambda: waiting() == 1)
        await asyncio.to_thread(region.close)
        with pytest.raises(mmsync.InvalidError, match="closed"):
            await task

    asyncio.run(main())


def test_a_loop_that_ends_early(path, writer, run_python):
    run_python("import asyncio, mmsync, sys\nr = mmsync.Region(sys.argv[1])\n"
               "async def main():\n async def f():\n  async for s in r.changes(): pass\n"
               " t = asyncio.ensure_future(f()); await asyncio.sleep(0.01)\n"
               "asyncio.run(main())\nl = asyncio.new_event_loop()\ng = r.changes().__anext__()\n"
               "l.call_later(0.01, l.stop); t = l.create_task(g); l.run_forever()\n", path)
