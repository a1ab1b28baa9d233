/* SPDX-License-Identifier: Apache-2.0 */
/* Going back at random, with readers, aborted writes and new writers, against a model: only whole values that were published
   come back, and views stay as they are (G1, G4, G6). */
#include "keeping.h"
#include "scratch.h"
#include <stdlib.h>
#include <string.h>

enum { STEPS = 4000, READERS = 3, LOG = STEPS + 1 };

struct model {
    const char *path;
    mms_writer *writer;
    mms_region *region;
    mms_reader *readers[READERS];
    mms_view views[READERS];
    unsigned char fill[LOG * 2]; /* of each generation; 0: it was not published */
    uint64_t current;
    uint8_t keep;
    unsigned seed;
};

static unsigned choose(struct model *model, unsigned count)
{
    return (unsigned)rand_r(&model->seed) % count;
}

static void check_filled(const struct model *model, const void *data, size_t size, uint64_t generation)
{
    const unsigned char *bytes = data;

    check_true(generation < sizeof model->fill && model->fill[generation] != 0);
    check_equal(size, (size_t)model->fill[generation] * 20);
    for (size_t i = 0; i < size; i++)
        if (bytes[i] != model->fill[generation])
            check_failed(__FILE__, __LINE__, "byte %zu of generation %llu is wrong", i, (unsigned long long)generation);
}

static void write_some(struct model *model, bool commit)
{
    unsigned char fill = (unsigned char)(1 + choose(model, 250));
    mms_receipt receipt;
    void *buffer;

    check_ok(mms_write_begin(model->writer, (size_t)fill * 20, &buffer, &receipt));
    memset(buffer, fill, (size_t)fill * 20);
    if (!commit) {
        check_ok(mms_write_abort(model->writer));
        return;
    }
    check_ok(mms_write_commit(model->writer, (size_t)fill * 20, &receipt));
    model->fill[receipt.generation] = fill;
    model->current = receipt.generation;
}

static void go_back(struct model *model)
{
    mms_past_value values[KEEPING_SLOTS];
    size_t count = list_values(model->path, values), i;
    mms_receipt receipt;

    if (count < 2)
        return;
    i = 1 + choose(model, (unsigned)count - 1);
    check_ok(mms_write_rollback(model->writer, values[i].generation, &receipt));
    check_true(receipt.generation > model->current);
    model->fill[receipt.generation] = model->fill[values[i].generation];
    model->current = receipt.generation;
}

static void hold_or_release(struct model *model, unsigned i)
{
    if (model->views[i].data) {
        check_filled(model, model->views[i].data, model->views[i].size, model->views[i].generation);
        check_ok(mms_release(model->readers[i]));
        model->views[i].data = NULL;
        return;
    }
    check_ok(mms_read(model->readers[i], &model->views[i]));
    check_equal(model->views[i].generation, model->current);
    check_filled(model, model->views[i].data, model->views[i].size, model->views[i].generation);
}

static void renew_writer(struct model *model)
{
    check_ok(mms_writer_close(model->writer));
    model->keep = (uint8_t)choose(model, 5);
    model->writer = keeping_writer(model->path, model->keep);
}

/* All that is listed is a value that was published, and as many are kept as there is room for. */
static void check_history(struct model *model, unsigned publishes)
{
    mms_past_value values[KEEPING_SLOTS];
    size_t count = list_values(model->path, values);

    check_true(count >= 1 && values[0].current);
    check_equal(values[0].generation, model->current);
    for (size_t i = 0; i < count; i++) {
        check_true(model->fill[values[i].generation] != 0);
        check_equal(values[i].size, (size_t)model->fill[values[i].generation] * 20);
    }
    if (model->keep <= 2 && publishes > model->keep) /* with the held ones and a free one they fit the slots */
        check_true(count > model->keep);
}

static void do_anything(struct model *model, unsigned *publishes)
{
    switch (choose(model, 12)) {
    case 0: write_some(model, false); break;
    case 1:
    case 2: go_back(model); break;
    case 3:
    case 4:
    case 5: hold_or_release(model, choose(model, READERS)); break;
    case 6:
        if (choose(model, 10) == 0) {
            renew_writer(model);
            *publishes = 0;
        }
        break;
    default: write_some(model, true); ++*publishes;
    }
}

static void whatever_happens_only_whole_values_come_back(void **state)
{
    struct model *model = calloc(1, sizeof *model);
    unsigned publishes = 0;

    model->path = scratch_path(state, "region");
    model->seed = 4711;
    model->keep = 2;
    model->writer = keeping_writer(model->path, 2);
    model->region = sample_region(model->path);
    for (unsigned i = 0; i < READERS; i++)
        model->readers[i] = sample_reader(model->region);
    write_some(model, true);
    for (unsigned i = 0; i < STEPS; i++) {
        do_anything(model, &publishes);
        check_history(model, publishes);
        check_pool(model->writer);
    }
    for (unsigned i = 0; i < READERS; i++)
        check_ok(mms_reader_close(model->readers[i]));
    check_ok(mms_region_close(model->region));
    check_ok(mms_writer_close(model->writer));
    check_ok(mms_verify(model->path, NULL, NULL));
    free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(whatever_happens_only_whole_values_come_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
