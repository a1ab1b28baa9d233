# SPDX-License-Identifier: Apache-2.0
"""Exceptions, one class for each code of mmsync/error.h."""
import errno as _errno
import os as _os
import re as _re
import typing as _typing


class Error(Exception):
    """A call has failed. `str(error)` is what was being done, to what, why it failed, and what to do.

    code: 0 minus an errno, or one of the library's own codes; name: that code in words, such as
    "MMS_E_BUSY"; detail: the text."""

    code: int
    name: str
    detail: str

    def __str__(self) -> str:
        return self.detail

    def __reduce__(self) -> tuple[object, ...]:
        return from_code, (self.code, self.name, self.detail)


class SystemCallError(Error, OSError):
    """The kernel has refused something; `errno` says what."""


class NotFoundError(SystemCallError, FileNotFoundError):
    """There is no region at that path."""


class AccessError(SystemCallError, PermissionError):
    """This process may not do that."""


class EmptyError(Error):
    """The region holds no value yet."""


class BusyError(Error):
    """Another writer has the region."""


class AgainError(Error):
    """Readers hold every slot."""


class EvictedError(Error):
    """The view was taken away."""


class GoneError(Error):
    """The region was removed or replaced: open it again."""


class ForkedError(Error):
    """This object belongs to the parent process."""


class TypeIdError(Error):
    """The value has another type than the one asked for."""


class FullError(Error):
    """There are as many readers as the region has room for."""


class TooBigError(Error, ValueError):
    """A size is over the limit."""


class NotRegionError(Error):
    """There is something else at that path."""


class CorruptError(Error):
    """The region is damaged. `findings`, if verify() raised it: what is wrong, a sentence each."""

    findings: tuple[str, ...] = ()


class VersionError(Error):
    """The region has a newer format."""


class ByteOrderError(Error):
    """The region was made with another byte order."""


class FilesystemError(Error):
    """The file system is not supported."""


class GeometryError(Error):
    """The region exists with another geometry."""


class NoViewError(Error):
    """There is no view."""


class WaitTimeoutError(Error, TimeoutError):
    """The wait timed out."""


class ExhaustedError(Error):
    """The region has no generations left."""


class InvalidError(Error, ValueError):
    """An argument is not valid, or an object is closed."""


class ReadOnlyError(Error):
    """The region is open without the right to pin."""


class ForgottenError(Error):
    """What has changed since then is not known: treat the whole value as changed."""


class MissingKeyError(Error, KeyError):
    """The table has no such key."""


_FIRST_CODE = -5001  # and down from there, in this order
_CLASSES: dict[str, type[Error]] = {
    "MMS_E_EMPTY": EmptyError, "MMS_E_BUSY": BusyError, "MMS_E_AGAIN": AgainError, "MMS_E_EVICTED": EvictedError,
    "MMS_E_GONE": GoneError, "MMS_E_FORKED": ForkedError, "MMS_E_TYPE": TypeIdError, "MMS_E_FULL": FullError,
    "MMS_E_TOO_BIG": TooBigError, "MMS_E_NOT_REGION": NotRegionError, "MMS_E_CORRUPT": CorruptError,
    "MMS_E_VERSION": VersionError, "MMS_E_BYTE_ORDER": ByteOrderError, "MMS_E_FILESYSTEM": FilesystemError,
    "MMS_E_GEOMETRY": GeometryError, "MMS_E_NO_VIEW": NoViewError, "MMS_E_TIMEOUT": WaitTimeoutError,
    "MMS_E_EXHAUSTED": ExhaustedError, "MMS_E_INVALID": InvalidError, "MMS_E_READ_ONLY": ReadOnlyError,
    "MMS_E_FORGOTTEN": ForgottenError, "MMS_E_NOT_FOUND": MissingKeyError,
}
_BY_ERRNO: dict[int, type[SystemCallError]] = {_errno.ENOENT: NotFoundError, _errno.EACCES: AccessError, _errno.EPERM: AccessError}


def _from_errno(code: int, detail: str) -> SystemCallError:
    return _BY_ERRNO.get(-code, SystemCallError)(-code, detail)


_HERE = {"mms_write_touch": "writer.touch", "mms_write_update": "writer.update()", "mms_write_begin": "writer.build(size)",
         "mms_write_grow": "writer.build(size)", "mms_table_begin": "writer.table()", "mms_verify": "mmsync.verify(path)",
         "mms_remove": "mmsync.remove(path)", "mms_region_open": "mmsync.Region(path)", "mms_writer_open": "mmsync.Writer(path)",
         "mms_table_clear": "table.clear()", "mms_region_check": "region.check()", "mms_table_set_expiry": "table.expire_after",
         "mms_write": "writer.write", "mms_changes": "snapshot.changes", "mms_table_of": "snapshot.table()"}


def _wording(detail: str) -> str:
    """The text of the library, with the names that things have here."""
    detail = _re.sub(r"\boptions\.(\w+) = MMS_(?:[A-Z]+_)?([A-Z]+)\b", lambda found: f'{found[1]}="{found[2].lower()}"', detail)
    detail = _re.sub(r"\boptions\.(\w+)", r"\1", detail)
    return _re.sub(r"\bmms_\w+", lambda found: _HERE.get(found[0], found[0]), detail)


def from_code(code: int, name: str, detail: str) -> Error:
    """The exception for a code, with that text."""
    detail = _wording(detail) or (_os.strerror(-code) if -4096 < code < 0 else name)
    known = _CLASSES.get(name)
    error = known(detail) if known else _from_errno(code, detail)
    error.code, error.name, error.detail = code, name, detail
    return error


_Kind = _typing.TypeVar("_Kind", bound=Error)


def make(kind: type[_Kind], detail: str) -> _Kind:
    """An error that is found here rather than in the library."""
    index = list(_CLASSES.values()).index(kind)
    error = kind(detail)
    error.code, error.name, error.detail = _FIRST_CODE - index, list(_CLASSES)[index], detail
    return error
