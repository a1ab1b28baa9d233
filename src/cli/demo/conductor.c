/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/demo/conductor.h"
#include "cli/cmd.h"
#include "cli/demo/clock.h"
#include "cli/demo/format.h"
#include "cli/demo/report.h"
#include "cli/interrupt.h"
#include "cli/message.h"
#include <errno.h>
#include <mmsync.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

enum { QUERIES = 1 << 15, SPARE_SLOTS = 4, LEAST_SLOTS = 4, END_MS = 2000, REMOVE_MS = 5000 };

/* ---- Beginning ---- */

/* Slots cost memory only when used; still, they may take no more than half of what there is. */
static int choose_slots(struct demo *demo)
{
    const char *directory = demo->options->directory;
    char needed[TEXT_SIZE], has[TEXT_SIZE];
    struct board *board = demo->board;
    struct statvfs status;
    uint64_t room, fit;

    if (statvfs(directory, &status))
        return fail_errno("demo: cannot use %s for the region", directory);
    room = (uint64_t)status.f_bavail * status.f_frsize;
    if (room < UINT64_C(2) * LEAST_SLOTS * board->max_size)
        return fail("demo: needs %s in %s, which has %s free; free some, or give the container more shared memory",
                    format_size(needed, (double)(UINT64_C(2) * LEAST_SLOTS * board->max_size)), directory,
                    format_size(has, (double)room));
    fit = room / 2 / board->max_size;
    board->max_slots = board->readers + SPARE_SLOTS;
    if (board->max_slots > fit)
        board->max_slots = (uint32_t)fit;
    return 0;
}

static int name_region(struct demo *demo)
{
    struct board *board = demo->board;
    uint32_t number = 0;
    int length;

    if (getrandom(&number, sizeof number, 0) != sizeof number)
        return fail_errno("demo: cannot get random numbers");
    length = snprintf(board->region, sizeof board->region, "%s/mmsync-demo-%d-%08x", demo->options->directory,
                      (int)getpid(), number);
    if (length >= (int)sizeof board->region)
        return fail("demo: the name of the directory is too long");
    return 0;
}

static int fill_board(struct demo *demo)
{
    struct board *board = demo->board;

    if (strlen(demo->data.path) >= sizeof board->data)
        return fail("demo: the name of the data file is too long");
    memcpy(board->data, demo->data.path, strlen(demo->data.path) + 1);
    board->kind = demo->data.kind;
    board->form = demo->options->form;
    board->digest = demo->data.digest;
    board->readers = demo->options->readers;
    board->queries = QUERIES;
    return form_of(board->form)->measure(&demo->data, &board->max_size) || name_region(demo) || choose_slots(demo)
               ? EXIT_FAILED
               : 0;
}

static int set_up(struct demo *demo)
{
    if (data_load(demo->options->kind, demo->options->file, &demo->data))
        return EXIT_FAILED;
    if (query_build(&demo->data, QUERIES, &demo->queries))
        return fail("demo: memory is short");
    demo->board = board_create(&demo->board_descriptor);
    if (!demo->board || fill_board(demo))
        return EXIT_FAILED;
    return 0;
}

static void announce(struct demo *demo)
{
    const struct form *form = form_of(demo->board->form);
    char records[TEXT_SIZE], size[TEXT_SIZE];

    fprintf(demo->display.out, "mmsync %s demo: %s, %s records of %s\n", mms_version(), data_title(demo->data.kind),
            format_count(records, demo->data.count), demo->data.path);
    fprintf(demo->display.out, "the same from another terminal: mmsync %s %s %s\n", form->see[0], demo->board->region,
            form->see[1]);
    fprintf(demo->display.out, "1 writer, %u readers, %u s; region %s, values of up to %s in up to %u slots\n",
            demo->options->readers, demo->options->seconds, demo->board->region,
            format_size(size, (double)demo->board->max_size), demo->board->max_slots);
}

static bool start_all(struct demo *demo)
{
    bool well = start_writer(demo);

    for (unsigned i = 0; well && i < demo->options->readers; i++)
        well = start_reader(demo);
    for (unsigned i = 0; well && i < demo->options->readers; i++)
        well = demo_await(demo, reader_is_working, i, "the readers to begin");
    return well;
}

/* ---- Running ---- */

static bool run_until(struct demo *demo, unsigned percent)
{
    uint64_t end = demo->start_ns + demo->options->seconds * UINT64_C(10000000) * percent;

    while (monotonic_ns() < end)
        if (!demo_pump(demo))
            return false;
    return true;
}

static bool run(struct demo *demo)
{
    bool well;

    demo->lookups_before = all_lookups(demo);
    demo->start_ns = monotonic_ns();
    well = run_until(demo, 20) && event_kill_reader(demo) && run_until(demo, 40) && event_stop_reader(demo) &&
           run_until(demo, 75) && event_kill_writer(demo) && run_until(demo, 100);
    demo->lookups = all_lookups(demo) - demo->lookups_before;
    demo->end_ns = monotonic_ns();
    return well;
}

/* ---- Ending ---- */

static bool has_newest(const struct demo *demo, unsigned cell)
{
    uint64_t newest = get(&demo->board->writers[demo->writer_number].generation);

    return get(&demo->board->cells[cell].generation) == newest;
}

static void tell_to_end(struct child *child, _Atomic uint32_t *order)
{
    child->may_end = true;
    atomic_store(order, ORDER_END);
}

static void check_status(struct demo *demo, const struct child *child, const char *name)
{
    char fate[80];

    if (child->status != 0)
        demo_fail(demo, FAILURE_LOST, "%s (pid %d) ended with %s", name, (int)child->pid,
                  child_fate(child, fate, sizeof fate));
}

