# SPDX-License-Identifier: Apache-2.0
"""Named arrays in one value, in the layout of safetensors."""
import importlib.util
import json
import random
import tracemalloc

import mmsync
import pytest

np = pytest.importorskip("numpy")
from mmsync import _pieces, tensors  # noqa: E402


@pytest.fixture
def writer(path):
    with mmsync.Writer(path) as writer:
        yield writer


@pytest.fixture
def region(path, writer):
    with mmsync.Region(path) as region:
        yield region


def model():
    return {"weight": np.arange(12.0, dtype="f4").reshape(3, 4), "bias": np.arange(3, dtype="f8"), "steps": np.array(5, dtype="i8"),
            "mask": np.array([True, False, True]), "empty": np.zeros((0, 7), dtype="f2")}


def same(found, wanted):
    return found.keys() == wanted.keys() and all(
        found[name].dtype == array.dtype and found[name].shape == array.shape and (found[name] == array).all() for name, array in wanted.items())


def test_tensors_are_published_and_loaded_in_place(writer, region):
    assert tensors.publish(writer, model()) == writer.generation == 1
    snapshot = region.snapshot()
    arrays = tensors.load(snapshot)
    assert same(arrays, model())
    assert not any(array.flags.writeable for array in arrays.values())
    assert all(array.ctypes.data % array.dtype.itemsize == 0 for array in arrays.values())
    assert arrays["weight"].ctypes.data == tensors.load(snapshot)["weight"].ctypes.data
    with pytest.raises(ValueError):
        arrays["weight"][0] = 1


def test_some_of_them(writer, region):
    tensors.publish(writer, model())
    assert list(tensors.load(region.snapshot(), ["bias"])) == ["bias"]
    with pytest.raises(mmsync.MissingKeyError, match="there are bias, empty"):
        tensors.load(region.snapshot(), ["bias", "wight"])


def test_arrays_keep_the_value(path, writer):
    tensors.publish(writer, model())
    weight = tensors.load(mmsync.Region(path).snapshot())["weight"]
    for number in range(300):
        tensors.publish(writer, {"weight": np.full((3, 4), number)})
    assert (weight == model()["weight"]).all()


@pytest.mark.parametrize("dtype", ["?", "u1", "i1", "u2", "i2", "f2", "u4", "i4", "f4", "u8", "i8", "f8", "c8"])
def test_all_types_of_numpy(writer, region, dtype):
    array = np.array([[0, 1], [1, 0], [1, 1]], dtype=dtype)
    tensors.publish(writer, {"x": array})
    assert same(tensors.load(region.snapshot()), {"x": array})


def test_types_that_numpy_lacks(writer, region):
    ml_dtypes = pytest.importorskip("ml_dtypes")
    for name in ("bfloat16", "float8_e4m3fn", "float8_e5m2"):
        array = np.array([0.5, -2], dtype=getattr(ml_dtypes, name))
        tensors.publish(writer, {"x": array})
        assert same(tensors.load(region.snapshot()), {"x": array})


def test_whatever_is_an_array(writer, region):
    class ByDlpack:
        def __init__(self, array):
            self.array = array

        def __dlpack__(self, **options):
            return self.array.__dlpack__(**options)

        def __dlpack_device__(self):
            return self.array.__dlpack_device__()

    tensors.publish(writer, {"list": [[1, 2], [3, 4]], "strided": np.arange(10.0)[::-3], "transposed": np.arange(6).reshape(2, 3).T,
                             "number": 1.5, "dlpack": ByDlpack(np.arange(3))})
    arrays = tensors.load(region.snapshot())
    assert arrays["list"].tolist() == [[1, 2], [3, 4]] and arrays["strided"].tolist() == [9, 6, 3, 0]
    assert arrays["transposed"].tolist() == [[0, 3], [1, 4], [2, 5]] and arrays["number"].shape == () and arrays["dlpack"].tolist() == [0, 1, 2]


def test_the_package_safetensors_reads_the_same(writer, region, directory):
    safetensors = pytest.importorskip("safetensors.numpy")
    tensors.publish(writer, model(), metadata={"format": "np", "step": "7"})
    value = bytes(region.snapshot())
    assert same(safetensors.load(value), model())
    with open(directory + "/model.safetensors", "wb") as file:
        file.write(value)
    assert same(safetensors.load_file(directory + "/model.safetensors"), model())
    writer.write(safetensors.save(model(), {"by": "safetensors"}))
    assert same(tensors.load(region.snapshot()), model()) and tensors.describe(region.snapshot())[1] == {"by": "safetensors"}
    tensors.update(writer, {"bias": np.zeros(3)})
    assert tensors.load(region.snapshot())["bias"].tolist() == [0, 0, 0]
    before = tensors.publish(writer, {**model(), "steps": np.array(6)}, metadata={"by": "mmsync"})
    tensors.publish(writer, {**model(), "steps": np.array(7)}, metadata={"by": "mmsync"})
    assert tensors.changed(region.snapshot(), before) == {"steps"}
    assert same(safetensors.load(bytes(region.snapshot())), {**model(), "steps": np.array(7)})


