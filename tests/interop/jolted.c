/* SPDX-License-Identifier: Apache-2.0 */
/* The crate's writer under jolts (tests/support/jolt.h): its own reader must read torn values,
   or the schedule proves nothing (a skip), and ours must not. At last the writer waits for
   nobody, and ours checks what is overwritten meanwhile. Usage: jolted LIVE SECONDS. */
#include "jolt.h"
#include "mmap_sync_sample.h"
#include "pattern.h"
#include "scratch.h"
#include "stamp.h"
#include <fcntl.h>
#include <mmsync.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { SIZE = 64 * 8 };

static const char *live;
static char board_path[300];

/* ---- The crate ---- */

static void run_writer(struct jolt_run *run, uint64_t seed)
{
    (void)seed;
    execl(live, live, "jolt-write", run->region, board_path, (char *)NULL);
    _exit(127);
}

static void read_with_crate(struct jolt_run *run, unsigned index, uint64_t seed)
{
    size_t at = offsetof(struct jolt_board, readers) + index * sizeof(struct jolt_reader);
    char reads[24], torn[24];

    (void)seed;
    snprintf(reads, sizeof reads, "%zu", at + offsetof(struct jolt_reader, reads));
    snprintf(torn, sizeof torn, "%zu", at + offsetof(struct jolt_reader, torn));
    execl(live, live, "jolt-read", run->region, board_path, reads, torn, (char *)NULL);
    _exit(127);
}

/* ---- Ours ---- */

static void note_error(struct jolt_reader *seen)
{
    seen->errors++;
    jolt_note(seen->first_error, "%s", mms_last_error());
}

/* Checks bytes that are no archive and may be overwritten meanwhile: any error, but no signal. */
static void check_typed(mms_region *region, mms_reader *reader, struct jolt_reader *seen, uint64_t choice)
{
    mms_view view;
    int code = Stamp_read(reader, &view) ? mms_release(reader) : mms_last_code();

    (void)region;
    (void)choice;
    seen->reads++;
    if (code == MMS_E_EVICTED)
        seen->evicted++;
    else if (code != MMS_E_CORRUPT && code != 0)
        note_error(seen);
}

/* One read, refresh or copy. */
static void read_once(mms_region *region, mms_reader *reader, struct jolt_reader *seen, uint64_t choice)
{
    char copy[SIZE];
    mms_view view;
    size_t size = 0;
    bool whole;
    int code;

    if (choice % 4 == 0) {
        code = mms_read_copy(region, copy, sizeof copy, &size, NULL);
        if (code == 0 && !pattern_check(copy, size, 0))
            seen->torn++;
        seen->copies += code == 0;
    } else {
        code = choice % 4 == 1 ? mms_refresh(reader, &view) : mms_read(reader, &view);
        whole = code == 0 && pattern_check(view.data, view.size, 0);
        if (code == 0 && (choice % 4 != 1 || choice % 16 < 8))
            code = mms_release(reader);
        if (code == 0 && !whole)
            seen->torn++;
        seen->reads += code == 0;
    }
    if (code == MMS_E_EVICTED)
        seen->evicted++;
    else if (code != 0)
        note_error(seen);
}

static void read_with(void (*once)(mms_region *region, mms_reader *reader, struct jolt_reader *seen, uint64_t choice),
                      struct jolt_run *run, unsigned index, uint64_t seed)
{
    struct jolt_reader *seen = &run->board->readers[index];
    mms_region_options options = MMS_REGION_OPTIONS_INIT;
    mms_region *region;
    mms_reader *reader;

    if (mms_region_open(crate_path(run->region), &options, &region) != 0 || mms_reader_open(region, &reader) != 0) {
        note_error(seen);
        return;
    }
    while (!jolt_is_over(run))
        once(region, reader, seen, pattern_random(&seed));
    mms_reader_close(reader);
    mms_region_close(region);
}

static void read_with_ours(struct jolt_run *run, unsigned index, uint64_t seed)
{
    read_with(read_once, run, index, seed);
}

static void check_with_ours(struct jolt_run *run, unsigned index, uint64_t seed)
{
    read_with(check_typed, run, index, seed);
}