static bool end_writer(struct demo *demo)
{
    tell_to_end(&demo->writer, &demo->board->writers[demo->writer_number].order);
    if (!demo_await(demo, writer_is_gone, 0, "the writer to end"))
        return false;
    check_status(demo, &demo->writer, "the writer");
    return true;
}

static bool end_readers(struct demo *demo)
{
    for (unsigned i = 0; i < demo->cells; i++)
        if (demo->readers[i].running && !demo_await(demo, has_newest, i, "every reader to have the last generation"))
            return false;
    for (unsigned i = 0; i < demo->cells; i++)
        tell_to_end(&demo->readers[i], &demo->board->cells[i].order);
    for (unsigned i = 0; i < demo->cells; i++) {
        bool ran = demo->readers[i].running;
        char name[32];

        snprintf(name, sizeof name, "reader %u", i + 1);
        if (!demo_await(demo, reader_is_gone, i, "a reader to end"))
            return false;
        if (ran)
            check_status(demo, &demo->readers[i], name);
    }
    return true;
}

static void tell_finding(void *context, const char *finding)
{
    demo_fail(context, FAILURE_LOST, "the region is damaged: %s", finding);
}

/* A commit that was published counts, and nothing else does. */
static void check_commits(struct demo *demo)
{
    uint64_t published = 0, counted = 0;

    for (unsigned i = 0; i <= demo->writer_number; i++)
        published += get(&demo->board->writers[i].published);
    for (unsigned i = 0; i < demo->cells; i++)
        if (get(&demo->board->cells[i].commit) > counted)
            counted = get(&demo->board->cells[i].commit);
    if (counted != published)
        demo_fail(demo, FAILURE_LOST, "%llu commits were published, and the table counts %llu",
                  (unsigned long long)published, (unsigned long long)counted);
}

static void inspect_end(struct demo *demo)
{
    mms_info info;

    if (demo->options->form == FORM_TABLE)
        check_commits(demo);
    if (mms_inspect(demo->board->region, &info)) {
        demo_fail(demo, FAILURE_LOST, "%s", last_error());
        return;
    }
    demo->slots_used = info.slots_used;
    demo->bytes_used = info.bytes_used;
    if (info.readers || info.readers_dead)
        demo_fail(demo, FAILURE_LOST, "the reader table still shows %u readers and %u dead ones", info.readers,
                  info.readers_dead);
    mms_verify(demo->board->region, tell_finding, demo);
}

static bool finish(struct demo *demo)
{
    if (!end_writer(demo) || !end_readers(demo))
        return false;
    inspect_end(demo);
    return true;
}

static bool anybody_runs(struct demo *demo)
{
    bool any;

    child_poll(&demo->writer);
    any = demo->writer.running;
    for (unsigned i = 0; i < demo->cells; i++) {
        child_poll(&demo->readers[i]);
        any |= demo->readers[i].running;
    }
    return any;
}

/* In order, so that nothing half-made is left; then by force. */
static void end_all(struct demo *demo)
{
    uint64_t since = monotonic_ns();

    tell_to_end(&demo->writer, &demo->board->writers[demo->writer_number].order);
    for (unsigned i = 0; i < demo->cells; i++) {
        tell_to_end(&demo->readers[i], &demo->board->cells[i].order);
        if (demo->readers[i].running)
            kill(demo->readers[i].pid, SIGCONT);
    }
    while (anybody_runs(demo) && monotonic_ns() - since < END_MS * UINT64_C(1000000))
        sleep_ms(1);
    child_kill(&demo->writer);
    for (unsigned i = 0; i < demo->cells; i++)
        child_kill(&demo->readers[i]);
    while (anybody_runs(demo))
        sleep_ms(1);
}

/* The lock of a writer that was just killed may take a moment to come free. */
static int remove_region(struct demo *demo)
{
    uint64_t end = monotonic_ns() + REMOVE_MS * UINT64_C(1000000);
    int code;

    while ((code = mms_remove(demo->board->region)) == MMS_E_BUSY && monotonic_ns() < end)
        sleep_ms(10);
    return code && code != -ENOENT ? fail_call(code) : 0;
}

static int conclude(struct demo *demo, bool complete)
{
    int status = remove_region(demo);

    if (interrupted()) {
        fprintf(demo->display.out, "interrupted; the region is %s\n", status ? "still there" : "removed");
        fflush(demo->display.out);
        if (demo->options->json)
            sink_close(&demo->json);
        return interrupt_finish(EXIT_FAILED);
    }
    if (!demo->start_ns)
        return fail("demo: it never got started: %s", demo->failures[0]);
    return report(demo, complete) ? EXIT_FAILED : status;
}

/* First of all: a file that cannot be written should not come to light after 15 seconds. */
static int open_outputs(struct demo *demo)
{
    const char *json = demo->options->json;
    bool to_stdout = json && !strcmp(json, "-");

    if (json && sink_open(&demo->json, json))
        return EXIT_FAILED;
    display_open(&demo->display, to_stdout ? stderr : stdout);
    return 0;
}

static int perform(struct demo *demo)
{
    bool complete;

    announce(demo);
    interrupt_catch();
    demo->last_ns = monotonic_ns();
    complete = start_all(demo) && run(demo) && finish(demo);
    display_clear(&demo->display);
    end_all(demo);
    return conclude(demo, complete);
}

int conduct(const struct demo_options *options)
{
    struct demo *demo = calloc(1, sizeof *demo);
    int status;

    if (!demo)
        return fail_errno("demo");
    demo->options = options;
    status = open_outputs(demo);
    if (!status)
        status = set_up(demo);
    if (!status)
        status = perform(demo);
    if (options->json)
        sink_close(&demo->json);
    query_free(&demo->queries);
    data_free(&demo->data);
    free(demo);
    return status;
}
