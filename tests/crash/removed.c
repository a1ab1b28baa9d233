/* SPDX-License-Identifier: Apache-2.0 */
/* ctest: crash waits */
/* A region disappears and comes back while processes use it. */
#include "child.h"
#include "lookout.h"
#include "sample.h"
#include "scratch.h"
#include <string.h>

struct cast {
    struct child writer, holder, idle, waiter;
    uint64_t last;
};

static struct child start_reader(const char *path)
{
    struct child reader = child_start("reader");

    child_expect(&reader, "OK pin", "open %s", path);
    return reader;
}

/* A writer, a reader that holds a view, one that holds none, and one that waits. */
static struct cast set_the_stage(const char *path)
{
    struct cast cast = {.writer = child_start("writer")};

    child_expect(&cast.writer, "OK", "open %s " SMALL_REGION, path);
    cast.last = child_number(&cast.writer, "write 5000");
    cast.holder = start_reader(path);
    cast.idle = start_reader(path);
    cast.waiter = start_reader(path);
    child_expect(&cast.holder, "OK", "read");
    child_expect(&cast.idle, "OK", "read");
    child_expect(&cast.idle, "OK", "release");
    child_send(&cast.waiter, "wait %llu -1", (unsigned long long)cast.last);
    return cast;
}

static void leave(struct cast *cast)
{
    child_end(&cast->writer);
    child_end(&cast->holder);
    child_end(&cast->idle);
    child_end(&cast->waiter);
}

static void readers_are_told(void **state)
{
    const char *path = scratch_path(state, "region");
    struct cast cast = set_the_stage(path);

    check_code(mms_remove(path), MMS_E_BUSY);
    child_expect(&cast.writer, "OK", "close");
    check_ok(mms_remove(path));
    check_string(child_receive(&cast.waiter), "MMS_E_GONE");
    child_expect(&cast.idle, "MMS_E_GONE", "read");
    child_expect(&cast.idle, "MMS_E_GONE", "copy");
    child_expect(&cast.idle, "MMS_E_GONE", "wait 0 -1");
    child_expect(&cast.holder, "OK", "check"); /* what is held stays */
    child_expect(&cast.holder, "OK", "release");
    child_expect(&cast.holder, "MMS_E_GONE", "read");

    child_expect(&cast.writer, "OK", "open %s " SMALL_REGION, path);
    child_expect(&cast.writer, "OK", "write 300 50");
    child_expect(&cast.idle, "MMS_E_GONE", "read"); /* not the new one by mistake */
    child_expect(&cast.idle, "OK", "close");
    child_expect(&cast.idle, "OK pin", "open %s", path);
    child_expect(&cast.idle, "OK", "read");
    leave(&cast);
}

/* Nothing tells them: they notice when they look the path up. */
static void a_plain_rm_is_noticed(void **state)
{
    const char *path = scratch_path(state, "region");
    struct cast cast = set_the_stage(path);
    struct child second = child_start("writer");

    scratch_delete(path);
    check_string(child_receive(&cast.waiter), "MMS_E_GONE");
    child_expect(&cast.holder, "OK", "check");
    child_expect(&cast.holder, "OK", "release");
    child_expect(&cast.writer, "MMS_E_GONE", "write 60000");

    child_expect(&second, "OK", "open %s " SMALL_REGION, path); /* the old writer's lock is another file's */
    child_expect(&second, "OK", "write 300");
    child_expect(&cast.idle, "OK", "close");
    child_expect(&cast.idle, "OK pin", "open %s", path);
    child_expect(&cast.idle, "OK", "read");
    child_expect(&cast.writer, "OK", "close");
    child_end(&second);
    leave(&cast);
}

/* Readers that open, read until it is gone and open again never find half a region. */
static void it_comes_and_goes_under_readers(void **state)
{
    const char *path = scratch_path(state, "region");
    struct child writer = child_start("writer"), readers[3];
    unsigned long long seen[3] = {0};

    for (int i = 0; i < 3; i++) {
        readers[i] = child_start("reader");
        child_expect(&readers[i], "OK", "follow %s", path);
    }
    for (int i = 0; i < 100; i++) {
        child_expect(&writer, "OK", "open %s " SMALL_REGION " lock_wait_ms=2000", path);
        child_expect(&writer, "OK", "write %d 3", 10 + i * 500);
        child_expect(&writer, "OK", "close");
        child_expect(&writer, "OK", "remove %s", path);
    }
    for (int i = 0; i < 3; i++) {
        seen[i] = child_number(&readers[i], "followed");
        child_end(&readers[i]);
    }
    print_message("regions seen: %llu, %llu, %llu of 100\n", seen[0], seen[1], seen[2]);
    child_end(&writer);
}

/* A writer that asks for more room gets a new region, and the generations go on. */
static void readers_of_a_replaced_region_open_again(void **state)
{
    const char *path = scratch_path(state, "region");
    struct child writer = child_start("writer"), reader;
    uint64_t last;

    child_expect(&writer, "OK", "open %s " SMALL_REGION, path);
    last = child_number(&writer, "write 1000");
    reader = start_reader(path);
    for (unsigned size = 131072; size <= 1 << 20; size *= 2) {
        check_equal(child_number(&reader, "read"), last);
        child_expect(&writer, "OK", "close");
        child_expect(&writer, "OK", "open %s max_size=%u replace", path, size);
        child_expect(&reader, "OK", "check");
        child_expect(&reader, "MMS_E_GONE", "refresh");
        child_expect(&reader, "OK", "close");
        child_expect(&reader, "OK pin", "open %s", path);
        check_true(child_number(&reader, "generation") >= last); /* the value was carried over */
        last = child_number(&writer, "write %u", size);
    }
    check_equal(inspect(path).max_size, 1 << 20);
    child_end(&reader);
    child_end(&writer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(readers_are_told),
        scratch_test(a_plain_rm_is_noticed),
        scratch_test(it_comes_and_goes_under_readers),
        scratch_test(readers_of_a_replaced_region_open_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
