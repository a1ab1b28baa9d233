/* SPDX-License-Identifier: Apache-2.0 */
/* One case from the first process to the last check. */
#include "forked.h"
#include "lookout.h"
#include "pattern.h"
#include "region/region.h"
#include "region/writer.h"
#include "sample.h"
#include "stage.h"
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Long enough that nobody gives up who only has to wait: whatever takes this long is wrong.
   Shorter for somebody who looks for failures. */
int patience_ms(void)
{
    const char *given = getenv("MMSYNC_MATRIX_PATIENCE_MS");

    return given ? (int)strtol(given, NULL, 10) : 60000;
}

enum { VALUES_AFTER = 3 * STAGE_SLOTS, PROBE_MS = 10 };

mms_writer_options stage_options(void)
{
    mms_writer_options options = MMS_WRITER_OPTIONS_INIT;

    options.max_size = STAGE_MAX_SIZE;
    options.max_slots = STAGE_SLOTS;
    options.max_readers = STAGE_READERS;
    options.grace_ms = options.lock_wait_ms = patience_ms();
    return options;
}

/* An existing region may have been replaced: accept any geometry. */
static mms_writer_options without_geometry(const struct stage *stage)
{
    mms_writer_options options = stage_options();

    if (access(stage->path, F_OK) == 0)
        options.max_size = options.max_slots = options.max_readers = 0;
    return options;
}

mms_writer *stage_writer(const struct stage *stage)
{
    mms_writer *writer;
    mms_writer_options options = stage_options();

    check_ok(mms_writer_open(stage->path, &options, &writer));
    return writer;
}

static bool writes(const struct stage *stage)
{
    return stage->scenario->flags & WRITES;
}

/* ---- Before ---- */

void wait_until(const mms__word *word, uint64_t least, const char *what)
{
    for (int ms = 0; __atomic_load_n(word, __ATOMIC_ACQUIRE) < least; ms++) {
        const struct timespec moment = {0, 1000000};

        if (ms > patience_ms())
            check_failed(__FILE__, __LINE__, "the %s did not get to generation %llu, but to %llu", what,
                         (unsigned long long)least, (unsigned long long)*word);
        nanosleep(&moment, NULL);
    }
}

void start_bystanders(struct stage *stage)
{
    bool mmap_sync = stage->scenario->flags & UPSTREAM;

    stage->watcher = start_child(mmap_sync ? watch_values : watch_region, stage);
    stage->waiter = start_child(mmap_sync ? wait_for_values : wait_for_changes, stage);
    while (__atomic_load_n(&stage->board->bystanders_up, __ATOMIC_ACQUIRE) < 2) {
        check_true(waitpid(stage->watcher, NULL, WNOHANG) == 0);
        check_true(waitpid(stage->waiter, NULL, WNOHANG) == 0);
        nanosleep(&(const struct timespec){0, 100000}, NULL);
    }
}

static void hold_value(struct stage *stage)
{
    int code;

    stage->region = sample_region(stage->path);
    stage->reader = sample_reader(stage->region);
    code = mms_read(stage->reader, &stage->held);
    if (code == MMS_E_EMPTY && stage->scenario->flags & MAY_BE_EMPTY)
        stage->held.data = NULL;
    else
        check_ok(code);
}

void start_victim(struct stage *stage, enum step step, unsigned nth)
{
    int to_us[2], to_it[2];

    check_true(pipe(to_us) == 0 && pipe(to_it) == 0);
    stage->victim = fork();
    check_true(stage->victim >= 0);
    if (stage->victim == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* stopped or not */
        step_connect(to_us[1], to_it[0]);
        close(to_us[0]);
        if (stage->scenario->set_up)
            stage->scenario->set_up(stage);
        stage->board->before = stage->board->written;
        step_arm(step, nth, stage->action);
        stage->scenario->act(stage);
        _exit(step_happened() ? 0 : 3);
    }
    close(to_us[1]);
    close(to_it[0]);
    stage->from_victim = to_us[0];
    stage->to_victim = to_it[1];
}

/* ---- Meanwhile ---- */

