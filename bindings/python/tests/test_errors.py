# SPDX-License-Identifier: Apache-2.0
"""What goes wrong raises an exception that says what to do, publishes nothing and leaks nothing."""
import copy
import os
import pickle
import subprocess
import sys

import mmsync
import pytest


@pytest.fixture
def writer(path):
    with mmsync.Writer(path) as writer:
        writer.write(b"old")
        yield writer


def unchanged(path):
    return bytes(mmsync.Region(path).snapshot()) == b"old"


def test_no_region(path):
    with pytest.raises(FileNotFoundError, match="a writer has to create it first") as caught:
        mmsync.Region(path)
    error = caught.value
    assert isinstance(error, mmsync.Error) and error.code == -error.errno and error.name == "ENOENT"
    assert error.detail == str(error)


def test_errors_can_be_pickled(path):
    with pytest.raises(mmsync.NotFoundError) as caught:
        mmsync.Region(path)
    again = pickle.loads(pickle.dumps(caught.value))
    assert type(again) is mmsync.NotFoundError and str(again) == str(caught.value) and again.code == caught.value.code


def test_every_code_has_a_class(request):
    header = os.path.join(os.environ.get("MMSYNC_SOURCE_DIR", request.config.rootpath / "../.."), "include/mmsync/error.h")
    if not os.path.exists(header):
        pytest.skip("the headers are not here")
    names, codes = zip(*[line.split("(")[1].split(",")[:2] for line in open(header) if line.startswith("    X(")])
    from mmsync import _errors

    assert names and [f"MMS_E_{name}" for name in names] == list(_errors._CLASSES)
    made = [_errors.make(kind, "text") for kind in _errors._CLASSES.values()]
    assert [(error.name, error.code, str(error)) for error in made] == [
        (f"MMS_E_{name}", int(code), "text") for name, code in zip(names, codes)]


def test_the_library_s_names_become_ours():
    from mmsync._errors import from_code

    told = from_code(-5019, "MMS_E_INVALID", "use options.track = MMS_TRACK_AUTO, options.on_grace = MMS_EVICT or options.max_size, or call "
                     "mms_write_touch; mms_other stays")
    assert str(told) == 'use track="auto", on_grace="evict" or max_size, or call writer.touch; mms_other stays'


def test_nothing_published_yet(path):
    with mmsync.Writer(path), mmsync.Region(path) as region:
        with pytest.raises(mmsync.EmptyError, match="wait for a writer"):
            region.snapshot()


def test_two_writers(path, writer):
    with pytest.raises(mmsync.BusyError, match="another process is the writer") as caught:
        mmsync.Writer(path, lock_wait_ms=0)
    assert "options." not in str(caught.value)
    with pytest.raises(mmsync.BusyError):
        mmsync.Writer(path, lock_wait_ms=150)
    assert unchanged(path)


@pytest.mark.parametrize("value", [memoryview(b"abcdef")[::2], "text", 5, None, [1]])
def test_values_that_are_not_contiguous_bytes(path, writer, value):
    with pytest.raises((TypeError, mmsync.InvalidError)):
        writer.write(value)
    assert unchanged(path)


def test_what_to_do_with_a_strided_value(writer):
    with pytest.raises(mmsync.InvalidError, match="publish a contiguous copy"):
        writer.write(memoryview(b"abcdef")[::2])


def test_a_value_over_the_limit(path):
    with mmsync.Writer(path, max_size=4096) as writer:
        writer.write(b"old")
        with pytest.raises(mmsync.TooBigError):
            writer.write(bytes(5000))
        with pytest.raises(mmsync.TooBigError), writer.build(5000):
            pass
        assert unchanged(path)


def test_every_slot_held(path):
    with mmsync.Writer(path, max_slots=2, grace_ms=0) as writer, mmsync.Region(path) as region:
        writer.write(b"1")
        held = region.snapshot()
        writer.write(b"2")
        with pytest.raises(mmsync.AgainError, match="pid"):
            writer.write(b"3")
        del held
        writer.write(b"3")


def test_a_closed_writer(path, writer):
    writer.close()
    writer.close()
    for use in (lambda: writer.write(b"new"), lambda: writer.build(3).__enter__(), writer.__enter__):
        with pytest.raises(mmsync.InvalidError, match="open another one"):
            use()
    assert unchanged(path) and writer.closed


def test_a_closed_region(path, writer):
    region = mmsync.Region(path)
    region.close()
    region.close()
    for use in (region.snapshot, region.wait, region.check, lambda: region.generation, region.__enter__):
        with pytest.raises(mmsync.InvalidError, match="open it again"):
            use()


