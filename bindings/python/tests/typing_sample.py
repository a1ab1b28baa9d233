# SPDX-License-Identifier: Apache-2.0
"""What type checkers must know of the package; mypy reads it, and nobody runs it."""
from typing import Any, assert_type

import mmsync
from mmsync import tensors
from mmsync.table import Table, View


def writing(writer: mmsync.Writer, schema: mmsync.Schema) -> None:
    assert_type(writer.write(b"value"), int)
    assert_type(writer.write_value(schema, {"x": 1}), int)
    with writer.update() as memory:
        assert_type(memory[0:1], memoryview)
    with writer.table() as by_bytes:
        assert_type(by_bytes, Table[bytes, bytes])
        by_bytes[b"key"] = memoryview(b"value")
        assert_type(by_bytes[b"key"], bytes)
    with writer.table(keys=str, expires=5, max_bytes=1 << 20) as by_text:
        by_text["key"] = b"value"
        by_text[b"key"] = b"value"  # type: ignore[index]
    with writer.table(schema=schema) as typed:
        assert_type(typed, Table[Any, Any])
    assert_type(tensors.publish(writer, {"x": [1.0]}, metadata={"a": "b"}), int)
    writer.table(keys=float)  # type: ignore[arg-type]
    mmsync.Writer("name", track="all")  # type: ignore[arg-type]


async def reading(region: mmsync.Region) -> None:
    snapshot = region.snapshot()
    assert_type(snapshot.table(keys=int), View[int, memoryview])
    assert_type(snapshot.table(keys=int).get(5), memoryview | None)
    assert_type(snapshot.table(keys=str).get_many(["a"]), list[memoryview | None])
    assert_type(snapshot.changes(5), list[tuple[int, int]])
    assert_type(snapshot.value, Any)
    assert_type(tensors.changed(snapshot, 5), set[str])
    assert_type(region.newest(len)(), int)
    async for newer in region.changes():
        assert_type(newer, mmsync.Snapshot)