static void change_to_symmetric(struct stage *stage)
{
    mms_writer_options options = stage_options();

    options.fence = MMS_FENCE_SYMMETRIC;
    check_ok(mms_writer_close(stage->writer));
    check_ok(mms_writer_open(stage->path, &options, &stage->writer));
}

/* Do what the victim asks for, until it is at its point or has ended. */
static void serve(struct stage *stage)
{
    char request;

    while (read(stage->from_victim, &request, 1) == 1 && request != TELL_REACHED) {
        if (request == ASK_SYMMETRIC)
            change_to_symmetric(stage);
        if (stage->scenario->flags & UPSTREAM)
            publish_next(stage, stage->writer, 60);
        else
            publish_pattern(stage->writer, 60);
        check_true(write(stage->to_victim, &request, 1) == 1);
    }
}

static int wait_for_victim(struct stage *stage)
{
    int status;

    serve(stage);
    check_true(waitpid(stage->victim, &status, WUNTRACED) == stage->victim);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 3)
        check_failed(__FILE__, __LINE__, "the victim never reached its point");
    return status;
}

void await_point(struct stage *stage)
{
    int status = wait_for_victim(stage);

    if (stage->action == STEP_KILL)
        check_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    else
        check_true(WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP);
}

void resume(struct stage *stage)
{
    int status;

    check_true(kill(stage->victim, SIGCONT) == 0);
    status = wait_for_victim(stage);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        check_failed(__FILE__, __LINE__, "the victim, running again, ended with status %#x", (unsigned)status);
}

static const char *name_value(const struct stage *stage, mms_reader *reader)
{
    mms_view view;
    int code = mms_read(reader, &view);
    bool newer;

    if (code == MMS_E_EMPTY && stage->scenario->flags & MAY_BE_EMPTY)
        return "no value";
    check_ok(code);
    check_true(view.generation >= stage->held.generation);
    check_true(is_whole(view.data, view.size, view.generation));
    newer = view.generation > stage->held.generation;
    check_ok(mms_release(reader));
    return newer ? "new value" : "last value";
}

/* Sweeps and scans stop at the mark: no line with an owner may be above it, whoever died where.
   Checked before the next reader comes, which raises it. */
static void check_mark(const struct stage *stage)
{
    const struct mms__readers *readers = stage->region ? mms__native_region_of(stage->region)->table.shared : NULL;

    for (uint32_t i = readers ? mms__load_acquire(&readers->high_water) : STAGE_READERS; i < STAGE_READERS; i++)
        check_equal(mms__load_acquire(&readers->lines[i].owner), 0);
}

/* What a reader that comes now finds. */
static const char *look(const struct stage *stage)
{
    mms_region *region;
    mms_reader *reader;
    const char *seen;
    int code = mms_region_open(stage->path, NULL, &region);

    if (code == -ENOENT && stage->scenario->flags & MAY_BE_ABSENT)
        return "no region";
    check_ok(code);
    code = mms_reader_open(region, &reader);
    if (code == MMS_E_FULL && stage->action == STEP_FREEZE && stage->scenario->flags & MAY_BE_FULL) {
        check_ok(mms_region_close(region));
        return "`MMS_E_FULL`";
    }
    check_ok(code);
    seen = name_value(stage, reader);
    check_ok(mms_reader_close(reader));
    check_ok(mms_region_close(region));
    return seen;
}

/* A second writer, while the first is frozen: it waits for the lock, if the first one has it. */
static const char *probe_writer(const struct stage *stage)
{
    mms_writer_options options = stage_options();
    mms_writer *writer;
    mms_info info;
    bool locked = mms_inspect(stage->path, &info) == 0 && info.writer_alive == 1;

    options.lock_wait_ms = PROBE_MS;
    if (locked) {
        if (info.max_size != options.max_size)
            options = without_geometry(stage), options.lock_wait_ms = PROBE_MS;
        check_code(mms_writer_open(stage->path, &options, &writer), MMS_E_BUSY);
        return "`MMS_E_BUSY`";
    }
    check_ok(mms_writer_open(stage->path, &options, &writer));
    publish_pattern(writer, 44);
    check_ok(mms_writer_close(writer));
    return "writes";
}

/* A reader that comes while the victim is frozen, perhaps into a line that the victim has just
   given back. It holds a view from then on. */
