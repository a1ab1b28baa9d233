# SPDX-License-Identifier: Apache-2.0
"""Tables: a mapping to change on the writer's side, and one to look into on the readers'."""
import collections.abc
import gc
import pickle
import random
import time

import mmsync
import mmsync.table
import pytest


@pytest.fixture
def writer(path):
    with mmsync.Writer(path) as writer:
        yield writer


@pytest.fixture
def region(path, writer):
    with mmsync.Region(path) as region:
        yield region


def contents(region, keys=bytes):
    return {key: bytes(value) for key, value in region.snapshot().table(keys=keys).items()}


def test_a_block_is_one_generation(writer, region):
    with writer.table() as table:
        table[b"a"] = b"1"
        table[b"b"] = bytearray(b"22")
    assert table.generation == writer.generation == region.generation == 1
    with writer.table() as table:
        del table[b"a"]
        table[b"c"] = memoryview(b"333")
    assert contents(region) == {b"b": b"22", b"c": b"333"} and region.generation == 2


def test_they_are_mappings(writer, region):
    with writer.table() as table:
        assert isinstance(table, collections.abc.MutableMapping)
        table.update({b"a": b"1", b"b": b"2", b"": b"empty"})
        assert table.setdefault(b"d", b"4") == b"4" and table.pop(b"a") == b"1" and table.pop(b"x", None) is None
        assert len(table) == 3 and b"b" in table and b"a" not in table and table[b""] == b"empty"
        assert sorted(table) == [b"", b"b", b"d"] and sorted(table.values()) == [b"2", b"4", b"empty"]
        assert table.get(b"nothing") is None and table == {b"": b"empty", b"b": b"2", b"d": b"4"}
    view = region.snapshot().table()
    assert isinstance(view, collections.abc.Mapping)
    assert len(view) == 3 and b"b" in view and b"a" not in view and view.get(b"a") is None and view.get(b"a", 5) == 5
    assert sorted(view) == sorted(view.keys()) == [b"", b"b", b"d"] and sorted(map(bytes, view.values())) == [b"2", b"4", b"empty"]
    assert view == {b"": b"empty", b"b": b"2", b"d": b"4"} and view.generation == 1
    assert view.get_many([b"b", b"x", b"d"]) == [b"2", None, b"4"] and view.get_many([]) == []
    with pytest.raises(KeyError):
        view[b"a"]


def test_text_and_numbers_as_keys(writer, region, directory):
    with writer.table(keys=str) as table:
        table["Zürich"] = b"1"
        assert table.key_type is str and "Zürich" in table
    assert list(region.snapshot().table(keys=str)) == ["Zürich"] and list(region.snapshot().table()) == ["Zürich".encode()]
    with mmsync.Writer(directory + "/numbers") as other:
        with other.table(keys=int) as table:
            table[0] = table[2**64 - 1] = b"x"
            for key in (-1, 2**64):
                with pytest.raises(mmsync.InvalidError, match="from 0 to"):
                    table[key] = b"y"
        view = mmsync.Region(directory + "/numbers").snapshot().table(keys=int)
        assert sorted(view) == [0, 2**64 - 1] and view.info().key_size == 8 and view.get_many(range(2)) == [b"x", None]


@pytest.mark.parametrize("keys,key", [(bytes, "text"), (bytes, 5), (str, b"bytes"), (int, "text"), (int, 1.5), (bytes, None)])
def test_keys_of_another_type(writer, region, keys, key):
    with writer.table(keys=keys) as table:
        for use in (lambda: table[key], lambda: key in table, lambda: table.__setitem__(key, b""), lambda: table.pop(key)):
            with pytest.raises(TypeError):
                use()
    view = region.snapshot().table(keys=keys)
    for use in (lambda: view[key], lambda: view.get(key), lambda: view.get_many([key]), lambda: key in view):
        with pytest.raises(TypeError):
            use()


def test_a_key_that_is_no_number(writer, region):
    with writer.table() as table:
        table[b"three"] = b""
    with pytest.raises(mmsync.InvalidError, match="keys=bytes"):
        list(region.snapshot().table(keys=int))
    with pytest.raises(mmsync.InvalidError, match="bytes, str and int"):
        region.snapshot().table(keys=float)