def test_a_closed_snapshot(path, writer):
    with mmsync.Region(path).snapshot() as snapshot:
        assert bytes(snapshot) == b"old"
    assert snapshot.closed
    for use in (lambda: memoryview(snapshot), lambda: len(snapshot), snapshot.describe, lambda: snapshot.generation):
        with pytest.raises(mmsync.InvalidError, match="take another one"):
            use()


def test_a_second_build_or_write_within_a_build(path, writer):
    with writer.build(3) as memory:
        for use in (lambda: writer.write(b"new"), lambda: writer.build(3).__enter__(), writer.close):
            with pytest.raises(mmsync.InvalidError, match="leave its `with` block"):
                use()
        memory[:] = b"old"
    assert unchanged(path)


def test_a_build_that_is_over(writer):
    build = writer.build(3)
    with build:
        pass
    for use in (build.__enter__, lambda: build.__exit__(None, None, None)):
        with pytest.raises(mmsync.InvalidError):
            use()
    with pytest.raises(BufferError, match="with writer.build"):
        memoryview(build)


@pytest.mark.parametrize("arguments", [(-1, 1), (0, -1), (2, 2), (2**62, 2**62)])
def test_touches_outside_the_value(path, writer, arguments):
    with pytest.raises(mmsync.InvalidError), writer.update():
        writer.touch(*arguments)
    with pytest.raises(mmsync.InvalidError, match="with writer.update"):
        writer.touch(0, 1)
    assert unchanged(path)


@pytest.mark.parametrize("options", [
    {"max_slots": -1}, {"max_slots": 2**32}, {"max_size": 2**64}, {"fence": "none"}, {"fence": 1}, {"on_grace": ""},
    {"type_id": 5}, {"type_id": (1, 2, 3)}, {"type_id": (-1, 2)}, {"lock_wait_ms": -2}, {"mode": "rw"},
    {"track": "all"}, {"huge_pages": True}])
def test_options_that_are_not_valid(path, options):
    with pytest.raises(mmsync.InvalidError, match=f"option {next(iter(options))} must be"):
        mmsync.Writer(path, **options)
    assert not os.path.exists(path)


def test_options_that_do_not_exist(path):
    for make in (mmsync.Writer, mmsync.Region):
        with pytest.raises(TypeError, match="no option allow_evict"):
            make(path, allow_evict=True)


def test_another_type(path):
    with mmsync.Writer(path, type_id=(1, 2)) as writer:
        writer.write(b"x")
        with pytest.raises(mmsync.TypeIdError):
            mmsync.Region(path, type_id=(1, 3)).snapshot()


def test_another_geometry(path, writer):
    writer.close()
    with pytest.raises(mmsync.GeometryError):
        mmsync.Writer(path, max_slots=9)


def test_something_else_at_the_path(directory):
    with pytest.raises((mmsync.NotRegionError, mmsync.NotFoundError)):
        mmsync.Region(directory)


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become another user")
def test_no_permission(path, writer):
    program = "import mmsync, sys, os\nos.setgid(65534); os.setuid(65534)\n" \
        "try: mmsync.Region(sys.argv[1])\nexcept PermissionError as e: print(type(e).__name__, e)"
    os.chmod(os.path.dirname(path), 0o755)
    told = subprocess.run([sys.executable, "-c", program, path], capture_output=True, text=True)
    assert told.stdout.startswith("AccessError"), told


def test_a_region_that_was_removed(path, writer):
    region = mmsync.Region(path)
    snapshot = region.snapshot()
    writer.close()
    mmsync.remove(path)
    for use in (region.snapshot, region.check, region.wait):
        with pytest.raises(mmsync.GoneError, match="open the region again"):
            use()
    assert bytes(snapshot) == b"old"


def test_pickling_and_copying_refuse(path, writer):
    region = mmsync.Region(path)
    for thing in (region, region.snapshot(), writer, writer.build(3)):
        for use in (pickle.dumps, copy.copy, copy.deepcopy):
            with pytest.raises(TypeError, match="send the path"):
                use(thing)


def test_types_that_cannot_be_made(path):
    for make in (mmsync.Snapshot, mmsync.Build):
        with pytest.raises(TypeError):
            make()
    with pytest.raises(TypeError):
        mmsync.Region()


def test_objects_whose_init_did_not_run():
    for kind in (mmsync.Region, mmsync.Writer):
        broken = kind.__new__(kind)
        with pytest.raises(mmsync.InvalidError):
            broken.__enter__()
        assert broken.closed and repr(broken)
