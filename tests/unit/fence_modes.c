/* SPDX-License-Identifier: Apache-2.0 */
/* Which fences a reader uses, and when it switches to those that the writer wants; and
   `prefault`. */
#include "mmap_sync_sample.h"
#include "os/membarrier.h"
#include "sample.h"
#include "scratch.h"
#include <linux/membarrier.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

static mms_writer *writer_with_fence(const char *path, mms_fence fence)
{
    mms_writer_options options = sample_options();

    options.fence = fence;
    return sample_writer_with(path, options);
}

static bool is_symmetric(const char *path)
{
    mms_reader_info info;
    size_t count;

    check_ok(mms_inspect_readers(path, &info, 1, &count));
    check_equal(count, 1);
    return info.symmetric;
}

static void require_membarrier(void)
{
    if (!mms__membarrier_works())
        skip_because("membarrier(2) is refused here");
}

/* Linux 6.3; -1 before. */
static long registrations(void)
{
    return syscall(SYS_membarrier, 1 << 9, 0, 0);
}

/* Runs first, before anything else has registered this process. membarrier(2) silently skips a
   process that is not registered, and whether a read is then torn is a matter of luck. */
static void membarrier_reaches_every_process_that_reads(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_region *region;

    skip_under_emulator("it does not know what is asked");
    require_membarrier();
    if (registrations() < 0)
        skip_because("this kernel does not tell what is registered (before 6.3)");
    sample_closed_region(path, "value");
    region = sample_region(path);
    check_true((registrations() & MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED) != 0);
    check_ok(mms_region_close(region));
}

static void reader_changes_over_at_the_next_value_and_not_before(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer *writer;
    mms_region *region;
    mms_reader *reader;

    require_membarrier();
    sample_closed_region(path, "one");
    region = sample_region(path);
    reader = sample_reader(region);
    check_reads(reader, "one");
    check_true(!is_symmetric(path));
    writer = writer_with_fence(path, MMS_FENCE_SYMMETRIC);
    check_reads(reader, "one");
    check_true(!is_symmetric(path));
    publish_text(writer, "two");
    check_reads(reader, "two");
    check_true(is_symmetric(path));
    check_ok(mms_writer_close(writer));
    writer = writer_with_fence(path, MMS_FENCE_ASYMMETRIC);
    publish_text(writer, "three");
    check_reads(reader, "three");
    check_true(!is_symmetric(path));
    check_ok(mms_writer_close(writer));
    check_ok(mms_reader_close(reader));
    check_ok(mms_region_close(region));
}

static void reader_that_must_be_symmetric_stays_so(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_region_options options = MMS_REGION_OPTIONS_INIT;
    mms_writer *writer = sample_writer(path);
    mms_region *region;
    mms_reader *reader;

    options.fence = MMS_FENCE_SYMMETRIC;
    check_ok(mms_region_open(path, &options, &region));
    reader = sample_reader(region);
    for (int i = 0; i < 5; i++) {
        publish_text(writer, "value");
        check_reads(reader, "value");
        check_true(is_symmetric(path));
    }
    check_ok(mms_reader_close(reader));
    check_ok(mms_region_close(region));
    check_ok(mms_writer_close(writer));
}

static void view_held_over_the_change_of_fences_stays(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer *writer;
    mms_region *region;
    mms_reader *reader;
    mms_view held;

    require_membarrier();
    sample_closed_region(path, "held");
    region = sample_region(path);
    reader = sample_reader(region);
    held = check_holds(reader, "held");
    writer = writer_with_fence(path, MMS_FENCE_SYMMETRIC);
    for (int i = 0; i < 20; i++)
        publish_text(writer, "newer");
    check_memory(held.data, "held", 4);
    check_ok(mms_release(reader));
    check_reads(reader, "newer");
    check_true(is_symmetric(path));
    check_ok(mms_reader_close(reader));
    check_ok(mms_region_close(region));
    check_ok(mms_writer_close(writer));
}

enum { BIG = 16 << 20, PAGE = 4096 };

static long faults(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_minflt + usage.ru_majflt;
}

/* The sanitizer's own memory would fault. */
__attribute__((no_sanitize("address"))) static unsigned touch(const mms_view *view)
{
    unsigned sum = 0;

    for (size_t i = 0; i < view->size; i += PAGE)
        sum += ((const volatile unsigned char *)view->data)[i];
    return sum;
}

static void check_faults(const char *path, mms_writer *writer)
{
    mms_region_options reading = MMS_REGION_OPTIONS_INIT;
    mms_region *region;
    mms_reader *reader;
    mms_view view;
    void *buffer;
    long before;

    reading.prefault = true;
    check_ok(mms_region_open(path, &reading, &region));
    reader = sample_reader(region);
    for (int i = 1; i < 4; i++) {
        check_ok(mms_write_begin(writer, BIG, &buffer, NULL));
        memset(buffer, i, BIG);
        check_ok(mms_write_commit(writer, BIG, NULL));
        check_ok(mms_read(reader, &view));
        before = faults();
        check_equal(touch(&view), (unsigned)i * (BIG / PAGE));
        check_true(faults() - before < BIG / PAGE / 64);
        check_ok(mms_release(reader));
    }
    check_ok(mms_reader_close(reader));
    check_ok(mms_region_close(region));
    check_ok(mms_writer_close(writer));
    check_ok(mms_remove(path));
}

static void prefaulted_view_is_read_without_page_faults(void **state)
{
    mms_writer_options options = sample_options();
    const char *path = scratch_path(state, "region"), *prefix = scratch_path(state, "prefix");

    if (madvise(NULL, 0, 22) != 0)
        skip_because("this kernel has no MADV_POPULATE_READ");
    if (madvise(NULL, 0, 12345) == 0)
        skip_because("madvise(2) takes any advice here: an emulator that ignores it");
    options.max_size = BIG;
    check_faults(path, sample_writer_with(path, options));
    check_faults(prefix, mmap_sync_writer(prefix, MMS_NO_WAIT, false));
}

/* A passing failure; for any other error the writer changes to symmetric fences for good. */
static void shortage_and_signals_pass_and_refusals_do_not(void **state)
{
    (void)state;
    check_true(mms__is_passing(-ENOMEM) && mms__is_passing(-EAGAIN) && mms__is_passing(-EINTR));
    check_true(!mms__is_passing(0) && !mms__is_passing(-EPERM) && !mms__is_passing(-ENOSYS));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(membarrier_reaches_every_process_that_reads),
        scratch_test(reader_changes_over_at_the_next_value_and_not_before),
        scratch_test(reader_that_must_be_symmetric_stays_so),
        scratch_test(view_held_over_the_change_of_fences_stays),
        cmocka_unit_test(shortage_and_signals_pass_and_refusals_do_not),
        scratch_test(prefaulted_view_is_read_without_page_faults),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
