# SPDX-License-Identifier: Apache-2.0
"""Publishing a value whose parts lie anywhere in memory, and of which often only a few have changed."""
import typing
from collections.abc import Callable

from ._errors import Error
from ._native import Build, Snapshot, Writer

# If a larger part than this has changed, a whole value is faster: no slot has to catch up first.
_MOST = 0.75


class Piece(typing.NamedTuple):
    """One part. What is not contiguous comes with functions that compare and copy it."""

    offset: int
    size: int
    buffer: typing.Any  # None: not contiguous
    differs: Callable[[memoryview], bool] | None = None
    copy: Callable[[memoryview], None] | None = None


def _newest(writer: Writer, size: int) -> Snapshot | None:
    """If it has that size. Whatever keeps us from looking at it keeps us from writing as well, or does
    not matter."""
    try:
        snapshot = writer.snapshot()
    except Error:
        return None
    return snapshot if len(snapshot) == size else None


def _differing(snapshot: Snapshot, pieces: list[Piece]) -> list[Piece]:
    found = snapshot._differing([(piece.offset, piece.buffer) for piece in pieces if piece.buffer is not None])
    plain = iter(found)
    with memoryview(snapshot) as memory:
        return [piece for piece in pieces
                if (next(plain) if piece.differs is None else piece.differs(memory[piece.offset:piece.offset + piece.size]))]


def _put(writer: Writer, build: Build, memory: memoryview, pieces: list[Piece], touch: bool) -> None:
    build._put([(piece.offset, piece.buffer) for piece in pieces if piece.buffer is not None])
    for piece in pieces:
        if piece.copy is not None:
            if touch:
                writer.touch(piece.offset, piece.size)
            piece.copy(memory[piece.offset:piece.offset + piece.size])


def _publish_all(writer: Writer, size: int, pieces: list[Piece]) -> int:
    build = writer.build(size)
    with build as memory:
        _put(writer, build, memory, pieces, False)
    return build.generation


class _OvertakenError(Exception):
    pass


def _publish_some(writer: Writer, newest: Snapshot, pieces: list[Piece]) -> int:
    build = writer.update()
    with build as memory:
        if writer.snapshot().generation != newest.generation:
            raise _OvertakenError
        _put(writer, build, memory, pieces, True)
    return build.generation


def publish(writer: Writer, size: int, pieces: list[Piece]) -> int:
    """Publish a value that has these pieces, without gaps; the first tells one kind of value from another.
    Each is copied once, or not at all if it has not changed: then snapshot.changes() leaves it out. The
    generation."""
    newest = _newest(writer, size)
    changed = pieces if newest is None else _differing(newest, pieces)
    if newest is not None and (not changed or changed[0] is not pieces[0]) and sum(piece.size for piece in changed) <= _MOST * size:
        try:
            return _publish_some(writer, newest, changed)
        except _OvertakenError:  # another thread has published something else meanwhile
            pass
    return _publish_all(writer, size, pieces)