def test_about_a_value(writer, region):
    tensors.publish(writer, model(), metadata={"step": "7"})
    layouts, metadata = tensors.describe(region.snapshot())
    assert metadata == {"step": "7"} and layouts["weight"][:2] == ("F32", (3, 4)) and layouts["weight"].size == 48
    assert min(layout.offset for layout in layouts.values()) % 64 == 0
    assert sorted(layouts) == ["bias", "empty", "mask", "steps", "weight"]


# ---- Updates ----


@pytest.mark.parametrize("track", ["auto", "touches"])
def test_an_update_publishes_the_bytes_of_one_tensor(path, track):
    layers = {f"layer{number}": np.full(10_000, number, dtype="f4") for number in range(8)}
    with mmsync.Writer(path, track=track) as writer, mmsync.Region(path) as region:
        tensors.publish(writer, layers)
        before = region.snapshot()
        assert tensors.update(writer, {"layer3": np.full(10_000, -3.5, dtype="f4")}) == 2
        after = region.snapshot()
        layout = tensors.describe(after)[0]["layer3"]
        (offset, length), = after.changes(before.generation)
        assert offset >= layout.offset and offset + length <= layout.offset + layout.size
        assert tensors.changed(after, before.generation) == {"layer3"} and tensors.changed(after, after.generation) == set()
        assert same(tensors.load(after), {**layers, "layer3": np.full(10_000, -3.5, dtype="f4")})
        assert same(tensors.load(before), layers)


def test_random_updates_against_a_dict(writer, region):
    choose = random.Random(1)
    layers = {f"layer{number}": np.zeros(choose.randrange(1, 3000), dtype="f4") for number in range(12)}
    tensors.publish(writer, layers)
    seen = region.snapshot()
    mirror = {name: array.copy() for name, array in tensors.load(seen).items()}
    for step in range(40):
        some = {name: np.full_like(layers[name], step + 1) for name in choose.sample(sorted(layers), choose.randrange(4))}
        tensors.update(writer, some)
        layers.update(some)
        if step % 3 == 0:  # as one who uploads what has changed
            snapshot = region.snapshot()
            names = tensors.changed(snapshot, seen.generation)
            mirror.update(tensors.load(snapshot, names))
            seen = snapshot
            assert same(mirror, layers)


@pytest.mark.parametrize("track", ["auto", "touches"])
def test_what_changed_of_values_published_anew(path, track):
    large = {f"layer{number}": np.full((100, 200), number, dtype="f4") for number in range(8)}
    with mmsync.Writer(path, track=track) as writer, mmsync.Region(path) as region:
        tensors.publish(writer, large)
        tensors.publish(writer, large)
        assert region.snapshot().changes(1) == [] and tensors.changed(region.snapshot(), 1) == set()
        for step in range(3, 40):
            changed = {f"layer{step % 8}", f"layer{step % 5}"}
            large = {name: array + 1 if name in changed else array for name, array in large.items()}
            assert tensors.publish(writer, large) == step
            assert tensors.changed(region.snapshot(), step - 1) == changed and same(tensors.load(region.snapshot()), large)
        assert tensors.changed(region.snapshot(), 36) == {f"layer{step % count}" for step in (37, 38, 39) for count in (8, 5)}


def test_bits_that_are_equal_as_numbers_are_a_change(writer, region):
    for view in (lambda array: array, lambda array: array[::2], lambda array: array.T):
        def values(number):
            return {"x": view(np.full((4, 4), number)), "y": np.zeros(100), "nan": view(np.full((4, 4), np.nan, "f4"))}

        tensors.publish(writer, values(0.0))
        before = tensors.publish(writer, values(0.0))
        assert tensors.changed(region.snapshot(), before) == set()
        tensors.publish(writer, values(-0.0))
        assert tensors.changed(region.snapshot(), before) == {"x"} and str(tensors.load(region.snapshot())["x"][0, 0]) == "-0.0"


@pytest.mark.parametrize("other,metadata", [({"a": np.ones(1000)}, None), ({"b": np.ones(1000, "i8"), "a": np.zeros(1000)}, None),
                                            ({"b": np.ones((10, 100)), "a": np.zeros(1000)}, None), ({}, {"step": "1"})])
def test_a_value_of_another_layout_is_all_new(writer, region, other, metadata):
    tensors.publish(writer, {"a": np.zeros(1000), "b": np.zeros(1000)})
    wanted = other or {"a": np.zeros(1000), "b": np.zeros(1000)}
    tensors.publish(writer, wanted, metadata)
    assert tensors.changed(region.snapshot(), 1) == set(wanted) and same(tensors.load(region.snapshot()), wanted)


