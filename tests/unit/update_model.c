/* SPDX-License-Identifier: Apache-2.0 */
/* Updates compared with a plain copy of the value: whatever is done in whatever order, each
   publish equals the copy to the last byte, and whatever mms_changes leaves out is equal in both
   values. */
#include "pattern.h"
#include "region/writer.h"
#include "sample.h"
#include "scratch.h"
#include "tracked.h"
#include <stdlib.h>
#include <string.h>

enum { MAX_SIZE = 48 << 10, KEPT = 64, MOST_RANGES = 4096 };

struct value {
    uint64_t generation;
    size_t size;
    unsigned char bytes[MAX_SIZE];
};

struct model {
    const char *path;
    mms_writer_options options;
    bool compares; /* MMS_TRACK_AUTO without the kernel's help */
    mms_writer *writer;
    mms_region *region;
    mms_reader *reader, *holders[3];
    struct value *values; /* the last ones; the newest at count % KEPT */
    uint64_t count, random;
    uint64_t known, forgotten; /* answers of mms_changes */
};

static uint64_t below(struct model *model, uint64_t limit)
{
    return pattern_random(&model->random) % limit;
}

static struct value *newest(struct model *model)
{
    return &model->values[model->count % KEPT];
}

static struct value *next(struct model *model)
{
    const struct value *last = newest(model);
    struct value *value;

    model->count++;
    value = newest(model);
    value->size = last->size;
    memcpy(value->bytes, last->bytes, last->size);
    return value;
}

static void fill(struct model *model, unsigned char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        bytes[i] = (unsigned char)pattern_random(&model->random);
}

/* ---- Checks after each publish ---- */

static bool is_inside(const mms_range *ranges, size_t count, size_t at)
{
    for (size_t i = 0; i < count; i++)
        if (at >= ranges[i].offset && at - ranges[i].offset < ranges[i].length)
            return true;
    return false;
}

static void check_left_out(const struct value *old, const struct value *now, const mms_range *ranges, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        check_true(ranges[i].length > 0 && ranges[i].offset + ranges[i].length <= now->size);
        check_true(i == 0 || ranges[i].offset > ranges[i - 1].offset + ranges[i - 1].length);
    }
    for (size_t at = 0; at < now->size; at++)
        if ((at >= old->size || old->bytes[at] != now->bytes[at]) && !is_inside(ranges, count, at))
            check_failed(__FILE__, __LINE__, "byte %zu differs between generations %llu and %llu, and is left out", at,
                         (unsigned long long)old->generation, (unsigned long long)now->generation);
}

static void check_changes(struct model *model, const struct value *old)
{
    static mms_range ranges[MOST_RANGES];
    size_t count = 0;
    int code = mms_changes(model->reader, old->generation, ranges, MOST_RANGES, &count);

    if (code == MMS_E_FORGOTTEN) {
        model->forgotten++;
        return;
    }
    check_ok(code);
    check_true(count <= MOST_RANGES);
    model->known += old != newest(model);
    check_left_out(old, newest(model), ranges, count);
}

static void check_published(struct model *model)
{
    const struct value *value = newest(model);
    mms_view view;

    check_ok(mms_read(model->reader, &view));
    check_equal(view.generation, value->generation);
    check_equal(view.size, value->size);
    check_memory(view.data, value->bytes, value->size);
    check_changes(model, value);
    check_changes(model, &model->values[(model->count - 1) % KEPT]);
    check_changes(model, &model->values[(model->count - below(model, KEPT - 1)) % KEPT]);
    check_ok(mms_release(model->reader));
}

/* ---- What is done ---- */

static void whole_write(struct model *model)
{
    struct value *value = next(model);
    mms_receipt receipt;

    value->size = (size_t)below(model, MAX_SIZE);
    fill(model, value->bytes, value->size);
    check_ok(mms_write(model->writer, value->bytes, value->size, &receipt));
    value->generation = receipt.generation;
}

static void aborted(struct model *model)
{
    size_t size;
    void *buffer;

    if (below(model, 2) == 0) {
        size = (size_t)below(model, MAX_SIZE);
        check_ok(mms_write_begin(model->writer, size, &buffer, NULL));
    } else {
        check_ok(mms_write_update(model->writer, 0, &buffer, &size, NULL));
        check_ok(mms_write_touch(model->writer, 0, size / 2));
    }
    memset(buffer, 0xdd, size);
    check_ok(mms_write_abort(model->writer));
}

static void change(struct model *model, struct value *value, unsigned char *buffer, size_t capacity)
{
    size_t at = (size_t)below(model, capacity), length = (size_t)below(model, below(model, 8) == 0 ? 4096 : 64);
    unsigned char bytes[4096];

    if (length > capacity - at)
        length = capacity - at;
    fill(model, bytes, length);
    memcpy(value->bytes + at, bytes, length);
    if (model->options.track != MMS_TRACK_TOUCHES && below(model, 8) != 0) {
        memcpy(buffer + at, bytes, length);
        return;
    }
    if (below(model, 2) == 0) {
        check_ok(mms_write_patch(model->writer, at, bytes, length));
        return;
    }
    memcpy(buffer + at, bytes, length);
    check_ok(mms_write_touch(model->writer, at, length));
}

