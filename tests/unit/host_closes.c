/* SPDX-License-Identifier: Apache-2.0 */
/* Host programs that close the library's descriptors and then get the same numbers for their own
   files. Each part runs in a child, since it closes everything. */
#include "forked.h"
#include "libc.h"
#include "os/clock.h"
#include "os/file.h"
#include "region/writer.h"
#include "sample.h"
#include "scratch.h"
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { BIG = 4 << 20 };

static mms_writer_options big_options(void)
{
    mms_writer_options options = sample_options();

    options.max_size = BIG;
    return options;
}

static void write_big(mms_writer *writer, unsigned char fill)
{
    void *buffer;

    check_ok(mms_write_begin(writer, BIG, &buffer, NULL));
    memset(buffer, fill, BIG);
    check_ok(mms_write_commit(writer, BIG, NULL));
}

static void check_big(mms_reader *reader, unsigned char fill)
{
    mms_view view;

    check_ok(mms_read(reader, &view));
    check_equal(view.size, BIG);
    check_true(((const unsigned char *)view.data)[0] == fill && ((const unsigned char *)view.data)[BIG - 1] == fill);
    check_ok(mms_release(reader));
}

static void grow_after_closefrom(void *path)
{
    mms_writer *writer = sample_writer_with(path, big_options());
    mms_region *region = sample_region(path);
    mms_reader *reader = sample_reader(region);

    publish_text(writer, "small");
    check_holds(reader, "small");
    closefrom(3);
    for (unsigned char i = 1; i < 6; i++) {
        write_big(writer, i);
        check_big(reader, i);
    }
    check_ok(mms_reader_close(reader));
    check_ok(mms_region_close(region));
    check_ok(mms_writer_close(writer));
}

static void writer_grows_and_reader_reads_after_closefrom(void **state)
{
    in_child(grow_after_closefrom, (void *)(uintptr_t)scratch_path(state, "region"));
}

static void locks_outlive_closefrom_in_process(void *path)
{
    mms_writer *writer = sample_writer(path);
    mms_region *region = sample_region(path);
    mms_reader *reader = sample_reader(region);
    mms_writer_options options = sample_options();
    mms_reader_info info;
    mms_writer *second;
    size_t count;

    publish_text(writer, "value");
    closefrom(3);
    check_code(mms_writer_open(path, &options, &second), MMS_E_BUSY);
    check_ok(mms_inspect_readers(path, &info, 1, &count));
    check_true(count == 1 && info.alive);
    check_ok(mms_reader_close(reader));
    check_ok(mms_region_close(region));
    check_ok(mms_writer_close(writer));
}

static void locks_outlive_closefrom(void **state)
{
    in_child(locks_outlive_closefrom_in_process, (void *)(uintptr_t)scratch_path(state, "region"));
}

/* Every number that the library had becomes a file of the host's. */
static void take_all_numbers(int *files, int count)
{
    for (int i = 0; i < count; i++) {
        files[i] = memfd_create("host", MFD_CLOEXEC);
        check_true(files[i] >= 0 && write(files[i], "host", 4) == 4);
    }
}

static void check_untouched(const int *files, int count)
{
    char bytes[8];

    for (int i = 0; i < count; i++)
        check_true(pread(files[i], bytes, sizeof bytes, 0) == 4 && memcmp(bytes, "host", 4) == 0);
}

static void reuse_numbers(void *path)
{
    mms_writer *writer = sample_writer_with(path, big_options());
    mms_region *region = sample_region(path);
    mms_reader *reader = sample_reader(region);
    char bytes[16];
    int files[40];

    publish_text(writer, "small");
    closefrom(3);
    take_all_numbers(files, 40);
    write_big(writer, 1);
    check_big(reader, 1);
    check_code(mms_wait(reader, mms_generation(region), 0), MMS_E_TIMEOUT);
    publish_text(writer, "copied");
    check_ok(mms_read_copy(region, bytes, sizeof bytes, NULL, NULL));
    check_memory(bytes, "copied", 6);
    check_ok(mms_reader_close(reader));
    check_ok(mms_region_close(region));
    check_ok(mms_writer_close(writer));
    check_untouched(files, 40);
}

/* A tight loop looks at `data` after 1024 writes, of which the writer finds that they take no time, however slow this machine
   is. It knows nothing of a file that it has lost. */
