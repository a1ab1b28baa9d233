/* SPDX-License-Identifier: Apache-2.0 */
/* liburcu, memory barrier flavour by membarrier(2): readers are threads of one process. Each
   publish waits for a grace period and then frees the old value. */
#include "common.h"
#define RCU_MEMBARRIER
#define _LGPL_SOURCE
#include <urcu.h>

struct value {
    size_t size;
    unsigned char data[];
};

static struct value *current;
static _Thread_local int registered;

static const char *version(void)
{
#ifdef URCU_VERSION
    return URCU_VERSION;
#else
    return "liburcu";
#endif
}

static int create(const struct bench_place *place)
{
    (void)place;
    rcu_init();
    return 0;
}

static int publish(const void *data, size_t size)
{
    struct value *value = malloc(sizeof *value + size), *old = current;

    if (!value)
        return common_fail("no memory for %zu bytes", size);
    value->size = size;
    memcpy(value->data, data, size);
    rcu_assign_pointer(current, value);
    if (old) {
        synchronize_rcu();
        free(old);
    }
    return 0;
}

static void *reader_open(const struct bench_place *place)
{
    (void)place;
    if (registered++ == 0)
        rcu_register_thread();
    return &registered;
}

static void reader_close(void *reader)
{
    (void)reader;
    if (--registered == 0)
        rcu_unregister_thread();
}

static uint64_t read_times(void *reader, size_t times)
{
    uint64_t sum = 0;

    (void)reader;
    for (size_t i = 0; i < times; i++) {
        const struct value *value;

        rcu_read_lock();
        value = rcu_dereference(current);
        sum += common_version_of(value->data, value->size);
        rcu_read_unlock();
    }
    return sum;
}

static uint64_t touch(void *reader, size_t size)
{
    const struct value *value;
    uint64_t version_found;

    (void)reader;
    rcu_read_lock();
    value = rcu_dereference(current);
    version_found = common_touch(value->data, size);
    rcu_read_unlock();
    return version_found;
}

EXPORT const struct bench_contestant *bench_contestant(void)
{
    static const struct bench_contestant contestant = {
        .abi = BENCH_ABI,
        .flags = BENCH_IN_PROCESS,
        .name = "liburcu",
        .version = version,
        .detail = common_detail,
        .create = create,
        .write = publish,
        .reader_open = reader_open,
        .reader_close = reader_close,
        .read = read_times,
        .touch = touch,
    };

    return &contestant;
}
