# SPDX-License-Identifier: Apache-2.0
"""no_memory.py DIRECTORY: let each allocation of Python fail in turn, in all that the package does.
What fails raises an exception, and the next use works. Prints how many failures there were."""
import os
import sys

import _testcapi
import mmsync

SCHEMA = mmsync.Schema("struct T { a: Vec<f32>, m: HashMap<u8, String>, next: Option<Box<T>>, e: E, ip: IpAddr, d: Duration, w: u128 }"
                       "enum E { A, B { x: u8 } }", "T")
PRICES = mmsync.Schema("#[mmsync::table] type P = HashMap<String, Q>; struct Q { x: String, y: Vec<u16> }", "P")
VALUE = {"a": [1, 2.5], "m": {1: "x"}, "next": None, "e": {"B": {"x": 1}}, "ip": "1.2.3.4", "d": 1.5, "w": 2**100}
DIRECTORY = sys.argv[1]


def path(name):
    return os.path.join(DIRECTORY, name)


WRITERS = {name: mmsync.Writer(path(name)) for name in ("typed", "table", "prices", "bytes")}
REGIONS = {name: mmsync.Region(path(name)) for name in WRITERS}
NEWEST = REGIONS["bytes"].newest(memoryview)


def write_typed():
    WRITERS["typed"].write_value(SCHEMA, {**VALUE, "next": VALUE})


def read_typed():
    value = REGIONS["typed"].snapshot().value
    repr(value), value.to_dict(), value.m[1], list(value.m.items()), value.a[0], memoryview(value.a)[0], value.e.x, value.to_json()
    dir(value), value["a"][0:1], value == value, value._fields


def write_table():
    with WRITERS["table"].table() as table:
        table[b"k"] = b"v"
        table[b"k"], list(table.items()), table.pop(b"other", None), b"k" in table


def read_table():
    view = REGIONS["table"].snapshot().table()
    view[b"k"], view.get_many([b"k", b"x"]), list(view.items()), view.info(), view.get(b"z"), repr(view)


def write_prices():
    with WRITERS["prices"].table(schema=PRICES) as table:
        table["k"] = {"x": "y", "y": [1, 2]}
        table["k"], dict(table.items())


def read_prices():
    view = REGIONS["prices"].snapshot().table()
    view["k"].x, view.get_many(["k", "x"]), list(view.items())


def build():
    with WRITERS["bytes"].build(10) as memory:
        memory[0] = 1


def update():
    with WRITERS["bytes"].update() as memory:
        memory[0] = 1
        WRITERS["bytes"].touch(0, 1)


def put_pieces():
    with WRITERS["bytes"].update() as memory:
        del memory
    build = WRITERS["bytes"].build(10)
    with build as memory:
        build._put([(0, b"12345"), (5, bytearray(5))])
        del memory
    WRITERS["bytes"].snapshot()._differing([(0, b"12345"), (5, bytes(5))])


def read_bytes():
    snapshot = REGIONS["bytes"].snapshot()
    memoryview(snapshot).release()
    snapshot.describe(), snapshot.changes(snapshot.generation), repr(snapshot), snapshot.close()


def newest():
    NEWEST.clear()
    REGIONS["bytes"].newest(len)(), NEWEST(), NEWEST()


def open_all():
    mmsync.inspect(path("typed")), mmsync.history(path("typed")), mmsync.Schema("struct T { a: u8 }", "T").type_id
    mmsync.Writer(path("other")).close()
    mmsync.Region(path("other")).close()


def fail_each_allocation(operation):
    operation()
    failures = 0
    for number in range(400):
        try:
            _testcapi.set_nomemory(number, number + 1)
            operation()
        except (MemoryError, BufferError):  # memory that could not be given back is not published
            failures += 1
        finally:
            _testcapi.remove_mem_hooks()
    operation()
    return failures


print(sum(fail_each_allocation(operation) for operation in (
    write_typed, read_typed, write_table, read_table, write_prices, read_prices, build, update, put_pieces, read_bytes, newest, open_all)))
