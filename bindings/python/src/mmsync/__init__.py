# SPDX-License-Identifier: Apache-2.0
"""mmsync shares one large, read-mostly value between one writer process and many reader processes
on a Linux host, through memory-mapped files, without copies.

    with mmsync.Writer("prices") as writer:
        writer.write(b"...")

    region = mmsync.Region("prices")
    array = numpy.frombuffer(region.snapshot(), dtype="f4")   # stays as it is while it exists
"""
import os as _os

from . import _native, table
from ._errors import (
    AccessError, AgainError, BusyError, ByteOrderError, CorruptError, EmptyError, Error, EvictedError, ExhaustedError,
    FilesystemError, ForgottenError, ForkedError, FullError, GeometryError, GoneError, InvalidError, MissingKeyError,
    NotFoundError, NotRegionError, NoViewError, ReadOnlyError, SystemCallError, TooBigError, TypeIdError, VersionError,
    WaitTimeoutError,
)
from ._inspect import Info, PastValue, history, inspect, remove, verify
from ._native import Build, List, Map, Newest, Record, Schema, Set, Snapshot, Variant, Writer, library_version
from ._region import Region
from ._version import __version__

__all__ = [
    "AccessError", "AgainError", "Build", "BusyError", "ByteOrderError", "CorruptError", "EmptyError",
    "Error", "EvictedError", "ExhaustedError", "FilesystemError", "ForgottenError", "ForkedError",
    "FullError", "GeometryError", "GoneError", "Info", "InvalidError", "List", "Map", "MissingKeyError",
    "Newest", "NoViewError", "NotFoundError", "NotRegionError", "PastValue", "ReadOnlyError", "Record", "Region", "Schema", "Set",
    "Snapshot", "SystemCallError", "TooBigError", "TypeIdError", "Variant", "VersionError",
    "WaitTimeoutError", "Writer", "__version__", "history", "inspect", "library_version", "remove", "table", "verify",
]

_os.register_at_fork(after_in_child=_native.forked)
