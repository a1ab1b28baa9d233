# SPDX-License-Identifier: Apache-2.0
"""Types of values without parts, for which the standard library has none."""
import ipaddress
import re
import struct
import typing
import uuid


class Duration(typing.NamedTuple):
    """Rust's Duration."""

    secs: int
    nanos: int

    def total_seconds(self) -> float:
        return self.secs + self.nanos / 1e9


class SocketAddress(typing.NamedTuple):
    """Rust's SocketAddr, of either version; the last two are those of version 6."""

    ip: ipaddress.IPv4Address | ipaddress.IPv6Address
    port: int
    flowinfo: int = 0
    scope_id: int = 0


_IPV4, _IPV6, _IP, _SOCKET_V4, _SOCKET_V6, _SOCKET, _UUID = range(7)  # in the order of enum mms_type_kind


def _socket_of(value: typing.Any) -> SocketAddress:
    if isinstance(value, str):
        found = re.fullmatch(r"\[(.*)\]:(\d+)|([\d.]+):(\d+)", value)
        if not found:
            raise ValueError(value)
        value = (found[1] or found[3], int(found[2] or found[4]))
    ip, *rest = value
    return SocketAddress(ipaddress.ip_address(ip), *rest)


def _pack_v4(value: SocketAddress) -> bytes:
    return ipaddress.IPv4Address(value.ip).packed + struct.pack("=H", value.port)


def _pack_v6(value: SocketAddress) -> bytes:
    return ipaddress.IPv6Address(value.ip).packed + struct.pack("=HxxII", value.port, value.flowinfo, value.scope_id)


def address_bytes(kind: int, value: typing.Any) -> bytes:
    """The bytes of mms_ipv4, mms_ipv6, mms_ip, mms_socket_v4, mms_socket_v6, mms_socket, mms_uuid."""
    if kind == _UUID:
        return (value if isinstance(value, uuid.UUID) else uuid.UUID(value)).bytes
    if kind == _IPV4:
        return ipaddress.IPv4Address(value).packed
    if kind == _IPV6:
        return ipaddress.IPv6Address(value).packed
    if kind == _IP:
        ip = ipaddress.ip_address(value)
        return bytes([ip.version == 6]) + ip.packed.ljust(16, b"\0")
    socket = _socket_of(value)
    if kind == _SOCKET_V4:
        return _pack_v4(socket)
    if kind == _SOCKET_V6:
        return _pack_v6(socket)
    if socket.ip.version == 4:
        return (b"\0\0" + _pack_v4(socket)).ljust(32, b"\0")
    return b"\1\0\0\0" + _pack_v6(socket)
