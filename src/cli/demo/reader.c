/* SPDX-License-Identifier: Apache-2.0 */
/* A reader: looks things up as fast as it can, and trusts nothing. Every answer is compared
   with what the data says must be in a table of that generation; every new table is checked to
   its last byte. What was found in a view counts only once its release has confirmed that the
   view was not taken away. */
#include "cli/cmd.h"
#include "cli/demo/board.h"
#include "cli/demo/clock.h"
#include "cli/demo/fault.h"
#include "cli/demo/query.h"
#include "cli/message.h"
#include <mmsync.h>
#include <stdio.h>

struct reader {
    struct board *board;
    struct reader_cell *cell;
    struct data_set data;
    struct query_set queries;
    mms_region *region;
    mms_reader *handle;
    uint64_t generation;  /* the last one met */
    struct subset subset; /* what a table of that generation holds */
    uint32_t next;        /* query */
    struct answer answer; /* the last one */
    unsigned number;
    uint64_t outcomes[4]; /* by enum outcome; not yet on the board */
    uint64_t last_ns;     /* when the last timed look-up began; 0 after a pause that was ordered */
    uint64_t aside_ns;    /* time since then spent on checking whole tables, which is no part of a look-up */
};

enum outcome { OUTCOME_FOUND, OUTCOME_ABSENT, OUTCOME_TORN, OUTCOME_WRONG };

static void note_finding(struct reader *reader, uint64_t generation, const char *text)
{
    struct reader_cell *cell = reader->cell;

    if (atomic_load(&cell->has_finding))
        return;
    snprintf(cell->finding, sizeof cell->finding, "reader %u, generation %llu: %s", reader->number + 1,
             (unsigned long long)generation, text);
    atomic_store(&cell->has_finding, 1);
}

/* ---- Generations ---- */

static void meet_generation(struct reader *reader, uint64_t generation)
{
    struct reader_cell *cell = reader->cell;

    if (generation < reader->generation) {
        add(&cell->backwards, 1);
        note_finding(reader, generation, "came after a newer one");
    }
    reader->generation = generation;
    reader->subset = subset_of(generation);
    add(&cell->generations, 1);
    put(&cell->generation, generation);
    if (generation < GENERATIONS_NOTED)
        atomic_store_explicit(&reader->board->seen[generation], 1, memory_order_relaxed);
    if (generation > get(&reader->board->outage) && !get(&cell->resumed_ns)) {
        put(&cell->resumed_lookups, get(&cell->lookups));
        atomic_store(&cell->resumed_ns, monotonic_ns());
    }
}

/* ---- One look-up ---- */

static enum outcome look_into(struct reader *reader, const ArchivedRegistry *table, const struct query *query,
                              const char **wrong)
{
    const char *text = query_text(&reader->queries, query);
    enum find_result result;

    *wrong = "a look-up met the root or a record of another table";
    result = search(table, reader->generation, reader->data.kind, text, query->size, &reader->answer);
    if (result == FIND_TORN)
        return OUTCOME_TORN;
    *wrong = "a look-up had a wrong answer";
    if (!query_is_right(&reader->queries, query, reader->subset, &reader->answer))
        return OUTCOME_WRONG;
    *wrong = NULL;
    return result == FIND_FOUND ? OUTCOME_FOUND : OUTCOME_ABSENT;
}

/* The first look-up in a new table pays for the change: pages to map, cold caches and, at
   `start`, the check of the archive's structure. The check that all bytes are the writer's is
   no part of a look-up. */
static enum outcome look_into_new(struct reader *reader, const mms_view *view, const ArchivedRegistry *table,
                                  const struct query *query, uint64_t start, const char **wrong)
{
    enum outcome outcome;
    uint64_t end;

    meet_generation(reader, view->generation);
    outcome = look_into(reader, table, query, wrong);
    end = monotonic_ns();
    if (start)
        histogram_add(&reader->cell->first, end - start);
    if (!*wrong && (*wrong = archive_check_bytes(table, view->data, view->size, view->generation)))
        outcome = OUTCOME_TORN;
    add(&reader->cell->verified, 1);
    reader->aside_ns += monotonic_ns() - end;
    return outcome;
}

/* The table is a damaged archive, or of another type; there is no view of it. */
static int refuse_table(struct reader *reader, uint64_t generation)
{
    int code = mms_last_code();

    if (code != MMS_E_CORRUPT && code != MMS_E_TYPE)
        return code;
    note_finding(reader, generation, last_error());
    if (generation != reader->generation)
        meet_generation(reader, generation);
    reader->outcomes[OUTCOME_TORN]++;
    return 0;
}

/* 0, or a code after which the reader cannot go on. */
static int look_up(struct reader *reader)
{
    const struct query *query = &reader->queries.queries[reader->next];
    uint64_t start = mms_generation(reader->region) != reader->generation ? monotonic_ns() : 0;
    enum outcome outcome;
    const char *wrong;
    mms_view view;
    const ArchivedRegistry *table = Registry_read(reader->handle, &view);
    int code;

    if (!table)
        return refuse_table(reader, view.generation);
    if (view.generation == reader->generation)
        outcome = look_into(reader, table, query, &wrong);
    else
        outcome = look_into_new(reader, &view, table, query, start, &wrong);
    code = mms_release(reader->handle);
    if (code == MMS_E_EVICTED) {
        add(&reader->cell->evicted, 1);
        return 0;
    }
    if (code)
        return code;
    if (wrong)
        note_finding(reader, view.generation, wrong);
    reader->outcomes[outcome]++;
    reader->next = reader->next + 1 < reader->queries.count ? reader->next + 1 : 0;
    return 0;
}

