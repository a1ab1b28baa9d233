# SPDX-License-Identifier: Apache-2.0
"""Publishing values and reading them in place."""
import array
import os

import mmsync
import pytest

np = pytest.importorskip("numpy")


def test_a_value_is_published_and_read_in_place(path):
    with mmsync.Writer(path) as writer:
        assert writer.write(b"hello") == writer.generation == 1
        region = mmsync.Region(path)
        snapshot = region.snapshot()
        assert (bytes(snapshot), len(snapshot), snapshot.generation, region.generation) == (b"hello", 5, 1, 1)
        assert snapshot.pinned and not region.read_only


def test_whatever_has_contiguous_memory_can_be_published(path):
    with mmsync.Writer(path) as writer, mmsync.Region(path) as region:
        for value in (b"", bytearray(b"abc"), memoryview(b"abc"), array.array("d", [1, 2]), np.arange(6.0).reshape(2, 3)):
            writer.write(value)
            assert bytes(region.snapshot()) == bytes(value)


def test_arrays_of_a_snapshot_are_not_copies_and_cannot_be_written(path):
    with mmsync.Writer(path) as writer, mmsync.Region(path) as region:
        writer.write(np.arange(1000.0))
        snapshot = region.snapshot()
        one, other = (np.frombuffer(snapshot) for _ in range(2))
        assert one.ctypes.data == other.ctypes.data and one.ctypes.data % 64 == 0
        assert not one.flags.writeable and memoryview(snapshot).readonly
        with pytest.raises(ValueError):
            one[0] = 1


def test_several_generations_are_held_at_a_time(path):
    with mmsync.Writer(path) as writer, mmsync.Region(path) as region:
        arrays = []
        for number in range(20):
            writer.write(np.full(5000, number))
            arrays.append(np.frombuffer(region.snapshot(), dtype=int))
        assert all((values == number).all() for number, values in enumerate(arrays))
        assert mmsync.inspect(path).readers >= 20


def test_an_unchanged_value_is_pinned_once(path):
    with mmsync.Writer(path) as writer, mmsync.Region(path) as region:
        writer.write(b"1")
        many = [region.snapshot() for _ in range(100)]
        assert mmsync.inspect(path).readers == 1
        many[0].close()
        assert bytes(many[1]) == b"1"


def test_readers_are_used_again(path):
    with mmsync.Writer(path, max_readers=10) as writer, mmsync.Region(path) as region:
        for number in range(200):
            writer.write(b"%d" % number)
            assert bytes(region.snapshot()) == b"%d" % number


def test_a_value_is_built_in_place(path):
    with mmsync.Writer(path) as writer, mmsync.Region(path) as region:
        build = writer.build(80)
        with build as memory:
            assert len(memory) == 80 and not memory.readonly
            np.frombuffer(memory)[:] = np.arange(10)
        assert build.generation == writer.generation == 1
        assert np.frombuffer(region.snapshot()).tolist() == list(range(10))
        with pytest.raises(ValueError):
            memory[0]


def test_a_build_may_be_smaller_than_was_asked_for(path):
    with mmsync.Writer(path) as writer, mmsync.Region(path) as region:
        build = writer.build(100)
        with build as memory:
            memory[:3] = b"abc"
            build.resize(3)
            with pytest.raises(mmsync.InvalidError, match="0 to 100 bytes"):
                build.resize(101)
        assert bytes(region.snapshot()) == b"abc"


def test_a_build_that_fails_publishes_nothing(path):
    with mmsync.Writer(path) as writer, mmsync.Region(path) as region:
        writer.write(b"old")
        with pytest.raises(KeyError), writer.build(3) as memory:
            memory[:] = b"new"
            raise KeyError
        assert (bytes(region.snapshot()), region.generation) == (b"old", 1)
        assert writer.write(b"next") > 1


def test_an_update_holds_the_value_and_tells_what_changed(path):
    with mmsync.Writer(path) as writer, mmsync.Region(path) as region:
        writer.write(bytes(range(200)) * 100)
        before = region.snapshot()
        with writer.update() as memory:
            assert memory == before
            memory[1000:1004] = b"wxyz"
            writer.touch(1000, 4)
        after = region.snapshot()
        assert after.changes(before.generation) == [(1000, 4)] and after.changes(after.generation) == []
        assert bytes(after)[1000:1004] == b"wxyz"


@pytest.mark.parametrize("track", ["auto", "pages", "touches"])
def test_an_update_without_touches_is_right_as_well(path, track):
    with open_tracking(path, track, max_slots=3) as writer, mmsync.Region(path) as region:
        model = bytearray(50_000)
        writer.write(model)
        for number in range(50):
            with writer.update() as memory:
                memory[number * 1000] = model[number * 1000] = number + 1
            assert region.snapshot() and bytes(region.snapshot()) == model


def open_tracking(path, track, **options):
    try:
        return mmsync.Writer(path, track=track, **options)
    except mmsync.Error as error:
        if track == "pages" and "tracking the pages" in str(error):
            pytest.skip(str(error))
        raise


