# SPDX-License-Identifier: Apache-2.0
import typing
from collections.abc import AsyncGenerator

from . import _changes, _native
from ._inspect import PastValue


class Region(_native.Region):
    """A region to read from. Any thread may use it, several at a time. After fork the child opens the
    region for itself, when it first uses the object. The options are those of mms_region_options in
    mmsync.h, by name."""

    __slots__ = ("__weakref__",)

    if not typing.TYPE_CHECKING:  # _native.pyi has the options

        def __init__(self, path, /, **options):
            super().__init__(path, **options)

    def changes(self, seen: int = 0) -> AsyncGenerator[_native.Snapshot, None]:
        """`async for snapshot in region.changes()`: the newest value, then each one that is newer.

        It skips what was published while the loop was busy. `seen`: the generation not to begin
        with."""
        return _changes.changes(self, seen)

    def history(self) -> list[PastValue]:
        """The values that are still there, newest first: the current one, and those that
        writer.rollback() can go back to."""
        return [PastValue(**value) for value in self._history()]

    def close(self) -> None:
        """Snapshots that were taken stay valid. Waits in event loops fail."""
        super().close()
        _changes.wake_all(self)

    def __exit__(self, *exception: typing.Any) -> None:
        self.close()
