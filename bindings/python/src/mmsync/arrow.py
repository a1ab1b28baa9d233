# SPDX-License-Identifier: Apache-2.0
"""Tables of Apache Arrow, in the format of Arrow's files (Feather 2): `mmsync read REGION > x.arrow`
is a file for any program that reads those.

    arrow.publish(writer, table)            # pyarrow, polars, pandas, duckdb; built in the region

    table = arrow.load(region.snapshot())   # a pyarrow.Table, in place
    polars.from_arrow(table); duckdb.from_arrow(table); table.to_pandas()

Each table, and what is made of it without a copy, keeps the snapshot."""
import typing

import pyarrow as pa

from ._errors import CorruptError, InvalidError, make
from ._native import Snapshot, Writer

__all__ = ["load", "publish"]


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


def _write(sink: typing.Any, table: pa.Table) -> None:
    with pa.ipc.new_file(sink, table.schema) as file:
        file.write_table(table)


def _measure(table: pa.Table) -> int:
    sink = pa.MockOutputStream()
    _write(sink, table)
    return int(sink.size())


def _fill(memory: memoryview, table: pa.Table) -> None:
    """Nothing of the memory is used after this, as publishing it demands."""
    with pa.FixedSizeBufferWriter(pa.py_buffer(memory)) as sink:
        _write(sink, table)


def publish(writer: Writer, table: typing.Any) -> int:
    """Publish a table, written once, into the region. The generation."""
    source = _table_of(table)
    build = writer.build(_measure(source))
    with build as memory:
        _fill(memory, source)
    return build.generation


def load(snapshot: Snapshot) -> pa.Table:
    """The table, in place: its columns are the snapshot's memory, and keep it."""
    try:
        return pa.ipc.open_file(pa.py_buffer(snapshot)).read_all()
    except (pa.ArrowException, OSError) as error:
        raise make(CorruptError, f"the value is no table of Arrow ({error}); was it published by arrow.publish?") from None
