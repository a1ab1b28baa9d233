/* SPDX-License-Identifier: Apache-2.0 */
/* The writer's slots against a simple model: which may be given out, which must not, after any sequence of operations
   (region/pool.c, region/pool_take.c, region/reclaim.c). White box: through the writer's handle. */
#include "region/protocol.h"
#include "region/region.h"
#include "region/writer.h"
#include "sample.h"
#include "scratch.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SLOTS = 5, READERS = 6, SIZE_MAXIMUM = 3 << 20 };

struct model {
    mms_writer *writer;
    mms_region *region;
    mms_reader *readers[READERS];
    mms_view views[READERS];
    bool holds[READERS];
    unsigned char bytes[READERS]; /* what each view is filled with */
    uint64_t generation;          /* the newest */
    unsigned char newest;
    unsigned seed;
};

static void check_pool(mms_writer *writer)
{
    const char *wrong = mms__pool_invariant(&mms__native_writer_of(writer)->pool);

    if (wrong)
        check_failed(__FILE__, __LINE__, "the pool is not consistent: %s", wrong);
}

static unsigned choose(struct model *model, unsigned count)
{
    return (unsigned)rand_r(&model->seed) % count;
}

static size_t choose_size(struct model *model)
{
    const size_t limits[] = {1, 100, 5000, 200000, SIZE_MAXIMUM};

    return choose(model, (unsigned)limits[choose(model, 5)]) + 1;
}

static bool is_held(const struct model *model, uint64_t generation)
{
    for (int i = 0; i < READERS; i++)
        if (model->holds[i] && model->views[i].generation == generation)
            return true;
    return false;
}

/* The distinct generations that readers hold, without the newest. */
static unsigned count_held(const struct model *model)
{
    unsigned count = 0;

    for (int i = 0; i < READERS; i++) {
        bool first = model->holds[i] && model->views[i].generation != model->generation;

        for (int j = 0; first && j < i; j++)
            first = !model->holds[j] || model->views[j].generation != model->views[i].generation;
        count += first;
    }
    return count;
}

static void check_slot_was_free(const struct model *model, unsigned slot, uint64_t before)
{
    check_true(before == 0 || before != model->generation);
    check_true(!is_held(model, before));
    check_true(slot < SLOTS);
}

static void write_once(struct model *model, bool commit)
{
    uint64_t generations[SLOTS];
    size_t size = choose_size(model);
    unsigned char fill = (unsigned char)(choose(model, 255) + 1);
    mms_receipt receipt;
    void *buffer;
    int code;

    for (unsigned slot = 0; slot < SLOTS; slot++)
        generations[slot] = mms__native_writer_of(model->writer)->pool.slots[slot].generation;
    code = mms_write_begin(model->writer, size, &buffer, &receipt);
    if (code == MMS_E_AGAIN) {
        check_true(count_held(model) + 1 >= SLOTS); /* no slot was free */
        return;
    }
    check_ok(code);
    check_true(count_held(model) + 1 < SLOTS);
    check_slot_was_free(model, receipt.slot, generations[receipt.slot]);
    memset(buffer, fill, size);
    if (!commit) {
        check_ok(mms_write_abort(model->writer));
        return;
    }
    check_ok(mms_write_commit(model->writer, size, &receipt));
    check_true(receipt.generation > model->generation);
    model->generation = receipt.generation;
    model->newest = fill;
}

static void check_view(const struct model *model, int i)
{
    const unsigned char *data = model->views[i].data;
    size_t size = model->views[i].size;

    check_equal(data[0], model->bytes[i]);
    check_equal(data[size / 2], model->bytes[i]);
    check_equal(data[size - 1], model->bytes[i]);
}

static void read_once(struct model *model, int i)
{
    if (model->generation == 0)
        return;
    check_ok(mms_read(model->readers[i], &model->views[i]));
    check_equal(model->views[i].generation, model->generation);
    model->holds[i] = true;
    model->bytes[i] = model->newest;
    check_view(model, i);
}

static void release_once(struct model *model, int i)
{
    if (!model->holds[i])
        return;
    check_view(model, i);
    check_ok(mms_release(model->readers[i]));
    model->holds[i] = false;
}

static mms_writer_options model_options(void)
{
    mms_writer_options options = sample_options();

    options.max_size = SIZE_MAXIMUM;
    options.max_slots = SLOTS;
    options.max_readers = READERS;
    return options;
}

static void run_model(const char *path, unsigned seed, mms_fence fence)
{
    mms_region_options options = MMS_REGION_OPTIONS_INIT;
    struct model model = {.seed = seed, .writer = sample_writer_with(path, model_options())};

    options.fence = fence;
    check_ok(mms_region_open(path, &options, &model.region));
    for (int i = 0; i < READERS; i++)
        model.readers[i] = sample_reader(model.region);
    for (int step = 0; step < 1500; step++) {
        unsigned choice = choose(&model, 100);

        if (choice < 40)
            write_once(&model, choice < 35);
        else if (choice < 70)
            read_once(&model, (int)choose(&model, READERS));
        else if (choice < 98)
            release_once(&model, (int)choose(&model, READERS));
        else {
            check_ok(mms_writer_close(model.writer)); /* a successor, while readers hold */
            model.writer = sample_writer_with(path, model_options());
        }
        check_pool(model.writer);
    }
    for (int i = 0; i < READERS; i++) {
        release_once(&model, i);
        check_ok(mms_reader_close(model.readers[i]));
    }
    check_ok(mms_verify(path, NULL, NULL));
    check_ok(mms_region_close(model.region));
    check_ok(mms_writer_close(model.writer));
}

