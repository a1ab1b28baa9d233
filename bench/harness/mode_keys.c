/* SPDX-License-Identifier: Apache-2.0 */
/* A store that has keys: it is loaded once, and then looked up and changed in one step after the
   other, because loading it may take longer than all the rest. A figure begins with its step. */
#include "harness.h"
#include <stdlib.h>
#include <string.h>

enum { BATCH = 1024, READERS = 2, WARM = 16, FEW = 3, SAMPLES_MOST = 1000000, CHECKED = 3, PLACE_BITS = 20 };
static const double longest_warm_up = 1; /* seconds */

struct step {
    const char *name;
    unsigned readers; /* that look keys up; otherwise the writer is measured */
    bool zipf, many;
    double rate;  /* at which one entry is changed meanwhile, in commits per second */
    size_t puts;  /* in one commit of the writer */
    bool inserts; /* of new keys */
};

static const struct step steps[] = {
    {.name = "get", .readers = 1},
    {.name = "zipf", .readers = 1, .zipf = true},
    {.name = "many", .readers = 1, .many = true},
    {.name = "two", .readers = 2},
    {.name = "put1", .puts = 1},
    {.name = "put1000", .puts = 1000},
    {.name = "beside1000", .readers = 1, .rate = 1000},
    {.name = "beside100000", .readers = 1, .rate = 100000},
    {.name = "beside1000two", .readers = 2, .rate = 1000},
    {.name = "insert", .puts = 1, .inserts = true}, /* the last, as the store grows */
};
enum { STEPS = sizeof steps / sizeof *steps };

/* ---- Keys ---- */

struct batch {
    struct bench_key keys[BATCH];
    uint64_t numbers[BATCH];
    char bytes[BATCH][BENCH_TEXT_MOST];
};

static size_t write_text(char *text, uint64_t key)
{
    static const char digits[] = "0123456789abcdef", prefix[] = "user:";
    size_t length = sizeof prefix - 1;

    memcpy(text, prefix, length);
    for (int shift = 60; shift >= 0; shift -= 4)
        text[length++] = digits[key >> shift & 15];
    return length;
}

static void set_key(const struct session *session, struct batch *batch, size_t i, uint64_t number)
{
    uint64_t key = bench_table_key(number);

    batch->numbers[i] = number;
    batch->keys[i] = (struct bench_key){batch->bytes[i], sizeof key};
    if (session->options->texts)
        batch->keys[i].size = write_text(batch->bytes[i], key);
    else
        memcpy(batch->bytes[i], &key, sizeof key);
}

static struct bench_some some_of(const struct batch *batch, size_t count, uint64_t stamp)
{
    return (struct bench_some){batch->keys, batch->numbers, count, stamp};
}

/* What a commit puts is a function of its stamp; the first stamp of its step is `first`. */
static struct bench_some choose(const struct session *session, const struct step *step, uint64_t first, uint64_t stamp,
                                struct batch *batch)
{
    uint64_t count = session->options->count;
    size_t puts = step->puts > 0 ? step->puts : 1;

    for (size_t i = 0; i < puts; i++)
        set_key(session, batch, i,
                step->inserts ? count + stamp - first : bench_table_key(stamp << PLACE_BITS | i) % count);
    return some_of(batch, puts, stamp);
}

/* ---- Readers ---- */

struct look {
    struct worker *worker;
    void *reader;
    const struct step *step;
    struct zipf zipf;
    uint64_t state;
    struct batch batch;
};

/* Popular keys are not neighbours. */
static uint64_t next_number(struct look *look)
{
    uint64_t count = look->worker->session->options->count;

    if (look->step->zipf)
        return bench_table_key(zipf_next(&look->zipf, &look->state) + (UINT64_C(1) << 40)) % count;
    return bench_table_key(look->state += 64) % count;
}

/* ns of a batch. */
static double look_up_batch(struct look *look)
{
    struct session *session = look->worker->session;
    const struct bench_keys *keys = &session->contestant->keys;
    uint64_t from, found;
    struct bench_some some;

    for (size_t i = 0; i < BATCH; i++)
        set_key(session, &look->batch, i, next_number(look));
    some = some_of(&look->batch, BATCH, 0);
    from = clock_ns();
    found = look->step->many ? keys->get_many(look->reader, &some) : keys->get(look->reader, &some);
    if (found != BATCH)
        fail(session, "%llu of %d look-ups found their entry, and all of it", (unsigned long long)found, (int)BATCH);
    return (double)(clock_ns() - from);
}

