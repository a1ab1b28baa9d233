# SPDX-License-Identifier: Apache-2.0
"""Functions that look at a region by its path."""
import typing

from . import _native
from ._errors import CorruptError

if typing.TYPE_CHECKING:
    from ._native import _Path



class Info(typing.NamedTuple):
    """What inspect() returns; mms_info in mmsync/inspect.h says more of each."""

    region_id: tuple[int, int]
    max_size: int
    max_slots: int
    max_readers: int
    generation: int
    size: int
    type_id: tuple[int, int]
    tag: int
    publish_time_ns: int
    checksum: int | None
    symmetric: bool
    writer_alive: bool | None
    writer_pid: int
    slot: int
    slots_used: int
    readers: int
    readers_dead: int
    bytes_used: int
    bytes_huge: int
    keep: int
    refused: int
    evicted: int
    durable_generation: int | None
    durable_lost: int | None


class PastValue(typing.NamedTuple):
    """What history() says of a value; mms_past_value in mmsync/history.h says more."""

    generation: int
    size: int
    type_id: tuple[int, int]
    tag: int
    publish_time_ns: int
    checksum: int | None
    current: bool
    kept: bool
    slot: int


def history(path: "_Path") -> list[PastValue]:
    """The values that are still there, newest first: the current one, and those that
    writer.rollback() can go back to."""
    return [PastValue(**value) for value in _native.history(path)]


def inspect(path: "_Path") -> Info:
    """What a region is and holds, how many readers it has, and whether it has a writer."""
    return Info(**_native.inspect(path))


def verify(path: "_Path") -> None:
    """Check every structure, and the checksum of the value if it has one.

    CorruptError, with a list of `findings`, if anything is wrong."""
    findings: list[str] = []
    try:
        _native.verify(path, findings)
    except CorruptError as error:
        error.findings = tuple(findings)
        raise


def remove(path: "_Path") -> None:
    """Remove a region. Snapshots that exist stay valid; BusyError while it has a writer."""
    _native.remove(path)