static void no_held_slot_is_given_out_and_no_free_one_is_withheld(void **state)
{
    run_model(scratch_path(state, "first"), 1, MMS_FENCE_AUTO);
    run_model(scratch_path(state, "second"), 2, MMS_FENCE_AUTO);
    run_model(scratch_path(state, "third"), 3, MMS_FENCE_SYMMETRIC);
}

static void invariant_notices_damage(void **state)
{
    mms_writer *writer = sample_writer(scratch_path(state, "region"));
    struct mms__pool *pool = &mms__native_writer_of(writer)->pool;
    uint16_t listed;
    enum mms__slot_state state_of_first;

    for (int i = 0; i < 9; i++)
        publish_text(writer, "value");
    check_pool(writer);
    check_true(pool->free_count > 0);
    state_of_first = pool->slots[0].state;
    pool->free_count++;
    check_true(mms__pool_invariant(pool) != NULL);
    pool->free_count--;
    pool->used++;
    check_true(mms__pool_invariant(pool) != NULL);
    pool->used--;
    pool->slots[0].state = MMS__SLOT_UNUSED;
    check_string(mms__pool_invariant(pool), "a slot's state does not fit the count of used slots");
    pool->slots[0].state = state_of_first;
    listed = pool->free_list[0];
    pool->free_list[0] = (uint16_t)mms__word_slot(mms__native_writer_of(writer)->control->current);
    check_string(mms__pool_invariant(pool), "a slot on the free list is not free");
    pool->free_list[0] = listed;
    check_true(pool->live_count > 0);
    pool->live_count--;
    check_string(mms__pool_invariant(pool), "a live slot is not on the list of live slots");
    pool->live_count++;
    listed = pool->live_list[0];
    pool->live_list[0] = pool->free_list[0];
    check_string(mms__pool_invariant(pool), "a slot on the list of live slots is not live");
    pool->live_list[0] = listed;
    pool->oldest_live = pool->generation + 1;
    check_string(mms__pool_invariant(pool), "a live slot is older than the oldest one");
    pool->oldest_live = 0;
    pool->slots[0].generation = pool->generation + 1;
    check_true(mms__pool_invariant(pool) != NULL);
    pool->slots[0].generation = 1;
    check_pool(writer);
    check_ok(mms_writer_close(writer));
}

/* ---- What a scan frees, given what the lines say ---- */

/* A writer with values 1 to 4 in its slots, 4 current, and a line of a live process to play
   with. */
static mms_writer *writer_with_full_slots(const char *path, mms_region **region, struct mms__line **line)
{
    mms_writer *writer = sample_writer(path);
    mms_reader *reader;

    *region = sample_region(path);
    reader = sample_reader(*region);
    *line = &((struct mms__readers *)mms__native_writer_of(writer)->readers_map.base)->lines[0];
    (*line)->announce = 1 << 2 | MMS__FROM; /* keeps all to come */
    for (int i = 0; i < 4; i++)
        publish_text(writer, "value");
    check_equal(mms__native_writer_of(writer)->pool.used, 4);
    check_equal(mms__native_writer_of(writer)->pool.free_count, 0);
    check_true(reader != NULL);
    return writer;
}

static void check_frees(void **state, uint64_t announce, unsigned expected)
{
    char name[32];
    struct mms__line *line;
    mms_region *region;
    mms_writer *writer;
    static unsigned number;
    mms_reader *reader;

    snprintf(name, sizeof name, "region%u", number++);
    writer = writer_with_full_slots(scratch_path(state, name), &region, &line);
    reader = (mms_reader *)region->arena.base;
    line->announce = announce;
    check_equal(mms__reclaim(&mms__native_writer_of(writer)->pool), expected);
    check_pool(writer);
    line->announce = MMS__IDLE;
    check_equal(mms__reclaim(&mms__native_writer_of(writer)->pool), 3 - expected);
    check_ok(mms_reader_close(reader));
    check_ok(mms_region_close(region));
    check_ok(mms_writer_close(writer));
}

static void scan_frees_all_that_no_line_covers_at_once(void **state)
{
    check_frees(state, MMS__IDLE, 3);
    check_frees(state, 4 << 2 | MMS__EXACT, 3); /* the current one */
    check_frees(state, 2 << 2 | MMS__EXACT, 2);
    check_frees(state, 2 << 2 | MMS__FROM, 1);
    check_frees(state, 1 << 2 | MMS__FROM, 0);
    check_frees(state, 9 << 2 | MMS__EXACT, 3);
    check_frees(state, 9 << 2 | MMS__FROM, 3);
}

