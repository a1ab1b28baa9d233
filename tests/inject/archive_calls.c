/* SPDX-License-Identifier: Apache-2.0 */
/* Archives while allocations or output fail: each allocation and each write of measuring,
   publishing, checking and printing fails in turn, once and for good. Each call then reports it,
   frees everything, and succeeds when it is made again; nothing is published that was reported as
   failed (G7). And each is cancelled at every call that may be a cancellation point: printing ends
   there, the others do not. */
#include "check.h"
#include "corpus.h"
#include "inject.h"
#include "json_input.h"
#include "sample.h"
#include "scratch.h"
#include "setters.h"
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROOM = 1 << 20, FOR_GOOD = 1 << 30 };

struct work {
    const mms_archive *archive;
    const void *value;
    unsigned char *bytes; /* the value's archive, as written while nothing failed */
    size_t size;
    mms_writer *writer;
    FILE *sink;
};

static struct inject_counts *counts;

static int measure(struct work *work)
{
    size_t size;

    return mms_archive_size(work->archive, work->value, &size);
}

static int publish(struct work *work)
{
    return mms_archive_publish(work->writer, work->archive, work->value, NULL);
}

static int update(struct work *work)
{
    const void *root;
    size_t size;
    int code = publish(work);

    if (code == 0)
        code = mms_archive_update(work->writer, work->archive, &root, &size, NULL);
    return code == 0 ? mms_write_commit(work->writer, size, NULL) : code;
}

static int check(struct work *work)
{
    return mms_archive_check(work->archive, work->bytes, work->size, NULL);
}

static int print(struct work *work)
{
    const void *root;
    int code = mms_archive_check(work->archive, work->bytes, work->size, &root);

    return code == 0 ? mms_archive_print(work->archive->type, root, work->sink) : code;
}

static const struct {
    const char *name;
    int (*run)(struct work *);
} tasks[] = {{"mms_archive_size", measure},
             {"mms_archive_publish", publish},
             {"mms_archive_update", update},
             {"mms_archive_check", check},
             {"mms_archive_print", print}};

enum { TASKS = sizeof tasks / sizeof *tasks };

static void check_failure(const char *task, const struct inject_plan *plan, int code)
{
    if (code == 0 || code == -plan->error)
        return;
    check_failed(__FILE__, __LINE__, "call %u of %s failed with %s, and %s gave %s: %s", plan->nth,
                 inject_name(plan->kind), inject_error_name(plan->error), task, mms_error_name(code), mms_last_error());
}

static void fail_one(struct work *work, int task, const struct inject_plan *plan)
{
    struct inject_holdings before = inject_holdings();
    int code;

    inject_arm(plan);
    code = tasks[task].run(work);
    inject_disarm();
    check_failure(tasks[task].name, plan, code);
    check_equal(inject_holdings().blocks, before.blocks);
    check_ok(tasks[task].run(work));
}

/* Every one of the first calls, and then one in so many: those of a map's entries are alike. */
static unsigned next_call(unsigned nth)
{
    return nth + 1 + nth / 16;
}

static void fail_each(struct work *work, int task, enum inject_kind kind)
{
    const int *errors = inject_errors(kind);
    unsigned made;

    inject_arm(&(struct inject_plan){.nth = 0});
    check_ok(tasks[task].run(work));
    inject_disarm();
    made = counts->of[kind];
    for (unsigned nth = 1; nth <= made; nth = next_call(nth))
        for (int i = 0; errors[i] != 0; i++) {
            fail_one(work, task, &(struct inject_plan){kind, nth, errors[i], 1});
            fail_one(work, task, &(struct inject_plan){kind, nth, errors[i], FOR_GOOD});
        }
}

/* ---- Cancellation ---- */

struct cancelled {
    struct work *work;
    int task;
    unsigned nth;
};

static void *run_cancelled(void *argument)
{
    const struct cancelled *cancelled = argument;

    inject_arm(&(struct inject_plan){.nth = 0});
    inject_cancel(cancelled->nth);
    check_ok(tasks[cancelled->task].run(cancelled->work));
    return argument;
}

/* AddressSanitizer mistakes the unwinding of a cancelled thread for damage to the stack. */
#ifdef __SANITIZE_ADDRESS__
enum { UNWINDS = 0 };
#else
enum { UNWINDS = 1 };
#endif

/* Printing holds nothing, and ends where its stream lets it end; every other call finishes. */
static void cancel_one(struct cancelled *cancelled)
{
    struct inject_holdings before = inject_holdings();
    pthread_t thread;
    void *result;

    check_true(pthread_create(&thread, NULL, run_cancelled, cancelled) == 0);
    check_true(pthread_join(thread, &result) == 0);
    inject_disarm();
    check_true((result == PTHREAD_CANCELED) == (tasks[cancelled->task].run == print));
    check_equal(inject_holdings().blocks, before.blocks);
    check_ok(tasks[cancelled->task].run(cancelled->work));
}

static void cancel_each(struct work *work, int task)
{
    struct cancelled cancelled = {work, task, 1};
    unsigned made;

    inject_arm(&(struct inject_plan){.nth = 0});
    check_ok(tasks[task].run(work));
    inject_disarm();
    made = counts->points;
    for (; cancelled.nth <= made && (UNWINDS || tasks[task].run != print); cancelled.nth = next_call(cancelled.nth))
        cancel_one(&cancelled);
}

static void work_on(struct work *work, const struct corpus_value *from)
{
    static const enum inject_kind kinds[] = {INJECT_malloc, INJECT_calloc, INJECT_realloc, INJECT_stdio};
    struct json_input in = {.at = from->json};
    void *value = calloc(1, from->archive->type->input_size + 1);

    check_true(value && json_input(&in, from->archive->type, value));
    work->archive = from->archive;
    work->value = value;
    work->bytes = corpus_encode(from->archive, from->json, &work->size);
    for (int task = 0; task < TASKS; task++)
        for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
            fail_each(work, task, kinds[i]);
    for (int task = 0; task < TASKS; task++)
        cancel_each(work, task);
    free(work->bytes);
    json_input_free(&in);
    free(value);
}

static void archives_survive_what_fails(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer_options options = sample_options();
    struct work work = {.sink = fopen("/dev/null", "we")};
    const struct corpus_value *value;

    options.max_size = ROOM;
    work.writer = sample_writer_with(path, options);
    check_true(work.sink != NULL);
    for (size_t i = 0; (value = corpus_value(i)); i++)
        work_on(&work, value);
    fclose(work.sink);
    check_ok(mms_writer_close(work.writer));
    check_ok(mms_verify(path, NULL, NULL));
}

/* A value that is too large for a setter's stack is encoded elsewhere first. */
static void a_setter_without_memory_changes_nothing(void **state)
{
    static Large before, after;
    mms_writer *writer = sample_writer_with(scratch_path(state, "region"), sample_options());
    const ArchivedLarge *large;
    size_t size;

    memset(&after, 1, sizeof after);
    check_ok(Large_write(writer, &before, NULL));
    check_ok(Large_update(writer, &large, &size, NULL));
    inject_arm(&(struct inject_plan){INJECT_calloc, 1, ENOMEM, 1});
    check_code(Large_set(writer, large, &after), -ENOMEM);
    inject_disarm();
    check_memory(large, &before, sizeof before);
    check_ok(Large_set(writer, large, &after));
    check_memory(large, &after, sizeof after);
    check_ok(mms_write_commit(writer, size, NULL));
    check_ok(mms_writer_close(writer));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(archives_survive_what_fails),
        scratch_test(a_setter_without_memory_changes_nothing),
    };

    counts = inject_share();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
