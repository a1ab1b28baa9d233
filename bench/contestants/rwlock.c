/* SPDX-License-Identifier: Apache-2.0 */
/* A value under a pthread_rwlock_t that is shared between processes, in a mapped file; readers
   use it in place. */
#include "common.h"
#include <pthread.h>

struct shared {
    pthread_rwlock_t lock;
    size_t size;
    unsigned char data[] __attribute__((aligned(64)));
};

struct reader {
    struct shared *shared;
    size_t bytes;
};

static struct reader own;

static const char *version(void)
{
    return "libc";
}

static int create(const struct bench_place *place)
{
    pthread_rwlockattr_t attributes;

    own.bytes = sizeof *own.shared + place->max_size;
    own.shared = common_map(place->directory, "rwlock", own.bytes, true);
    if (!own.shared)
        return -1;
    pthread_rwlockattr_init(&attributes);
    pthread_rwlockattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    /* The default prefers readers, so one that spins would starve the writer. */
    pthread_rwlockattr_setkind_np(&attributes, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
    return pthread_rwlock_init(&own.shared->lock, &attributes) == 0 ? 0 : common_fail("pthread_rwlock_init");
}

static void destroy(void)
{
    munmap(own.shared, own.bytes);
}

static int publish(const void *data, size_t size)
{
    pthread_rwlock_wrlock(&own.shared->lock);
    memcpy(own.shared->data, data, size);
    own.shared->size = size;
    pthread_rwlock_unlock(&own.shared->lock);
    return 0;
}

static void *reader_open(const struct bench_place *place)
{
    struct reader *reader = malloc(sizeof *reader);

    if (!reader)
        return NULL;
    reader->bytes = sizeof *reader->shared + place->max_size;
    reader->shared = common_map(place->directory, "rwlock", reader->bytes, false);
    if (reader->shared)
        return reader;
    free(reader);
    return NULL;
}

static void reader_close(void *handle)
{
    struct reader *reader = handle;

    munmap(reader->shared, reader->bytes);
    free(reader);
}

static uint64_t read_times(void *handle, size_t times)
{
    struct shared *shared = ((struct reader *)handle)->shared;
    uint64_t sum = 0;

    for (size_t i = 0; i < times; i++) {
        pthread_rwlock_rdlock(&shared->lock);
        sum += common_version_of(shared->data, shared->size);
        pthread_rwlock_unlock(&shared->lock);
    }
    return sum;
}

static uint64_t touch(void *handle, size_t size)
{
    struct shared *shared = ((struct reader *)handle)->shared;
    uint64_t version;

    pthread_rwlock_rdlock(&shared->lock);
    version = common_touch(shared->data, size);
    pthread_rwlock_unlock(&shared->lock);
    return version;
}

EXPORT const struct bench_contestant *bench_contestant(void)
{
    static const struct bench_contestant contestant = {
        .abi = BENCH_ABI,
        .name = "rwlock",
        .version = version,
        .detail = common_detail,
        .create = create,
        .destroy = destroy,
        .write = publish,
        .reader_open = reader_open,
        .reader_close = reader_close,
        .read = read_times,
        .touch = touch,
    };

    return &contestant;
}