def test_values_are_not_copies_and_outlive_everything(path, writer):
    with writer.table() as table:
        table[b"k"] = b"v" * 1000
    region = mmsync.Region(path)
    value = region.snapshot().table()[b"k"]
    view = region.snapshot().table()
    assert value.readonly and value == view[b"k"]
    region.close()
    del region, view
    gc.collect()
    for number in range(300):
        with writer.table() as table:
            table[b"k"] = b"w" * 1000
    assert value == b"v" * 1000


def test_the_last_value_gives_the_slot_back(path):
    with mmsync.Writer(path, max_slots=3, grace_ms=0) as writer, mmsync.Region(path) as region:
        for number in range(50):
            with writer.table() as table:
                table[b"k"] = b"%d" % number
            view = region.snapshot().table()
            kept = [view[b"k"], *view.get_many([b"k"]), *view.items(), view]
            assert kept[0] == b"%d" % number


def test_a_block_that_fails_publishes_nothing(writer, region):
    with writer.table() as table:
        table[b"k"] = b"old"
    with pytest.raises(ZeroDivisionError):
        with writer.table() as table:
            table[b"k"] = b"new"
            1 / 0
    assert contents(region) == {b"k": b"old"} and region.generation == 1
    with writer.table() as table:
        assert table[b"k"] == b"old"


def test_random_changes_against_a_dict(writer, region):
    choose, model = random.Random(5), {}
    for _ in range(30):
        with writer.table() as table:
            for _ in range(50):
                key = b"%d" % choose.randrange(200)
                if choose.random() < 0.3 and key in model:
                    del table[key], model[key]
                else:
                    table[key] = model[key] = choose.randbytes(choose.randrange(100))
            assert table == model
        view = region.snapshot().table()
        assert view == model and len(view) == len(model)
        wanted = [b"%d" % number for number in range(200)]
        assert view.get_many(wanted) == [model.get(key) for key in wanted]
        view.check()


def test_a_change_during_an_iteration(writer):
    with writer.table() as table:
        table.update({b"%d" % number: b"" for number in range(10)})
        with pytest.raises(RuntimeError, match="list\\(table\\)"):
            for key in table:
                del table[key]
        for key in list(table):
            del table[key]
        assert not table


def test_entries_expire(writer, region):
    with writer.table(expires=3600) as table:
        table[b"stays"] = b""
        table.expire_after(0)
        table[b"gone"] = b""
        table.expire_after(None)
        table[b"forever"] = b""
    view = region.snapshot().table()
    assert sorted(view) == [b"forever", b"stays"] and b"gone" not in view and view.info().expiring
    assert len(view) == 3
    removed = 0
    while not removed:  # by one of the next commits, which remove some at a time
        with writer.table() as table:
            table[b"more"] = b""
        removed = table.expired
    assert removed == 1 and len(region.snapshot().table()) == 3


def test_an_entry_expires_while_the_table_is_held(writer, region):
    with writer.table(expires=0.2) as table:
        table[b"k"] = b"v"
    view, wait_until = region.snapshot().table(), time.monotonic() + 0.2
    while b"k" in view:
        assert time.monotonic() < wait_until + 60
    assert view.get(b"k") is None and list(view) == []


def test_expiry_that_is_not_valid(writer):
    with writer.table() as table:
        with pytest.raises(mmsync.InvalidError):
            table.expire_after(5)
    for wrong in (-1, float("nan"), 1e18):
        with pytest.raises(mmsync.InvalidError, match="seconds"):
            writer.table(expires=wrong)


def test_a_cache_has_a_limit(writer, region):
    evicted = 0
    for number in range(20):
        with writer.table(max_bytes=10_000) as table:
            table[b"%d" % number] = bytes(1000)
        evicted += table.evicted
    view = region.snapshot().table()
    assert evicted > 5 and b"19" in view and b"0" not in view and view.info().evicted == evicted


def test_clear(writer, region):
    for number in range(2):
        with writer.table() as table:
            table.clear()
            table[b"%d" % number] = b""
    assert contents(region) == {b"1": b""}


@pytest.mark.parametrize("options,error", [
    ({"key_size": -1}, "key_size must be"), ({"max_bytes": "1"}, "max_bytes must be"), ({"keys": float}, "bytes, str and int"),
    ({"type_id": 5}, "type_id must be")])
def test_options_that_are_not_valid(writer, options, error):
    with pytest.raises(mmsync.InvalidError, match=error):
        writer.table(**options)
    with pytest.raises(TypeError, match="no option seed"):
        writer.table(seed=(1, 2))