static void hold_late(struct stage *stage)
{
    int code = mms_region_open(stage->path, NULL, &stage->late_region);

    if (code == 0)
        code = mms_reader_open(stage->late_region, &stage->late_reader);
    if (code == 0)
        code = mms_read(stage->late_reader, &stage->late);
    if (code != 0)
        stage->late.data = NULL; /* as look() has judged */
}

static bool holds_all_back(const struct stage *stage, enum step step)
{
    return stage->action == STEP_FREEZE && (step == STEP_pin_from_announced || step == STEP_pin_from_looked);
}

/* Next to a reader frozen where it covers every generation to come. */
static void write_until_refused(struct stage *stage, char *note, size_t size)
{
    mms_writer_options options = stage_options();
    mms_receipt receipt;
    int code = 0;
    unsigned written = 0;

    check_ok(mms_writer_close(stage->writer));
    options.grace_ms = MMS_NO_WAIT;
    check_ok(mms_writer_open(stage->path, &options, &stage->writer));
    for (; written < VALUES_AFTER && code == 0; written++)
        code = mms_write(stage->writer, "", 0, &receipt);
    check_code(code, MMS_E_AGAIN);
    check_true(receipt.blockers >= 1);
    check_true(receipt.blocker_pid[0] == stage->victim || receipt.blocker_pid[1] == stage->victim ||
               receipt.blocker_pid[2] == stage->victim);
    snprintf(note, size, "%u written, then `MMS_E_AGAIN` with its pid", written - 1);
    check_ok(mms_writer_close(stage->writer));
    stage->writer = stage_writer(stage);
}

/* The conductor's writer next to a reader that is dead or frozen. */
static void write_beside_reader(struct stage *stage, enum step step, struct result *result)
{
    if (holds_all_back(stage, step)) {
        write_until_refused(stage, result->others, sizeof result->others);
        return;
    }
    for (int i = 0; i < VALUES_AFTER; i++)
        publish_pattern(stage->writer, 33 + (size_t)i);
    snprintf(result->others, sizeof result->others, "%d written", VALUES_AFTER);
}

/* ---- Afterwards ---- */

static void check_held(struct stage *stage)
{
    if (!stage->held.data)
        return;
    check_true(is_whole(stage->held.data, stage->held.size, stage->held.generation));
    check_ok(mms_release(stage->reader));
}

static void close_late(struct stage *stage)
{
    if (stage->late.data) {
        check_true(is_whole(stage->late.data, stage->late.size, stage->late.generation));
        check_ok(mms_release(stage->late_reader));
    }
    check_ok(mms_reader_close(stage->late_reader));
    check_ok(mms_region_close(stage->late_region));
}

static void close_sight(struct stage *stage)
{
    close_late(stage);
    if (!stage->region)
        return;
    check_held(stage);
    check_ok(mms_reader_close(stage->reader));
    check_ok(mms_region_close(stage->region));
}

/* Readers that allow eviction may have lost their views, and are told; or their views are
   whole. */
static unsigned end_evicted_views(struct stage *stage)
{
    unsigned evicted = 0;

    for (unsigned i = 0; stage->evicted_region && i < EVICTED_READERS; i++) {
        const mms_view *view = &stage->evicted_view[i];
        bool whole = is_whole(view->data, view->size, view->generation);
        int code = mms_release(stage->evicted_reader[i]);

        if (code != MMS_E_EVICTED) {
            check_ok(code);
            check_true(whole);
        }
        evicted += code == MMS_E_EVICTED;
        check_ok(mms_reader_close(stage->evicted_reader[i]));
    }
    check_ok(mms_region_close(stage->evicted_region));
    return evicted;
}

static void end_bystanders(struct stage *stage, mms_writer *writer)
{
    __atomic_store_n(&stage->board->stop, 1, __ATOMIC_RELEASE);
    publish_pattern(writer, 20); /* wakes the waiter */
    finish_child(stage->watcher);
    finish_child(stage->waiter);
}