def test_a_value_of_which_most_has_changed_is_all_new(writer, region):
    arrays = {f"layer{number}": np.zeros(1000) for number in range(8)}
    tensors.publish(writer, arrays)
    arrays = {name: array + (name != "layer3") for name, array in arrays.items()}
    tensors.publish(writer, arrays)
    assert tensors.changed(region.snapshot(), 1) == set(arrays) and same(tensors.load(region.snapshot()), arrays)


def test_what_another_thread_has_published_is_not_mixed_in(monkeypatch, writer, region):
    """It publishes after the comparison, and before the update."""
    a, b = ({name: np.full(1000, number + (name == "x")) for name in "xyz"} for number in (1.0, 5.0))
    tensors.publish(writer, {**a, "x": a["y"]})
    differing = _pieces._differing

    def overtaken(*arguments):
        found = differing(*arguments)
        monkeypatch.setattr(_pieces, "_differing", differing)
        tensors.publish(writer, b)
        return found

    monkeypatch.setattr(_pieces, "_differing", overtaken)
    tensors.publish(writer, a)
    assert same(tensors.load(region.snapshot()), a)


def test_no_schema_of_an_earlier_value_is_kept(writer, region):
    tensors.publish(writer, {"x": np.zeros(1000)})
    size = len(region.snapshot())
    schema = mmsync.Schema("struct T { x: Vec<u8> }", "T")
    writer.write_value(schema, {"x": bytes(size - 8)})
    assert len(region.snapshot()) == size and region.snapshot().describe()["schema"]
    tensors.publish(writer, {"x": np.zeros(1000)})
    assert region.snapshot().describe()["schema"] is None and region.snapshot().describe()["type_id"] == (0, 0)


def test_nothing_is_copied_on_the_way(writer):
    arrays = {name: np.ones((1000, 1000)) for name in "xyz"}
    tensors.publish(writer, arrays)
    arrays["x"] += 1
    tracemalloc.start()
    try:
        tensors.publish(writer, arrays)
        tensors.publish(writer, {name: array + 1 for name, array in arrays.items()})
        tensors.publish(writer, {name: array.T for name, array in arrays.items()})
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 3.5 * arrays["x"].nbytes  # the sums that this test makes, and what comparing takes


def test_a_writer_looks_at_its_own_value(path, writer):
    with pytest.raises(mmsync.EmptyError):
        writer.snapshot()
    writer.write(b"1")
    snapshot = writer.snapshot()
    writer.write(b"2")
    assert (bytes(snapshot), bytes(writer.snapshot()), mmsync.inspect(path).readers) == (b"1", b"2", 2)
    writer.close()
    assert bytes(snapshot) == b"1"
    with pytest.raises(mmsync.InvalidError, match="writer is closed"):
        writer.snapshot()
    del snapshot
    assert mmsync.inspect(path).readers == 0


@pytest.mark.parametrize("wrong,told", [
    ({"bias": np.zeros(4)}, r"F64 \(4,\), and F64 \(3,\) was published"), ({"bias": np.zeros(3, dtype="f4")}, "F32"),
    ({"bias": "text"}, "array of numbers"), ({"bias": np.zeros(3, dtype=">f8")}, "no type for >f8")])
def test_updates_that_do_not_fit(writer, region, wrong, told):
    tensors.publish(writer, model())
    with pytest.raises(mmsync.InvalidError, match=told):
        tensors.update(writer, {"steps": np.array(6, dtype="i8"), **wrong})
    assert region.generation == 1 and same(tensors.load(region.snapshot()), model())
    tensors.update(writer, {"steps": np.array(6, dtype="i8")})


def test_updates_of_what_is_not_there(writer, region):
    with pytest.raises(mmsync.EmptyError, match="tensors.publish"):
        tensors.update(writer, {"x": np.zeros(1)})
    generation = tensors.publish(writer, model())
    with pytest.raises(mmsync.MissingKeyError, match="no tensor 'x'"):
        tensors.update(writer, {"x": np.zeros(1)})
    assert region.generation == generation


# ---- What is refused ----


@pytest.mark.parametrize("value", ["text", b"bytes", None, object(), np.array(["a"]), np.array([None]), np.zeros(3, dtype="M8[s]"), [[1], [1, 2]],
                                   np.zeros(2, dtype="c16"), np.zeros(2, dtype=">f4"), np.zeros(2, dtype="f4,f4")])
def test_values_that_are_no_tensors(writer, region, value):
    with pytest.raises(mmsync.InvalidError, match="'x'"):
        tensors.publish(writer, {"good": np.zeros(3), "x": value})
    assert region.generation == 0
    writer.write(b"more")


