# SPDX-License-Identifier: Apache-2.0
"""Typed tables: keys and values by a schema, in the format of mmsync/typed_table.h."""
import gc
import random

import mmsync
import pytest

np = pytest.importorskip("numpy")

SCHEMA = """
#[mmsync::table]
type Prices = HashMap<u64, Price>;
#[mmsync::table]
type Names = HashMap<String, u32>;
#[mmsync::table]
type Pairs = HashMap<Pair, Vec<f32>>;
struct Price { cents: i64, name: String, discounts: Vec<f32> }
struct Pair { a: u8, b: u32 }
"""


@pytest.fixture
def writer(path):
    with mmsync.Writer(path) as writer:
        yield writer


@pytest.fixture
def region(path, writer):
    with mmsync.Region(path) as region:
        yield region


@pytest.fixture
def prices():
    return mmsync.Schema(SCHEMA, "Prices")


def price(number):
    return {"cents": number, "name": f"article {number}", "discounts": [number / 2, 0.5]}


def test_values_are_looked_into(writer, region, prices):
    with writer.table(schema=prices) as table:
        for number in range(100):
            table[number] = price(number)
        assert len(table) == 100 and table[5] == price(5) and 5 in table and 100 not in table and table.get(100) is None
        assert dict(table.items())[7] == price(7) and table.key_type is None
        del table[6]
    view = region.snapshot().table()
    assert view[5].cents == 5 and view[5].name == "article 5" and np.asarray(view[5].discounts).tolist() == [2.5, 0.5]
    assert 6 not in view and view.get(6) is None and len(view) == 99 and sorted(view)[:7] == [0, 1, 2, 3, 4, 5, 7] and view.key_type is None
    assert {key: value.to_dict() for key, value in view.items()} == {number: price(number) for number in range(100) if number != 6}
    many = view.get_many([1, 6, 2])
    assert many[0].cents == 1 and many[1] is None and many[2].name == "article 2"
    view.check()
    with pytest.raises(KeyError):
        view[6]
    with pytest.raises(mmsync.TypeIdError, match="Prices is a table"):
        region.snapshot().value


def test_keys_of_other_types(writer, region, directory):
    with writer.table(schema=mmsync.Schema(SCHEMA, "Names")) as table:
        table["Zürich"], table[""] = 1, 2
    view = region.snapshot().table()
    assert dict(view) == {"Zürich": 1, "": 2} and view.get_many(["", "x"]) == [2, None]
    with mmsync.Writer(directory + "/pairs") as other:
        with other.table(schema=mmsync.Schema(SCHEMA, "Pairs")) as table:
            table[{"a": 1, "b": 2}] = np.arange(3, dtype="f4")
        view = mmsync.Region(directory + "/pairs").snapshot().table()
        assert list(view) == [{"a": 1, "b": 2}] and np.asarray(view[{"a": 1, "b": 2}]).tolist() == [0, 1, 2]


def test_random_changes_against_a_dict(writer, region, prices):
    choose, model = random.Random(9), {}
    for _ in range(20):
        with writer.table(schema=prices) as table:
            for _ in range(30):
                key = choose.randrange(100)
                if choose.random() < 0.3 and key in model:
                    del table[key], model[key]
                else:
                    model[key] = price(choose.randrange(1000))
                    table[key] = model[key]
        view = region.snapshot().table()
        assert {key: value.to_dict() for key, value in view.items()} == model
        assert [value and value.to_dict() for value in view.get_many(range(100))] == [model.get(key) for key in range(100)]


def test_a_value_keeps_the_table(path, writer, prices):
    with writer.table(schema=prices) as table:
        table[1] = price(1)
    value = mmsync.Region(path).snapshot().table()[1]
    discounts = np.asarray(value.discounts)
    gc.collect()
    for number in range(300):
        with writer.table(schema=prices) as table:
            table[1] = price(number)
    assert value.name == "article 1" and discounts.tolist() == [0.5, 0.5]


@pytest.mark.parametrize("key,value,told", [
    (-1, price(1), "u64 must be an int that fits"), ("1", price(1), "must be an int"), (1, 5, "Price"), (1, {"cents": 1}, "of its fields"),
    (1, {**price(1), "name": 5}, r"value\.name: a String must be a str")])
def test_what_is_not_of_the_types(writer, region, prices, key, value, told):
    with writer.table(schema=prices) as table:
        table[7] = price(7)
        with pytest.raises(mmsync.InvalidError, match=told):
            table[key] = value
        if key != 1:
            for use in (lambda: table[key], lambda: key in table, lambda: table.pop(key)):
                with pytest.raises(mmsync.InvalidError, match=told):
                    use()
    view = region.snapshot().table()
    assert list(view) == [7]
    if key != 1:
        for use in (lambda: view[key], lambda: key in view, lambda: view.get_many([7, key])):
            with pytest.raises(mmsync.InvalidError, match=told):
                use()


def test_schemas_that_do_not_fit(writer, region, prices):
    for wrong in ("Prices", mmsync.Schema(SCHEMA, "Price"), mmsync.Schema.__new__(mmsync.Schema)):
        with pytest.raises(mmsync.InvalidError, match="a mmsync.Schema of a table"):
            writer.table(schema=wrong)
    with pytest.raises(mmsync.InvalidError, match="leave `keys` out"):
        writer.table(schema=prices, keys=int)
    with pytest.raises(mmsync.TypeIdError, match="writer.table"):
        writer.write_value(prices, {})
    with writer.table(schema=prices):
        pass
    with pytest.raises(mmsync.TypeIdError):
        with writer.table(schema=mmsync.Schema(SCHEMA, "Names")):
            pass
    assert prices.name == "Prices" and "Prices" in prices.text and "Prices" in repr(prices) and any(prices.type_id)


def test_its_bytes_can_be_seen(writer, region, prices):
    with writer.table(schema=prices) as table:
        table[1] = price(1)
    view = region.snapshot().table(keys=int)
    assert list(view) == [1] and b"article 1" in bytes(view[1])


def test_values_that_are_damaged(path, writer, prices):
    with writer.table(schema=prices) as table:
        table.update({number: price(number) for number in range(20)})
    choose, found = random.Random(2), 0
    for _ in range(100):
        with writer.update() as memory:
            before = bytes(memory)
            for _ in range(10):
                memory[choose.randrange(len(memory))] ^= 1 << choose.randrange(8)
        try:
            view = mmsync.Region(path).snapshot().table()
            for value in [*view.get_many(range(20)), *view.values()]:
                value and value.to_dict()
            [view.get(number) for number in range(20)]
            view.check()
        except (mmsync.CorruptError, mmsync.TypeIdError, mmsync.VersionError):
            found += 1
        with writer.update() as memory:
            memory[:] = before
    assert found > 10 and mmsync.Region(path).snapshot().table()[3].cents == 3


def test_a_copy_is_a_table_too(path, writer, prices):
    with writer.table(schema=prices) as table:
        table[1] = price(1)
    assert mmsync.Region(path, read_only=True).snapshot().table()[1].name == "article 1"


def test_in_a_child(writer, region, prices, in_child):
    with writer.table(schema=prices) as table:
        table[1] = price(1)
    view = region.snapshot().table()
    value = view[1]

    def child():
        for use in (lambda: view[1], lambda: value.cents, lambda: list(view)):
            try:
                use()
                return False
            except mmsync.ForkedError:
                pass
        return region.snapshot().table()[1].cents == 1

    in_child(child)
