/* SPDX-License-Identifier: Apache-2.0 */
/* A reader: looks things up as fast as it can, and trusts nothing. Every answer is compared
   with what the data says must be in that generation; new generations are checked beyond that,
   archives to their last byte. What was found in a view counts only once its release has
   confirmed that the view was not taken away. */
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
    const struct form *form;
    struct snapshot snapshot; /* the last one */
    uint64_t generation;      /* the last one met */
    uint32_t next;            /* query */
    struct answer answer;     /* the last one */
    unsigned number;
    uint64_t outcomes[OUTCOMES]; /* not yet on the board */
    uint64_t last_ns;            /* when the last timed look-up began; 0 after a pause that was ordered */
    uint64_t aside_ns;           /* time since then spent on checking whole tables, which is no part of a look-up */
};

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

static void note_age(struct reader *reader, uint64_t now)
{
    uint64_t began = reader->snapshot.committed_ns;

    put(&reader->cell->commit, reader->snapshot.commit);
    if (began && now > began)
        histogram_add(&reader->cell->age, now - began);
}

static void meet_generation(struct reader *reader, uint64_t generation)
{
    struct reader_cell *cell = reader->cell;

    if (generation == reader->generation)
        return;
    if (generation < reader->generation) {
        add(&cell->backwards, 1);
        note_finding(reader, generation, "came after a newer one");
    }
    reader->generation = generation;
    add(&cell->generations, 1);
    put(&cell->generation, generation);
    if (generation < GENERATIONS_NOTED)
        atomic_store_explicit(&reader->board->seen[generation], 1, memory_order_relaxed);
    if (generation > get(&reader->board->outage) && !get(&cell->resumed_ns)) {
        put(&cell->resumed_lookups, get(&cell->lookups));
        atomic_store(&cell->resumed_ns, monotonic_ns());
    }
}

/* ---- Look-ups in a view ---- */

static void look_up_one(struct reader *reader, struct tally *tally)
{
    const struct query *query = &reader->queries.queries[reader->next];
    const char *text = query_text(&reader->queries, query);
    enum find_result result = search(&reader->snapshot, text, query->size, &reader->answer);

    reader->next = reader->next + 1 < reader->queries.count ? reader->next + 1 : 0;
    if (result == FIND_TORN)
        tally_add(tally, OUTCOME_TORN, "a look-up met a part of another generation");
    else if (!query_is_right(&reader->queries, query, &reader->snapshot, &reader->answer))
        tally_add(tally, OUTCOME_WRONG, "a look-up had a wrong answer");
    else
        tally_add(tally, result == FIND_FOUND ? OUTCOME_FOUND : OUTCOME_ABSENT, NULL);
}

static void look_up_many(struct reader *reader, struct tally *tally)
{
    reader->form->find_many(&reader->snapshot, reader->next, tally);
}

/* The first look-up in a new generation pays for the change: pages to map, cold caches and, at
   `start`, the check of an archive's structure. The check of everything else is no part of a
   look-up. */
static void look_into_new(struct reader *reader, void (*look)(struct reader *, struct tally *), uint64_t start,
                          struct tally *tally)
{
    struct reader_cell *cell = reader->cell;
    const char *wrong = reader->form->meet(&reader->snapshot);
    uint64_t end;

    meet_generation(reader, reader->snapshot.view.generation);
    look(reader, tally);
    end = monotonic_ns();
    if (start)
        histogram_add(&cell->first, end - start);
    note_age(reader, end);
    if (wrong)
        tally_add(tally, OUTCOME_TORN, wrong);
    else if (reader->form->check_new(&reader->snapshot, get(&cell->generations) - 1, tally))
        add(&cell->verified, 1);
    reader->aside_ns += monotonic_ns() - end;
}

/* The value is damaged, or of another type; there is no view of it. */
static int refuse_value(struct reader *reader, int code)
{
    uint64_t generation = reader->snapshot.view.generation;

    if (code != MMS_E_CORRUPT && code != MMS_E_TYPE)
        return code;
    note_finding(reader, generation, last_error());
    meet_generation(reader, generation);
    reader->outcomes[OUTCOME_TORN]++;
    return 0;
}

