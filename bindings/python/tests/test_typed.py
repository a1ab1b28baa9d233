# SPDX-License-Identifier: Apache-2.0
"""Typed values: published by the text of a schema, and looked into by the one that travels along."""
import gc
import ipaddress
import json
import math
import pickle
import random
import subprocess
import sys
import uuid

import mmsync
import pytest

np = pytest.importorskip("numpy")

SCHEMA = """
struct Stock {
    revision: u64,
    shop: String,
    prices: HashMap<u64, Price>,
    by_name: BTreeMap<String, u64>,
    recalled: HashSet<u64>,
    shelves: Vec<Shelf>,
    features: Vec<f32>,
    matrix: Vec<[f64; 3]>,
    note: Option<String>,
    result: Result<u8, String>,
    root: Option<Box<Category>>,
    states: Vec<State>,
}
struct Price { cents: i64, currency: [u8; 3] }
struct Shelf(u16, String);
struct Category { name: String, children: Vec<Category> }
enum State { Open, Closed(u8), Moved { to: String, floor: i8 } }
"""

STOCK = {
    "revision": 7, "shop": "Zürich", "prices": {1: {"cents": -5, "currency": b"CHF"}, 900: {"cents": 2**40, "currency": [1, 2, 3]}},
    "by_name": {"milk": 1, "a rather long name": 2, "": 3}, "recalled": {3, 4, 5}, "shelves": [(1, "top"), [2, "bottom"]],
    "features": [0.5, 1.5, 2.5], "matrix": [[1, 2, 3], [4, 5, 6]], "note": None, "result": {"Err": "no"},
    "root": {"name": "all", "children": [{"name": "some", "children": []}]},
    "states": ["Open", {"Closed": 3}, {"Moved": {"to": "Bern", "floor": -1}}],
}


@pytest.fixture
def writer(path):
    with mmsync.Writer(path) as writer:
        yield writer


@pytest.fixture
def schema():
    return mmsync.Schema(SCHEMA, "Stock")


@pytest.fixture
def stock(path, writer, schema):
    writer.write_value(schema, STOCK)
    return mmsync.Region(path).snapshot().value


def round_trip(path, text, value, **options):
    with mmsync.Writer(path) as writer:
        writer.write_value(mmsync.Schema(text, "T", **options), value)
        return mmsync.Region(path).snapshot().value


def test_a_value_is_looked_into(stock):
    assert (stock.revision, stock.shop, stock["shop"], stock.note) == (7, "Zürich", "Zürich", None)
    assert stock.prices[1].cents == -5 and stock.prices[900].cents == 2**40 and list(stock.prices[1].currency) == list(b"CHF")
    assert stock.by_name["milk"] == 1 and stock.by_name["a rather long name"] == 2 and stock.by_name[""] == 3
    assert stock.features[0] == 0.5 and stock.features[-1] == 2.5 and stock.features[1:] == [1.5, 2.5] and len(stock.features) == 3
    assert [shelf[1] for shelf in stock.shelves] == ["top", "bottom"] and stock.shelves[0]["0"] == 1
    assert stock.root.name == "all" and stock.root.children[0].name == "some"
    assert len(stock) == 12 and stock._fields[:2] == ("revision", "shop") and stock._name == "Stock"


def test_enums_and_results(stock):
    first, second, third = stock.states
    assert (first._name, second._name, third._name, stock.result._name) == ("Open", "Closed", "Moved", "Err")
    assert second[0] == 3 and third.to == "Bern" and third.floor == -1 and stock.result[0] == "no" and len(first) == 0
    assert third._fields == ("to", "floor")


def test_maps_and_sets(stock):
    prices, names, recalled = stock.prices, stock.by_name, stock.recalled
    assert 900 in prices and 2 not in prices and prices.get(2) is None and prices.get(2, "x") == "x" and len(prices) == 2
    assert sorted(prices) == sorted(prices.keys()) == [1, 900] and {key: value.cents for key, value in prices.items()} == {1: -5, 900: 2**40}
    assert list(names) == ["", "a rather long name", "milk"] and list(names.values()) == [3, 2, 1] and dict(names)["milk"] == 1
    assert sorted(recalled) == [3, 4, 5] and 4 in recalled and 6 not in recalled and len(recalled) == 3
    with pytest.raises(KeyError):
        prices[2]
    for use in (lambda: prices["1"], lambda: "x" in recalled, lambda: names.get(1), lambda: prices[-1], lambda: prices[2**64]):
        with pytest.raises(mmsync.InvalidError, match="must be"):
            use()


