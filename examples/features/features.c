/* SPDX-License-Identifier: Apache-2.0 */
/* A table of features, looked up for each request by several processes while a trainer replaces it:
     features REGION [USERS [TRAININGS [READERS]]]
   Every look-up is checked: all features of a user must come from the table's own version. */
#define _POSIX_C_SOURCE 200809L
#include "table.h"
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FEATURES = 8, MOST_READERS = 64, REQUESTS_PER_VIEW = 100 };

struct job {
    const char *path;
    uint64_t users, trainings;
    unsigned readers;
};

static int fail(const char *what)
{
    fprintf(stderr, "features: %s: %s\n", what, mms_last_error());
    return EXIT_FAILURE;
}

/* What training number `version` learns about a user. */
static float feature_of(uint64_t user, uint64_t version, unsigned index)
{
    return (float)(user % 1000) + (float)version * 1000.0f + (float)index / 16.0f;
}

static uint64_t user_id(uint64_t index)
{
    return index * UINT64_C(2654435761) + 12345; /* ids are not dense */
}

/* ---- The trainer ---- */

struct model {
    float *numbers;
    FeatureTable table;
    HashMap_u64_Vec_f32_entry *entries;
};

static void train(struct model *model, uint64_t users, uint64_t version)
{
    for (uint64_t i = 0; i < users; i++) {
        float *numbers = model->numbers + i * FEATURES;

        for (unsigned k = 0; k < FEATURES; k++)
            numbers[k] = feature_of(user_id(i), version, k);
        model->entries[i].key = user_id(i);
        model->entries[i].value.data = numbers;
        model->entries[i].value.count = FEATURES;
    }
    model->table.version = version;
    model->table.features.data = model->entries;
    model->table.features.count = (size_t)users;
}

static int run_trainer(const struct job *job, mms_writer *writer, const uint64_t *first)
{
    const mms_str names[FEATURES] = {{"age", 3},      {"clicks", 6}, {"visits", 6},   {"spent", 5},
                                     {"returned", 8}, {"hour", 4},   {"distance", 8}, {"score", 5}};
    struct model model = {.numbers = calloc((size_t)job->users * FEATURES, sizeof(float)),
                          .table = {.names = {names, FEATURES}},
                          .entries = calloc((size_t)job->users, sizeof *model.entries)};
    mms_receipt receipt = {0};
    int code = model.numbers && model.entries ? 0 : -ENOMEM;

    for (uint64_t version = *first; version < *first + job->trainings && code == 0; version++) {
        train(&model, job->users, version);
        code = FeatureTable_write(writer, &model.table, &receipt);
    }
    if (code == 0)
        printf("trainer: %" PRIu64 " tables of %" PRIu64 " users, %zu bytes each\n", job->trainings, job->users,
               receipt.size);
    free(model.numbers);
    free(model.entries);
    return code;
}

/* ---- Readers ---- */

static bool answer(const ArchivedFeatureTable *table, uint64_t user)
{
    const ArchivedVec_f32 *features = HashMap_u64_Vec_f32_get(&table->features, user);

    if (!features || Vec_f32_count(features) != FEATURES)
        return false;
    for (unsigned k = 0; k < FEATURES; k++)
        if (*Vec_f32_at(features, k) != feature_of(user, table->version, k))
            return false;
    return true;
}

/* Serves requests until the last table is there. A reader keeps its table for a few requests, then moves on. */
static int serve(const struct job *job, mms_reader *reader, uint64_t last, unsigned number)
{
    uint64_t requests = 0, tables = 0, random = number, version = 0;
    mms_view view;

    while (version < last) {
        const ArchivedFeatureTable *table = FeatureTable_read(reader, &view);

        if (!table)
            return fail("reading");
        if (table->version < version)
            return fprintf(stderr, "features: the tables went back\n"), EXIT_FAILURE;
        tables += view.changed;
        version = table->version;
        for (int i = 0; i < REQUESTS_PER_VIEW; i++, requests++) {
            random = random * UINT64_C(6364136223846793005) + 1442695040888963407u;
            if (!answer(table, user_id((random >> 33) % job->users)))
                return fprintf(stderr, "features: a wrong answer in version %" PRIu64 "\n", version), EXIT_FAILURE;
        }
    }
    printf("reader %u: %" PRIu64 " requests, %" PRIu64 " tables\n", number, requests, tables);
    return mms_release(reader) == 0 ? EXIT_SUCCESS : fail("releasing");
}

static int run_reader(const struct job *job, uint64_t last, unsigned number)
{
    mms_region *region = NULL;
    mms_reader *reader = NULL;
    int status;

    if (mms_region_open(job->path, NULL, &region) != 0 || mms_reader_open(region, &reader) != 0)
        status = fail("opening");
    else
        status = serve(job, reader, last, number);
    mms_reader_close(reader);
    mms_region_close(region);
    fflush(stdout);
    return status;
}

/* ---- Both ---- */

static int start_readers(const struct job *job, uint64_t last, pid_t *pids)
{
    fflush(stdout);
    for (unsigned i = 0; i < job->readers; i++) {
        pids[i] = fork();
        if (pids[i] < 0)
            return perror("features: fork"), EXIT_FAILURE;
        if (pids[i] == 0)
            _exit(run_reader(job, last, i + 1));
    }
    return EXIT_SUCCESS;
}

/* `stop`: end the readers first, because they would wait for ever for a trainer that failed. */
static int wait_for(const struct job *job, const pid_t *pids, bool stop)
{
    int status, result = EXIT_SUCCESS;

    for (unsigned i = 0; i < job->readers; i++) {
        if (pids[i] <= 0)
            continue;
        if (stop)
            kill(pids[i], SIGTERM);
        if (waitpid(pids[i], &status, 0) < 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
            result = EXIT_FAILURE;
    }
    return result;
}

static int run(const struct job *job)
{
    struct job first_job = *job;
    uint64_t version = 1;
    pid_t pids[MOST_READERS] = {0};
    mms_writer *writer = NULL;
    int status;

    first_job.trainings = 1; /* so that there is something to read */
    if (mms_writer_open(job->path, NULL, &writer) != 0 || run_trainer(&first_job, writer, &version) != 0) {
        mms_writer_close(writer);
        return fail("training");
    }
    version = 2;
    status = start_readers(job, job->trainings + 1, pids);
    if (status == EXIT_SUCCESS && run_trainer(job, writer, &version) != 0)
        status = fail("training");
    if (wait_for(job, pids, status != EXIT_SUCCESS) != EXIT_SUCCESS)
        status = EXIT_FAILURE;
    mms_writer_close(writer);
    return status;
}

static uint64_t number(const char *text, uint64_t most)
{
    char *end;
    uint64_t value = strtoull(text, &end, 10);

    return *end || value > most ? 0 : value;
}

int main(int argc, char **argv)
{
    struct job job = {.users = 10000, .trainings = 50, .readers = 4};

    if (argc > 2)
        job.users = number(argv[2], 1 << 30);
    if (argc > 3)
        job.trainings = number(argv[3], 1 << 30);
    if (argc > 4)
        job.readers = (unsigned)number(argv[4], MOST_READERS);
    if (argc < 2 || argc > 5 || job.users == 0 || job.trainings == 0 || job.readers == 0) {
        fprintf(stderr, "usage: features REGION [USERS [TRAININGS [READERS]]]\n");
        return 2;
    }
    job.path = argv[1];
    return run(&job);
}