/* Pin, look, release. 0, or a code after which the reader cannot go on. */
static int visit(struct reader *reader, void (*look)(struct reader *, struct tally *))
{
    uint64_t start = mms_generation(reader->region) != reader->snapshot.generation ? monotonic_ns() : 0;
    struct tally tally = {.wrong = NULL};
    int code = reader->form->read(&reader->snapshot, reader->handle);

    if (code)
        return refuse_value(reader, code);
    if (reader->snapshot.view.generation == reader->snapshot.generation)
        look(reader, &tally);
    else
        look_into_new(reader, look, start, &tally);
    code = mms_release(reader->handle);
    if (code == MMS_E_EVICTED) {
        add(&reader->cell->evicted, 1);
        return 0;
    }
    if (code)
        return code;
    if (tally.wrong)
        note_finding(reader, reader->generation, tally.wrong);
    for (unsigned i = 0; i < OUTCOMES; i++)
        reader->outcomes[i] += tally.counts[i];
    return 0;
}

/* ---- Their times ---- */

static void note_gap(struct reader *reader, uint64_t start)
{
    uint64_t gap = start - reader->last_ns - reader->aside_ns;

    if (reader->last_ns && gap > get(&reader->cell->longest_gap_ns))
        put(&reader->cell->longest_gap_ns, gap);
    reader->last_ns = start;
    reader->aside_ns = 0;
}

static int timed_visit(struct reader *reader, void (*look)(struct reader *, struct tally *),
                       struct histogram *histogram)
{
    uint64_t newest = mms_generation(reader->region), start = monotonic_ns(), end;
    int code;

    note_gap(reader, start);
    code = visit(reader, look);
    end = monotonic_ns();
    if (code)
        return code;
    histogram_add(histogram, end - start - reader->aside_ns);
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

    for (unsigned i = 0; i < OUTCOMES; i++) {
        if (reader->outcomes[i])
            add(counters[i], reader->outcomes[i]);
        all += reader->outcomes[i];
        reader->outcomes[i] = 0;
    }
    add(&reader->cell->lookups, all);
}

/* One look-up is timed, the others are not; where there is a way to look up several keys at once,
   that is timed each time. */
static int work(struct reader *reader)
{
    uint32_t sample = reader->next;
    int code = timed_visit(reader, look_up_one, &reader->cell->latency);

    if (reader->outcomes[OUTCOME_FOUND])
        atomic_store_explicit(&reader->cell->sample, (uint32_t)reader->answer.suffix << 16 | sample,
                              memory_order_relaxed);
    for (unsigned i = 1; !code && i < LOOKUPS_PER_TIMED; i++)
        code = visit(reader, look_up_one);
    if (!code && reader->form->find_many)
        code = timed_visit(reader, look_up_many, &reader->cell->many);
    report_outcomes(reader);
    return code;
}

/* ---- Holding a view, for the conductor ---- */

/* A reader that is killed never gets past the loop; one that is stopped goes on with the view
   it had. */
static const char *hold_view(struct reader *reader, const mms_view *view)
{
    struct reader_cell *cell = reader->cell;
    const char *wrong = reader->form->check_view(&reader->data, view);

    put(&cell->held_generation, view->generation);
    atomic_store(&cell->state, STATE_HOLDING);
    while (atomic_load(&cell->order) == ORDER_HOLD || fault("stuck"))
        sleep_ms(1);
    put(&cell->held_newer, mms_generation(reader->region) - view->generation);
    return wrong ? wrong : reader->form->check_view(&reader->data, view);
}

static int hold(struct reader *reader)
{
    struct reader_cell *cell = reader->cell;
    const char *wrong;
    mms_view view;
    int code = mms_read(reader->handle, &view);

    if (code)
        return code;
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
    reader->snapshot = (struct snapshot){.form = reader->form, .data = &reader->data};
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
    struct reader reader = {
        .board = board, .cell = &board->cells[number], .number = number, .form = form_of(board->form)};
    int status = prepare(&reader);

    if (!status)
        status = look_up_until_end(&reader);
    return finish(&reader) ? EXIT_FAILED : status;
}