def test_names_and_metadata_that_are_not_valid(writer, region):
    for use in (lambda: tensors.publish(writer, {"__metadata__": np.zeros(1)}), lambda: tensors.publish(writer, {"1": 0, 1: 0}),
                lambda: tensors.publish(writer, {}, metadata={"step": 7})):
        with pytest.raises(mmsync.InvalidError):
            use()
    assert region.generation == 0


def test_a_closed_writer_and_one_that_builds(path, writer):
    with writer.build(1):
        with pytest.raises(mmsync.InvalidError, match="leave its `with` block"):
            tensors.publish(writer, model())
    writer.close()
    for use in (lambda: tensors.publish(writer, model()), lambda: tensors.update(writer, model())):
        with pytest.raises(mmsync.InvalidError, match="open another one"):
            use()


@pytest.mark.parametrize("value", [
    b"", b"1234567", b"\xff" * 100, (5).to_bytes(8, "little") + b"[1,2]", (4).to_bytes(8, "little") + b"{\"a\"", (2).to_bytes(8, "little") + b"\xff\xff"])
def test_values_of_another_layout(writer, region, value):
    writer.write(value)
    for use in (lambda: tensors.load(region.snapshot()), lambda: tensors.describe(region.snapshot()), lambda: tensors.changed(region.snapshot(), 0)):
        with pytest.raises(mmsync.CorruptError, match="published by tensors.publish"):
            use()


@pytest.mark.parametrize("entry", [
    5, {}, {"dtype": "F32", "shape": [1], "data_offsets": [0, 8]}, {"dtype": "F99", "shape": [1], "data_offsets": [0, 4]},
    {"dtype": "F32", "shape": [1], "data_offsets": [96, 100]}, {"dtype": "F32", "shape": [-1], "data_offsets": [0, 4]},
    {"dtype": "F32", "shape": [-1, -1], "data_offsets": [0, 4]}, {"dtype": "F32", "shape": [True], "data_offsets": [0, 4]},
    {"dtype": "F32", "shape": "1", "data_offsets": [0, 4]}, {"dtype": "F32", "shape": [1], "data_offsets": [-4, 0]},
    {"dtype": "F32", "shape": [1], "data_offsets": [4, 0]}, {"dtype": ["F32"], "shape": [1], "data_offsets": [0, 4]}])
def test_headers_that_are_not_right(writer, region, entry):
    header = json.dumps({"x": entry}).encode()
    writer.write(len(header).to_bytes(8, "little") + header + bytes(8))
    with pytest.raises(mmsync.CorruptError, match="tensor 'x'"):
        tensors.load(region.snapshot())
    with pytest.raises(mmsync.CorruptError):
        tensors.update(writer, {"x": np.zeros(1, dtype="f4")})
    assert region.generation == 1


# ---- Other libraries ----


def test_dlpack_shares_the_memory(writer, region):
    tensors.publish(writer, model())
    weight = tensors.load(region.snapshot())["weight"]
    try:
        again = np.from_dlpack(weight)
    except BufferError:
        pytest.skip("this NumPy exports no read-only arrays by DLPack")
    assert again.ctypes.data == weight.ctypes.data and (again == weight).all()


def test_torch_shares_the_memory(writer, region):
    torch = pytest.importorskip("torch")
    tensors.publish(writer, {"w": torch.arange(6.0).reshape(2, 3), "n": np.arange(4), "e": np.zeros((0, 2), dtype="f4")})
    snapshot = region.snapshot()
    found, arrays = tensors.torch_tensors(snapshot), tensors.load(snapshot)
    assert found["w"].data_ptr() == arrays["w"].ctypes.data and found["w"].tolist() == arrays["w"].tolist() == [[0, 1, 2], [3, 4, 5]]
    assert found["n"].dtype == torch.int64 and found["e"].shape == (0, 2)
    layer = torch.nn.Linear(3, 2)
    layer.load_state_dict({"weight": found["w"], "bias": torch.zeros(2)})
    del snapshot, arrays
    for _ in range(300):
        tensors.publish(writer, {"w": np.zeros((2, 3), dtype="f4")})
    assert found["w"].tolist() == [[0, 1, 2], [3, 4, 5]]


def test_jax_reads_them(path, writer, run_python):
    """In a process of its own, as it starts threads, beside which others must not fork."""
    if not importlib.util.find_spec("jax"):
        pytest.skip("jax is not installed")
    tensors.publish(writer, model())
    assert run_python("import jax.numpy, mmsync, sys\nfrom mmsync import tensors\n"
                      "print(jax.numpy.asarray(tensors.load(mmsync.Region(sys.argv[1]).snapshot())['weight']).sum())", path) == "66.0\n"