def test_sizes_that_a_table_refuses(writer, region):
    with writer.table(key_size=2, value_size=3) as table:
        table[b"ab"] = b"abc"
        for key, value in ((b"a", b"abc"), (b"ab", b"ab"), (bytes(70_000), b"abc")):
            with pytest.raises(mmsync.Error):
                table[key] = value
        with pytest.raises((TypeError, mmsync.InvalidError)):
            table[b"cd"] = "text"
        with pytest.raises(mmsync.InvalidError, match="contiguous"):
            table[b"cd"] = memoryview(b"abcdef")[::2]
    assert contents(region) == {b"ab": b"abc"}
    with pytest.raises(mmsync.InvalidError):
        with writer.table(key_size=9):
            pass


def test_a_value_that_is_no_table(writer, region):
    writer.write(b"x" * 500)
    with pytest.raises(mmsync.TypeIdError):
        region.snapshot().table()
    with pytest.raises(mmsync.TypeIdError):
        with writer.table():
            pass
    writer.write(b"y")


def test_blocks_and_their_order(writer):
    table = writer.table()
    for use in (lambda: table[b"a"], lambda: table.clear(), lambda: len(table), lambda: table.__setitem__(b"a", b"")):
        with pytest.raises(mmsync.InvalidError, match="with writer.table"):
            use()
    with table:
        for use in (lambda: writer.write(b"new"), lambda: writer.build(3).__enter__(), writer.close, writer.table().__enter__):
            with pytest.raises(mmsync.InvalidError, match="a table of it is open"):
                use()
        with pytest.raises(mmsync.InvalidError, match="one `with` block"):
            table.__enter__()
    with pytest.raises(mmsync.InvalidError):
        table[b"a"]
    with writer.build(3):
        with pytest.raises(mmsync.InvalidError, match="a build of it is open"):
            with writer.table():
                pass


def test_a_table_that_was_left_open(path, writer):
    writer.table().__enter__()[b"k"] = b"v"
    gc.collect()
    with writer.table() as table:
        assert not table
    writer.close()
    with pytest.raises(mmsync.InvalidError, match="open another one"):
        with writer.table():
            pass


def test_a_table_that_is_damaged(path, writer):
    with writer.table() as table:
        table.update({b"%d" % number: bytes(100) for number in range(500)})
    value = bytearray(mmsync.Region(path).snapshot())
    choose = random.Random(7)
    for _ in range(60):
        damaged = bytearray(value)
        for _ in range(20):
            damaged[choose.randrange(len(damaged))] ^= 1 << choose.randrange(8)
        writer.write(damaged)
        snapshot = mmsync.Region(path).snapshot()
        try:
            view = snapshot.table()
            view.get_many([b"%d" % number for number in range(500)])
            list(view.items())
            view.check()
        except (mmsync.CorruptError, mmsync.TypeIdError, mmsync.VersionError):
            pass


def test_in_a_child(path, writer, region, in_child):
    with writer.table() as table:
        table[b"k"] = b"v"
    view = region.snapshot().table()

    def child():
        for use in (lambda: view[b"k"], lambda: list(view), lambda: writer.table().__enter__()):
            try:
                use()
                return False
            except mmsync.ForkedError:
                pass
        return bytes(region.snapshot().table()[b"k"]) == b"v"

    in_child(child)
    with writer.table() as table:

        def within():
            try:
                table[b"k"] = b"wrong"
            except mmsync.ForkedError:
                return True

        in_child(within)
        table[b"k"] = b"right"
    assert contents(region) == {b"k": b"right"}


def test_pickling_is_refused(writer, region):
    with writer.table() as table:
        with pytest.raises(TypeError, match="send the path"):
            pickle.dumps(table)
    with pytest.raises(TypeError, match="send the path"):
        pickle.dumps(region.snapshot().table())


def test_objects_whose_init_did_not_run():
    for use in (lambda: mmsync.table.View.__new__(mmsync.table.View)[b"k"], lambda: len(mmsync.table.View.__new__(mmsync.table.View)),
                mmsync.table.Table.__new__(mmsync.table.Table).__enter__,
                lambda: mmsync.table.Table.__new__(mmsync.table.Table)[b"k"]):
        with pytest.raises(mmsync.InvalidError):
            use()
    with pytest.raises(TypeError):
        mmsync.table.View(b"bytes")


def test_they_can_be_printed(writer, region):
    table = writer.table()
    with table:
        pass
    assert "Table" in repr(table) and "0 entries" in repr(region.snapshot().table())
