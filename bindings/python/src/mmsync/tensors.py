# SPDX-License-Identifier: Apache-2.0
"""Named arrays in one value, in the layout of safetensors: `mmsync read REGION > model.safetensors`
is a file for any program that reads those.

    tensors.publish(writer, {"weight": array, ...})       # all of them, one copy
    tensors.update(writer, {"weight": array})             # only the bytes of these

    arrays = tensors.load(region.snapshot())              # read-only, in place
    names = tensors.changed(snapshot, since=generation)   # what to upload again

Arrays of NumPy and whatever it can make arrays of (numpy.asarray, DLPack) can be published. bfloat16
and 8-bit floats need the package ml_dtypes in NumPy; torch_tensors() needs only torch."""
import functools
import json
import typing
import warnings
from collections.abc import Iterable, Mapping

import numpy as np

from . import _pieces
from ._errors import CorruptError, EmptyError, ForgottenError, InvalidError, MissingKeyError, make
from ._native import Snapshot, Writer
from ._pieces import Piece

__all__ = ["Layout", "changed", "describe", "load", "publish", "torch_tensors", "update"]

_PLAIN = {"BOOL": "?", "U8": "u1", "I8": "i1", "U16": "u2", "I16": "i2", "F16": "f2", "U32": "u4", "I32": "i4", "F32": "f4",
          "U64": "u8", "I64": "i8", "F64": "f8", "C64": "c8"}
_EXTENDED = {"BF16": "bfloat16", "F8_E4M3": "float8_e4m3fn", "F8_E5M2": "float8_e5m2"}
_TORCH = {"BOOL": "bool", "U8": "uint8", "I8": "int8", "I16": "int16", "I32": "int32", "I64": "int64", "F16": "float16", "BF16": "bfloat16",
          "F32": "float32", "F64": "float64", "C64": "complex64", "U16": "uint16", "U32": "uint32", "U64": "uint64",
          "F8_E4M3": "float8_e4m3fn", "F8_E5M2": "float8_e5m2"}
_SIZES = {**{name: np.dtype(code).itemsize for name, code in _PLAIN.items()}, "BF16": 2, "F8_E4M3": 1, "F8_E5M2": 1}
_NAMES: "dict[np.dtype[typing.Any], str]" = {np.dtype(code): name for name, code in _PLAIN.items()}
_ALIGNMENT = 64  # of the first tensor's bytes; safetensors itself asks for 8
_HEADER_LIMIT = 100_000_000  # as safetensors has it
_REMEMBERED = 1 << 20  # longer headers are not kept,
_MANY = 10_000  # nor are those of more tensors


class Layout(typing.NamedTuple):
    """Where a tensor is in the value."""

    dtype: str
    shape: tuple[int, ...]
    offset: int
    size: int


def _dtype_of(name: str) -> "np.dtype[typing.Any]":
    if name in _PLAIN:
        return np.dtype(_PLAIN[name])
    try:
        import ml_dtypes
    except ImportError:
        raise make(InvalidError, f"tensors of {name} need the package ml_dtypes in NumPy: install it, or use torch_tensors()") from None
    dtype: np.dtype[typing.Any] = np.dtype(getattr(ml_dtypes, _EXTENDED[name]))
    return dtype


def _name_of(dtype: "np.dtype[typing.Any]", of: str) -> str:
    if dtype in _NAMES:
        return _NAMES[dtype]
    for name, code in _EXTENDED.items():
        if dtype.name == code:
            return name
    raise make(InvalidError, f"tensor {of!r}: safetensors has no type for {dtype}; convert it, as by array.astype(\"f4\")")


def _is_torch(value: typing.Any) -> bool:
    return type(value).__module__.partition(".")[0] == "torch"


def _array_of(name: str, value: typing.Any) -> "np.ndarray[typing.Any, typing.Any]":
    """What NumPy makes of it. By itself it would make an array of objects of what is not an array."""
    if type(value) is np.ndarray and value.dtype in _NAMES:
        return value
    if _is_torch(value):
        value = _array_of_torch(value)
    try:
        array = np.from_dlpack(value) if hasattr(value, "__dlpack__") and not hasattr(value, "__array__") else np.asarray(value)
    except Exception as error:
        raise make(InvalidError, f"tensor {name!r} is no array: {error}") from error
    if array.dtype.hasobject or array.dtype.kind in "SUVMm" and array.dtype.name not in _EXTENDED.values():
        raise make(InvalidError, f"tensor {name!r} must be an array of numbers, not of {array.dtype}, which {type(value).__name__} becomes")
    return array


def _array_of_torch(tensor: typing.Any) -> typing.Any:
    import torch

    tensor = tensor.detach().cpu()
    if tensor.dtype == torch.bfloat16:  # which torch does not give to NumPy
        return tensor.view(torch.int16).numpy().view(_dtype_of("BF16"))
    return tensor.numpy()