static void publish_many_after_closefrom(void *path)
{
    mms_writer *writer = sample_writer(path);

    for (int i = 0; i < 100; i++) /* every slot has room by then, so that nothing opens the files again */
        publish_text(writer, "value");
    closefrom(3);
    for (int i = 0; i < 3000; i++) {
        mms__native_writer_of(writer)->looked_ns = mms__time_coarse_ns();
        publish_text(writer, "value");
    }
    check_copies(path, "value");
    check_ok(mms_writer_close(writer));
}

static void writer_that_lost_its_files_goes_on_writing(void **state)
{
    in_child(publish_many_after_closefrom, (void *)(uintptr_t)scratch_path(state, "region"));
}

static void files_of_the_host_under_our_numbers_are_neither_written_nor_closed(void **state)
{
    in_child(reuse_numbers, (void *)(uintptr_t)scratch_path(state, "region"));
}

static void work_without_streams(void *path)
{
    mms_writer *writer;

    close(0);
    close(1);
    close(2);
    writer = sample_writer(path);
    publish_text(writer, "value");
    check_true(fcntl(0, F_GETFD) < 0 && fcntl(1, F_GETFD) < 0 && fcntl(2, F_GETFD) < 0);
    check_copies(path, "value");
    check_ok(mms_writer_close(writer));
}

static void standard_streams_that_are_closed_stay_free(void **state)
{
    in_child(work_without_streams, (void *)(uintptr_t)scratch_path(state, "region"));
}

static void removed_behind_the_back(void *path)
{
    mms_writer *writer = sample_writer_with(path, big_options());

    publish_text(writer, "small");
    closefrom(3);
    scratch_delete(path);
    check_code(mms_write_begin(writer, BIG, &(void *){NULL}, NULL), MMS_E_GONE);
    check_ok(mms_writer_close(writer));
}

static void copied_behind_the_back(void *path)
{
    mms_region *region;
    char byte;
    size_t size;

    sample_closed_region(path, "v");
    region = sample_region(path);
    closefrom(3);
    check_ok(mms_read_copy(region, &byte, 1, NULL, NULL)); /* it finds the file again */
    closefrom(3);
    scratch_delete(path);
    check_code(mms_read_copy(region, &byte, 1, NULL, NULL), MMS_E_GONE);
    check_detail_mentions("open the region again");
    sample_closed_region(path, "another");
    check_code(mms_read_copy(region, &byte, 1, NULL, NULL), MMS_E_GONE);
    check_code(mms_read_schema(region, &byte, 1, &size, NULL, NULL), MMS_E_GONE);
    check_ok(mms_region_close(region));
}

static void copies_after_closefrom_and_rm_say_gone(void **state)
{
    in_child(copied_behind_the_back, (void *)(uintptr_t)scratch_path(state, "region"));
}

static void growth_after_closefrom_and_rm_says_gone(void **state)
{
    in_child(removed_behind_the_back, (void *)(uintptr_t)scratch_path(state, "region"));
}

static void growth_after_rm_says_gone(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer *writer = sample_writer_with(path, big_options());
    void *buffer;

    publish_text(writer, "small");
    scratch_delete(path);
    check_code(mms_write_begin(writer, BIG, &buffer, NULL), MMS_E_GONE);
    check_detail_mentions("open the writer again");
    check_ok(mms_writer_close(writer));
}

static void file_is_known_by_its_device_and_its_inode(void **state)
{
    const struct mms__file file = {.device = 5, .inode = 7};

    (void)state;
    check_true(mms__file_is(&file, 5, 7));
    check_true(!mms__file_is(&file, 6, 7));
    check_true(!mms__file_is(&file, 5, 8));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(writer_grows_and_reader_reads_after_closefrom),
        scratch_test_on_disk(writer_grows_and_reader_reads_after_closefrom),
        scratch_test(locks_outlive_closefrom),
        scratch_test_on_disk(locks_outlive_closefrom),
        scratch_test(writer_that_lost_its_files_goes_on_writing),
        scratch_test(files_of_the_host_under_our_numbers_are_neither_written_nor_closed),
        scratch_test(standard_streams_that_are_closed_stay_free),
        scratch_test(copies_after_closefrom_and_rm_say_gone),
        scratch_test(growth_after_closefrom_and_rm_says_gone),
        scratch_test(growth_after_rm_says_gone),
        cmocka_unit_test(file_is_known_by_its_device_and_its_inode),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