static size_t random_size(struct model *model, size_t size)
{
    switch (below(model, 6)) {
    case 0: return size / 2;
    case 1: return size + (size_t)below(model, MAX_SIZE - size + 1);
    default: return size;
    }
}

/* Bytes that were never written are whatever the slot held: both sides get the same. */
static void update(struct model *model)
{
    struct value *value = next(model);
    size_t old = value->size, size, wanted = random_size(model, old), capacity = wanted > old ? wanted : old;
    unsigned changes = (unsigned)below(model, below(model, 10) == 0 ? 800 : 10);
    mms_receipt receipt;
    void *buffer;

    check_ok(mms_write_update(model->writer, wanted, &buffer, &size, NULL));
    check_equal(size, old);
    check_memory(buffer, value->bytes, old);
    if (wanted > old) {
        fill(model, value->bytes + old, wanted - old);
        memcpy((unsigned char *)buffer + old, value->bytes + old, wanted - old);
    }
    for (unsigned i = 0; i < changes && capacity > 0; i++)
        change(model, value, buffer, capacity);
    value->size = wanted;
    check_ok(mms_write_commit(model->writer, wanted, &receipt));
    value->generation = receipt.generation;
}

static void open_writer(struct model *model)
{
    struct mms__tracking *tracking;

    model->writer = sample_writer_with(model->path, model->options);
    if (!model->compares)
        return;
    tracking = &mms__native_writer_of((struct mms_writer *)model->writer)->tracking;
    mms__tracking_close(tracking);
    tracking->refused = true;
}

static void reopen(struct model *model)
{
    check_ok(mms_writer_close(model->writer));
    open_writer(model);
}

/* A reader that holds its view for a while, so that slots come and go in another order. */
static void hold_or_let_go(struct model *model)
{
    mms_reader *reader = model->holders[below(model, 3)];
    mms_view view;

    if (mms_release(reader) == MMS_E_NO_VIEW)
        check_ok(mms_read(reader, &view));
}

static void do_something(struct model *model)
{
    uint64_t choice = below(model, 100);

    if (choice < 4)
        whole_write(model);
    else if (choice < 5)
        reopen(model);
    else if (choice < 15)
        aborted(model);
    else if (choice < 25)
        hold_or_let_go(model);
    else
        update(model);
    check_published(model);
}

static struct model model_of(void **state, uint64_t changes_size, uint32_t slots)
{
    struct model model = {.path = scratch_path(state, "region"), .options = sample_options(), .random = 12345 + slots};

    model.options.max_size = MAX_SIZE;
    model.options.max_slots = slots;
    model.options.changes_size = changes_size;
    return model;
}

static void run(struct model model)
{
    model.values = calloc(KEPT, sizeof *model.values);
    open_writer(&model);
    whole_write(&model);
    model.region = sample_region(model.path);
    model.reader = sample_reader(model.region);
    for (int i = 0; i < 3; i++)
        model.holders[i] = sample_reader(model.region);
    for (int i = 0; i < check_rounds(5000); i++)
        do_something(&model);
    check_true(model.known > 100 && model.forgotten > 100); /* otherwise nothing was checked */
    check_ok(mms_verify(model.path, NULL, NULL));
    check_ok(mms_writer_close(model.writer));
    for (int i = 0; i < 3; i++)
        check_ok(mms_reader_close(model.holders[i]));
    check_ok(mms_reader_close(model.reader));
    check_ok(mms_region_close(model.region));
    free(model.values);
}

static void every_publish_is_what_a_plain_copy_says(void **state)
{
    run(model_of(state, 0, 8));
}

static void and_where_the_ring_is_small(void **state)
{
    run(model_of(state, 4096, 5));
}

static void and_where_untouched_changes_are_refused(void **state)
{
    struct model model = model_of(state, 1 << 20, 16);

    model.options.check_touch = true;
    run(model);
}

static void and_where_the_kernel_finds_the_changes(void **state)
{
    struct model model = model_of(state, 0, 8);

    need_page_tracking();
    model.options.track = MMS_TRACK_PAGES;
    run(model);
}

static void and_where_what_it_has_not_found_is_refused(void **state)
{
    struct model model = model_of(state, 1 << 20, 5);

    need_page_tracking();
    model.options.track = MMS_TRACK_PAGES;
    model.options.check_touch = true;
    run(model);
}

static void and_where_all_is_compared(void **state)
{
    struct model model = model_of(state, 0, 8);

    model.options.track = MMS_TRACK_AUTO;
    model.compares = true;
    run(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(every_publish_is_what_a_plain_copy_says),    scratch_test(and_where_the_ring_is_small),
        scratch_test(and_where_untouched_changes_are_refused),    scratch_test(and_where_the_kernel_finds_the_changes),
        scratch_test(and_where_what_it_has_not_found_is_refused), scratch_test(and_where_all_is_compared),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