# ---- Writing ----


def _header_of(arrays: "tuple[tuple[str, np.dtype[typing.Any], tuple[int, ...], int], ...]",
               metadata: tuple[tuple[str, str], ...]) -> tuple[bytes, list[int], int]:
    """The header of a value with arrays of these names, types, shapes and sizes in bytes; where each of
    them begins; the size of the value."""
    header: dict[str, typing.Any] = {"__metadata__": dict(metadata)} if metadata else {}
    starts, at = {}, 0
    # As safetensors orders them: each is aligned to its own type then, without holes.
    for name, dtype, shape, size in sorted(arrays, key=lambda array: (-array[1].itemsize, array[0])):
        header[name] = {"dtype": _name_of(dtype, name), "shape": list(shape), "data_offsets": [at, at + size]}
        starts[name], at = at, at + size
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-(8 + len(text)) % _ALIGNMENT)
    start = 8 + len(text)
    return len(text).to_bytes(8, "little") + text, [start + starts[name] for name, *_ in arrays], start + at


_recent_headers = functools.lru_cache(maxsize=16)(_header_of)


def _texts(metadata: Mapping[str, str] | None) -> tuple[tuple[str, str], ...]:
    if metadata and not all(isinstance(text, str) for pair in metadata.items() for text in pair):
        raise make(InvalidError, "metadata must be a dict of str to str, as safetensors has it")
    return tuple(metadata.items()) if metadata else ()


def _in_place(memory: memoryview, array: "np.ndarray[typing.Any, typing.Any]") -> "np.ndarray[typing.Any, typing.Any]":
    return np.frombuffer(memory, dtype=array.dtype).reshape(array.shape)


def _copy(memory: memoryview, array: "np.ndarray[typing.Any, typing.Any]") -> None:
    if array.size:
        np.copyto(_in_place(memory, array), array)


def _differs(memory: memoryview, array: "np.ndarray[typing.Any, typing.Any]") -> bool:
    """In bits: two kinds of NaN differ, and so do 0 and -0."""
    bits = f"u{array.itemsize}"
    return bool(array.size and (_in_place(memory, array).view(bits) != array.view(bits)).any())


def _piece(offset: int, array: "np.ndarray[typing.Any, typing.Any]") -> Piece:
    if array.flags.c_contiguous:  # types that NumPy lacks have no buffers
        return Piece(offset, array.nbytes, array if array.dtype in _NAMES else array.reshape(-1).view("u1"))
    return Piece(offset, array.nbytes, None, functools.partial(_differs, array=array), functools.partial(_copy, array=array))


def publish(writer: Writer, tensors: Mapping[str, typing.Any], metadata: Mapping[str, str] | None = None) -> int:
    """Publish arrays under their names, each copied once into the region. If the newest value has arrays
    of the same names, types, shapes and metadata, those that are the same are not copied, and changed()
    leaves them out, unless most of the value has changed. Returns the generation."""
    arrays = {str(name): _array_of(name, value) for name, value in tensors.items()}
    if len(arrays) != len(tensors) or "__metadata__" in arrays:
        raise make(InvalidError, "tensors have different names, and \"__metadata__\" is none of them")
    shapes = tuple((name, array.dtype, array.shape, array.nbytes) for name, array in arrays.items())
    header, offsets, size = (_recent_headers if len(arrays) < _MANY else _header_of)(shapes, _texts(metadata))
    return _pieces.publish(writer, size, [Piece(0, len(header), header), *map(_piece, offsets, arrays.values())])


def update(writer: Writer, tensors: Mapping[str, typing.Any]) -> int:
    """Publish the newest tensors with some of them replaced by arrays of the same type and shape. The cost
    is that of these alone, and snapshot.changes() names only their bytes. Returns the generation."""
    arrays = {name: _array_of(name, value) for name, value in tensors.items()}
    build = writer.update()
    with build as memory:
        layouts = _parse(memory) if len(memory) else None
        if layouts is None:
            raise make(EmptyError, "no tensors were published yet; begin with tensors.publish(writer, ...)")
        for name, array in arrays.items():
            _check_same(name, array, layouts)
        for name, array in arrays.items():
            layout = layouts[name]
            writer.touch(layout.offset, layout.size)
            _copy(memory[layout.offset:layout.offset + layout.size], array)
    return build.generation


