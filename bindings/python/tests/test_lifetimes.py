# SPDX-License-Identifier: Apache-2.0
"""Whatever is closed, dropped or collected, in whatever order: memory in use stays as it is."""
import gc
import os
import threading

import mmsync
import pytest

np = pytest.importorskip("numpy")


@pytest.fixture
def writer(path):
    with mmsync.Writer(path) as writer:
        writer.write(np.arange(1000))
        yield writer


def overwrite_everything(writer):
    for _ in range(300):
        writer.write(np.zeros(1000, dtype=int))


def test_an_array_outlives_all_else(path, writer):
    values = np.frombuffer(mmsync.Region(path).snapshot(), dtype=int)[10:20]
    gc.collect()
    overwrite_everything(writer)
    assert values.tolist() == list(range(10, 20))


def test_a_memoryview_outlives_all_else(path, writer):
    region = mmsync.Region(path)
    view = memoryview(region.snapshot())[8:16].cast("q")
    region.close()
    overwrite_everything(writer)
    writer.close()
    mmsync.remove(path)
    assert view.tolist() == [1]


def test_the_last_use_gives_the_slot_back(path):
    with mmsync.Writer(path, max_slots=3, grace_ms=0) as writer, mmsync.Region(path) as region:
        for number in range(100):
            writer.write(np.arange(number, number + 2))
            values = np.frombuffer(region.snapshot(), dtype=int)[1:]
            assert values.tolist() == [number + 1]


def test_a_snapshot_in_use_cannot_be_closed(path, writer):
    snapshot = mmsync.Region(path).snapshot()
    view = memoryview(snapshot)
    with pytest.raises(BufferError, match="delete them first"):
        snapshot.close()
    with snapshot:
        pass
    assert view[8] == 1
    view.release()
    snapshot.close()
    assert snapshot.closed


def test_memory_that_is_used_after_a_build_is_not_published(path, writer):
    with pytest.raises(BufferError, match="nothing was published"):
        with writer.build(8) as memory:
            values = np.frombuffer(memory, dtype=int)
    with pytest.raises(mmsync.InvalidError, match="delete the arrays"):
        writer.write(b"new")
    with pytest.raises(mmsync.InvalidError, match="delete the arrays"):
        writer.close()
    assert len(mmsync.Region(path).snapshot()) == 8000
    del values, memory
    writer.write(b"new")


def test_memory_outlives_a_build_that_failed(path, writer):
    kept = []
    with pytest.raises(KeyError):
        with writer.build(8) as memory:
            kept.append(np.frombuffer(memory, dtype=int))
            raise KeyError
    kept[0][0] = 5
    kept.clear()
    writer.write(b"new")


def test_a_build_that_was_left_open(path, writer):
    build = writer.build(8)
    memory = build.__enter__()
    memory[:] = b"12345678"
    del build, memory
    gc.collect()
    assert writer.write(b"new") == writer.generation


@pytest.mark.parametrize("names", ["w", "r", "s", "a", "w r", "s r", "r s w", ""])
def test_the_interpreter_ends(path, run_python, names):
    assert run_python(
        "import mmsync, sys, numpy, atexit\n"
        "w = mmsync.Writer(sys.argv[1]); w.write(b'12345678'); r = mmsync.Region(sys.argv[1]); s = r.snapshot()\n"
        "a = numpy.frombuffer(s, dtype=int); sys.keep = memoryview(s); w.build(8).__enter__()\n"
        "atexit.register(lambda: print(bytes(sys.keep)))\n"
        "for name in sys.argv[2].split(): del globals()[name]\n",
        path, names) == "b'12345678'\n"


PARTS = ("import mmsync, sys, numpy, atexit\nfrom mmsync import tensors\np = sys.argv[1]\n"
         "w = [mmsync.Writer(p + name) for name in 'tvx']; r = [mmsync.Region(p + name) for name in 'tvx']\n"
         "with w[0].table() as t: t[b'k'] = b'value'\n"
         "schema = mmsync.Schema('struct T { a: Vec<f32>, m: HashMap<u8, String> }', 'T'); w[1].write_value(schema, {'a': [1], 'm': {1: 'x'}})\n"
         "tensors.publish(w[2], {'x': numpy.zeros(3)})\n"
         "s = [region.snapshot() for region in r]\n"
         "view = s[0].table(); item = view[b'k']; i = iter(view.items()); value = s[1].value; list = value.a; map = value.m; j = iter(map)\n"
         "array = numpy.asarray(list); x = tensors.load(s[2])['x']; open = w[0].table().__enter__(); open[b'k'] = b'other'\n"
         "sys.keep = [item, value, map, array, x, view]\n"
         "class Cycle: pass\nc = Cycle(); c.me = c; c.all = [w, r, s, view, i, value, list, j, open]\n")


@pytest.mark.parametrize("names", ["w", "r s", "s r w", "view value", "item list x", "schema value c", "open w", "c", ""])
def test_the_interpreter_ends_with_parts_of_values(path, run_python, names):
    assert run_python(PARTS + "atexit.register(lambda: print(bytes(sys.keep[0]), sys.keep[1].a[0], sys.keep[2][1], sys.keep[3].sum()))\n"
                      "for name in sys.argv[2].split(): del globals()[name]\n", path, names) == "b'value' 1.0 x 1.0\n"


