# SPDX-License-Identifier: Apache-2.0
"""Apache Arrow tables, in the format of Arrow's files (Feather 2): `mmsync read REGION > x.arrow`
is a file for any program that reads those.

    arrow.publish(writer, table)            # pyarrow, polars, pandas, duckdb; built in the region

    table = arrow.load(region.snapshot())   # a pyarrow.Table, in place
    names = arrow.changed(snapshot, since=generation)   # its columns that may have changed
    polars.from_arrow(table); duckdb.from_arrow(table); table.to_pandas()

Each table, and what is made of it without a copy, keeps the snapshot."""
import typing

import pyarrow as pa

from . import _pieces
from ._errors import CorruptError, ForgottenError, InvalidError, make
from ._native import Snapshot, Writer
from ._pieces import Piece

__all__ = ["changed", "load", "publish"]

_PADDING = 64  # less than that is between the columns of a batch, and more between batches


def _table_of(value: typing.Any) -> pa.Table:
    if isinstance(value, pa.Table):
        return value
    if isinstance(value, pa.RecordBatch):
        return pa.Table.from_batches([value])
    if type(value).__module__.partition(".")[0] == "pandas" and hasattr(value, "columns"):
        return pa.Table.from_pandas(value)
    for method in ("to_arrow_table", "to_arrow"):  # duckdb, polars
        if hasattr(value, method):
            found = getattr(value, method)()
            return found.read_all() if hasattr(found, "read_all") else _table_of(found)
    if hasattr(value, "__arrow_c_stream__"):
        return pa.table(value)
    raise make(InvalidError, f"a {type(value).__name__} is no table of Arrow; give a pyarrow.Table, a data frame, or pyarrow.table(dict)")


class _Sink:
    """A file that keeps what is written to it: columns as they are, and bytes between them."""

    closed = False

    def __init__(self) -> None:
        self.pieces: list[Piece] = []
        self.between: list[bytes] = []
        self.size = 0

    def write(self, data: typing.Any) -> int:
        size = data.size if isinstance(data, pa.Buffer) else len(data)
        if isinstance(data, pa.Buffer):
            self.flush()
            self.pieces.append(Piece(self.size, size, data))
        else:
            self.between.append(bytes(data))
        self.size += size
        return int(size)

    def flush(self) -> None:
        text = b"".join(self.between)
        if text:
            self.pieces.append(Piece(self.size - len(text), len(text), text))
        self.between = []

    def tell(self) -> int:
        return self.size

    def writable(self) -> bool:
        return True

    def readable(self) -> bool:
        return False

    def seekable(self) -> bool:
        return False

    def close(self) -> None:
        self.flush()
        self.closed = True


def publish(writer: Writer, table: typing.Any) -> int:
    """Publish a table, each column copied once into the region. If the newest value is a table of the same
    schema and sizes, columns that are the same are not copied, and changed() leaves them out, unless most
    of the value has changed. Returns the generation."""
    source, sink = _table_of(table), _Sink()
    with pa.PythonFile(sink, mode="w") as output, pa.ipc.new_file(output, source.schema) as file:
        file.write_table(source)
    return _pieces.publish(writer, sink.size, sink.pieces)


def load(snapshot: Snapshot) -> pa.Table:
    """The table, in place: its columns are the snapshot's memory, and keep it."""
    try:
        return pa.ipc.open_file(pa.py_buffer(snapshot)).read_all()
    except (pa.ArrowException, OSError) as error:
        raise make(CorruptError, f"the value is no table of Arrow ({error}); was it published by arrow.publish?") from None


def _buffers(array: typing.Any) -> typing.Iterator[typing.Any]:
    yield from (buffer for buffer in array.buffers() if buffer)
    if isinstance(array, pa.DictionaryArray):
        yield from _buffers(array.dictionary)


def _columns(table: pa.Table, start: int) -> list[tuple[int, int, str]]:
    """(offset, end, name) of each buffer, ascending."""
    return sorted((buffer.address - start, buffer.address - start + buffer.size, name)
                  for name, column in zip(table.column_names, table.columns)
                  for chunk in column.chunks for buffer in _buffers(chunk))


def _within(columns: list[tuple[int, int, str]], offset: int, end: int) -> bool:
    """Whether a range begins and ends in a column, or in what fills up to the next one."""
    for start, stop, _ in columns:
        if start <= offset < stop + _PADDING:
            offset = max(offset, stop + _PADDING)
    return offset >= end


def changed(snapshot: Snapshot, since: int) -> set[str]:
    """The names of the columns that may differ from those of generation `since`: all of them, if the table
    was published anew since then, has other sizes, or it is too long ago."""
    table = load(snapshot)
    try:
        ranges = snapshot.changes(since)
    except ForgottenError:
        return set(table.column_names)
    columns = _columns(table, pa.py_buffer(snapshot).address)
    if not all(_within(columns, offset, offset + length) for offset, length in ranges):  # what is said of them
        return set(table.column_names)
    return {name for start, stop, name in columns
            if any(offset < stop and start < offset + length for offset, length in ranges)}
