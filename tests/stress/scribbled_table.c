/* SPDX-License-Identifier: Apache-2.0 */
/* ctest: stress serial */
/* A process that may write `readers` scribbles all over it, header included, while others work.
   The writer does not crash, does not publish damage, and comes back from each write; readers
   accept nothing damaged and nothing older than before; what they may be told is MMS_E_EVICTED,
   and where they open anew, what is wrong with the table. And processes that hold locks, or
   every slot, and never go on: a writer is told MMS_E_AGAIN, not kept.

   scribbled_table [--seconds N]: how long each of the two rounds takes (1 by default, script/hostile: minutes). */
#include "forked.h"
#include "lookout.h"
#include "pattern.h"
#include "region/layout.h"
#include "region/writer_lock.h"
#include "sample.h"
#include "scratch.h"
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { LARGEST = 16 << 10, SLOTS = 4, LINES = 8, READERS = 2, GRACE_MS = 20, HANG_SECONDS = 60 };

static int seconds = 1;

/* In memory shared by all. */
static struct board {
    uint32_t stop;
    mms__word scribbles, published, refused, reads, evicted, copies, reopened;
} * board;

static bool stopped(void)
{
    return __atomic_load_n(&board->stop, __ATOMIC_RELAXED);
}

static void count(mms__word *what)
{
    (void)__atomic_add_fetch(what, 1, __ATOMIC_RELAXED);
}

static uint64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* ---- The neighbour ---- */

static struct mms__readers *map_table(const char *path, size_t *size)
{
    char name[512];
    void *base;
    int fd;

