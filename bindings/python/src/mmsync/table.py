# SPDX-License-Identifier: Apache-2.0
"""Tables: many keys in one region. Each block of changes is one generation.

    with writer.table() as table:           # the writer
        table[b"key"] = b"value"

    table = region.snapshot().table()       # readers
    value = table.get(b"key")               # a memoryview, in place

Keys are bytes, or str or int if the table is opened with keys=str or keys=int: UTF-8, or 8 bytes in
the machine's order. Values are bytes. With schema=, keys and values are of its types: values are
passed as to Writer.write_value, and returned as by Snapshot.value."""
import typing
from collections.abc import ItemsView, Iterator, Mapping, MutableMapping, ValuesView

from . import _native

__all__ = ["Info", "Table", "View"]

_Key = typing.TypeVar("_Key", bytes, str, int)
_Value = typing.TypeVar("_Value")


class Info(typing.NamedTuple):
    """What a table has; mms_table_info in mmsync/table.h says more of each."""

    entries: int
    buckets: int
    used_bytes: int
    free_bytes: int
    size: int
    max_bytes: int
    evicted: int
    expired: int
    key_size: int
    value_size: int
    type_id: tuple[int, int]
    expiring: bool


class _Items(ItemsView[typing.Any, typing.Any]):
    __slots__ = ()
    _mapping: typing.Any

    def __iter__(self) -> Iterator[tuple[typing.Any, typing.Any]]:
        return self._mapping._iterate(1)  # type: ignore[no-any-return]


class _Values(ValuesView[typing.Any]):
    __slots__ = ()
    _mapping: typing.Any

    def __iter__(self) -> Iterator[typing.Any]:
        return self._mapping._iterate(2)  # type: ignore[no-any-return]


class View(_native.TableView[_Key, _Value], Mapping[_Key, _Value]):
    """The table in a snapshot: one state of all keys. It and each value keep that state, and never
    change. Entries that have expired are not shown; len() counts those that no commit has removed."""

    __slots__ = ()

    def items(self) -> ItemsView[_Key, _Value]:
        return _Items(self)

    def values(self) -> ValuesView[_Value]:
        return _Values(self)

    def info(self) -> Info:
        return Info(**self._info())

    def __repr__(self) -> str:
        return f"<mmsync.table.View of {len(self)} entries, generation {self.generation}>"


class Table(_native.TableUpdate[_Key, _Value], MutableMapping[_Key, _Value]):
    """The newest table of a writer, for one block: `with writer.table() as table:`. An empty one if
    nothing was published yet. The changes are published when the block ends, but not if it ends with
    an exception. Values that are read from it are copies.

    keys: bytes, str or int. schema: the Schema of a typed table, instead of `keys`. expires: seconds
    until the entries of this block expire. The others are members of mms_table_options, by name, and
    count when the table is created: expected, key_size, value_size, max_bytes (a cache: those written
    longest ago are evicted first), expiring, type_id."""

    __slots__ = ()

    def items(self) -> ItemsView[_Key, _Value]:
        return _Items(self)

    def values(self) -> ValuesView[_Value]:
        return _Values(self)

    def info(self) -> Info:
        return Info(**self._info())

    def __repr__(self) -> str:
        return f"<mmsync.table.Table of generation {self.generation}>"
