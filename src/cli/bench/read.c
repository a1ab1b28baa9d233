/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/bench/gauge.h"
#include <errno.h>

/* Calls between two readings of the clock. */
enum { BATCH = 4096 };

/* A region and a reader of this process, for one slice. */
struct subject {
    mms_region *region;
    mms_reader *reader;
    int code; /* the first failure in a batch */
};

static int subject_open(struct subject *subject, const char *path)
{
    int code;

    *subject = (struct subject){0};
    code = mms_region_open(path, NULL, &subject->region);
    if (!code)
        code = mms_reader_open(subject->region, &subject->reader);
    return code;
}

static void subject_close(struct subject *subject)
{
    mms_reader_close(subject->reader);
    mms_region_close(subject->region);
}

static __attribute__((noinline)) uint64_t load_word(const uint64_t *word)
{
    return *word;
}

static void pointer_batch(struct subject *subject)
{
    static const uint64_t word = 1;
    uint64_t (*call)(const uint64_t *) = load_word;

    (void)subject;
    __asm__ volatile("" : "+r"(call)); /* hides from the compiler what is called */
    for (int i = 0; i < BATCH; i++)
        keep(call(&word));
}

static void inline_batch(struct subject *subject)
{
    mms_reader *reader = subject->reader;
    mms_view view;
    int code = 0;

    for (int i = 0; i < BATCH && code == 0; i++) {
        code = mms_read(reader, &view);
        if (code == 0) {
            keep(*(const uint64_t *)view.data);
            code = mms_release(reader);
        }
    }
    subject->code = code;
}

static void exported_batch(struct subject *subject)
{
    mms_reader *reader = subject->reader;
    mms_view view;
    int code = 0;

    for (int i = 0; i < BATCH && code == 0; i++) {
        code = exported_read(reader, &view);
        if (code == 0) {
            keep(*(const uint64_t *)view.data);
            code = exported_release(reader);
        }
    }
    subject->code = code;
}

static void refresh_batch(struct subject *subject)
{
    mms_reader *reader = subject->reader;
    mms_view view;
    int code = mms_refresh(reader, &view);

    for (int i = 0; i < BATCH && code == 0; i++) {
        code = mms_refresh(reader, &view);
        if (code == 0)
            keep(*(const uint64_t *)view.data);
    }
    subject->code = code;
}

/* A batch must not meet an empty region, and a reader's first read is a different matter. */
static int warm_up(struct subject *subject)
{
    mms_view view;
    int code = mms_read(subject->reader, &view);

    return code ? code : mms_release(subject->reader);
}

/* ns per call in the median batch, because a batch loses the processor now and then. */
static int time_batches(struct bench *bench, void (*batch)(struct subject *), double *figure)
{
    struct samples *samples = samples_start(bench);
    struct subject subject;
    int code;

    if (!samples)
        return -ENOMEM;
    code = subject_open(&subject, bench->small);
    if (!code)
        code = warm_up(&subject);
    while (!code && samples_wanted(samples)) {
        uint64_t from = monotonic_ns();

        batch(&subject);
        samples_add(samples, bench, from, monotonic_ns());
        code = subject.code;
    }
    subject_close(&subject);
    code = samples_finish(samples, code, figure);
    *figure /= BATCH;
    return code;
}

int gauge_pointer(struct bench *bench, double *figure)
{
    return time_batches(bench, pointer_batch, figure);
}

int gauge_read_inline(struct bench *bench, double *figure)
{
    return time_batches(bench, inline_batch, figure);
}

int gauge_read_crowded(struct bench *bench, double *figure)
{
    struct crowd crowd;
    int code = crowd_open(&crowd, bench->small);

    if (!code)
        code = time_batches(bench, inline_batch, figure);
    crowd_close(&crowd);
    return code;
}

int gauge_read_exported(struct bench *bench, double *figure)
{
    return time_batches(bench, exported_batch, figure);
}

int gauge_refresh(struct bench *bench, double *figure)
{
    return time_batches(bench, refresh_batch, figure);
}

static int sample_first_reads(struct bench *bench, mms_reader *reader, struct samples *samples)
{
    static const char value[SMALL_VALUE];
    int code = 0;

    while (!code && samples_wanted(samples)) {
        uint64_t from;
        mms_view view;

        code = mms_write(bench->small_writer, value, sizeof value, NULL);
        from = monotonic_ns();
        if (!code)
            code = mms_read(reader, &view);
        samples_add(samples, bench, from, monotonic_ns());
        if (!code)
            code = mms_release(reader);
    }
    return code;
}

int gauge_first_read(struct bench *bench, double *figure)
{
    struct samples *samples = samples_start(bench);
    struct subject subject;
    int code;

    if (!samples)
        return -ENOMEM;
    code = subject_open(&subject, bench->small);
    if (!code)
        code = sample_first_reads(bench, subject.reader, samples);
    subject_close(&subject);
    return samples_finish(samples, code, figure);
}