    snprintf(name, sizeof name, "%s/readers", path);
    fd = open(name, O_RDWR | O_CLOEXEC);
    check_true(fd >= 0);
    *size = mms__readers_size(LINES);
    base = mmap(NULL, *size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    check_true(base != MAP_FAILED);
    close(fd);
    return base;
}

static uint64_t nasty(uint64_t *random)
{
    static const uint64_t words[] = {0, 1, 2, 3, 5, 6, UINT64_MAX, UINT32_MAX, UINT64_C(1) << 63, UINT64_C(1) << 48};
    uint64_t draw = pattern_random(random);

    return draw % 3 ? words[draw / 3 % (sizeof words / sizeof *words)] : pattern_random(random);
}

static void scribble_line(struct mms__line *line, uint64_t *random)
{
    switch (pattern_random(random) % 6) {
    case 0: __atomic_store_n(&line->announce, nasty(random), __ATOMIC_RELAXED); break;
    case 1: __atomic_store_n(&line->owner, (uint32_t)nasty(random), __ATOMIC_RELAXED); break;
    case 2: __atomic_store_n(&line->owner, 1 + (uint32_t)(pattern_random(random) % LINES), __ATOMIC_RELAXED); break;
    case 3: __atomic_store_n(&line->mode, (uint32_t)(nasty(random) % 4), __ATOMIC_RELAXED); break;
    case 4: __atomic_store_n(&line->flags, (uint32_t)nasty(random), __ATOMIC_RELAXED); break;
    default: memset(line, pattern_random(random) % 2 ? 0xff : 0, sizeof *line); break;
    }
}

static void scribble(struct mms__readers *table, size_t size, uint64_t *random)
{
    uint64_t draw = pattern_random(random) % 100;
    unsigned char *bytes = (unsigned char *)table;

    if (draw < 70)
        scribble_line(&table->lines[pattern_random(random) % LINES], random);
    else if (draw < 80)
        __atomic_store_n(&table->high_water, (uint32_t)nasty(random), __ATOMIC_RELAXED);
    else if (draw < 90)
        __atomic_store_n(&table->waiting, (uint32_t)nasty(random), __ATOMIC_RELAXED);
    else if (draw < 99)
        bytes[sizeof table->header + pattern_random(random) % (size - sizeof table->header)] = (unsigned char)draw;
    else
        bytes[pattern_random(random) % sizeof table->header] ^= (unsigned char)(1 + draw % 255);
}

/* In bursts, so that others get something done in between; now and then the header is repaired. */
static void be_hostile(void *path)
{
    uint64_t random = UINT64_C(0x5eed) + (uint64_t)getpid();
    size_t size;
    struct mms__readers *table = map_table(path, &size);
    struct mms__header header = table->header;

    while (!stopped()) {
        for (uint64_t i = pattern_random(&random) % 8192; i > 0; i--) {
            scribble(table, size, &random);
            count(&board->scribbles);
        }
        if (pattern_random(&random) % 4)
            table->header = header;
        for (uint64_t i = pattern_random(&random) % 8; i > 0; i--)
            sched_yield();
    }
    table->header = header;
}

/* ---- The others ---- */

/* While the header is wrong, the region cannot be opened. */
static bool is_refusal(int code)
{
    return code == MMS_E_CORRUPT || code == MMS_E_NOT_REGION || code == MMS_E_VERSION || code == MMS_E_BYTE_ORDER ||
           code == MMS_E_FULL;
}

static void check_published(mms_region *copies, uint64_t generation)
{
    static unsigned char copy[LARGEST];
    uint64_t found;
    size_t size;

    check_ok(mms_read_copy(copies, copy, sizeof copy, &size, &found));
    check_equal(found, generation);
    check_true(pattern_check(copy, size, found));
}

static void write_once(mms_writer *writer, mms_region *copies, uint64_t *random, uint64_t *seed)
{
    static unsigned char value[LARGEST];
    size_t size = pattern_random_size(random, 8, LARGEST);
    uint64_t before = now_ms();
    mms_receipt receipt;
    int code;

    pattern_fill(value, size, PATTERN_FREE_SEED | ++*seed);
    code = mms_write(writer, value, size, &receipt);
    check_true(now_ms() - before < HANG_SECONDS * 1000);
    if (code == MMS_E_AGAIN) {
        count(&board->refused);
        return;
    }
    check_code(code, 0);
    check_published(copies, receipt.generation);
    count(&board->published);
}

struct round {
    const char *path;
    mms_on_grace on_grace;
};

static mms_writer_options round_options(const struct round *round)
{
    mms_writer_options options = sample_options();

    options.max_size = LARGEST;
    options.max_slots = SLOTS;
    options.max_readers = LINES;
    options.grace_ms = GRACE_MS;
    options.on_grace = round->on_grace;
    return options;
}

static int reopen_writer(const struct round *round, mms_writer **writer)
{
    mms_writer_options options = round_options(round);
    int code;

    options.lock_wait_ms = 1000 * HANG_SECONDS;
    code = mms_writer_open(round->path, &options, writer);
    check_true(code == 0 || is_refusal(code));
    return code;
}

static void be_writer(void *argument)
{
    const struct round *round = argument;
    uint64_t random = 77, seed = 0;
    mms_region_options options = MMS_REGION_OPTIONS_INIT;
    mms_region *copies;
    mms_writer *writer;

    options.read_only = true;
    check_ok(mms_region_open(round->path, &options, &copies));
    while (!stopped()) {
        if (reopen_writer(round, &writer) != 0)
            continue;
        count(&board->reopened);
        for (uint64_t i = pattern_random(&random) % 2000; i > 0 && !stopped(); i--)
            write_once(writer, copies, &random, &seed);
        check_ok(mms_writer_close(writer));
    }
    check_ok(mms_region_close(copies));
}

/* Looks at the value this often, as long as it is whole. */
static bool stays_whole(const mms_view *view, unsigned looks)
{
    while (looks > 0 && pattern_check(view->data, view->size, view->generation))
        looks--;
    return looks == 0;
}

static void read_once(mms_reader *reader, unsigned looks, uint64_t *last)
{
    mms_view view;
    bool whole;
    int code = mms_read(reader, &view);

    if (code == 0) {
        whole = stays_whole(&view, looks);
        code = mms_release(reader);
        if (code == 0) {
            check_true(whole);
            check_true(view.generation >= *last);
            *last = view.generation;
            count(&board->reads);
            return;
        }
    }
    check_code(code, MMS_E_EVICTED);
    count(&board->evicted);
}

static void copy_once(mms_region *region, uint64_t *last)
{
    static unsigned char copy[LARGEST];
    uint64_t generation;
    size_t size;
    int code = mms_read_copy(region, copy, sizeof copy, &size, &generation);

    if (code == MMS_E_AGAIN)
        return;
    check_code(code, 0);
    check_true(pattern_check(copy, size, generation));
    check_true(generation >= *last);
    *last = generation;
    count(&board->copies);
}

static bool open_both(const char *path, mms_region **region, mms_reader **reader)
{
    mms_region_options options = MMS_REGION_OPTIONS_INIT;
    int code;

    options.allow_evict = true;
    code = mms_region_open(path, &options, region);
    if (code == 0 && (code = mms_reader_open(*region, reader)) != 0)
        check_ok(mms_region_close(*region));
    check_true(code == 0 || is_refusal(code));
    return code == 0;
}

static void be_reader(void *argument)
{
    const struct round *round = argument;
    uint64_t random = 99 + (uint64_t)getpid(), last = 0;
    mms_region *region;
    mms_reader *reader;

    while (!stopped()) {
        if (!open_both(round->path, &region, &reader))
            continue;
        for (uint64_t i = pattern_random(&random) % 5000; i > 0 && !stopped(); i--) {
            read_once(reader, i % 32 ? 1 : 50, &last);
            if (i % 16 == 0)
                copy_once(region, &last);
            if (i % 512 == 0)
                (void)mms_wait(reader, last, 1);
        }
        (void)mms_reader_close(reader);
        check_ok(mms_region_close(region));
    }
}

static void sleep_for(int time)
{
    struct timespec pause = {time, 0};

    while (nanosleep(&pause, &pause) != 0)
        continue;
}

/* Once the neighbour is gone, everything works: the next writer clears lines without an owner. */
static void check_recovery(const struct round *round)
{
    uint64_t last = 0;
    mms_region *region;
    mms_reader *reader;
    mms_writer *writer;
    mms_info info;

    check_ok(reopen_writer(round, &writer));
    (void)publish_pattern(writer, 1000);
    check_true(open_both(round->path, &region, &reader));
    read_once(reader, 1, &last);
    check_equal(last, mms_generation(region));
    check_ok(mms_reader_close(reader));
    check_ok(mms_region_close(region));
    check_ok(mms_writer_close(writer));
    check_ok(mms_inspect(round->path, &info));
    check_equal(info.readers, 0);
}

static void scribble_while_others_work(void **state, mms_on_grace on_grace)
{
    struct round round = {scratch_path(state, "region"), on_grace};
    pid_t neighbour, writer, readers[READERS];
    mms_writer *first;

    memset(board, 0, sizeof *board);
    first = sample_writer_with(round.path, round_options(&round));
    (void)publish_pattern(first, 1000);
    check_ok(mms_writer_close(first));
    writer = start_child(be_writer, &round);
    for (int i = 0; i < READERS; i++)
        readers[i] = start_child(be_reader, &round);
    neighbour = start_child(be_hostile, (void *)(uintptr_t)round.path);
    sleep_for(seconds);
    __atomic_store_n(&board->stop, 1, __ATOMIC_RELAXED);
    finish_child(neighbour);
    finish_child(writer);
    for (int i = 0; i < READERS; i++)
        finish_child(readers[i]);
    print_message("scribbles %" PRIu64 ", published %" PRIu64 ", MMS_E_AGAIN %" PRIu64 ", writers %" PRIu64
                  ", reads %" PRIu64 ", MMS_E_EVICTED %" PRIu64 ", copies %" PRIu64 "; damaged 0\n",
                  board->scribbles, board->published, board->refused, board->reopened, board->reads, board->evicted,
                  board->copies);
    check_true(board->scribbles > 0 && board->published > 0 && board->copies > 0);
    check_recovery(&round);
}

static void writer_that_waits_survives_a_scribbler(void **state)
{
    scribble_while_others_work(state, MMS_REFUSE);
}

static void writer_that_evicts_survives_a_scribbler(void **state)
{
    scribble_while_others_work(state, MMS_EVICT);
}

/* ---- Neighbours that stand still ---- */

struct holder {
    const char *path;
    bool may_be_evicted;
    int ready[2];
};

/* Locks every reader's byte, and announces in every line that it uses everything; then does
   nothing. */
static void hold_everything(void *argument)
{
    const struct holder *holder = argument;
    size_t size;
    struct mms__readers *table = map_table(holder->path, &size);
    char name[512];
    int fd;

    snprintf(name, sizeof name, "%s/readers", holder->path);
    fd = open(name, O_RDWR | O_CLOEXEC);
    for (uint32_t i = 0; i < LINES; i++) {
        check_equal(mms__lock_byte(fd, MMS__LOCK_BASE + i + 1), 0);
        table->lines[i].owner = i + 1;
        table->lines[i].mode = MMS__SYMMETRIC;
        table->lines[i].flags = holder->may_be_evicted ? MMS__ALLOW_EVICT : 0;
        __atomic_store_n(&table->lines[i].announce, MMS__FROM, __ATOMIC_RELEASE);
    }
    __atomic_store_n(&table->high_water, LINES, __ATOMIC_RELEASE);
    check_true(write(holder->ready[1], "", 1) == 1);
    for (;;)
        pause();
}

static void fill_slots(mms_writer *writer)
{
    int code = 0;

    for (int i = 0; i <= SLOTS && code == 0; i++)
        code = mms_write(writer, "value", 5, NULL);
    check_code(code, MMS_E_AGAIN);
}

static void check_held(void **state, bool stopped_too)
{
    struct round round = {scratch_path(state, "region"), MMS_REFUSE};
    struct holder holder = {.path = round.path};
    mms_writer *writer = sample_writer_with(round.path, round_options(&round));
    mms_region *region;
    pid_t neighbour;
    uint64_t last;
    char byte;

    check_true(pipe(holder.ready) == 0);
    last = publish_text(writer, "the first");
    neighbour = start_child(hold_everything, &holder);
    close(holder.ready[1]); /* or we would wait for one that has ended */
    check_true(read(holder.ready[0], &byte, 1) == 1);
    if (stopped_too)
        check_true(kill(neighbour, SIGSTOP) == 0);
    fill_slots(writer);
    fill_slots(writer); /* and again */
    check_detail_mentions("live readers");
    check_code(mms_region_open(round.path, NULL, &region), MMS_E_FULL);
    check_true(inspect(round.path).generation >= last);
    check_ok(mms_writer_close(writer));
    writer = sample_writer_with(round.path, round_options(&round)); /* it takes over anyway */
    check_code(mms_write(writer, "value", 5, NULL), MMS_E_AGAIN);
    check_true(kill(neighbour, SIGKILL) == 0);
    check_true(waitpid(neighbour, NULL, 0) == neighbour);
    (void)use_every_slot(writer, SLOTS);
    check_ok(mms_region_open(round.path, NULL, &region));
    check_ok(mms_region_close(region));
    check_ok(mms_writer_close(writer));
    close(holder.ready[0]);
}

static void locks_held_for_ever_stop_nobody_for_ever(void **state)
{
    check_held(state, false);
}

static void a_stopped_holder_is_as_alive_as_another(void **state)
{
    check_held(state, true);
}

static void held_slots_are_taken_from_readers_that_allow_it(void **state)
{
    struct round round = {scratch_path(state, "region"), MMS_EVICT};
    struct holder holder = {.path = round.path, .may_be_evicted = true};
    mms_writer *writer = sample_writer_with(round.path, round_options(&round));
    pid_t neighbour;
    char byte;

    check_true(pipe(holder.ready) == 0);
    (void)publish_text(writer, "the first");
    neighbour = start_child(hold_everything, &holder);
    close(holder.ready[1]); /* or we would wait for one that has ended */
    check_true(read(holder.ready[0], &byte, 1) == 1);
    (void)use_every_slot(writer, SLOTS);
    check_true(kill(neighbour, SIGKILL) == 0);
    check_true(waitpid(neighbour, NULL, 0) == neighbour);
    check_ok(mms_writer_close(writer));
    close(holder.ready[0]);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        scratch_test(writer_that_waits_survives_a_scribbler),
        scratch_test(writer_that_evicts_survives_a_scribbler),
        scratch_test(locks_held_for_ever_stop_nobody_for_ever),
        scratch_test(a_stopped_holder_is_as_alive_as_another),
        scratch_test(held_slots_are_taken_from_readers_that_allow_it),
    };

    if (argc == 3 && strcmp(argv[1], "--seconds") == 0)
        seconds = atoi(argv[2]);
    board = mmap(NULL, sizeof *board, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    check_true(board != MAP_FAILED);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