@pytest.mark.parametrize("seed", range(6))
def test_parts_of_values_are_collected_in_any_order(path, run_python, seed):
    run_python(PARTS + "import gc, random\nc = None; sys.keep = None; names = [n for n in globals() if n in "
               "'w r s view item i value list map j array x open t schema'.split()]\nrandom.Random(int(sys.argv[2])).shuffle(names)\n"
               "for name in names:\n del globals()[name]; gc.collect()\n"
               "maps = __builtins__.open('/proc/self/maps').read()\nassert p not in maps\n"
               "for name in 'tvx': assert mmsync.inspect(p + name).readers == 0\n", path, str(seed))


def test_the_interpreter_ends_within_cycles(path, run_python):
    run_python("import mmsync, sys\nw = mmsync.Writer(sys.argv[1]); w.write(b'1')\n"
               "class Cycle: pass\nc = Cycle(); c.me = c; c.all = w, mmsync.Region(sys.argv[1]); "
               "c.s = c.all[1].snapshot(); c.v = memoryview(c.s)\n", path)


def test_threads_take_and_drop_snapshots(path, writer):
    region = mmsync.Region(path)
    wrong, stop = [], threading.Event()

    def read():
        kept = []
        while not stop.is_set():
            values = np.frombuffer(region.snapshot(), dtype=int)
            kept = [*kept[-3:], values]
            if any((old != old[0]).any() for old in kept if old[0] >= 1000):
                wrong.append(1)

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for number in range(1000, 1400):
        writer.write(np.full(2000, number))
    stop.set()
    for thread in threads:
        thread.join()
    assert not wrong


def test_a_snapshot_outlives_its_thread(path, writer):
    region, taken = mmsync.Region(path), []
    thread = threading.Thread(target=lambda: taken.append(region.snapshot()))
    thread.start()
    thread.join()
    overwrite_everything(writer)
    assert np.frombuffer(taken.pop(), dtype=int)[999] == 999


def test_threads_write_one_at_a_time(path, writer):
    def write():
        for _ in range(100):
            writer.write(bytes(100_000))

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert writer.generation == 401


def test_subinterpreters_are_refused(run_python):
    """By Python itself from 3.12 on."""
    try:
        import _interpreters as interpreters
    except ImportError:
        interpreters = pytest.importorskip("_xxsubinterpreters")
    other = interpreters.create()
    try:
        told = str(interpreters.run_string(other, "import mmsync"))  # raises, or returns what was raised
    except Exception as error:
        told = str(error)
    finally:
        interpreters.destroy(other)
    assert "main interpreter only" in told or "does not support loading in subinterpreters" in told


def test_the_module_can_be_imported_again(path, run_python):
    run_python("import mmsync, sys\nold = mmsync\nw = mmsync.Writer(sys.argv[1]); w.write(b'1')\n"
               "s = mmsync.Region(sys.argv[1]).snapshot()\n"
               "for name in [n for n in sys.modules if n.startswith('mmsync')]: del sys.modules[name]\n"
               "import mmsync\nassert old is not mmsync\nassert bytes(mmsync.Region(sys.argv[1]).snapshot()) == b'1' == bytes(s)\n"
               "try: mmsync.Region(sys.argv[1] + '.not')\nexcept mmsync.NotFoundError: pass\n", path)


def test_nothing_is_leaked(path, writer):
    schema = mmsync.Schema("struct T { a: Vec<f32>, m: HashMap<u8, String> }", "T")

    def use():
        with mmsync.Region(path) as region:
            np.frombuffer(region.snapshot(), dtype=int).sum()
            region.wait(seen=0)
        with writer.build(800) as memory:
            memory[0] = 1
        with mmsync.Writer(path + "-table") as other, mmsync.Region(path + "-table") as region:
            with other.table(keys=str) as table:
                table["k"] = b"v"
            list(region.snapshot().table(keys=str).items())
            with pytest.raises(KeyError):
                region.snapshot().table(keys=str)["x"]
            with pytest.raises(TypeError):
                region.snapshot().table(keys=str)[b"x"]
        mmsync.remove(path + "-table")
        with mmsync.Writer(path + "-typed") as other, mmsync.Region(path + "-typed") as region:
            other.write_value(schema, {"a": [1.5], "m": {1: "x"}})
            repr(region.snapshot().value), region.snapshot().value.m[1], region.snapshot().value.to_dict()
            with pytest.raises(mmsync.InvalidError):
                other.write_value(schema, {"a": ["x"], "m": {}})
        with pytest.raises(mmsync.InvalidError):
            writer.write(memoryview(b"abc")[::2])

    def state():
        gc.collect()
        with open("/proc/self/maps") as maps:
            return len(os.listdir("/proc/self/fd")), sum(path in line for line in maps)

    use()
    before = state()
    for _ in range(50):
        use()
    assert state() == before