def _check_same(name: str, array: "np.ndarray[typing.Any, typing.Any]", layouts: Mapping[str, Layout]) -> None:
    layout = layouts.get(name)
    if layout is None:
        raise make(MissingKeyError, f"there is no tensor {name!r} among those published; publish all of them again with tensors.publish")
    dtype = _name_of(array.dtype, name)
    if (dtype, array.shape) != (layout.dtype, layout.shape):
        raise make(InvalidError, f"tensor {name!r} is {dtype} {array.shape}, and {layout.dtype} {layout.shape} was published; give it that type "
                           "and shape, or publish all tensors again with tensors.publish")


# ---- Reading ----


def _refuse(why: str) -> CorruptError:
    return make(CorruptError, f"the value is not in the layout of safetensors: {why}; was it published by tensors.publish?")


def _header_text(memory: memoryview) -> bytes:
    size = int.from_bytes(memory[:8], "little")
    if len(memory) < 8 or size > min(len(memory) - 8, _HEADER_LIMIT):
        raise _refuse("its header does not fit")
    return bytes(memory[8:8 + size])


def _header(text: bytes) -> dict[str, typing.Any]:
    try:
        header = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _refuse(f"its header is no JSON ({error})") from None
    if not isinstance(header, dict):
        raise _refuse("its header is no object")
    return header


def _layout(name: str, entry: typing.Any, base: int, end: int) -> Layout:
    try:
        dtype, shape, (start, stop) = entry["dtype"], tuple(entry["shape"]), entry["data_offsets"]
        elements = 1
        for length in shape:
            elements *= length
            if type(length) is not int or length < 0:
                raise ValueError(length)
        if not 0 <= start <= stop <= end - base or stop - start != elements * _SIZES[dtype]:
            raise ValueError(stop)
        return Layout(dtype, shape, base + start, stop - start)
    except (TypeError, ValueError, KeyError):
        raise _refuse(f"what it says of tensor {name!r} is not right") from None


def _layouts(text: bytes, end: int) -> dict[str, Layout]:
    return {name: _layout(name, entry, 8 + len(text), end) for name, entry in _header(text).items() if name != "__metadata__"}


_recent_layouts = functools.lru_cache(maxsize=16)(_layouts)


def _parse(memory: memoryview) -> Mapping[str, Layout]:
    """Updates leave the header as it is, so it is read once for most."""
    text = _header_text(memory)
    return (_recent_layouts if len(text) < _REMEMBERED else _layouts)(text, len(memory))


def describe(snapshot: Snapshot) -> tuple[dict[str, Layout], dict[str, str]]:
    """Where each tensor is, and the metadata."""
    with memoryview(snapshot) as memory:
        return dict(_parse(memory)), dict(_header(_header_text(memory)).get("__metadata__") or {})


def _chosen(layouts: Mapping[str, Layout], names: Iterable[str] | None) -> Mapping[str, Layout]:
    if names is None:
        return layouts
    chosen = {}
    for name in names:
        if name not in layouts:
            raise make(MissingKeyError, f"there is no tensor {name!r}; there are {', '.join(sorted(layouts)) or 'none'}")
        chosen[name] = layouts[name]
    return chosen


def load(snapshot: Snapshot, names: Iterable[str] | None = None) -> "dict[str, np.ndarray[typing.Any, typing.Any]]":
    """The tensors, or those of these names, as read-only arrays in place. Each keeps the snapshot."""
    memory = memoryview(snapshot)
    return {name: np.frombuffer(memory[at.offset:at.offset + at.size], dtype=_dtype_of(at.dtype)).reshape(at.shape)
            for name, at in _chosen(_parse(memory), names).items()}


def torch_tensors(snapshot: Snapshot, names: Iterable[str] | None = None) -> dict[str, typing.Any]:
    """The same as tensors of torch, in place. Torch has no read-only tensors: a store to one of these
    kills the process."""
    import torch

    memory, result = memoryview(snapshot), {}
    for name, at in _chosen(_parse(memory), names).items():
        dtype = getattr(torch, _TORCH[at.dtype], None)
        if dtype is None:
            raise make(InvalidError, f"tensor {name!r}: this version of torch has no {_TORCH[at.dtype]}")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that it can be written to
            result[name] = (torch.frombuffer(memory[at.offset:at.offset + at.size], dtype=dtype) if at.size
                            else torch.empty(0, dtype=dtype)).reshape(at.shape)
    return result


def changed(snapshot: Snapshot, since: int) -> set[str]:
    """The names of the tensors that may differ from those of generation `since`: all of them, if they
    were published anew since then, or it is too long ago."""
    with memoryview(snapshot) as memory:
        layouts = _parse(memory)
    try:
        ranges = snapshot.changes(since)
    except ForgottenError:
        return set(layouts)
    first = min((at.offset for at in layouts.values()), default=0)
    if any(offset < first for offset, _ in ranges):  # the header
        return set(layouts)
    return {name for name, at in layouts.items()
            if any(offset < at.offset + at.size and at.offset < offset + length for offset, length in ranges)}
