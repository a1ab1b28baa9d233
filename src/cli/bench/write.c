/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/bench/gauge.h"
#include "cli/bench/peer.h"
#include "cli/interrupt.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* BATCH: calls between two readings of the clock. WARM: more than there are slots, which come
   into use one by one. */
enum { BATCH = 512, WARM = 512 };

static int write_batch(mms_writer *writer, int times)
{
    static const char value[SMALL_VALUE];
    int code = 0;

    for (int i = 0; i < times && !code; i++)
        code = mms_write(writer, value, sizeof value, NULL);
    return code;
}

/* ns per mms_write in the median batch, because a batch loses the processor now and then. A
   batch goes round all slots more than once, so that it contains its share of what is done once
   for many writes. */
static int time_writes(struct bench *bench, double *figure)
{
    struct samples *samples = samples_start(bench);
    int code = samples ? write_batch(bench->small_writer, WARM) : -ENOMEM;

    if (!samples)
        return code;
    while (!code && samples_wanted(samples)) {
        uint64_t from = monotonic_ns();

        code = write_batch(bench->small_writer, BATCH);
        samples_add(samples, bench, from, monotonic_ns());
    }
    code = samples_finish(samples, code, figure);
    *figure /= BATCH;
    return code;
}

int gauge_write_alone(struct bench *bench, double *figure)
{
    return time_writes(bench, figure);
}

int gauge_write_crowded(struct bench *bench, double *figure)
{
    struct crowd crowd;
    int code = crowd_open(&crowd, bench->small);

    if (!code)
        code = time_writes(bench, figure);
    crowd_close(&crowd);
    return code;
}

int gauge_write_idle_reader(struct bench *bench, double *figure)
{
    int code = peer_attach(bench->peer);

    if (!code)
        code = time_writes(bench, figure);
    return code ? code : peer_detach(bench->peer);
}

int gauge_write_spinning_reader(struct bench *bench, double *figure)
{
    int code = peer_attach(bench->peer);

    if (!code)
        code = peer_spin(bench->peer);
    if (!code)
        code = time_writes(bench, figure);
    if (!code)
        code = peer_spin_end(bench->peer);
    return code ? code : peer_detach(bench->peer);
}

static int ensure_large_writer(struct bench *bench)
{
    mms_writer_options options = MMS_WRITER_OPTIONS_INIT;

    options.max_size = LARGE_VALUE;
    options.max_slots = 4;
    return bench->large_writer ? 0 : mms_writer_open(bench->large, &options, &bench->large_writer);
}

/* ns of mms_write_commit alone. The room is the same for all sizes: otherwise a small value
   after a large one would give memory back when it begins, and commit with cold caches. */
static int time_commits(struct bench *bench, size_t size, double *figure)
{
    struct samples *samples = samples_start(bench);
    int code = samples ? ensure_large_writer(bench) : -ENOMEM;

    for (int warm = 0; !code && (warm < 8 || samples_wanted(samples)); warm++) {
        void *buffer;
        uint64_t from;

        code = mms_write_begin(bench->large_writer, LARGE_VALUE, &buffer, NULL);
        if (code)
            break;
        *(char *)buffer = 1;
        from = monotonic_ns();
        code = mms_write_commit(bench->large_writer, size, NULL);
        if (warm >= 8)
            samples_add(samples, bench, from, monotonic_ns());
    }
    return samples ? samples_finish(samples, code, figure) : code;
}

int gauge_commit_1k(struct bench *bench, double *figure)
{
    return time_commits(bench, 1 << 10, figure);
}

int gauge_commit_1m(struct bench *bench, double *figure)
{
    return time_commits(bench, 1 << 20, figure);
}

int gauge_commit_64m(struct bench *bench, double *figure)
{
    return time_commits(bench, LARGE_VALUE, figure);
}

/* Touched first: otherwise the first copies would measure page faults. */
static int ensure_buffers(struct bench *bench)
{
    if (!bench->source)
        bench->source = malloc(LARGE_VALUE);
    if (!bench->target)
        bench->target = malloc(LARGE_VALUE);
    if (!bench->source || !bench->target)
        return -ENOMEM;
    memset(bench->source, 1, LARGE_VALUE);
    memset(bench->target, 2, LARGE_VALUE);
    return 0;
}