static void without_membarrier_asymmetric_readers_hold_everything_and_are_named(void **state)
{
    struct mms__line *line;
    mms_region *region;
    mms_writer *writer = writer_with_full_slots(scratch_path(state, "region"), &region, &line);
    mms_receipt receipt;

    line->announce = MMS__IDLE;
    line->mode = MMS__ASYMMETRIC;
    mms__native_writer_of(writer)->pool.can_membarrier = false;
    check_code(mms_write(writer, "x", 1, &receipt), MMS_E_AGAIN);
    check_equal(receipt.blockers, 1);
    line->mode = MMS__SYMMETRIC; /* the reader adopts the mode */
    publish_text(writer, "x");
    check_ok(mms_reader_close((mms_reader *)region->arena.base));
    check_ok(mms_region_close(region));
    check_ok(mms_writer_close(writer));
}

/* More dead owners than are judged at a time: all are found, some at each scan. */
static void any_number_of_dead_owners_is_reaped(void **state)
{
    enum { DEAD = 3 * MMS__REAP_BATCH / 2 };
    mms_writer_options options = sample_options();
    struct mms__readers *readers;
    mms_writer *writer;

    options.max_readers = DEAD;
    options.grace_ms = MMS_FOREVER;
    writer = sample_writer_with(scratch_path(state, "region"), options);
    readers = mms__native_writer_of(writer)->readers_map.base;
    for (uint32_t i = 0; i < DEAD; i++)
        readers->lines[i] = (struct mms__line){
            .announce = 1 << 2 | MMS__FROM, .owner = i + 1, .mode = MMS__SYMMETRIC}; /* covers all that come */
    readers->high_water = DEAD;
    for (int i = 0; i < 9; i++)
        publish_text(writer, "value");
    for (uint32_t i = 0; i < DEAD; i++)
        check_equal(readers->lines[i].owner, 0);
    check_ok(mms_writer_close(writer));
}

static void scribbled_lines_block_at_most_and_never_crash(void **state)
{
    struct mms__line *line;
    mms_region *region;
    mms_writer *writer = writer_with_full_slots(scratch_path(state, "region"), &region, &line);
    unsigned seed = 5;

    for (int i = 0; i < 2000; i++) {
        struct mms__readers *readers = mms__native_writer_of(writer)->readers_map.base;
        unsigned char *bytes = (unsigned char *)readers + sizeof(struct mms__header);
        int code;

        for (int j = 0; j < 20; j++)
            bytes[(unsigned)rand_r(&seed) % (mms__readers_size(4) - sizeof(struct mms__header))] =
                (unsigned char)rand_r(&seed);
        code = mms_write(writer, "value", 5, NULL);
        check_true(code == 0 || code == MMS_E_AGAIN);
        check_pool(writer);
    }
    check_copies(writer->place.path, "value");
    memset((unsigned char *)mms__native_writer_of(writer)->readers_map.base + sizeof(struct mms__header), 0,
           mms__readers_size(4) - sizeof(struct mms__header));
    publish_text(writer, "recovers");
    (void)mms_reader_close((mms_reader *)region->arena.base);
    check_ok(mms_region_close(region));
    check_ok(mms_writer_close(writer));
}

static const struct mms__pool *pool_of(mms_writer *writer)
{
    return &mms__native_writer_of(writer)->pool;
}

/* Otherwise an update of it would begin with bytes of another value. */
static void current_slot_is_whole_only_if_it_has_its_generation(void **state)
{
    const char *path = scratch_path(state, "region");
    uint64_t word = sample_closed_region(path, "value");
    mms_writer *writer = sample_writer(path);
    unsigned slot;

    load_bytes(path, "control", offsetof(struct mms__control, current), &word, sizeof word);
    slot = mms__word_slot(word);
    for (unsigned i = 0; i < pool_of(writer)->header.max_slots; i++)
        check_equal(pool_of(writer)->slots[i].whole, i == slot);
    check_ok(mms_writer_close(writer));
    patch_word(path, "control",
               offsetof(struct mms__control, slots) + slot * sizeof(struct mms__descriptor) +
                   offsetof(struct mms__descriptor, generation),
               4711);
    writer = sample_writer(path);
    for (unsigned i = 0; i < pool_of(writer)->header.max_slots; i++)
        check_true(!pool_of(writer)->slots[i].whole);
    check_ok(mms_writer_close(writer));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(no_held_slot_is_given_out_and_no_free_one_is_withheld),
        scratch_test(invariant_notices_damage),
        scratch_test(scan_frees_all_that_no_line_covers_at_once),
        scratch_test(without_membarrier_asymmetric_readers_hold_everything_and_are_named),
        scratch_test(any_number_of_dead_owners_is_reaped),
        scratch_test(scribbled_lines_block_at_most_and_never_crash),
        scratch_test(current_slot_is_whole_only_if_it_has_its_generation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
