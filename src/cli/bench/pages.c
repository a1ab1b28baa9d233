/* SPDX-License-Identifier: Apache-2.0 */
/* What the pages of a large value cost its readers: the same value in huge pages, where the kernel
   makes them, and in small ones. */
#include "cli/bench/gauge.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

/* A region with a value of LARGE_VALUE bytes and no writer. */
struct exhibit {
    char *path;
    mms_region *region;
    mms_reader *reader;
    mms_view view;
};

static int publish(const char *path, mms_huge_pages pages)
{
    mms_writer_options options = MMS_WRITER_OPTIONS_INIT;
    mms_writer *writer;
    void *buffer;
    int code;

    options.max_size = LARGE_VALUE;
    options.max_slots = 2;
    options.huge_pages = pages;
    code = mms_writer_open(path, &options, &writer);
    if (code)
        return code;
    code = mms_write_begin(writer, LARGE_VALUE, &buffer, NULL);
    if (!code)
        code = mms_write_commit(writer, LARGE_VALUE, NULL);
    mms_writer_close(writer);
    return code;
}

static void forget(struct exhibit *exhibit)
{
    mms_reader_close(exhibit->reader);
    mms_region_close(exhibit->region);
    exhibit->reader = NULL;
    exhibit->region = NULL;
}

/* As a process that has never seen the value. */
static int look(struct exhibit *exhibit)
{
    int code = mms_region_open(exhibit->path, NULL, &exhibit->region);

    if (!code)
        code = mms_reader_open(exhibit->region, &exhibit->reader);
    return code ? code : mms_read(exhibit->reader, &exhibit->view);
}

static int exhibit_open(const struct bench *bench, mms_huge_pages pages, struct exhibit *exhibit)
{
    int code;

    *exhibit = (struct exhibit){.path = NULL};
    if (asprintf(&exhibit->path, "%s-pages", bench->large) < 0) {
        exhibit->path = NULL;
        return -ENOMEM;
    }
    code = publish(exhibit->path, pages);
    return code ? code : look(exhibit);
}

static void exhibit_close(struct exhibit *exhibit)
{
    forget(exhibit);
    if (exhibit->path)
        mms_remove(exhibit->path);
    free(exhibit->path);
}

static long faults(void)
{
    struct rusage usage;

    return getrusage(RUSAGE_SELF, &usage) ? 0 : usage.ru_minflt;
}

static void walk(const mms_view *view)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);

    for (size_t at = 0; at < view->size; at += page)
        keep(((const unsigned char *)view->data)[at]);
}

static int count_faults(struct bench *bench, mms_huge_pages pages, double *figure)
{
    struct exhibit exhibit;
    int code = exhibit_open(bench, pages, &exhibit);

    if (!code) {
        long before = faults();

        walk(&exhibit.view);
        *figure = (double)(faults() - before);
    }
    exhibit_close(&exhibit);
    return code;
}

int gauge_faults(struct bench *bench, double *figure)
{
    return count_faults(bench, MMS_HUGE_PAGES_AUTO, figure);
}

int gauge_faults_small(struct bench *bench, double *figure)
{
    return count_faults(bench, MMS_HUGE_PAGES_OFF, figure);
}

enum { LOADS = 20000 };

/* Each place depends on what was loaded before, as in a look-up. */
static uint64_t load_anywhere(const mms_view *view, uint64_t random)
{
    for (int i = 0; i < LOADS; i++) {
        random = random * UINT64_C(6364136223846793005) + 1442695040888963407;
        random += ((const unsigned char *)view->data)[(random >> 32) % LARGE_VALUE];
    }
    return random;
}

static int time_loads(struct bench *bench, mms_huge_pages pages, double *figure)
{
    struct samples *samples = samples_start(bench);
    struct exhibit exhibit;
    uint64_t random = 1;
    int code;

    if (!samples)
        return -ENOMEM;
    code = exhibit_open(bench, pages, &exhibit);
    if (!code)
        walk(&exhibit.view);
    while (!code && samples_wanted(samples)) {
        uint64_t from = monotonic_ns();

        random = load_anywhere(&exhibit.view, random);
        samples_add(samples, bench, from, monotonic_ns());
    }
    exhibit_close(&exhibit);
    keep(random);
    code = samples_finish(samples, code, figure);
    *figure /= LOADS;
    return code;
}

int gauge_loads(struct bench *bench, double *figure)
{
    return time_loads(bench, MMS_HUGE_PAGES_AUTO, figure);
}

int gauge_loads_small(struct bench *bench, double *figure)
{
    return time_loads(bench, MMS_HUGE_PAGES_OFF, figure);
}