static int copy_by_write(struct bench *bench)
{
    return mms_write(bench->large_writer, bench->source, LARGE_VALUE, NULL);
}

static int copy_by_memcpy(struct bench *bench)
{
    memcpy(bench->target, bench->source, LARGE_VALUE);
    __asm__ volatile("" : : "r"(bench->target) : "memory");
    return 0;
}

/* Bytes per second. Starts with as many copies as there are slots, to populate all of their
   pages. */
static int time_copies(struct bench *bench, int (*copy)(struct bench *), double *figure)
{
    uint64_t start, now, copies = 0;
    int code = bench->source ? 0 : ensure_buffers(bench);

    if (!code)
        code = ensure_large_writer(bench);
    for (int warm = 0; !code && warm < 2; warm++)
        code = copy(bench);
    start = now = monotonic_ns();
    while (!code && (!copies || (now - start < bench->slice_ns && !interrupted()))) {
        code = copy(bench);
        copies++;
        now = monotonic_ns();
    }
    if (!code)
        *figure = (double)copies * LARGE_VALUE / ((double)(now - start) / 1e9);
    return code;
}

int gauge_copy_large(struct bench *bench, double *figure)
{
    return time_copies(bench, copy_by_write, figure);
}

int gauge_memcpy_large(struct bench *bench, double *figure)
{
    return time_copies(bench, copy_by_memcpy, figure);
}

enum { PLACES = 100, PLACE_SIZE = 64 };

static int update_places(mms_writer *writer, uint64_t *random)
{
    static const char bytes[PLACE_SIZE];
    size_t size;
    void *buffer;
    int code = mms_write_update(writer, 0, &buffer, &size, NULL);

    for (int i = 0; i < PLACES && !code; i++) {
        *random = *random * UINT64_C(6364136223846793005) + 1;
        code = mms_write_patch(writer, (size_t)(*random >> 33) % (size / PLACE_SIZE) * PLACE_SIZE, bytes, PLACE_SIZE);
    }
    return code ? code : mms_write_commit(writer, size, NULL);
}

/* Starts with a whole value, and with as many updates as there are slots, which copy all of it. */
int gauge_update_large(struct bench *bench, double *figure)
{
    struct samples *samples = samples_start(bench);
    uint64_t random = 1;
    int code = samples ? 0 : -ENOMEM;

    if (!code && !bench->source)
        code = ensure_buffers(bench);
    if (!code)
        code = ensure_large_writer(bench);
    if (!code)
        code = copy_by_write(bench);
    for (int warm = 0; !code && (warm < 4 || samples_wanted(samples)); warm++) {
        uint64_t from = monotonic_ns();

        code = update_places(bench->large_writer, &random);
        if (warm >= 4)
            samples_add(samples, bench, from, monotonic_ns());
    }
    return samples ? samples_finish(samples, code, figure) : code;
}

/* One publish that wakes the peer. */
static int wake_once(struct bench *bench, uint64_t *generation, struct samples *samples)
{
    static const char value[SMALL_VALUE];
    mms_receipt receipt;
    uint64_t from, awake;
    int code = peer_wait(bench->peer, *generation);

    if (code)
        return code;
    nanosleep(&(struct timespec){.tv_nsec = 300000}, NULL); /* it most likely sleeps by then; if not, it is faster */
    from = monotonic_ns();
    code = mms_write(bench->small_writer, value, sizeof value, &receipt);
    if (code)
        return code;
    *generation = receipt.generation;
    code = peer_wait_end(bench->peer, &awake);
    if (!code)
        samples_add(samples, bench, from, awake > from ? awake : from);
    return code;
}

static int sample_wakes(struct bench *bench, struct samples *samples)
{
    static const char value[SMALL_VALUE];
    mms_receipt receipt;
    int code = mms_write(bench->small_writer, value, sizeof value, &receipt);
    uint64_t generation = receipt.generation;

    while (!code && samples_wanted(samples))
        code = wake_once(bench, &generation, samples);
    return code;
}

int gauge_wake(struct bench *bench, double *figure)
{
    struct samples *samples = samples_start(bench);
    int code = samples ? peer_attach(bench->peer) : -ENOMEM;

    if (!code)
        code = sample_wakes(bench, samples);
    if (!code)
        code = peer_detach(bench->peer);
    return samples ? samples_finish(samples, code, figure) : code;
}