/* Until most pages are mapped into the reader, and caches have what they will have. */
static void warm_up(struct look *look, double seconds)
{
    uint64_t until = clock_ns() + (uint64_t)(seconds * 1e9), looked_up = 0;

    while (clock_ns() < until && looked_up < look->worker->session->options->count / 4) {
        (void)look_up_batch(look);
        looked_up += BATCH;
    }
}

static void look_up(struct look *look)
{
    double seconds = look->worker->session->options->seconds, total = 0;
    struct result *result = &look->worker->session->shared->results[look->worker->index];
    uint64_t until;
    struct samples samples;

    samples_init(&samples, SAMPLES_MOST);
    warm_up(look, look->step == steps ? longest_warm_up : seconds / 4);
    until = clock_ns() + (uint64_t)(seconds * 1e9);
    do {
        double ns = look_up_batch(look);

        total += ns;
        samples_add(&samples, ns / BATCH);
    } while (clock_ns() < until && samples.count < samples.room);
    result->extra[0] = (double)samples.count * BATCH * 1e9 / total;
    result->ns = samples_quantile(&samples, 0.5);
    samples_free(&samples);
}

/* The last commits of a step are there, or later ones. */
static void check(struct look *look)
{
    struct session *session = look->worker->session;
    uint64_t first = atomic_load(&session->shared->answer), last = atomic_load(&session->shared->sequence);

    for (uint64_t stamp = last; stamp >= first && stamp > last - CHECKED; stamp--) {
        struct bench_some some = choose(session, look->step, first, stamp, &look->batch);
        uint64_t found = session->contestant->keys.get_many(look->reader, &some);

        if (found != some.count)
            fail(session, "%llu of %zu entries of commit %llu (%s) were there", (unsigned long long)found, some.count,
                 (unsigned long long)stamp, look->step->name);
    }
}

static bool is_possible(const struct session *session, const struct step *step)
{
    return step->rate == 0 || !(session->contestant->flags & BENCH_TAKES_TURNS);
}

static void read_all_steps(struct worker *worker)
{
    struct session *session = worker->session;
    struct look *look = calloc(1, sizeof *look);

    if (!look)
        fail(session, "no memory for a batch of keys");
    worker_await(worker, OPEN);
    look->worker = worker;
    look->reader = worker_open_reader(worker);
    look->state = worker->index;
    zipf_init(&look->zipf, session->options->count);
    worker_ready(worker);
    for (unsigned i = 0; i < STEPS; i++) {
        look->step = &steps[i];
        worker_await_step(worker, i + 1);
        if (is_possible(session, look->step) && worker->index < look->step->readers)
            look_up(look);
        else if (look->step->readers == 0 && worker->index == 0)
            check(look);
        worker_done(worker);
    }
    worker_await(worker, CLOSE);
    session->contestant->reader_close(look->reader);
    free(look);
}

/* ---- The writer ---- */

static void named_figure(const struct step *step, const char *name, double value)
{
    char text[64];

    snprintf(text, sizeof text, "%s_%s", step->name, name);
    figure(text, value);
}

static void expect(struct session *session, int code)
{
    if (code != 0)
        fail(session, "%s", session->contestant->detail());
}

static void load(struct session *session, struct batch *batch)
{
    const struct bench_keys *keys = &session->contestant->keys;
    size_t count = session->options->count;
    uint64_t from = clock_ns(), bytes = 0, ns;

    expect(session, keys->load_begin(count));
    ns = clock_ns() - from;
    for (size_t at = 0; at < count; at += BATCH) {
        size_t part = count - at < BATCH ? count - at : BATCH;
        struct bench_some some = some_of(batch, part, 0);

        for (size_t i = 0; i < part; i++)
            set_key(session, batch, i, at + i);
        from = clock_ns();
        expect(session, keys->load(&some));
        ns += clock_ns() - from;
    }
    from = clock_ns();
    expect(session, keys->load_end(&bytes));
    ns += clock_ns() - from;
    figure("load_s", (double)ns * 1e-9);
    figure("load_each_ns", (double)ns / (double)count);
    figure("bytes", (double)bytes);
}