def test_as_objects_of_python(stock):
    whole = stock.to_dict()
    assert whole == stock.to_python() == {**STOCK, "prices": {1: {"cents": -5, "currency": list(b"CHF")}, 900: {"cents": 2**40, "currency": [1, 2, 3]}},
                                          "shelves": [[1, "top"], [2, "bottom"]], "recalled": whole["recalled"]}
    assert sorted(whole["recalled"]) == [3, 4, 5] and stock.root.to_dict() == STOCK["root"]
    assert stock.features.to_list() == [0.5, 1.5, 2.5] and stock.by_name.to_dict() == STOCK["by_name"]
    by_json = json.loads(stock.to_json())
    assert by_json["states"] == STOCK["states"] == whole["states"] and by_json["shop"] == "Zürich"


def test_what_was_read_can_be_written(path, writer, schema, stock):
    for value in (stock, stock.to_dict(), {name: stock[name] for name in stock._fields}):
        writer.write_value(schema, value)
        assert mmsync.Region(path).snapshot().value == stock
    writer.write_value(schema, {**STOCK, "revision": 8})
    assert mmsync.Region(path).snapshot().value != stock


def test_lists_of_numbers_are_arrays(stock):
    features, matrix = np.asarray(stock.features), np.asarray(stock.matrix)
    assert features.dtype == np.float32 and features.tolist() == [0.5, 1.5, 2.5] and not features.flags.writeable
    assert matrix.shape == (2, 3) and matrix.dtype == np.float64 and matrix.tolist() == [[1, 2, 3], [4, 5, 6]]
    assert np.asarray(stock.features).ctypes.data == features.ctypes.data
    assert bytes(stock.prices[1].currency) == b"CHF"
    with pytest.raises(BufferError, match="of numbers"):
        memoryview(stock.shelves)


def test_arrays_are_written_as_they_are(path):
    value = round_trip(path, "struct T { a: Vec<f32>, b: Vec<i64>, c: [u16; 4], d: Vec<bool>, e: Vec<Vec<f64>> }",
                       {"a": np.arange(5, dtype="f4"), "b": np.arange(-3, 3), "c": np.arange(4, dtype="u2"), "d": np.array([True, False]),
                        "e": np.eye(2)})
    assert value.to_dict() == {"a": [0, 1, 2, 3, 4], "b": [-3, -2, -1, 0, 1, 2], "c": [0, 1, 2, 3], "d": [True, False], "e": [[1, 0], [0, 1]]}


def test_arrays_of_another_type_are_converted(path):
    value = round_trip(path, "struct T { a: Vec<f32>, b: Vec<u64> }", {"a": np.arange(3.0), "b": np.arange(3, dtype="u1")})
    assert value.to_dict() == {"a": [0, 1, 2], "b": [0, 1, 2]}


@pytest.mark.parametrize("kind,values", [
    ("u8", [0, 255]), ("i8", [-128, 127]), ("u16", [65535]), ("i16", [-32768]), ("u32", [2**32 - 1]), ("i32", [-2**31]),
    ("u64", [2**64 - 1]), ("i64", [-2**63]), ("u128", [2**128 - 1, 5]), ("i128", [-2**127, 7]), ("usize", [2**32 - 1]), ("isize", [-2**31]),
    ("f32", [0.5, math.inf]), ("f64", [0.1]), ("bool", [True, False]), ("char", ["x", "é", "\U0001f600"]), ("String", ["", "short", "l" * 100]),
    ("Box<str>", ["text"]), ("()", [None]), ("Ipv4Addr", [ipaddress.ip_address("10.0.0.1")]), ("Ipv6Addr", [ipaddress.ip_address("fe80::1")]),
    ("IpAddr", [ipaddress.ip_address("10.0.0.1"), ipaddress.ip_address("::1")]), ("Uuid", [uuid.UUID(int=2**100 + 5)]),
    ("NonZeroU32", [1]), ("Option<u8>", [None, 5]), ("Box<u32>", [5]), ("Option<Option<u8>>", [None, 7])])
def test_values_of_all_types(path, kind, values):
    for value in values:
        assert round_trip(path, f"struct T {{ x: {kind} }}", {"x": value}).x == value
        assert round_trip(path, f"struct T {{ x: Vec<{kind}> }}", {"x": [value, value]}, wide=True).to_dict() == {"x": [value, value]}


def test_durations_and_socket_addresses(path):
    text = "struct T { d: Vec<Duration>, v4: SocketAddrV4, v6: SocketAddrV6, any: Vec<SocketAddr> }"
    value = round_trip(path, text, {"d": [1.5, (3, 4), 0], "v4": "1.2.3.4:80", "v6": ("fe80::1", 443, 5, 6), "any": ["[::1]:1", ("9.8.7.6", 65535)]})
    assert list(value.d) == [(1, 500_000_000), (3, 4), (0, 0)] and value.d[0].total_seconds() == 1.5
    assert str(value.v4.ip) == "1.2.3.4" and value.v4.port == 80 and value.v6 == (ipaddress.ip_address("fe80::1"), 443, 5, 6)
    assert [str(address.ip) for address in value.any] == ["::1", "9.8.7.6"] and value.any[1].port == 65535
    assert value.to_json() == ('{"d":[{"secs":1,"nanos":500000000},{"secs":3,"nanos":4},{"secs":0,"nanos":0}],"v4":"1.2.3.4:80",'
                               '"v6":"[fe80::1%6]:443","any":["[::1]:1","9.8.7.6:65535"]}')


