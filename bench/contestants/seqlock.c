/* SPDX-License-Identifier: Apache-2.0 */
/* A value under a sequence lock, in a mapped file. For readers that wait, EVENTFD: an eventfd beside
   it; FUTEX: the lower half of the lock's count, whose sleepers the writer wakes, all of them. */
#include "seqlock.h"
#include <limits.h>
#include <linux/futex.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>

struct reader {
    struct seqlock *lock;
    size_t bytes;
    unsigned char copy[] __attribute__((aligned(64)));
};

static struct seqlock *own;
static size_t own_bytes;
static int event = -1;

static const char *version(void)
{
    return "-";
}

#ifdef EVENTFD
static int prepare(const struct bench_place *place)
{
    (void)place;
    event = eventfd(0, 0);
    return event >= 0 ? 0 : common_fail("eventfd: %s", strerror(errno));
}
#endif

static int create(const struct bench_place *place)
{
    own_bytes = seqlock_bytes(place->max_size);
    own = common_map(place->directory, "seqlock", own_bytes, true);
    return own ? 0 : -1;
}

static void destroy(void)
{
    munmap(own, own_bytes);
}

#ifdef FUTEX
static uint32_t *futex_of(struct seqlock *lock)
{
    return (uint32_t *)(void *)&lock->count + (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__);
}
#endif

static int publish(const void *data, size_t size)
{
    seqlock_write(own, data, size);
#ifdef FUTEX
    if (syscall(SYS_futex, futex_of(own), FUTEX_WAKE, INT_MAX, NULL, NULL, 0) < 0)
        return common_fail("FUTEX_WAKE: %s", strerror(errno));
#endif
    if (event >= 0 && write(event, &(uint64_t){1}, 8) != 8)
        return common_fail("writing to the eventfd: %s", strerror(errno));
    return 0;
}

static void *reader_open(const struct bench_place *place)
{
    struct reader *reader = aligned_alloc(64, (sizeof *reader + place->max_size + 127) / 64 * 64);

    if (!reader)
        return NULL;
    reader->bytes = seqlock_bytes(place->max_size);
    reader->lock = common_map(place->directory, "seqlock", reader->bytes, false);
    if (reader->lock)
        return reader;
    free(reader);
    return NULL;
}

static void reader_close(void *handle)
{
    struct reader *reader = handle;

    munmap(reader->lock, reader->bytes);
    free(reader);
}

static uint64_t read_times(void *handle, size_t times)
{
    struct reader *reader = handle;
    uint64_t sum = 0;

    for (size_t i = 0; i < times; i++) {
        size_t size = seqlock_read(reader->lock, reader->copy);

        sum += common_version_of(reader->copy, size);
    }
    return sum;
}

static uint64_t touch(void *handle, size_t size)
{
    struct reader *reader = handle;

    seqlock_read(reader->lock, reader->copy);
    return common_touch(reader->copy, size);
}

#ifdef EVENTFD
static int wait_for(void *reader, uint32_t seen)
{
    uint64_t count;

    (void)reader;
    (void)seen;
    return read(event, &count, 8) == 8 ? 0 : common_fail("reading the eventfd: %s", strerror(errno));
}
#endif

#ifdef FUTEX
static int wait_for(void *handle, uint32_t seen)
{
    struct reader *reader = handle;
    uint32_t count = __atomic_load_n(futex_of(reader->lock), __ATOMIC_ACQUIRE);
    size_t size = seqlock_read(reader->lock, reader->copy);

    if (common_version_of(reader->copy, size) == seen)
        syscall(SYS_futex, futex_of(reader->lock), FUTEX_WAIT, count, NULL, NULL, 0);
    return 0;
}
#endif

EXPORT const struct bench_contestant *bench_contestant(void)
{
    static const struct bench_contestant contestant = {
        .abi = BENCH_ABI,
        .version = version,
        .detail = common_detail,
        .create = create,
        .destroy = destroy,
        .write = publish,
        .reader_open = reader_open,
        .reader_close = reader_close,
        .read = read_times,
        .touch = touch,
#ifdef EVENTFD
        .name = "eventfd",
        .prepare = prepare,
        .wait = wait_for,
#elif defined(FUTEX)
        .name = "futex",
        .wait = wait_for,
#else
        .name = "seqlock",
#endif
    };

    return &contestant;
}
