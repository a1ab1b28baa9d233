# SPDX-License-Identifier: Apache-2.0
"""Tables of Arrow, built in the region and read in place. Other libraries are tried if they are
installed; script/python-ecosystem installs them."""
import gc
import tracemalloc

import mmsync
import pytest

pa = pytest.importorskip("pyarrow")
from mmsync import arrow  # noqa: E402


@pytest.fixture
def writer(path):
    with mmsync.Writer(path) as writer:
        yield writer


@pytest.fixture
def region(path, writer):
    with mmsync.Region(path) as region:
        yield region


def table(count=1000, number=1):
    return pa.table({"id": pa.array(range(count), pa.int64()), "price": pa.array([number * 0.5] * count), "name": pa.array(["a", None] * (count // 2)),
                     "tags": pa.array([[1, 2], []] * (count // 2), pa.list_(pa.int32()))})


def addresses(of, name):
    return [buffer.address for chunk in of[name].chunks for buffer in chunk.buffers() if buffer]


def lies_within(snapshot, address):
    np = pytest.importorskip("numpy")
    start = np.frombuffer(snapshot, dtype="u1").ctypes.data
    return start <= address < start + len(snapshot)


def test_a_table_is_published_and_read_in_place(writer, region):
    assert arrow.publish(writer, table()) == 1
    snapshot = region.snapshot()
    found = arrow.load(snapshot)
    assert found.equals(table()) and found.schema.equals(table().schema)
    assert all(lies_within(snapshot, address) for name in found.column_names for address in addresses(found, name))
    found.validate(full=True)


def test_a_column_keeps_the_value(path, writer):
    arrow.publish(writer, table())
    column = arrow.load(mmsync.Region(path).snapshot())["price"]
    gc.collect()
    for number in range(300):
        arrow.publish(writer, table(number=number + 2))
    assert column.equals(table()["price"])


def test_the_last_column_gives_the_slot_back(path):
    with mmsync.Writer(path, max_slots=3, grace_ms=0) as writer, mmsync.Region(path) as region:
        for number in range(30):
            arrow.publish(writer, table(100, number))
            column = arrow.load(region.snapshot())["price"]
            assert column[0].as_py() == number * 0.5


@pytest.mark.parametrize("source", [
    table(0), pa.table({}), table().to_batches()[0], pa.concat_tables([table(), table()]), table().slice(3, 10),
    pa.table({"x": pa.array(["a", "b"]).dictionary_encode()}), pa.table({"x": pa.array([1]).cast("timestamp[ns]")}),
    table().replace_schema_metadata({"key": "value"})])
def test_tables_of_all_kinds(writer, region, source):
    arrow.publish(writer, source)
    found = arrow.load(region.snapshot())
    wanted = source if isinstance(source, pa.Table) else pa.Table.from_batches([source])
    assert found.equals(wanted) and found.schema.metadata == wanted.schema.metadata


def several(number=1, names="ab", batches=3):
    parts = [pa.table({"id": pa.array(range(1000), pa.int64()), "price": pa.array([number * 0.5] * 1000),
                       "name": pa.array([names[0], None, names[1], "c"] * 250),
                       "tags": pa.array([[1, 2], [number], [], None] * 250, pa.list_(pa.int32())),
                       "kind": pa.array([names, "y"] * 500).dictionary_encode()}) for _ in range(batches)]
    return pa.concat_tables(parts)


@pytest.mark.parametrize("track", ["auto", "touches"])
def test_columns_that_are_the_same_are_no_change(path, track):
    with mmsync.Writer(path, track=track) as writer, mmsync.Region(path) as region:
        arrow.publish(writer, several())
        for table, names in ((several(), set()), (several(2), {"price", "tags"}), (several(2, "xb"), {"name", "kind"}), (several(), {"price", "tags", "name", "kind"})):
            before = region.generation
            arrow.publish(writer, table)
            assert arrow.changed(region.snapshot(), before) == names
            found = arrow.load(region.snapshot())
            assert found.equals(table)
            found.validate(full=True)
        assert arrow.changed(region.snapshot(), 1) == {"price", "tags", "name", "kind"}


@pytest.mark.parametrize("other", [
    lambda: several(batches=2), lambda: several().rename_columns(list("abcde")), lambda: several().append_column("more", [[1] * 3000]),
    lambda: several().slice(1), lambda: several().replace_schema_metadata({"a": "b"}),
    lambda: several().set_column(1, "price", pa.chunked_array([[None] + [0.5] * 999] * 3))])
def test_a_table_of_another_shape_is_all_new(writer, region, other):
    arrow.publish(writer, several())
    arrow.publish(writer, other())
    assert arrow.changed(region.snapshot(), 1) == set(other().column_names) and arrow.load(region.snapshot()).equals(other())


def test_a_row_more_in_the_same_room_is_all_new(writer, region):
    """The sizes of the buffers need not differ then, only what is said of them."""
    for count in (5, 6, 7):
        arrow.publish(writer, pa.table({"x": pa.array([0] * count, pa.int8()), "y": pa.array([0] * count, pa.int8())}))
        assert arrow.load(region.snapshot()).num_rows == count
    assert arrow.changed(region.snapshot(), 2) == {"x", "y"}


def test_no_column_is_copied_on_the_way(writer):
    source = pa.table({"x": pa.array(range(1_000_000), pa.int64())})
    arrow.publish(writer, source)
    before = pa.total_allocated_bytes()
    tracemalloc.start()
    try:
        arrow.publish(writer, source)
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()
    assert pa.total_allocated_bytes() - before < 1_000_000


def test_the_file_is_one_of_arrow(writer, region, directory):
    arrow.publish(writer, table())
    with open(directory + "/x.arrow", "wb") as file:
        file.write(region.snapshot())
    with pa.memory_map(directory + "/x.arrow") as source:
        assert pa.ipc.open_file(source).read_all().equals(table())


@pytest.mark.parametrize("value", [None, 5, "text", [1, 2], {"a": [1]}, object()])
def test_what_is_no_table(writer, region, value):
    with pytest.raises(mmsync.InvalidError, match="pyarrow.Table"):
        arrow.publish(writer, value)
    assert region.generation == 0


@pytest.mark.parametrize("value", [b"", b"x" * 1000, b"ARROW1\0\0" + bytes(100) + b"ARROW1"])
def test_values_that_are_no_table(writer, region, value):
    writer.write(value)
    snapshot = region.snapshot()
    with pytest.raises(mmsync.CorruptError, match="published by arrow.publish"):
        arrow.load(snapshot)
    snapshot.close()


def test_a_writer_that_builds_or_is_closed(writer):
    with writer.build(1):
        with pytest.raises(mmsync.InvalidError, match="leave its `with` block"):
            arrow.publish(writer, table())
    writer.close()
    with pytest.raises(mmsync.InvalidError, match="open another one"):
        arrow.publish(writer, table())


def test_a_table_over_the_limit(path):
    with mmsync.Writer(path, max_size=4096) as writer:
        with pytest.raises(mmsync.TooBigError):
            arrow.publish(writer, table())
        arrow.publish(writer, table(2))


# ---- Other libraries ----


def test_polars(writer, region):
    polars = pytest.importorskip("polars")
    arrow.publish(writer, polars.DataFrame({"id": [1, 2, 3], "name": ["a", None, "c"], "price": [0.5, 1.5, 2.5]}))
    snapshot = region.snapshot()
    frame = polars.from_arrow(arrow.load(snapshot))
    assert frame.filter(polars.col("price") > 1)["id"].to_list() == [2, 3] and frame["name"].to_list() == ["a", None, "c"]
    assert lies_within(snapshot, frame["price"].to_numpy(allow_copy=False).ctypes.data)
    del snapshot
    arrow.publish(writer, frame)
    assert arrow.load(region.snapshot())["id"].to_pylist() == [1, 2, 3]


def test_duckdb(writer, region):
    duckdb = pytest.importorskip("duckdb")
    arrow.publish(writer, table())
    with duckdb.connect() as connection:
        stock = arrow.load(region.snapshot())
        assert connection.sql("SELECT count(*), sum(price), count(name) FROM stock WHERE id < 100").fetchall() == [(100, 50.0, 50)]
        arrow.publish(writer, connection.sql("SELECT id, id * 2 AS double FROM stock WHERE id < 3"))
        del stock
    assert arrow.load(region.snapshot()).to_pydict() == {"id": [0, 1, 2], "double": [0, 2, 4]}


def test_pandas(writer, region):
    pandas = pytest.importorskip("pandas")
    arrow.publish(writer, pandas.DataFrame({"price": [0.5, 1.5], "id": [1, 2]}, index=["x", "y"]))
    snapshot = region.snapshot()
    frame = arrow.load(snapshot).to_pandas(split_blocks=True, zero_copy_only=False)
    assert frame.loc["y"].to_dict() == {"price": 1.5, "id": 2} and frame["price"].sum() == 2
    prices = arrow.load(snapshot)["price"].to_pandas(zero_copy_only=True).to_numpy()
    assert lies_within(snapshot, prices.ctypes.data) and not prices.flags.writeable