def test_keys_with_parts(path):
    value = round_trip(path, "struct T { m: HashMap<K, u8>, t: BTreeMap<P, u8>, s: HashSet<E> } struct K { a: u8, b: String } struct P(u8, String); #[repr(u8)] enum E { A, B(u8) }",
                       {"m": [({"a": 1, "b": "x"}, 5)], "t": {(1, "a"): 6}, "s": ["A", {"B": 4}]})
    assert value.m[{"a": 1, "b": "x"}] == 5 and value.t[1, "a"] == 6 and value.t.get((1, "b")) is None
    assert "A" in value.s and {"B": 4} in value.s and {"B": 5} not in value.s
    assert value.m.to_python() == [({"a": 1, "b": "x"}, 5)]
    (key,) = value.m
    assert value.m[key] == 5


@pytest.mark.parametrize("change,where", [
    ({"revision": -1}, r"value\.revision: a u64 must be an int that fits"), ({"revision": 1.5}, "an int, and this is a float"),
    ({"revision": True}, "must be an int"), ({"shop": 5}, "must be a str"), ({"shop": "\ud800"}, "valid Unicode"),
    ({"features": [1, "2"]}, r"value\.features\[1\]: a f32 must be a float"), ({"features": "text"}, "must be a list"),
    ({"features": 5}, "must be a list"), ({"matrix": [[1, 2]]}, r"value\.matrix\[0\].*that many items"),
    ({"states": ["Shut"]}, "name of a variant"), ({"states": [{"Closed": 1, "Open": None}]}, "one variant"),
    ({"states": [{"Moved": {"to": "x"}}]}, "a dict of its fields"), ({"states": [{"Moved": {"to": "x", "flor": 1}}]}, "floor"),
    ({"states": ["Closed"]}, "must be an int"), ({"states": [{"Open": 1}]}, "must be None"), ({"shelves": [(1,)]}, "a sequence of its fields"),
    ({"shelves": ["ab"]}, "a sequence of its fields"), ({"prices": [1]}, "tuple of key and value"), ({"prices": 5}, "a dict"),
    ({"result": {"Fine": 1}}, "name of a variant"), ({"recalled": 5}, "a set or a list"), ({"recalled": [1, 1]}, "recalled"), ({"extra": 1}, "of no others")])
def test_values_that_are_not_of_the_type(path, writer, schema, change, where):
    writer.write(b"old")
    with pytest.raises(mmsync.InvalidError, match=where):
        writer.write_value(schema, {**STOCK, **change})
    assert bytes(mmsync.Region(path).snapshot()) == b"old"


def test_a_field_that_is_missing(writer, schema):
    with pytest.raises(mmsync.InvalidError, match="of its fields"):
        writer.write_value(schema, {name: STOCK[name] for name in list(STOCK)[:-1]})
    with pytest.raises(mmsync.InvalidError, match="revision"):
        writer.write_value(schema, object())


def test_endless_values(writer):
    schema = mmsync.Schema("struct T { x: Option<Box<T>> }", "T")
    value = {}
    value["x"] = value
    with pytest.raises(RecursionError):
        writer.write_value(schema, value)
    deep = {"x": None}
    for _ in range(400):
        deep = {"x": deep}
    writer.write_value(schema, deep)


def test_a_value_keeps_the_snapshot(path, writer, schema):
    writer.write_value(schema, STOCK)
    features = mmsync.Region(path).snapshot().value.features
    array = np.asarray(features)
    prices = mmsync.Region(path).snapshot().value.prices.items()
    gc.collect()
    for number in range(300):
        writer.write_value(schema, {**STOCK, "features": [9] * 50})
    assert features[2] == 2.5 and array.tolist() == [0.5, 1.5, 2.5] and len(list(prices)) == 2


def test_the_last_part_gives_the_slot_back(path, schema):
    with mmsync.Writer(path, max_slots=3, grace_ms=0) as writer, mmsync.Region(path) as region:
        for number in range(50):
            writer.write_value(schema, {**STOCK, "revision": number})
            value = region.snapshot().value
            kept = [value.prices, value.states[1], *value.shelves, value.root.children[0], iter(value.features), memoryview(value.features)]
            assert value.revision == number and kept


