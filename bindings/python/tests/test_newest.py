# SPDX-License-Identifier: Apache-2.0
"""What is made of the newest value, once for each generation."""
import gc
import threading
import weakref

import mmsync
import pytest

np = pytest.importorskip("numpy")


@pytest.fixture
def writer(path):
    with mmsync.Writer(path) as writer:
        yield writer


def test_it_is_made_once_for_each_generation(path, writer):
    made = []
    region = mmsync.Region(path)
    newest = region.newest(lambda snapshot: made.append(snapshot.generation) or np.frombuffer(snapshot))
    writer.write(np.full(4, 1.0))
    first = newest()
    assert newest() is first and made == [1]
    writer.write(np.full(4, 2.0))
    assert newest() is newest() is not first and made == [1, 2]
    assert first.tolist() == [1] * 4 and newest().tolist() == [2] * 4


def test_nothing_is_published_yet(path, writer):
    newest = mmsync.Region(path).newest(bytes)
    with pytest.raises(mmsync.EmptyError):
        newest()
    writer.write(b"1")
    assert newest() == b"1"


def test_what_could_not_be_made_is_tried_again(path, writer):
    newest = mmsync.Region(path).newest(lambda snapshot: int(bytes(snapshot)))
    writer.write(b"1")
    assert newest() == 1
    writer.write(b"x")
    for _ in range(2):
        with pytest.raises(ValueError, match="invalid literal"):
            newest()
    writer.write(b"2")
    assert newest() == 2


def test_waiting_is_for_what_is_newer_than_what_was_made(path, writer):
    region = mmsync.Region(path)
    newest = region.newest(bytes)
    writer.write(b"1")
    newest()
    with pytest.raises(mmsync.WaitTimeoutError):
        region.wait(timeout=0)
    writer.write(b"2")
    assert region.wait(timeout=60) == 2


def test_it_gives_the_slot_back(path):
    with mmsync.Writer(path, max_slots=3, grace_ms=0) as writer, mmsync.Region(path) as region:
        newest = region.newest(np.frombuffer)
        for number in range(30):
            writer.write(np.full(4, number, "f8"))
            assert newest()[0] == number


@pytest.mark.parametrize("end", ["clear", "delete", "call"])
def test_it_keeps_its_value_until_then(path, end):
    with mmsync.Writer(path, max_slots=2, grace_ms=0) as writer, mmsync.Region(path) as region:
        newest = region.newest(np.frombuffer)
        writer.write(bytes(8))
        newest()
        writer.write(bytes(8))
        with pytest.raises(mmsync.AgainError):
            writer.write(bytes(8))
        if end == "clear":
            newest.clear()
        elif end == "call":
            newest()
        else:
            del newest
        assert writer.write(bytes(8)) == 3


def test_it_ends_with_its_region_and_keeps_it_otherwise(path, writer):
    writer.write(b"1")
    region = mmsync.Region(path)
    newest = region.newest(bytes)
    gone = weakref.ref(region)
    del region
    assert newest() == b"1"
    gone().close()
    with pytest.raises(mmsync.InvalidError, match="closed"):
        newest()


def test_it_may_be_part_of_a_cycle(path, writer):
    class Server:
        def __init__(self, region):
            self.model = region.newest(self.load)

        def load(self, snapshot):
            return self, np.frombuffer(snapshot)

    writer.write(bytes(8))
    server = Server(mmsync.Region(path))
    assert server.model()[0] is server and mmsync.inspect(path).readers == 1
    gone = weakref.ref(server)
    del server
    gc.collect()
    assert gone() is None and mmsync.inspect(path).readers == 0


def test_a_child_makes_its_own(path, writer, in_child):
    writer.write(np.full(4, 1.0))
    newest = mmsync.Region(path).newest(np.frombuffer)
    before = newest()
    assert in_child(lambda: newest() is not before and newest() is newest() and bool(newest()[3] == 1)) is None
    assert newest() is before


def test_an_older_one_never_replaces_a_newer_one(path, writer):
    """A thread that takes long over generation 1 is overtaken by another with generation 2."""
    slow, go = threading.Event(), threading.Event()

    def make(snapshot):
        if snapshot.generation == 1:
            slow.set()
            assert go.wait(60)
        return bytes(snapshot)

    newest, results = mmsync.Region(path).newest(make), []
    writer.write(b"1")
    thread = threading.Thread(target=lambda: results.append(newest()))
    thread.start()
    assert slow.wait(60)
    writer.write(b"2")
    made = newest()
    go.set()
    thread.join()
    assert results == [b"1"] and newest() is made == b"2"


def test_what_it_refuses(path, writer):
    region = mmsync.Region(path)
    with pytest.raises(TypeError, match="function that takes a snapshot"):
        region.newest(5)
    newest = region.newest(bytes)
    writer.write(b"1")
    for call in (lambda: newest(1), lambda: newest(x=1)):
        with pytest.raises(TypeError, match="without arguments"):
            call()
    with pytest.raises(TypeError, match="pickle"):
        newest.__reduce__()
    with pytest.raises(TypeError):
        type(newest)()