static void note_gap(struct reader *reader, uint64_t start)
{
    uint64_t gap = start - reader->last_ns - reader->aside_ns;

    if (reader->last_ns && gap > get(&reader->cell->longest_gap_ns))
        put(&reader->cell->longest_gap_ns, gap);
    reader->last_ns = start;
    reader->aside_ns = 0;
}

static int timed_look_up(struct reader *reader)
{
    uint64_t newest = mms_generation(reader->region), start = monotonic_ns(), end;
    int code;

    note_gap(reader, start);
    code = look_up(reader);
    end = monotonic_ns();
    if (code)
        return code;
    histogram_add(&reader->cell->latency, end - start - reader->aside_ns);
    if (reader->generation < newest) {
        add(&reader->cell->stale, 1);
        note_finding(reader, reader->generation, "was given out after a newer one had been published");
    }
    return 0;
}

static void report_outcomes(struct reader *reader)
{
    _Atomic uint64_t *counters[] = {&reader->cell->found, &reader->cell->absent, &reader->cell->torn,
                                    &reader->cell->wrong};
    uint64_t all = 0;

    for (unsigned i = 0; i < sizeof counters / sizeof *counters; i++) {
        if (reader->outcomes[i])
            add(counters[i], reader->outcomes[i]);
        all += reader->outcomes[i];
        reader->outcomes[i] = 0;
    }
    add(&reader->cell->lookups, all);
}

/* One look-up is timed, the others are not. */
static int work(struct reader *reader)
{
    uint32_t sample = reader->next;
    int code = timed_look_up(reader);

    if (reader->outcomes[OUTCOME_FOUND])
        atomic_store_explicit(&reader->cell->sample, (uint32_t)reader->answer.suffix << 16 | sample,
                              memory_order_relaxed);
    for (unsigned i = 1; !code && i < LOOKUPS_PER_TIMED; i++)
        code = look_up(reader);
    report_outcomes(reader);
    return code;
}

/* ---- Holding a view, for the conductor ---- */

/* A reader that is killed never gets past the loop; one that is stopped goes on with the view
   it had. */
static const char *hold_view(struct reader *reader, const mms_view *view)
{
    struct reader_cell *cell = reader->cell;
    const char *wrong = archive_check(view->data, view->size, view->generation);

    put(&cell->held_generation, view->generation);
    atomic_store(&cell->state, STATE_HOLDING);
    while (atomic_load(&cell->order) == ORDER_HOLD || fault("stuck"))
        sleep_ms(1);
    put(&cell->held_newer, mms_generation(reader->region) - view->generation);
    return wrong ? wrong : archive_check(view->data, view->size, view->generation);
}

static int hold(struct reader *reader)
{
    struct reader_cell *cell = reader->cell;
    const char *wrong;
    mms_view view;
    int code = mms_read(reader->handle, &view);

    if (code)
        return code;
    if (view.generation != reader->generation)
        meet_generation(reader, view.generation);
    wrong = hold_view(reader, &view);
    code = mms_release(reader->handle);
    if (!code && wrong) {
        add(&cell->torn, 1);
        note_finding(reader, view.generation, wrong);
    }
    if (code == MMS_E_EVICTED)
        add(&cell->evicted, 1);
    atomic_store(&cell->held_result, wrong || code ? HELD_BROKEN : HELD_WHOLE);
    atomic_store(&cell->state, STATE_WORKING);
    reader->last_ns = 0;
    return code == MMS_E_EVICTED ? 0 : code;
}

/* ---- The process ---- */

static int prepare(struct reader *reader)
{
    struct board *board = reader->board;
    int code;

    if (board_data(board, &reader->data))
        return EXIT_FAILED;
    if (query_build(&reader->data, board->queries, &reader->queries))
        return fail("demo: memory is short");
    /* The same queries in all readers, so that the conductor can say which one was answered; but not at the same time. */
    reader->next = reader->number * (reader->queries.count / board->readers) % reader->queries.count;
    code = mms_region_open(board->region, NULL, &reader->region);
    if (!code)
        code = mms_reader_open(reader->region, &reader->handle);
    return code ? fail_call(code) : 0;
}

static int look_up_until_end(struct reader *reader)
{
    uint32_t order;
    int code = 0;

    atomic_store(&reader->cell->state, STATE_WORKING);
    while (!code && (order = atomic_load_explicit(&reader->cell->order, memory_order_relaxed)) != ORDER_END)
        code = order == ORDER_HOLD ? hold(reader) : work(reader);
    return code ? fail_call(code) : 0;
}

static int finish(struct reader *reader)
{
    int code = mms_reader_close(reader->handle);

    if (!code)
        code = mms_region_close(reader->region);
    query_free(&reader->queries);
    data_free(&reader->data);
    return code ? fail_call(code) : 0;
}

int run_reader(struct board *board, unsigned number)
{
    struct reader reader = {.board = board, .cell = &board->cells[number], .number = number};
    int status = prepare(&reader);

    if (!status)
        status = look_up_until_end(&reader);
    return finish(&reader) ? EXIT_FAILED : status;
}
