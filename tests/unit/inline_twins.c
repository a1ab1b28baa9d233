/* SPDX-License-Identifier: Apache-2.0 */
/* The inline functions of fast.h and the exported ones of the same names: the same results and the same stores, after
   every step of a random schedule. */
#include "region/region.h"
#include "sample.h"
#include "scratch.h"
#include <stdlib.h>
#include <string.h>

/* The names below are the library's symbols; the plain names are inlined here. */
int exported_read(mms_reader *reader, mms_view *out) __asm__("mms_read");
int exported_refresh(mms_reader *reader, mms_view *view) __asm__("mms_refresh");
int exported_release(mms_reader *reader) __asm__("mms_release");

/* Each function of a pair does what the other does. */
struct twins {
    mms_region *region;
    mms_reader *inlined, *exported;
    mms_view inlined_view, exported_view;
};

enum step { READ, REFRESH, RELEASE, READ_NULL, REFRESH_NULL, STEPS };

static int run_inlined(struct twins *twins, enum step step)
{
    switch (step) {
    case READ: return mms_read(twins->inlined, &twins->inlined_view);
    case REFRESH: return mms_refresh(twins->inlined, &twins->inlined_view);
    case RELEASE: return mms_release(twins->inlined);
    case READ_NULL: return mms_read(twins->inlined, NULL);
    default: return mms_refresh(twins->inlined, NULL);
    }
}

static int run_exported(struct twins *twins, enum step step)
{
    switch (step) {
    case READ: return exported_read(twins->exported, &twins->exported_view);
    case REFRESH: return exported_refresh(twins->exported, &twins->exported_view);
    case RELEASE: return exported_release(twins->exported);
    case READ_NULL: return exported_read(twins->exported, NULL);
    default: return exported_refresh(twins->exported, NULL);
    }
}

static void check_same_stores(const struct twins *twins)
{
    const struct mms__reader_head *a = &twins->inlined->head, *b = &twins->exported->head;

    check_equal(*a->announce, *b->announce);
    check_equal(a->word, b->word);
    check_equal(a->state, b->state);
    check_true(a->view.data == b->view.data && a->view.size == b->view.size);
    check_true(a->view.generation == b->view.generation && a->view.changed == b->view.changed);
    check_true(mms__native_reader_of(twins->inlined)->symmetric == mms__native_reader_of(twins->exported)->symmetric);
    check_equal(mms__native_reader_of(twins->inlined)->line->mode, mms__native_reader_of(twins->exported)->line->mode);
    check_memory(&twins->inlined_view, &twins->exported_view, sizeof(mms_view));
}

static struct twins open_twins(const char *path, mms_fence fence)
{
    mms_region_options options = MMS_REGION_OPTIONS_INIT;
    struct twins twins;

    memset(&twins, 0, sizeof twins);
    options.fence = fence;
    check_ok(mms_region_open(path, &options, &twins.region));
    twins.inlined = sample_reader(twins.region);
    twins.exported = sample_reader(twins.region);
    return twins;
}

static void run_schedule(const char *path, mms_fence fence)
{
    mms_writer *writer = sample_writer(path);
    struct twins twins = open_twins(path, fence);
    unsigned seed = 20;

    for (int i = 0; i < 3000; i++) {
        unsigned choice = (unsigned)rand_r(&seed);

        if (choice % 4 == 0 && i > 100) { /* empty at first */
            publish_text(writer, "value");
        } else {
            enum step step = (enum step)(choice / 4 % STEPS);

            check_equal(run_inlined(&twins, step), run_exported(&twins, step));
            check_same_stores(&twins);
        }
    }
    check_ok(mms_reader_close(twins.inlined));
    check_ok(mms_reader_close(twins.exported));
    check_ok(mms_region_close(twins.region));
    check_ok(mms_writer_close(writer));
}

static void inlined_and_exported_do_the_same_with_asymmetric_fences(void **state)
{
    run_schedule(scratch_path(state, "region"), MMS_FENCE_AUTO);
}

static void inlined_and_exported_do_the_same_with_symmetric_fences(void **state)
{
    run_schedule(scratch_path(state, "region"), MMS_FENCE_SYMMETRIC);
}

static void each_may_end_what_the_other_began(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_region *region;
    mms_reader *reader;
    mms_view view;

    sample_closed_region(path, "value");
    region = sample_region(path);
    reader = sample_reader(region);
    for (int i = 0; i < 3; i++) {
        check_ok(mms_read(reader, &view));
        check_ok(exported_refresh(reader, &view));
        check_ok(exported_release(reader));
        check_ok(exported_read(reader, &view));
        check_ok(mms_refresh(reader, &view));
        check_ok(mms_release(reader));
    }
    check_ok(mms_reader_close(reader));
    check_ok(mms_region_close(region));
}

static void both_refuse_no_reader(void **state)
{
    mms_view view;

    (void)state;
    check_equal(exported_read(NULL, &view), mms_read(NULL, &view));
    check_equal(exported_refresh(NULL, &view), mms_refresh(NULL, &view));
    check_equal(exported_release(NULL), mms_release(NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(inlined_and_exported_do_the_same_with_asymmetric_fences),
        scratch_test(inlined_and_exported_do_the_same_with_symmetric_fences),
        scratch_test(each_may_end_what_the_other_began),
        cmocka_unit_test(both_refuse_no_reader),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