/* ns of one commit. */
static double put_once(struct session *session, const struct step *step, uint64_t first, uint64_t stamp,
                       struct batch *batch)
{
    struct bench_some some = choose(session, step, first, stamp, batch);
    uint64_t from = ticks();

    expect(session, session->contestant->keys.put(&some));
    return ticks_ns(ticks() - from);
}

/* The first commits copy what is copied only once. Where each takes long, there are few. */
static void warm_up_writer(struct session *session, uint64_t *stamp, struct batch *batch)
{
    const struct step one = {.puts = 1};
    uint64_t until = clock_ns() + (uint64_t)(longest_warm_up * 1e9);
    double most = 0;

    for (int i = 0; i < FEW || (i < WARM && clock_ns() < until); i++) {
        double ns = put_once(session, &one, 0, ++*stamp, batch);

        most = ns > most ? ns : most;
    }
    figure("put1_first_ns", most);
}

static size_t most_commits(const struct session *session, const struct step *step)
{
    size_t most = session->options->count / 8;

    return step->inserts && most < SAMPLES_MOST ? most : SAMPLES_MOST;
}

static void put_in_step(struct session *session, const struct step *step, uint64_t *stamp, struct batch *batch)
{
    uint64_t first = *stamp + 1, until, busy, most_busy = 0;
    struct samples samples;
    struct spread spread;
    char prefix[64];

    samples_init(&samples, most_commits(session, step));
    until = clock_ns() + (uint64_t)(session->options->seconds * 1e9);
    do {
        busy = clock_thread_ns();
        samples_add(&samples, put_once(session, step, first, ++*stamp, batch));
        busy = clock_thread_ns() - busy;
        most_busy = busy > most_busy ? busy : most_busy;
    } while (clock_ns() < until && samples.count < samples.room);
    spread = samples_spread(&samples);
    named_figure(step, "busiest_ns", (double)most_busy);
    named_figure(step, "ns", spread.p50);
    snprintf(prefix, sizeof prefix, "%s_single_", step->name);
    figure_spread(prefix, &spread);
    samples_free(&samples);
    atomic_store(&session->shared->answer, first);
    atomic_store(&session->shared->sequence, *stamp);
}

/* Until the readers are done; the rate that was reached. */
static double change_at_rate(struct session *session, const struct step *step, unsigned done, uint64_t *stamp,
                             struct batch *batch)
{
    uint64_t start = clock_ns(), changed = 0;

    while (!session_workers_done(session, done)) {
        (void)put_once(session, step, 0, ++*stamp, batch);
        sleep_until(start + (uint64_t)((double)++changed * 1e9 / step->rate));
    }
    return (double)changed * 1e9 / (double)(clock_ns() - start);
}

static void report_look_ups(struct session *session, const struct step *step)
{
    double ns = 0, per_second = 0;

    for (unsigned i = 0; i < step->readers; i++) {
        ns += session->shared->results[i].ns / step->readers;
        per_second += session->shared->results[i].extra[0];
    }
    named_figure(step, "ns", ns);
    named_figure(step, "lookups_per_s", per_second);
}

static void run_step(struct session *session, unsigned index, uint64_t *stamp, struct batch *batch)
{
    const struct step *step = &steps[index];
    unsigned done = READERS * (index + 1);

    if (step->puts > 0)
        put_in_step(session, step, stamp, batch);
    session_step(session, index + 1);
    if (step->rate > 0 && is_possible(session, step))
        named_figure(step, "rate", change_at_rate(session, step, done, stamp, batch));
    session_await_done(session, done);
    if (step->readers > 0 && is_possible(session, step))
        report_look_ups(session, step);
}

void mode_keys(struct session *session)
{
    struct batch *batch = malloc(sizeof *batch);
    uint64_t stamp = 0;

    if (!batch)
        fail(session, "no memory for a batch of keys");
    for (unsigned i = 0; i < READERS; i++)
        session_worker(session, i, read_all_steps);
    cpu_pin(cpu_count() - 1);
    session_create(session);
    load(session, batch);
    session_phase(session, OPEN);
    session_await_ready(session, READERS);
    for (unsigned i = 0; i < STEPS; i++) {
        if (steps[i].puts > 0 && stamp == 0)
            warm_up_writer(session, &stamp, batch);
        run_step(session, i, &stamp, batch);
    }
    free(batch);
    session_close(session);
}
