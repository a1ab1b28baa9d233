# SPDX-License-Identifier: Apache-2.0
"""Code that runs in the middle of a call (a trace, a signal handler, a destructor, a method of what is
written, another thread) may close, exhaust or free what the call uses."""
import contextlib
import gc
import ipaddress
import sys
import threading

import mmsync
import pytest
from mmsync import _errors

HOSTS = """
#[mmsync::table]
type Hosts = HashMap<Host, u32>;
#[mmsync::table]
type Addresses = HashMap<u64, Ipv4Addr>;
struct Host { address: Ipv4Addr, port: u16 }
"""


@contextlib.contextmanager
def when_called(function, action):
    """Call `action` once, when that function of Python is called next."""
    done = []

    def profile(frame, event, _):
        if event == "call" and frame.f_code is function.__code__:
            sys.setprofile(None)
            action()
            done.append(True)

    sys.setprofile(profile)
    try:
        yield
    finally:
        sys.setprofile(None)
    assert done


@pytest.fixture
def writer(path):
    with mmsync.Writer(path) as writer:
        yield writer


def snapshot_alone(path):
    """Nothing else keeps its memory mapped."""
    with mmsync.Region(path) as region:
        return region.snapshot()


def test_a_snapshot_is_closed_while_its_table_is_opened(path, writer):
    with writer.table() as table:
        table[b"key"] = b"value"
    snapshot = snapshot_alone(path)
    with when_called(_errors.from_code, snapshot.close):  # that the table has no schema is an error within
        view = snapshot.table()
    assert snapshot.closed and bytes(view[b"key"]) == b"value"


def test_a_snapshot_is_closed_while_its_value_is_checked(path, writer):
    schema = mmsync.Schema("struct Names { all: Vec<String> }", "Names")
    writer.write_value(schema, {"all": ["a longer name"] * 100_000})
    with writer.update() as memory:  # so that nobody vouches for it
        memory[0] = memory[0]
    for _ in range(10):
        snapshot, begun = snapshot_alone(path), threading.Event()
        other = threading.Thread(target=lambda s=snapshot, b=begun: (b.wait(), s.close()))
        other.start()
        begun.set()
        try:
            assert snapshot.value.all[-1] == "a longer name"
        except mmsync.InvalidError:  # the other one was first
            pass
        other.join()


def test_an_iterator_of_a_value_goes_on_within_itself(path, writer):
    schema = mmsync.Schema("struct Hosts { all: Vec<Ipv4Addr>, by: BTreeMap<Ipv4Addr, Ipv4Addr> }", "Hosts")
    hosts = [ipaddress.IPv4Address(number) for number in range(4)]
    writer.write_value(schema, {"all": hosts, "by": {host: host for host in hosts}})
    for entries, all_of_them in ((iter(snapshot_alone(path).value.all), hosts),
                                 (snapshot_alone(path).value.by.items(), [(host, host) for host in hosts])):
        within = []
        with when_called(ipaddress.IPv4Address.__init__, lambda: within.extend(next(entries) for _ in range(3))):
            first = next(entries)
        assert [first, *within] == all_of_them and next(entries, None) is None


def test_an_iterator_of_a_table_ends_within_itself(path, writer):
    schema = mmsync.Schema(HOSTS, "Hosts")
    with writer.table(schema=schema) as table:
        for port in range(4):
            table[{"address": "127.0.0.1", "port": port}] = port
    entries, within = iter(snapshot_alone(path).table().items()), []
    with when_called(ipaddress.IPv4Address.__init__, lambda: within.extend(entries)):
        first = next(entries)
    assert sorted(port for _, port in [first, *within]) == [0, 1, 2, 3]


def test_a_payload_leaves_its_dict_while_it_is_read(path, writer):
    schema = mmsync.Schema("enum Shape { Box { width: u32, height: u32 } } struct Drawing { shape: Shape }", "Drawing")
    freed, freed_by_then = [], []

    class Box:
        @property
        def width(self):
            shape.clear()
            return 1

        @property
        def height(self):
            freed_by_then.extend(freed)
            return 2

        def __del__(self):
            freed.append(True)

    shape = {"Box": Box()}
    writer.write_value(schema, {"shape": shape})
    assert freed and not freed_by_then
    assert mmsync.Region(path).snapshot().value.shape.height == 2


def test_a_writer_is_used_in_its_own_call(path, writer):
    schema, refused = mmsync.Schema(HOSTS, "Addresses"), []

    def use_it():
        for use in (lambda: table[1], lambda: table.update({2: "127.0.0.2"}), writer.sync):
            with pytest.raises(mmsync.InvalidError, match="this thread is in another call of the writer") as error:
                use()
            refused.append(error)

    with writer.table(schema=schema) as table:
        table[1] = "127.0.0.1"
        with when_called(ipaddress.IPv4Address.__init__, use_it):
            assert table[1] == ipaddress.IPv4Address("127.0.0.1")
    assert len(refused) == 3 and len(mmsync.Region(path).snapshot().table()) == 1


def test_a_build_is_dropped_while_its_writer_refuses(path, writer):
    build = writer.build(8)
    held = [build.__enter__(), build]
    del build
    with when_called(_errors.from_code, held.clear), pytest.raises(mmsync.InvalidError, match="a build of it is open"):
        writer.write(b"refused")
    writer.write(b"value")
    assert bytes(mmsync.Region(path).snapshot()) == b"value"


def test_the_text_of_a_schema_stays_while_it_is_described(path, writer):
    schema = mmsync.Schema("struct Point { x: f64 }", "Point")
    writer.write_value(schema, {"x": 1.0})
    snapshot = snapshot_alone(path)

    class Closing:
        def __init__(self):
            self.cycle = self

        def __del__(self):
            snapshot.close()

    gc.collect()
    threshold = gc.get_threshold()
    gc.set_threshold(1)
    try:
        Closing()
        told = snapshot.describe()
    except mmsync.InvalidError:  # collected before that
        told = {"schema": schema.text}
    finally:
        gc.set_threshold(*threshold)
    assert told["schema"] == schema.text