@pytest.mark.parametrize("track", [None, "auto", "pages"])
def test_changes_are_found_without_touches(path, track):
    with open_tracking(path, track) as writer, mmsync.Region(path) as region:
        writer.write(np.zeros(100_000))
        before = region.snapshot()
        with writer.update() as memory:
            np.frombuffer(memory)[[5, 99_000]] = -1.0
        after = region.snapshot()
        # What differs of a double; the bytes between two changes that are close may count.
        assert [(offset // 8, (offset + length - 1) // 8) for offset, length in after.changes(before.generation)] \
            == [(5, 5), (99_000, 99_000)]
        assert np.flatnonzero(np.frombuffer(after)).tolist() == [5, 99_000]


def test_a_writer_that_is_told_what_changes(path):
    with mmsync.Writer(path, track="touches") as writer, mmsync.Region(path) as region:
        writer.write(bytes(20_000))
        before = region.snapshot()
        with writer.update():
            pass
        assert region.snapshot().changes(before.generation) == [(0, 20_000)]


def test_an_update_may_grow_and_shrink_the_value(path):
    with mmsync.Writer(path) as writer, mmsync.Region(path) as region:
        writer.write(b"abc")
        with writer.update(size=5) as memory:
            memory[3:] = b"de"
        assert bytes(region.snapshot()) == b"abcde"
        with writer.update(size=2) as memory:
            assert len(memory) == 2
        assert bytes(region.snapshot()) == b"ab"


def test_changes_are_forgotten_when_a_whole_value_is_published(path):
    with mmsync.Writer(path) as writer, mmsync.Region(path) as region:
        writer.write(b"1")
        writer.write(b"2")
        with pytest.raises(mmsync.ForgottenError):
            region.snapshot().changes(1)


def test_what_was_published_with_a_value_is_told(path):
    with mmsync.Writer(path, tag=7, type_id=(1, 2), checksum=True) as writer:
        writer.write(b"x")
        told = mmsync.Region(path, type_id=(1, 2)).snapshot().describe()
        assert (told["tag"], told["type_id"], told["schema"]) == (7, (1, 2), None)
        assert told["checksum"] is not None and told["publish_time_ns"] > 0


def test_a_region_that_may_not_be_pinned_is_copied(path):
    with mmsync.Writer(path) as writer, mmsync.Region(path, read_only=True) as region:
        for value in (b"1" * 10_000, b"2" * 20_000, b""):
            writer.write(value)
            snapshot = region.snapshot()
            assert bytes(snapshot) == value and not snapshot.pinned
            assert region.wait(seen=0) == snapshot.generation
        with pytest.raises(mmsync.ReadOnlyError, match="readers"):
            snapshot.describe()


def test_inspect_verify_and_remove(path):
    with mmsync.Writer(path, max_slots=5) as writer:
        writer.write(b"12345")
        info = mmsync.inspect(path)
        assert (info.size, info.max_slots, info.generation, info.writer_alive, info.checksum) == (5, 5, 1, True, None)
        mmsync.verify(path)
        with pytest.raises(mmsync.BusyError):
            mmsync.remove(path)
    mmsync.remove(path)
    with pytest.raises(FileNotFoundError):
        mmsync.inspect(path)


def test_a_durable_writer_waits_for_the_disk(on_disk, path):
    durable = os.path.join(on_disk, "region")
    try:
        with mmsync.Writer(durable, durable="commit", max_slots=5) as writer:
            writer.write(b"one")
            assert mmsync.inspect(durable).durable_generation == writer.generation == 1
    except mmsync.FilesystemError:
        pytest.skip(f"{on_disk} is in memory")
    with mmsync.Writer(durable, durable="sync") as writer:
        writer.write(b"two")
        assert mmsync.inspect(durable).durable_generation == 1
        writer.sync()
        assert mmsync.inspect(durable).durable_generation == 2
    assert mmsync.inspect(durable).durable_lost is None
    for wrong in ("always", 1):
        with pytest.raises((ValueError, TypeError), match="durable"):
            mmsync.Writer(durable, durable=wrong)
    with mmsync.Writer(path) as writer:
        assert mmsync.inspect(path).durable_generation is None
        with pytest.raises(mmsync.InvalidError, match="not durable"):
            writer.sync()


def test_what_is_kept_is_listed_and_comes_back(path):
    with mmsync.Writer(path, keep=2, tag=7, checksum=True) as writer:
        with pytest.raises(mmsync.EmptyError):
            writer.rollback()
        assert mmsync.history(path) == []
        for text in (b"one", b"two", b"three"):
            writer.write(text)
        region = mmsync.Region(path)
        values = region.history()
        assert values == mmsync.history(path)
        assert [(value.generation, value.size, value.current, value.kept) for value in values] == [
            (3, 5, True, False), (2, 3, False, True), (1, 3, False, True)]
        assert all(value.tag == 7 and value.checksum and value.publish_time_ns for value in values)
        assert (writer.rollback(), writer.generation, bytes(region.snapshot())) == (4, 4, b"two")
        assert (writer.rollback(generation=1), bytes(region.snapshot())) == (5, b"one")
        with pytest.raises(mmsync.ForgottenError, match="4711"):
            writer.rollback(4711)
        with pytest.raises(mmsync.InvalidError):
            writer.rollback(5)
        for wrong in (-1, 2**64, "one", 1.5):
            with pytest.raises((OverflowError, TypeError)):
                writer.rollback(wrong)
        with writer.build(3), pytest.raises(mmsync.InvalidError):
            writer.rollback()
        assert writer.write(b"goes on") == writer.generation == region.generation
        assert mmsync.inspect(path).keep == 2
    with pytest.raises(mmsync.InvalidError):
        writer.rollback()
    region.close()
    assert region.history()[0].size == 7
    for nth in range(40):  # more than one call has room for
        with mmsync.Writer(path, keep=100) as writer:
            writer.write(bytes([nth]))
    assert len(region.history()) > 35
    mmsync.remove(path)
    with pytest.raises(FileNotFoundError):
        region.history()


def test_damage_is_found(path):
    with mmsync.Writer(path, checksum=True) as writer:
        writer.write(b"x" * 5000)
    with open(path + "/data", "r+b") as data:
        data.seek(data.read(1 << 20).index(b"x" * 5000))
        data.write(b"y")
    with pytest.raises(mmsync.CorruptError) as caught:
        mmsync.verify(path)
    assert caught.value.findings and all(isinstance(finding, str) for finding in caught.value.findings)
