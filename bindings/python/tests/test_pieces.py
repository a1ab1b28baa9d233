# SPDX-License-Identifier: Apache-2.0
"""Parts of a value that lie somewhere in memory, as the extension takes them."""
import mmsync
import pytest


@pytest.fixture
def writer(path):
    with mmsync.Writer(path) as writer:
        writer.write(b"0123456789")
        yield writer


@pytest.mark.parametrize("pieces,told", [
    ([(8, b"xyz")], "3 bytes at offset 8 does not fit into a value of 10"), ([(-1, b"x")], "offset -1"),
    ([(11, b"")], "offset 11"), ([(2**62, b"x")], "does not fit")])
def test_pieces_that_do_not_fit(writer, pieces, told):
    with pytest.raises(mmsync.InvalidError, match=told):
        writer.snapshot()._differing(pieces)
    build = writer.update()
    with build:
        with pytest.raises(mmsync.InvalidError, match=told):
            build._put([(0, b"a"), *pieces])
    assert bytes(writer.snapshot()) == b"0123456789"


@pytest.mark.parametrize("pieces", [5, [5], [(1,)], [("a", b"x")], [(0, "text")], [(0, memoryview(b"1234")[::2])]])
def test_what_is_no_piece(writer, pieces):
    build = writer.update()
    with build:
        for use in (build._put, writer.snapshot()._differing):
            with pytest.raises((TypeError, mmsync.InvalidError)):
                use(pieces)


def test_pieces_are_compared_and_put(path):
    writer = mmsync.Writer(path, track="touches")
    writer.write(b"0123456789")
    pieces = [(0, b"01"), (2, b"xx"), (4, bytearray(b"456")), (7, b""), (9, b"8")]
    assert writer.snapshot()._differing(pieces) == [False, True, False, False, True]
    build = writer.update()
    with build:
        build._put(pieces)
    assert bytes(writer.snapshot()) == b"01xx456788" and writer.snapshot().changes(1) == [(0, 7), (9, 1)]


@pytest.mark.parametrize("count", [3, 17, 300])
def test_parts_of_a_large_value(writer, count):
    """Together they are copied past the caches, wherever each begins."""
    size = (17 << 20) // count + 1
    parts = [bytes([number % 251]) * (size + number % 7) for number in range(count)]
    build = writer.build(sum(map(len, parts)))
    with build:
        build._put([(sum(map(len, parts[:number])), part) for number, part in enumerate(parts)])
    assert bytes(writer.snapshot()) == b"".join(parts)


def test_a_build_that_is_not_open(writer):
    build = writer.build(10)
    with pytest.raises(mmsync.InvalidError, match="`with` block"):
        build._put([])
    with build:
        pass
    with pytest.raises(mmsync.InvalidError, match="`with` block"):
        build._put([])