/* ---- The runs ---- */

static bool make_board(struct jolt_run *run)
{
    int fd = open(board_path, O_RDWR | O_CREAT | O_TRUNC, 0600);

    if (fd < 0 || ftruncate(fd, sizeof *run->board) != 0)
        return false;
    run->board = mmap(NULL, sizeof *run->board, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    return run->board != MAP_FAILED;
}

/* A first value, so that readers that start first find one. */
static bool make_prefix(const char *prefix)
{
    mms_writer_options options = MMS_WRITER_OPTIONS_INIT;
    char value[SIZE];
    mms_writer *writer;

    pattern_fill(value, sizeof value, PATTERN_FREE_SEED);
    return mms_writer_open(crate_path(prefix), &options, &writer) == 0 &&
           mms_write(writer, value, sizeof value, NULL) == 0 && mms_writer_close(writer) == 0;
}

static bool drive(struct jolt_run *run, struct jolt_reader *sum, const char *who)
{
    bool good = make_board(run) && make_prefix(run->region) && jolt_drive(run);

    if (!good) {
        printf("%s: %s%s\n", who, run->first_error, *run->first_error ? "" : mms_last_error());
        return false;
    }
    *sum = jolt_sum(run);
    printf("%s: %llu torn reads in %llu, %llu copies, %llu evicted, %llu jolts, %.1f s, seed %llu\n", who,
           (unsigned long long)sum->torn, (unsigned long long)sum->reads, (unsigned long long)sum->copies,
           (unsigned long long)sum->evicted, (unsigned long long)run->jolts, run->seconds,
           (unsigned long long)run->config.seed);
    if (sum->errors > 0)
        printf("%s: %llu errors, the first: %s\n", who, (unsigned long long)sum->errors, sum->first_error);
    return sum->errors == 0;
}

static void clean_up(const char *prefix, const char *directory)
{
    (void)mms_remove(prefix);
    (void)unlink(board_path);
    (void)rmdir(directory);
}

static int judge(struct jolt_run *run, double longest)
{
    struct jolt_reader crate = {0}, ours = {0};

    run->config.seconds = 60; /* to give up */
    run->config.enough_torn = 2;
    run->read = read_with_crate;
    if (!drive(run, &crate, "the crate's reader"))
        return 1;
    if (crate.torn == 0) {
        printf("SKIPPED: on this machine the jolts do not tear the crate's reader, so they prove nothing about ours\n");
        return 77;
    }
    run->config.seconds = run->seconds < 2 ? 2 : run->seconds * 2 < longest ? run->seconds * 2 : longest;
    run->config.enough_torn = 0;
    run->read = read_with_ours;
    if (!drive(run, &ours, "our reader"))
        return 1;
    if (ours.torn != 0 || ours.evicted != 0)
        return 1;
    run->read = check_with_ours;
    if (setenv("MMSYNC_JOLT_PATIENCE_MS", "0", 1) != 0 || !drive(run, &ours, "our checks, beside resets"))
        return 1;
    if (ours.evicted > 0)
        return 0;
    printf("SKIPPED: no view was taken away, so nothing was shown of checks beside resets\n");
    return 77;
}

int main(int argc, char **argv)
{
    struct jolt_run run = {.config = jolt_defaults(), .write = run_writer};
    char directory[128];
    int status;

    if (argc != 3) {
        fprintf(stderr, "usage: jolted LIVE SECONDS\n");
        return 2;
    }
    live = argv[1];
    snprintf(directory, sizeof directory, "/dev/shm/%s-jolted-XXXXXX", scratch_name());
    if (!mkdtemp(directory)) {
        printf("SKIPPED: no directory in /dev/shm\n");
        return 77;
    }
    run.config.readers = 1; /* with more the crate's writer hardly ever finds a file that it may write */
    run.config.jolt_us = 30;
    run.random = run.config.seed = jolt_now_ns();
    snprintf(run.region, sizeof run.region, "%s/value", directory);
    snprintf(board_path, sizeof board_path, "%s/board", directory);
    status = judge(&run, atof(argv[2]));
    clean_up(run.region, directory);
    return status;
}