/* Every line with an owner, below the mark or not. */
static unsigned count_lines(mms_writer *writer)
{
    const struct mms__readers *readers = mms__native_writer_of(writer)->readers_map.base;
    unsigned count = 0;

    for (unsigned i = 0; i < STAGE_READERS; i++)
        count += mms__load_acquire(&readers->lines[i].owner) != 0;
    return count;
}

/* Those that anchors name stay: one that is not current, once there were two values. */
static unsigned count_anchored(const struct mms__pool *pool)
{
    unsigned current = mms__word_slot(mms__load_relaxed(&pool->control->current)), count = 0;

    for (unsigned slot = 0; slot < pool->used; slot++)
        count += pool->slots[slot].anchored && slot != current;
    return count;
}

/* With no reader left, every slot but the current one. */
static void check_all_slots_come_back(mms_writer *writer, unsigned *free_slots, unsigned *used)
{
    struct mms__pool *pool = &mms__native_writer_of(writer)->pool;

    (void)mms__reclaim(pool);
    check_true(mms__pool_invariant(pool) == NULL);
    *free_slots = pool->free_count;
    *used = pool->used;
    check_true(count_anchored(pool) <= 1);
    check_equal(*free_slots, *used - 1 - count_anchored(pool));
}

void check_nothing_is_left(const struct stage *stage)
{
    DIR *entries = opendir(stage->directory);

    for (struct dirent *entry; entries && (entry = readdir(entries));)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            check_failed(__FILE__, __LINE__, "%s is left", entry->d_name);
    check_true(entries && closedir(entries) == 0);
    check_true(rmdir(stage->directory) == 0);
}

/* The next writer, for which everything must be as if nothing had happened. */
static void check_afterwards(struct stage *stage, struct result *result)
{
    mms_writer_options options = without_geometry(stage);
    unsigned free_slots, used, evicted = end_evicted_views(stage);
    mms_writer *writer;
    mms_info info;
    uint64_t last = 0;

    check_ok(mms_writer_close(stage->writer));
    check_ok(mms_writer_open(stage->path, &options, &writer));
    check_updates(stage, writer);
    for (int i = 0; i < VALUES_AFTER; i++)
        last = publish_pattern(writer, 10 + (size_t)i * 7);
    close_sight(stage);
    wait_until(&stage->board->watched, last, "watcher");
    wait_until(&stage->board->woken, last, "waiter");
    info = inspect(stage->path);
    check_equal(info.readers, 2);
    check_equal(info.readers_dead, 0);
    if (stage->scenario->flags & MAY_BE_ABSENT)
        check_true(count_lines(writer) >= 2); /* of a table of another size */
    else
        check_equal(count_lines(writer), 2);
    check_equal(info.writer_alive, 1);
    end_bystanders(stage, writer);
    check_all_slots_come_back(writer, &free_slots, &used);
    check_ok(mms_writer_close(writer));
    check_equal(inspect(stage->path).writer_alive, 0);
    check_ok(mms_verify(stage->path, NULL, NULL));
    check_ok(mms_remove(stage->path));
    snprintf(result->after, sizeof result->after, "%u of %u slots%s", free_slots + 1, used,
             evicted ? ", a view evicted" : "");
    check_nothing_is_left(stage);
}

void conduct(struct stage *stage, enum step step, unsigned nth, struct result *result)
{
    const struct scenario *scenario = stage->scenario;

    alarm(3 * (unsigned)patience_ms() / 1000 + 1); /* ends whatever hangs, and all its children */
    scenario->prepare(stage);
    start_bystanders(stage);
    if (!(scenario->flags & ABSENT_AT_FIRST))
        hold_value(stage);
    if (!writes(stage))
        stage->writer = stage_writer(stage);
    start_victim(stage, step, nth);
    await_point(stage);
    check_mark(stage);
    snprintf(result->seen, sizeof result->seen, "%s", look(stage));
    if (scenario->flags & MUST_BE_EMPTY)
        check_string(result->seen, "no value");
    if (!writes(stage))
        write_beside_reader(stage, step, result);
    else if (stage->action == STEP_FREEZE)
        snprintf(result->others, sizeof result->others, "%s", probe_writer(stage));
    if (stage->action == STEP_FREEZE) {
        hold_late(stage);
        resume(stage);
    }
    check_afterwards(stage, result);
    result->done = true;
}