def test_bytes_without_a_schema(path, writer):
    writer.write(b"bytes")
    with pytest.raises(mmsync.TypeIdError, match="published as bytes"):
        mmsync.Region(path).snapshot().value


def test_damaged_bytes(path, writer, schema):
    """An update keeps type and schema, and nobody vouches for its bytes."""
    writer.write_value(schema, STOCK)
    choose, found = random.Random(3), 0
    for _ in range(200):
        with writer.update() as memory:
            before = bytes(memory)
            for _ in range(3):
                memory[choose.randrange(len(memory))] ^= 1 << choose.randrange(8)
        snapshot = mmsync.Region(path).snapshot()
        try:
            snapshot.value.to_dict()
            snapshot.value.to_json()
            repr(snapshot.value)
        except mmsync.CorruptError:
            found += 1
            assert len(bytes(snapshot)) == len(before) and not snapshot.closed
            with pytest.raises(mmsync.CorruptError):
                snapshot.value
        with writer.update() as memory:
            memory[:] = before
    assert found > 20
    assert mmsync.Region(path).snapshot().value.revision == 7


def test_a_copy_has_a_value_too(path, writer, schema):
    writer.write_value(schema, STOCK)
    snapshot = mmsync.Region(path, read_only=True).snapshot()
    assert not snapshot.pinned and snapshot.value.shop == "Zürich"
    writer.write_value(schema, {**STOCK, "revision": 8})
    with pytest.raises(mmsync.AgainError, match="another snapshot"):
        snapshot.value


def test_they_can_be_printed(stock):
    text = repr(stock)
    assert text.startswith("Stock(revision=7, shop='Zürich', prices=<HashMap<u64, Price> of 2>") and len(text) < 600
    assert repr(stock.states[0]) == "Open" and repr(stock.states[1]) == "Closed(3)" and repr(stock.shelves[0]) == "Shelf(1, 'top')"
    assert repr(stock.features) == "<Vec<f32> of 3>" and "to_dict" in dir(stock) and "shop" in dir(stock)


def test_fields_that_are_not_there(stock):
    for use in (lambda: stock.nothing, lambda: stock.states[2].nothing):
        with pytest.raises(AttributeError, match="nothing"):
            use()
    with pytest.raises(KeyError):
        stock["nothing"]
    for use in (lambda: stock[12], lambda: stock.features[3], lambda: stock.features[-4], lambda: stock.shelves[0][2]):
        with pytest.raises(IndexError):
            use()
    with pytest.raises(AttributeError):
        stock.shop = "other"
    with pytest.raises(TypeError):
        hash(stock)


def test_in_a_child(path, writer, schema, stock, in_child):
    items = iter(stock.features)

    def child():
        for use in (lambda: stock.shop, lambda: stock["shop"], lambda: next(items), lambda: stock.to_dict(), lambda: repr(stock)):
            try:
                use()
                return False
            except mmsync.ForkedError:
                pass
        return mmsync.Region(path).snapshot().value.shop == "Zürich"

    in_child(child)


def test_pickling_is_refused(stock, schema):
    for thing in (stock, stock.features, stock.prices, stock.recalled, stock.states[0], schema):
        with pytest.raises(TypeError, match="send the path"):
            pickle.dumps(thing)


@pytest.mark.parametrize("text,root,told", [
    ("struct T { x: u99 }", "T", "schema:1:15"), ("struct T { x: u8 }", "U", "does not define `U`"), ("", "T", "defines no struct"), ("struct", "T", "schema:1")])
def test_schemas_that_are_not_valid(text, root, told):
    with pytest.raises(mmsync.InvalidError, match=told):
        mmsync.Schema(text, root)


def test_about_a_schema(schema):
    assert schema.name == "Stock" and "enum State" in schema.text and all(schema.type_id) and "Stock" in repr(schema)
    broken = mmsync.Schema.__new__(mmsync.Schema)
    with pytest.raises(mmsync.InvalidError):
        broken.name
    assert repr(broken)


def test_a_schema_that_was_not_read(writer):
    with pytest.raises(mmsync.InvalidError, match="not read"):
        writer.write_value(mmsync.Schema.__new__(mmsync.Schema), {})


def test_the_tool_reads_the_same(path, writer, schema):
    writer.write_value(schema, STOCK)
    read = subprocess.run([sys.executable, "-m", "mmsync", "read", "--json", path], capture_output=True, text=True)
    if read.returncode and "built without the tool" in read.stderr:
        pytest.skip(read.stderr)
    assert read.stdout.rstrip("\n") == mmsync.Region(path).snapshot().value.to_json()


def test_many_schemas(path):
    for number in list(range(40)) * 2:
        assert round_trip(path, f"struct T {{ x{number}: u32 }}", {f"x{number}": number})[0] == number
